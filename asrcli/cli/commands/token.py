"""`asr token`: a temporary API key, for programs that must not have the permanent one."""

from typing import Annotated

import typer

from asrcli.cli.builders.log_file import log_to
from asrcli.cli.options.connection import EndpointOptions
from asrcli.cli.options.groups import expand_option_groups
from asrcli.cli.options.logging import Debug, LogFile
from asrcli.cli.options.panels import FLAG
from asrcli.cli.render.stdout import print_lines
from asrcli.outputs.formatting import as_json as to_json

EXAMPLES = "Examples:\n\nasr token --expires 600\n\nasr token --json | jq .expires_at"

Expires = Annotated[int, typer.Option(help="How long the key is valid.", min=1, max=1800, metavar="SECONDS")]
TokenAsJson = Annotated[
    bool, typer.Option("--json", help="Print JSON, with the time when the key expires (expires_at).", metavar=FLAG)
]


@expand_option_groups
def token(
    expires: Expires = 60,
    as_json: TokenAsJson = False,
    *,
    connection_options: EndpointOptions,
    debug: Debug = False,
    log_file: LogFile = None,
) -> None:
    """Create a temporary key from your key and print it, for a program that must not get your key.

    The temporary key has the same rights as your key until it expires. It cannot be revoked.
    """
    del debug  # read by the error boundary
    from asrcli.protocol.http.temporary_keys import TEMPORARY_KEYS_PATH, read_temporary_key
    from asrcli.transport.http_client import HttpClient

    log_to(log_file)
    reply = HttpClient(connection_options.connection()).post(TEMPORARY_KEYS_PATH, query={"expire_in_seconds": expires})
    temporary_key = read_temporary_key(reply)
    if as_json:
        print_lines(to_json({"token": temporary_key.key.reveal(), "expires_at": temporary_key.expires_at}))
    else:
        print_lines(temporary_key.key.reveal())
