"""The messages in a record of the wire: their lines, without secrets and audio, and back. Reads and writes no files."""

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
PAIR = 2  # a time and an event: how long that tuple is
SHORTEST_AUDIO = 16  # characters
_AUDIO = re.compile(r'("audio"\s*:\s*")([A-Za-z0-9+/=_-]{16,})(?=")')
_AUDIO_DELTA = re.compile(r'("delta"\s*:\s*")([A-Za-z0-9+/=_-]{16,})(?=")')
_WRITTEN, _DELTA = '"audio":"', "audio.delta"
_BASE64 = f"{ascii_letters}{digits}+/=_-".encode()


class RecordedMessage(NamedTuple):
    """A message as the connection gives it to the record. A plain tuple of the same is one too, and costs less.

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
    parts = [_text_and_audio(item) for item in items]
    texts = "\n".join([text for text, _ in parts if text])
    # One look at all texts: a look at each costs more than its line, and most hold nothing of the kind.
    clean: Callable[[str], str] = without_secrets
    if without_secrets(texts) == texts:
        clean = str
    lines: list[str] = []
    for item, (text, audio) in zip(items, parts, strict=True):
        at_ms = (item[0] - began_s) * 1000
        if len(item) == PAIR:
            lines.append(event_line(at_ms, item[1]))
        else:
            lines.append(_head(at_ms, item) + _rest(text, audio, clean, keep_audio=keep_audio))
    return "".join(lines).encode("utf-8", "replace")


def _head(at_ms: float, message: tuple[Any, ...]) -> str:
    # Put together by hand: of a dictionary it would cost twice as much, and this is done for every message.
    _, connection, direction, _, begin_ms, sent_ms, step, task_id = message
    head = f'{{"type":"message","at_ms":{at_ms:.0f},"connection":{connection},"direction":"{direction}"'
    if begin_ms is not None:
        head = f'{head},"begin_ms":{begin_ms},"sent_ms":{sent_ms}'
    if step:
        head = f'{head},"step":"{step}","task_id":{encode_basestring(without_secrets(task_id))}'
    return head


def _rest(text: str | None, audio: str | bytes | int | None, clean: Callable[[str], str], *, keep_audio: bool) -> str:
    rest = ""
    if text is not None:
        rest = f',"text":{encode_basestring(clean(text))}'
    if audio is None:
        return f"{rest}}}\n"
    if keep_audio and isinstance(audio, bytes):
        audio = base64.b64encode(audio).decode("ascii")
    if keep_audio and isinstance(audio, str):
        return f'{rest},"audio":"{without_secrets(audio)}"}}\n'
    if isinstance(audio, int):
        size_bytes = audio
    elif isinstance(audio, bytes):
        size_bytes = len(audio)
    else:
        size_bytes = len(audio.rstrip("=")) * 3 // 4
    return f'{rest},"audio_bytes":{size_bytes}}}\n'


def _text_and_audio(item: tuple[Any, ...]) -> tuple[str | None, str | bytes | int | None]:
    """The text of a message without its audio, and that audio, in base64 where it was; neither for an event."""
    if len(item) == PAIR:
        return None, None
    message = item[3]
    if isinstance(message, Text):
        # What is of a task was made by a codec of this program: what it names audio is base64, and is not examined.
        return _without_audio(message.data, own=item[4] is not None)
    if isinstance(message, Binary):
        return None, message.data
    return None, message


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
        return len(line["audio"].rstrip("=")) * 3 // 4
    count: int = line.get("audio_bytes", 0)
    return count


def has_audio(text: str) -> bool:
    """Whether a text message holds audio."""
    return _without_audio(text)[1] is not None


def _without_audio(text: str, *, own: bool = False) -> tuple[str, str | None]:
    """A text message without its audio, and that audio in base64; None where it has none."""
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
