"""The summary of a raw exchange: messages each way by type, bytes, seconds of audio, the first answer, the close."""

import json
from collections import Counter
from collections.abc import Iterator, Sequence

from asrcli.core.dataclass import dataclass, field
from asrcli.core.errors import without_secrets
from asrcli.core.message import Binary, Closed, Message, Text
from asrcli.core.printable import harmless
from asrcli.protocol.raw_exchange import message_name

APPEND = "input_audio_buffer.append"
MOST_NAMES = 50  # each way; a server may give every message a name of its own
LONGEST_NAME = 80


@dataclass
class _Direction:
    names: Counter[str] = field(default_factory=Counter)
    size_bytes: int = 0

    def add(self, name: str, size_bytes: int) -> None:
        self.size_bytes += size_bytes
        if name not in self.names and len(self.names) >= MOST_NAMES:
            name = "others"
        self.names[name] += 1

    def line(self, direction: str) -> str:
        named = ", ".join(f"{count} {name}" for name, count in self.names.most_common())
        return f"{direction} {self.names.total()} messages, {self.size_bytes} bytes: {named or 'none'}"


class RawSummary:
    """Counts the messages of one exchange; all calls come from one thread.

    Args:
        bytes_per_s: Of the audio that is sent; None if its bytes do not tell its length.
    """

    def __init__(self, bytes_per_s: int | None) -> None:
        self._bytes_per_s = bytes_per_s
        self._sent, self._received = _Direction(), _Direction()
        self._audio_bytes = 0
        self._audio_at: float | None = None
        self._first_answer_s: float | None = None

    def add(self, message: Message, at_s: float, *, sent: bool) -> None:
        """Count a message that was sent or received at this time of a clock."""
        {True: self._sent, False: self._received}[sent].add(_name(message), len(_data(message)))
        if sent and is_audio(message):
            self._audio_bytes += _audio_bytes(message)
            if self._audio_at is None:
                self._audio_at = at_s
        elif not sent and self._audio_at is not None and self._first_answer_s is None:
            self._first_answer_s = at_s - self._audio_at

    def lines(self, closed: Closed | None, round_trips_s: Sequence[float]) -> Iterator[str]:
        """Yield the lines; `closed` is how the other end closed, None if this end did."""
        yield self._sent.line("sent")
        yield self._received.line("received")
        if self._audio_bytes:
            length = f"{self._audio_bytes} bytes"
            if self._bytes_per_s:
                length = f"{self._audio_bytes / self._bytes_per_s:.2f} s"
            answered = "no answer after it"
            if self._first_answer_s is not None:
                answered = f"first answer {self._first_answer_s:.2f} s after its begin"
            yield f"audio: {length}; {answered}"
        if round_trips_s:
            yield f"pings answered in {' '.join(f'{each * 1000:.1f}' for each in round_trips_s)} ms"
        if closed is None:
            yield "closed by this end"
        else:
            reason = harmless(without_secrets(closed.reason))
            yield f"closed by the server with code {closed.code} {reason}".rstrip()


def is_audio(message: Message) -> bool:
    """Whether a message carries audio: a binary one, or one that appends it."""
    return isinstance(message, Binary) or (isinstance(message, Text) and message_name(message) == APPEND)


def _audio_bytes(message: Message) -> int:
    if isinstance(message, Binary):
        return len(message.data)
    encoded = json.loads(_data(message)).get("audio", "")  # what has a name is a JSON object
    if not isinstance(encoded, str):
        return 0
    return len(encoded.rstrip("=")) * 3 // 4


def _name(message: Message) -> str:
    if isinstance(message, Binary):
        return "binary"
    return harmless(without_secrets(message_name(message)))[:LONGEST_NAME] or "text"


def _data(message: Message) -> bytes:
    if isinstance(message, Binary):
        return message.data
    if isinstance(message, Text):
        return message.data.encode("utf-8", "replace")
    return b""
