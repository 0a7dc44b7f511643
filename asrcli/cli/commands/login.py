"""`asr login`: keeps the API key of a service for later runs."""

from typing import Annotated

import typer

from asrcli.cli.options.connection import CertificateFile, EndpointOptions, Proxy, Region, Url, Workspace
from asrcli.cli.options.logging import Debug
from asrcli.cli.options.panels import FLAG
from asrcli.core.errors import UsageError

EXAMPLES = "Examples:\n\nasr login\n\nasr login --region ap-southeast-1 < key.txt"

Misplaced = Annotated[list[str] | None, typer.Argument(hidden=True)]
NoCheck = Annotated[bool, typer.Option("--no-check", help="Keep the key without asking the service.", metavar=FLAG)]


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
    """Keep an API key for later runs, after a check with the service.

    The key is typed where nobody sees it, or comes from standard input. It is kept in the keyring of the system, or
    where that cannot be used in a file that only you can read, and sent only to the service that it is kept for. A
    region and a workspace that are named here are those of later runs that name none.
    """
    del debug  # read by the error boundary
    from asrcli.cli.builders import key_login

    if misplaced:  # without the words themselves
        raise UsageError("a key does not belong on a command line, where others can see it", "asr login asks for it")
    key_login.log_in(EndpointOptions(url, region, workspace, None, proxy, ca), check=not no_check)
