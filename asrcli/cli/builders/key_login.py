"""What `asr login` does: asks for the key, checks it with the service, and keeps it."""

import getpass
import os
import sys
import warnings

from asrcli.cli.advice import described
from asrcli.cli.builders.api_key import KEY_FILE_VARIABLE, KEY_VARIABLE, MOST_BYTES, check_key
from asrcli.core.errors import TransportError, UsageError
from asrcli.core.settings import ConnectionSettings, Secret

PROMPT = "API key (what you type is not shown): "


class KeyUnchecked(TransportError):
    """The service could not be asked about a key, so it is not kept."""


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
        text, where = _typed(), "the key"
    if not text.strip():
        raise UsageError(f"{where}: holds no key", "nothing is kept")
    if len(text) > MOST_BYTES:
        raise UsageError(f"{where}: does not hold a key on one line")
    return check_key(text, where)


def _typed() -> str:
    """What is typed at the terminal without an echo."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", getpass.GetPassWarning)
            return getpass.getpass(PROMPT)
    except EOFError:
        return ""
    except getpass.GetPassWarning:
        raise UsageError("this terminal would show the key", "send it through a pipe: asr login < FILE") from None


def check_with_service(connection: ConnectionSettings) -> None:
    """Open a connection with the key and close it: the service refuses a wrong key at that moment.

    Raises:
        ServiceRefused: the key is refused.
        KeyUnchecked: there is no connection.
    """
    from asrcli.protocol.registry import INFERENCE, WIRES
    from asrcli.transport.websocket import dial

    wire = WIRES[INFERENCE]
    try:
        dial(wire.url(connection.url, wire.default_model), connection).close()
    except TransportError as exc:
        raise KeyUnchecked(f"{described(exc)}; the key is not kept: --no-check keeps it unchecked") from None


def goes_first(region_kept: str) -> str:
    """A line about a variable that goes before the key that was kept; empty where there is none."""
    for name in (KEY_VARIABLE, KEY_FILE_VARIABLE):
        if os.environ.get(name, "").strip():
            return f"asr: {name} is set and goes first: unset it to use the key that is kept for {region_kept}"
    return ""
