"""`asr token`: a temporary key, for whoever must not have the real one."""

from typing import Annotated

import typer

from asrcli.cli.options import shared as o
from asrcli.cli.options.connection import EndpointOptions
from asrcli.cli.options.groups import expand_option_groups

EXAMPLES = "Examples:\n\nasr token --expires 600\n\nasr token --json | jq .expires_at"

Expires = Annotated[
    int, typer.Option(help="For how long it is to be taken, 1 to 1800.", min=1, max=1800, metavar="SECONDS")
]
AsJson = Annotated[bool, typer.Option("--json", help="As JSON, with its end (expires_at).", metavar=o.FLAG)]


@expand_option_groups
def token(
    expires: Expires = 60,
    as_json: AsJson = False,
    *,
    connection_options: EndpointOptions,
    debug: o.Debug = False,
    log_file: o.LogFile = None,
) -> None:
    """Have a temporary key made from yours, and print it: for a browser, a telephone, a stranger.

    It may do what yours may, until it expires; nothing takes it back.
    """
    del debug  # read by the error boundary
    from asrcli.cli.build import run
    from asrcli.cli.render.stdout import print_lines
    from asrcli.outputs.formatting import as_json as written
    from asrcli.protocol.http import temporary_keys
    from asrcli.transport.http_client import HttpClient

    run.log_to(log_file)
    said = HttpClient(connection_options.connection()).post(
        temporary_keys.TEMPORARY_KEYS_PATH, query={"expire_in_seconds": expires}
    )
    made = temporary_keys.read_temporary_key(said)
    shown = {"token": made.key.reveal(), "expires_at": made.expires_at}
    print_lines(written(shown) if as_json else made.key.reveal())
