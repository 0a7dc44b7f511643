"""The answer of a model to a turn: written in pieces by the server, read by the client. No I/O, no audio.

Source of the facts: the service's references for client events and server events of Qwen-Omni realtime.
"""

from collections.abc import Iterator
from math import ceil

from asrcli.core.dataclass import dataclass
from asrcli.protocol.json_messages import Json, objects, part, text

COMPLETED, FAILED, INCOMPLETE, CANCELLED = "completed", "failed", "incomplete", "cancelled"
CUT_SHORT = frozenset({INCOMPLETE, CANCELLED})
# The names of text pieces: of an answer in text, and of the transcript of an answer in audio.
WRITTEN, SPOKEN = "text", "audio_transcript"
# Events that add nothing to the pieces and the end of an answer.
IGNORED_EVENTS = frozenset(
    {
        "output_item.added",
        "output_item.done",
        "content_part.added",
        "content_part.done",
        "audio.delta",
        "audio.done",
    }
)
PIECE_CHARACTERS = 12
AUDIO_TOKENS_PER_S = 12.5
TEXT_TOKENS_PER_CHARACTER = 0.6


@dataclass(frozen=True, slots=True)
class ModelAnswer:
    """How an answer ended, and the text in its last event; `reason` says why it is incomplete."""

    status: str
    text: str = ""
    reason: str = ""


def read(response: Json) -> ModelAnswer:
    """The end of an answer, from the response object of response.done."""
    details = part(response, "status_details")
    error = part(details, "error")
    reason = ": ".join(filter(None, (text(error, "code"), text(error, "message")))) or text(details, "reason")
    contents = [content for item in objects(response, "output") for content in objects(item, "content")]
    answer = "".join(text(content, "text") or text(content, "transcript") for content in contents)
    return ModelAnswer(text(response, "status"), answer, reason)


@dataclass(frozen=True, slots=True)
class ResponseWriter:
    """Writes the events of one answer. `spoken`: the client asked for audio; it gets the transcript only."""

    id: str
    item: str
    conversation: str
    spoken: bool

    def begun(self) -> tuple[str, Json]:
        """response.created."""
        return "response.created", {"response": self._response("in_progress", [], None)}

    def given(self, answer: str, usage: Json) -> Iterator[tuple[str, Json]]:
        """The events of a whole answer: the text, piece by piece, and the end."""
        kind, field = WRITTEN, "text"
        if self.spoken:
            kind, field = SPOKEN, "transcript"
        within = {"response_id": self.id, "output_index": 0}
        here = {**within, "item_id": self.item, "content_index": 0}
        item, whole = self._item("in_progress", []), self._item(COMPLETED, [self._content(answer)])
        yield "response.output_item.added", {**within, "item": item}
        yield "response.content_part.added", {**here, "part": self._content("")}
        for at in range(0, len(answer), PIECE_CHARACTERS):
            yield f"response.{kind}.delta", {**here, "delta": answer[at : at + PIECE_CHARACTERS]}
        yield f"response.{kind}.done", {**here, field: answer}
        yield "response.content_part.done", {**here, "part": self._content(answer)}
        yield "response.output_item.done", {**within, "item": whole}
        yield "response.done", {"response": self._response(COMPLETED, [whole], usage)}

    def cancelled(self) -> tuple[str, Json]:
        """The end of an answer that the client cancelled."""
        return "response.done", {"response": self._response(CANCELLED, [], None)}

    def _response(self, status: str, output: list[Json], usage: Json | None) -> Json:
        return {
            "id": self.id,
            "object": "realtime.response",
            "conversation_id": self.conversation,
            "status": status,
            "modalities": ["text", "audio"] if self.spoken else ["text"],
            "output": output,
            "usage": usage,
        }

    def _item(self, status: str, content: list[Json]) -> Json:
        about = {"id": self.item, "object": "realtime.item", "type": "message", "status": status}
        return {**about, "role": "assistant", "content": content}

    def _content(self, answer: str) -> Json:
        if self.spoken:
            return {"type": "audio", "transcript": answer}
        return {"type": "text", "text": answer}


def tokens(audio_ms: int, prompt: str, answer: str) -> Json:
    """The usage of an answer, counted as the service does: audio by its duration, text by its length."""
    audio = ceil(audio_ms / 1000 * AUDIO_TOKENS_PER_S)
    texts = ceil(len(prompt) * TEXT_TOKENS_PER_CHARACTER)
    output = ceil(len(answer) * TEXT_TOKENS_PER_CHARACTER)
    return {
        "total_tokens": audio + texts + output,
        "input_tokens": audio + texts,
        "output_tokens": output,
        "input_tokens_details": {"text_tokens": texts, "audio_tokens": audio},
        "output_tokens_details": {"text_tokens": output},
    }
