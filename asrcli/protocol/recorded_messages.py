"""Turns messages into lines of a record, without secrets and audio, and back. Reads and writes no files."""

import base64
import re
from collections.abc import Callable, Mapping, Sequence
from json.encoder import encode_basestring
from string import ascii_letters, digits
from typing import Any, NamedTuple

from asrcli.core.errors import without_secrets
from asrcli.core.message import Binary, Message, Text
from asrcli.protocol.recorded_events import event_line

# Audio inside a JSON message: base64 holds no quotation mark.
PAIR, MESSAGE, IN_TASK = 2, 4, 6  # how long tuples are: a time and an event; a message without a task, and in one
SHORTEST_AUDIO = 16  # characters
_AUDIO = re.compile(r'("audio"\s*:\s*")([A-Za-z0-9+/=_-]{16,})(?=")')
_AUDIO_DELTA = re.compile(r'("delta"\s*:\s*")([A-Za-z0-9+/=_-]{16,})(?=")')
_AUDIO_NAME, _WRITTEN, _DELTA = "audio", '"audio":"', "audio.delta"
_BASE64 = f"{ascii_letters}{digits}+/=_-".encode()


class RecordedMessage(NamedTuple):
    """A message as the connection gives it to the record. A plain tuple of the same is one too, and costs less.

    The last two may be absent from that, or the last four.

    Attributes:
        at_s: When it was sent or came, in seconds on the clock of the record.
        connection: The number of its connection.
        direction: SENT or RECEIVED.
        message: With its audio, and with what is secret in it. Of a binary one the length in bytes is enough.
        begin_ms: Where the task of a sent message begins on the timeline of the run; None outside of a task.
        sent_ms: Up to where audio had been sent.
        step: The step of the task that the message is: start, commit or finish; empty for another one.
        task_id: With a step, the id of the task.
    """

    at_s: float
    connection: int
    direction: str
    message: Text | Binary | int
    begin_ms: int | None = None
    sent_ms: int = 0
    step: str = ""
    task_id: str = ""


def message_lines(items: Sequence[tuple[Any, ...]], began_s: float, *, keep_audio: bool) -> bytes:
    """The lines of messages, each a RecordedMessage: their texts without secrets, and of audio the length.

    `began_s`: when the record began, on its clock. With `keep_audio` the audio is kept too. A pair of a time and an
    event may stand among them.
    """
    lines, texts = _lines(items, began_s, str, keep_audio=keep_audio)
    # One search through all texts: a search in each costs more than its line, and most contain nothing of the kind.
    joined = "\n".join(texts)
    if without_secrets(joined) != joined:
        lines, _ = _lines(items, began_s, without_secrets, keep_audio=keep_audio)
    return "".join(lines).encode("utf-8", "replace")


def _lines(
    items: Sequence[tuple[Any, ...]], began_s: float, clean: Callable[[str], str], *, keep_audio: bool
) -> tuple[list[str], list[str]]:
    """The parts of all lines, with what `clean` makes of the texts, and the texts as they are, without their audio."""
    parts: list[str] = []
    texts: list[str] = []
    add = parts.append  # few parts and no Python calls for each message: this is most of the cost of a record
    for item in items:
        at_ms = round((item[0] - began_s) * 1000)
        if len(item) == PAIR:
            add(event_line(at_ms, item[1]))
            continue
        _, connection, direction, message = item[:MESSAGE]
        in_task = len(item) > MESSAGE and item[4] is not None
        add(f'{{"type":"message","at_ms":{at_ms},"connection":{connection},"direction":"{direction}"')
        if in_task:
            add(f',"begin_ms":{item[4]},"sent_ms":{item[5]}')
        if len(item) > IN_TASK and item[6]:
            add(f',"step":"{item[6]}","task_id":{encode_basestring(without_secrets(item[7]))}')
        text: str | None = None
        audio: str | bytes | int | None = None
        if isinstance(message, int):
            audio = message
        elif isinstance(message, Text):
            # What is of a task was made by a codec of this program: what it names audio is base64, not examined.
            text, audio = _without_audio(message.data, own=in_task)
        else:
            audio = message.data
        if text is not None:
            texts.append(text)
            add(f',"text":{encode_basestring(clean(text))}')
        if audio is not None:
            add(_audio_field(audio, keep_audio=keep_audio))
        add("}\n")
    return parts, texts


def _audio_field(audio: str | bytes | int, *, keep_audio: bool) -> str:
    if isinstance(audio, int):
        return f',"audio_bytes":{audio}'
    if not keep_audio:
        return f',"audio_bytes":{_size_bytes(audio)}'
    if isinstance(audio, bytes):
        return f',"audio":"{base64.b64encode(audio).decode("ascii")}"'
    return f',"audio":"{without_secrets(audio)}"'


def _size_bytes(audio: str | bytes) -> int:
    """How many bytes audio is; a text is base64."""
    if isinstance(audio, bytes):
        return len(audio)
    return len(audio.rstrip("=")) * 3 // 4


def length(item: tuple[Any, ...]) -> int:
    """About how much memory the data of a RecordedMessage takes, in bytes; 0 for a pair of a time and an event."""
    if len(item) == PAIR or isinstance(item[3], int):
        return 0
    return len(item[3].data)


def message_of(line: Mapping[str, Any]) -> Message:
    """The message in a line; audio that was not kept is silence of the same length."""
    audio = line.get("audio")
    if audio is None and "audio_bytes" in line:
        audio = base64.b64encode(bytes(line["audio_bytes"])).decode("ascii")
    if "text" not in line:
        return Binary(base64.b64decode(audio or "", validate=False))
    if audio is None:
        return Text(line["text"])
    return Text(re.sub(r'("(?:audio|delta)"\s*:\s*")(?=")', lambda found: found[1] + audio, line["text"], count=1))


def audio_bytes(line: Mapping[str, Any]) -> int:
    """How many bytes of audio a message holds; 0 for one without audio."""
    if "audio" in line:
        return _size_bytes(line["audio"])
    count: int = line.get("audio_bytes", 0)
    return count


def has_audio(text: str) -> bool:
    """Whether a text message holds audio."""
    return _without_audio(text)[1] is not None


def _without_audio(text: str, *, own: bool = False) -> tuple[str, str | None]:
    """A text message without its audio, and that audio in base64; None if it has none."""
    if _AUDIO_NAME not in text:
        return text, None
    begin = text.find('"audio"')
    if begin < 0 and _DELTA not in text:
        return text, None
    if begin >= 0 and text.startswith(_WRITTEN, begin):
        # What the codecs write. A pattern takes ten times as long, and audio is sent ten times a second.
        begin += len(_WRITTEN)
        end = text.find('"', begin)
        encoded, rest = text[begin:end], text[:begin] + text[end:]
        if end >= 0 and len(encoded) >= SHORTEST_AUDIO and _DELTA not in rest and (own or _is_base64(encoded)):
            return rest, encoded
    pattern = _AUDIO_DELTA if _DELTA in text else _AUDIO
    found = pattern.search(text)
    if found is None:
        return text, None
    return text[: found.start(2)] + text[found.end(2) :], found[2]


def _is_base64(text: str) -> bool:
    return not text.encode("utf-8", "replace").translate(None, _BASE64)
