"""What a raw exchange says before and after its audio, and which answers it waits for. For each wire, and for none."""

import json
from collections.abc import Callable
from dataclasses import dataclass

from asrcli.core.errors import ServiceRefused, UsageError
from asrcli.core.message import Binary, Message, Text
from asrcli.core.settings import RecognitionSettings
from asrcli.protocol.inference.codec import InferenceClient
from asrcli.protocol.json_messages import Json, endpoint, part, text, write
from asrcli.protocol.realtime.codec import RealtimeClient


@dataclass(frozen=True)
class RawExchange:
    """One conversation by hand.

    Attributes:
        first: Said at once.
        last: Said once the input has ended.
        audio: What carries a piece of audio.
        ready: The answer behind which audio may flow; empty when it need not wait.
        over: The answer that ends it; empty when there is none and silence ends it.
        failed: The answer that ends it as a refusal.
    """

    first: tuple[Message, ...]
    last: tuple[Message, ...]
    audio: Callable[[bytes], list[Message]]
    ready: str = ""
    over: str = ""
    failed: str = ""


def on_inference(
    recognition: RecognitionSettings, new_id: Callable[[], str], first: str | None, last: str | None
) -> RawExchange:
    """run-task and finish-task, or the user's own; a finish-task of ours names the task of a run-task of theirs."""
    codec = InferenceClient(recognition, new_id)
    opening = (_own("--first", first),) if first else tuple(codec.start())
    if first:
        codec.task_id = text(part(parsed("--first", first), "header"), "task_id") or codec.task_id
    closing = (_own("--last", last),) if last else tuple(codec.finish())
    return RawExchange(opening, closing, codec.audio, "task-started", "task-finished", "task-failed")


def on_realtime(
    recognition: RecognitionSettings, new_id: Callable[[], str], first: str | None, last: str | None
) -> RawExchange:
    """session.update and session.finish, or the user's own; in manual mode all the audio is one utterance."""
    codec = RealtimeClient(recognition, new_id)
    opening = (_own("--first", first),) if first else tuple(codec.start())
    finish = RealtimeClient(RecognitionSettings(recognition.model), new_id).finish()
    commit = [] if recognition.vad else [write({"event_id": new_id(), "type": "input_audio_buffer.commit"})]
    closing = (_own("--last", last),) if last else (*commit, *finish)
    return RawExchange(opening, closing, codec.audio, "session.updated", "session.finished")


def on_none(first: str | None, last: str | None) -> RawExchange:
    """Any WebSocket server: audio as binary messages, text as it is given, an end when nothing more comes."""
    said = tuple((Text(words),) if words else () for words in (first, last))
    return RawExchange(said[0], said[1], lambda pcm: [Binary(pcm)])


def address(wire: str, base: str, model: str) -> str:
    """Where a wire is spoken at a service; without a wire the address is taken as it stands."""
    if wire == "none":
        return endpoint(base, "/")
    codec = InferenceClient if wire == "inference" else RealtimeClient
    return codec(RecognitionSettings(model), str).url(base)


def message_name(message: Message) -> str:
    """The name of an event on either wire; empty for anything else."""
    if not isinstance(message, Text):
        return ""
    try:
        value = json.loads(message.data)
    except (ValueError, RecursionError):
        return ""
    return (text(part(value, "header"), "event") or text(value, "type")) if isinstance(value, dict) else ""


def message_refusal(message: Message) -> ServiceRefused:
    """A message that says no, as an error: its code, its words, its task."""
    assert isinstance(message, Text)  # noqa: S101  it has a name
    value = json.loads(message.data)
    header, error = part(value, "header"), part(value, "error")
    code = text(header, "error_code") or text(error, "code") or message_name(message)
    words = text(header, "error_message") or text(error, "message")
    return ServiceRefused(code, words, text(header, "task_id"))


def parsed(option: str, words: str) -> Json:
    """A JSON object that the user wrote.

    Raises:
        UsageError: it is none.
    """
    try:
        value = json.loads(words)
    except (ValueError, RecursionError) as exc:
        raise UsageError(f"{option}: not JSON: {exc}") from exc
    if not isinstance(value, dict):
        raise UsageError(f"{option}: not a JSON object")
    return value


def _own(option: str, words: str) -> Text:
    """A message that the user wrote, as it is written; it must be a JSON object."""
    parsed(option, words)
    return Text(words)
