"""`asr login`: keeps the API key of a service for later runs."""

from typing import Annotated

import typer

from asrcli.cli.console import print_message
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
    from asrcli.cli.builders.api_key import shown_end
    from asrcli.config.key_store import KeyStore, service_name
    from asrcli.core.settings import ConnectionSettings
    from asrcli.dashscope.endpoints import EndpointRequest
    from asrcli.protocol.json_messages import endpoint as check_address

    if misplaced:  # without the words themselves
        raise UsageError("a key does not belong on a command line, where others can see it", "asr login asks for it")
    options = EndpointOptions(url, region, workspace, None, proxy, ca)
    there = options.endpoint
    check_address(there.url, "/")
    service = service_name(there.url)
    store = KeyStore()
    store.services()  # a file that cannot be used is reported before the key is typed
    key = key_login.ask_for_key()
    if not no_check:
        key_login.check_with_service(
            options.with_proxy(ConnectionSettings(there.url, key, there.region, there.headers))
        )
    usual = EndpointRequest()
    if service == there.region:  # the address of another server is named in each run
        usual = EndpointRequest(region=there.region, workspace=options.workspace_asked)
    place = store.keep(service, key, usual)
    checked = "not checked" if no_check else "accepted by the service"
    if place.reason:
        print_message(f"asr: {place.reason}: the key goes into a file that only you can read")
    print_message(f"asr: the key {shown_end(key)} for {service} ({checked}) is kept in {place.kept_in}")
    if shadow := key_login.goes_first(service):
        print_message(shadow)
