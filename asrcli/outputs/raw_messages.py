"""Writes the messages of a connection as they are, one a line: text unchanged, binary as base64."""

import base64
import json
from collections.abc import Callable
from typing import Any

from asrcli.core.message import Binary, Message, Text
from asrcli.core.printable import escaped, harmless
from asrcli.outputs.formatting import as_json
from asrcli.outputs.line_writer import LineWriter

AUDIO_CHARACTERS = 40  # how much is shown of the audio that was sent


class RawMessages:
    """Writes a line for each message.

    Args:
        lines: Where the lines go.
        now: A clock in seconds.
        stamp: Whether each line is a JSON object with the time and the direction.
        sent: Whether sent messages are written too.
        to_screen: Whether control characters are removed.
        hidden: Returns whether a sent message is left out.
    """

    def __init__(
        self,
        lines: LineWriter,
        now: Callable[[], float],
        *,
        stamp: bool,
        sent: bool,
        to_screen: bool,
        hidden: Callable[[Message], bool] = lambda _: False,
    ) -> None:
        self._lines = lines
        self._now = now
        self._began = now()
        self._stamp = stamp
        self._sent = sent
        self._to_screen = to_screen
        self._hidden = hidden

    def show(self, message: Message, sent: bool) -> None:
        """Write one message; `sent` says whether it was sent or received."""
        if sent and (not self._sent or self._hidden(message)):
            return
        line = self._line(message, sent)
        if self._to_screen:
            line = harmless(line)
        self._lines.write(line)

    def _line(self, message: Message, sent: bool) -> str:
        direction = "received"
        if sent:
            direction = "sent"
        if self._stamp:
            at_ms = round((self._now() - self._began) * 1000)
            return as_json({"at_ms": at_ms, "direction": direction, "message": _value(message, short=sent)})
        if sent:
            return as_json({"sent": _value(message, short=True)})
        return _verbatim(message)


def _verbatim(message: Message) -> str:
    """Return a text message unchanged if it has no control characters, else as JSON with the same meaning."""
    if not isinstance(message, Text):
        return as_json(_value(message, short=False))
    if message.data == harmless(message.data):
        return message.data
    try:
        value = json.loads(message.data)
    except (ValueError, RecursionError):
        return as_json(message.data)
    if set(message.data) & {"\n", "\r"}:
        return as_json(value)
    return escaped(message.data)


def _value(message: Message, *, short: bool) -> Any:
    """Return a message as a value that JSON can hold; with `short`, its audio is shortened."""
    if isinstance(message, Binary):
        encoded = base64.b64encode(message.data).decode("ascii")
        if short:
            encoded = _short(encoded)
        return {"binary": encoded, "bytes": len(message.data)}
    if not isinstance(message, Text):
        return {"closed": message.code, "reason": message.reason}
    try:
        value = json.loads(message.data)
    except (ValueError, RecursionError):
        return message.data
    if short and isinstance(value, dict) and isinstance(value.get("audio"), str):
        value["audio"] = _short(value["audio"])
    return value


def _short(text: str) -> str:
    if len(text) <= AUDIO_CHARACTERS:
        return text
    return f"{text[:AUDIO_CHARACTERS]}… {len(text)} characters"
