"""What is said about the way to a server: --insecure-tls, keys that go unencrypted, and a proxy that is not used."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Annotated
from urllib.parse import urlsplit

import typer

from asrcli.cli.console import print_message
from asrcli.cli.options.configured import is_configured
from asrcli.cli.options.panels import CONNECTION, FLAG
from asrcli.cli.options.values import parse_proxy
from asrcli.core.errors import UsageError, bare_url
from asrcli.core.loopback_hosts import is_loopback_url
from asrcli.core.settings import ConnectionSettings, Secret
from asrcli.dashscope.endpoints import is_vendor_host

InsecureTls = Annotated[
    bool,
    typer.Option(
        "--insecure-tls",
        help="Do not check the certificate of --url: for a server of your own. --ca is better.",
        metavar=FLAG,
        rich_help_panel=CONNECTION,
    ),
]
_OPTION = "--insecure-tls"


def check_insecure(url: str, others: Sequence[str]) -> None:
    """Check that this address may be left unchecked; `others` are options that contradict it.

    Raises:
        UsageError: it may not.
    """
    if others:
        raise UsageError(f"{_OPTION} with {' and '.join(others)}: leave out one of them")
    if not url:
        raise UsageError(f"{_OPTION} without --url", "name your own server, which has a self-signed certificate")
    if is_vendor_host(url):
        problem = f"{_OPTION} with --url {bare_url(url)}: the service is always checked, because your key goes there"
        raise UsageError(problem, "to trust the certificate of a proxy, use --ca FILE")
    if url.partition("://")[0].lower() not in {"wss", "https"}:
        raise UsageError(f"{_OPTION} with --url {bare_url(url)}: this address does not use TLS", "leave it out")


def unchecked(connection: ConnectionSettings) -> ConnectionSettings:
    """The settings for a server whose certificate is not checked; says so, and whether it gets a key.

    It gets only a key that --api-key-file names on the command line: a key in a setting is meant for another server.
    """
    if is_configured("--api-key-file"):
        connection = replace(connection, key=None)
    gets = "gets the audio and the key of --api-key-file"
    if connection.key is None:
        gets = "gets the audio and no key"
    host = urlsplit(connection.url).hostname or ""
    print_message(
        f"asr: {_OPTION}: any server may answer as {host}, because the certificate is not checked; it {gets}; "
        "use --ca FILE to check it"
    )
    return replace(connection, insecure_tls=True)


def warn_unencrypted(key: Secret | None, url: str) -> None:
    """Say that a key is sent unencrypted to another machine, if one is."""
    if key is not None and url.startswith("ws:") and not is_loopback_url(url):
        print_message(f"asr: the key is sent unencrypted to {bare_url(url)}: wss:// or https:// would encrypt it")


def proxy_to(url: str, proxy: str | None) -> str | None:
    """The URL of the proxy that --proxy names for a server; one of a setting gives way to a server on this machine.

    Raises:
        UsageError: it is not an address, or was typed for a server on this machine.
    """
    parsed = parse_proxy(proxy)
    if parsed is None or not is_loopback_url(url):
        return parsed
    if is_configured("--proxy"):
        return None
    raise UsageError(
        f"--proxy with {bare_url(url)}: servers on this machine are reached without a proxy",
        "leave it out, or name this machine by its address in the network",
    )
