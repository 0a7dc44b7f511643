"""`asr logout`: forgets the API keys that `asr login` keeps."""

from typing import Annotated

import typer

from asrcli.cli.console import print_message
from asrcli.cli.options.connection import EndpointOptions, Region, Url
from asrcli.cli.options.logging import Debug
from asrcli.cli.options.panels import FLAG
from asrcli.core.errors import UsageError
from asrcli.dashscope.endpoints import service_name

EXAMPLES = "Examples:\n\nasr logout\n\nasr logout --all"

All = Annotated[bool, typer.Option("--all", help="Delete the keys of all services.", metavar=FLAG)]


def logout(every: All = False, url: Url = None, region: Region = None, debug: Debug = False) -> None:
    """Delete the API key that asr login has stored. The key stays valid; only the service's console can revoke it."""
    del debug  # read by the error boundary
    from asrcli.config.key_store import KeyStore

    if every and (url or region):
        raise UsageError("--all with --url or --region: delete all keys, or the key of one service")
    options = EndpointOptions(url, region)
    store = KeyStore()
    kept = store.services()
    services = kept
    if not every:
        services = [service_name(options.endpoint.url)]
        if region and not url:
            services = [region]
    for service in services:
        if store.forget(service):
            print_message(f"asr: the key for {service} is forgotten")
        else:
            others = ""
            if kept:
                others = f"; there are keys for {', '.join(kept)}"
            print_message(f"asr: no key is kept for {service}{others}")
    if every and not kept:
        print_message("asr: no key is kept")
