"""`asr login`: keeps the API key of a service for later runs."""

from typing import Annotated

import typer

from asrcli.cli.options.connection import CertificateFile, EndpointOptions, Proxy, Region, Url, Workspace
from asrcli.cli.options.logging import Debug
from asrcli.cli.options.panels import FLAG
from asrcli.core.errors import UsageError

EXAMPLES = "Examples:\n\nasr login\n\nasr login --region ap-southeast-1 < key.txt"

Misplaced = Annotated[list[str] | None, typer.Argument(hidden=True)]
NoCheck = Annotated[
    bool, typer.Option("--no-check", help="Store the key without a check with the service.", metavar=FLAG)
]


def login(
    misplaced: Misplaced = None,
    no_check: NoCheck = False,
    url: Url = None,
    region: Region = None,
    workspace: Workspace = None,
    proxy: Proxy = None,
    ca: CertificateFile = None,
    debug: Debug = False,
) -> None:
    """Check an API key with the service, and store it for later runs.

    Type the key, which is not shown, or send it to standard input. It is stored in the keyring of the system. If there
    is no usable keyring, it is stored in a file that only you can read. It is sent only to the service that it is
    stored for. --region and --workspace also become the defaults of later runs.
    """
    del debug  # read by the error boundary
    from asrcli.cli.builders import key_login

    if misplaced:  # without the words themselves
        raise UsageError("a key does not belong on a command line, where others can see it", "asr login asks for it")
    key_login.log_in(EndpointOptions(url, region, workspace, None, proxy, ca), check=not no_check)
