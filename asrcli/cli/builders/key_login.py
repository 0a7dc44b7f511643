"""What `asr login` does: asks for the key, checks it with the service, and keeps it."""

import getpass
import os
import sys
import warnings
from urllib.parse import urlsplit

from asrcli.cli.advice import described
from asrcli.cli.builders.api_key import KEY_FILE_VARIABLE, MOST_BYTES, check_key, shown_end
from asrcli.cli.console import print_message
from asrcli.cli.options.connection import EndpointOptions
from asrcli.config.key_store import KeyStore
from asrcli.core.errors import TransportError, UsageError
from asrcli.core.settings import KEY_VARIABLE, ConnectionSettings, Secret
from asrcli.dashscope.endpoints import EndpointRequest, service_name
from asrcli.protocol.addresses import endpoint as check_address
from asrcli.protocol.registry import INFERENCE, WIRES
from asrcli.terminal.keyboard import without_echo
from asrcli.transport.websocket import dial

PROMPT = "API key (what you type is not shown): "


class KeyUnchecked(TransportError):
    """The service could not be asked about a key, so it is not kept."""


def log_in(options: EndpointOptions, *, check: bool) -> None:
    """Keep the key that the user types, for the service that the options name; with `check` after the service took it.

    Raises:
        UsageError: the address or the key cannot be used.
        ServiceRefused: the key is refused.
        KeyUnchecked: there is no connection.
        OutputError: the key cannot be kept.
    """
    there = options.endpoint
    check_address(there.url, "/")
    if urlsplit(there.url).username is not None:
        raise UsageError("--url contains a login, which would be sent instead of the key", "leave the login out")
    service = service_name(there.url)
    store = KeyStore()
    store.services()  # a file that cannot be used is reported before the key is typed
    key = ask_for_key()
    checked = "not checked"
    if check:
        check_with_service(options.with_proxy(ConnectionSettings(there.url, key, there.region, there.headers)))
        checked = "accepted by the service"
    usual = EndpointRequest()
    if service == there.region:  # the address of another server is named in each run
        usual = EndpointRequest(region=there.region, workspace=options.workspace_asked)
    place = store.keep(service, key, usual)
    if place.reason:
        print_message(f"asr: {place.reason}: the key goes into a file that only you can read")
    print_message(f"asr: the key {shown_end(key)} for {service} ({checked}) is kept in {place.kept_in}")
    if shadow := overriding_variable(service):
        print_message(shadow)


def ask_for_key() -> Secret:
    """The key from a hidden prompt, or from standard input where that is no terminal.

    Raises:
        UsageError: there is none, or it is no key.
    """
    if sys.stdin is None:
        raise UsageError("standard input is closed", "type the key at a terminal, or send it through a pipe")
    if not sys.stdin.isatty():
        data = sys.stdin.buffer.read(MOST_BYTES + 1)
        text, where = data.decode("utf-8-sig", "replace"), "standard input"
    else:
        text, where = _typed(), "what was typed"
    if not text.strip():
        raise UsageError(f"{where}: contains no key", "nothing is kept")
    if len(text) > MOST_BYTES:
        raise UsageError(f"{where}: does not contain a key on a single line")
    return check_key(text, where)


def _typed() -> str:
    """What is typed at the terminal without an echo."""
    try:
        # After Ctrl-Z and fg the prompt alone would show the key: the shell has set the modes of the terminal since.
        with warnings.catch_warnings(), without_echo(sys.stdin.fileno()):
            warnings.simplefilter("error", getpass.GetPassWarning)
            return getpass.getpass(PROMPT)
    except EOFError:
        print_message("")  # the cursor still stands after the question
        return ""
    except getpass.GetPassWarning:
        raise UsageError("this terminal would show the key", "send it through a pipe: asr login < FILE") from None


def check_with_service(connection: ConnectionSettings) -> None:
    """Open a connection with the key and close it: the service refuses a wrong key at that moment.

    Raises:
        ServiceRefused: the key is refused.
        KeyUnchecked: there is no connection.
    """
    wire = WIRES[INFERENCE]
    try:
        dial(wire.url(connection.url, wire.default_model), connection).close()
    except TransportError as exc:
        raise KeyUnchecked(f"{described(exc)}; the key is not kept: --no-check keeps it unchecked") from None


def overriding_variable(region_kept: str) -> str:
    """A line about a variable that takes precedence over the stored key; empty if there is no such variable."""
    for name in (KEY_VARIABLE, KEY_FILE_VARIABLE):
        if os.environ.get(name, "").strip():
            return f"asr: {name} is set and goes first: unset it to use the key that is kept for {region_kept}"
    return ""
