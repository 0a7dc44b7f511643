"""The messages in a record of the wire: their lines without secrets and audio, and back. Reads and writes no files."""

import base64
import re
from collections.abc import Callable, Mapping, Sequence
from json.encoder import encode_basestring
from string import ascii_letters, digits
from typing import Any, NamedTuple

from asrcli.core.errors import without_secrets
from asrcli.core.message import Binary, Message, Text

# Audio inside a JSON message: base64 holds no quotation mark.
SHORTEST_AUDIO = 16  # characters
_AUDIO = re.compile(r'("audio"\s*:\s*")([A-Za-z0-9+/=_-]{16,})(?=")')
_AUDIO_DELTA = re.compile(r'("delta"\s*:\s*")([A-Za-z0-9+/=_-]{16,})(?=")')
_WRITTEN, _DELTA = '"audio":"', "audio.delta"
_BASE64 = f"{ascii_letters}{digits}+/=_-".encode()


class RecordedMessage(NamedTuple):
    """A message as the connection gives it to the record. A plain tuple of the same is one too, and costs less.

    Attributes:
        at_ms: When it was sent or came, since the record began; fractions of it are not kept.
        connection: The number of its connection.
        direction: SENT or RECEIVED.
        message: With its audio, and with what is secret in it. Of a binary one the length in bytes is enough.
        begin_ms: Where the task of a sent message begins on the timeline of the run; None outside of a task.
        sent_ms: Up to where audio had been sent.
        step: The step of the task that the message is: start, commit or finish; empty for another one.
        task_id: With a step, the id of the task.
    """

    at_ms: float
    connection: int
    direction: str
    message: Text | Binary | int
    begin_ms: int | None = None
    sent_ms: int = 0
    step: str = ""
    task_id: str = ""


def message_lines(messages: Sequence[tuple[Any, ...]], *, keep_audio: bool) -> bytes:
    """The lines of messages, each a RecordedMessage: their texts without secrets, and of audio the length.

    With `keep_audio` the audio is kept too.
    """
    parts = [_text_and_audio(message[3], own=message[4] is not None) for message in messages]
    texts = "\n".join([text for text, _ in parts if text])
    # One look at all texts: a look at each costs more than its line, and most hold nothing of the kind.
    clean: Callable[[str], str] = without_secrets
    if without_secrets(texts) == texts:
        clean = str
    lines = [
        _head(message) + _rest(text, audio, clean, keep_audio=keep_audio)
        for message, (text, audio) in zip(messages, parts, strict=True)
    ]
    return "".join(lines).encode("utf-8", "replace")


def _head(message: tuple[Any, ...]) -> str:
    # Put together by hand: of a dictionary it would cost twice as much, and this is done for every message.
    at_ms, connection, direction, _, begin_ms, sent_ms, step, task_id = message
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


def _text_and_audio(message: Text | Binary | int, *, own: bool) -> tuple[str | None, str | bytes | int | None]:
    """The text of a message without its audio, and that audio, in base64 where it was.

    `own`: a codec of this program made it, so what it names audio is base64, and is not examined.
    """
    if isinstance(message, Text):
        return _without_audio(message.data, own=own)
    if isinstance(message, Binary):
        return None, message.data
    return None, message


def length(message: Text | Binary | int) -> int:
    """About how much memory the message of a RecordedMessage takes, in bytes."""
    if isinstance(message, int):
        return 0
    return len(message.data)


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
        if len(encoded) >= SHORTEST_AUDIO and _DELTA not in rest and (own or _is_base64(encoded)):
            return rest, encoded
    pattern = _AUDIO_DELTA if _DELTA in text else _AUDIO
    found = pattern.search(text)
    if found is None:
        return text, None
    return text[: found.start(2)] + text[found.end(2) :], found[2]


def _is_base64(text: str) -> bool:
    return not text.encode("utf-8", "replace").translate(None, _BASE64)
