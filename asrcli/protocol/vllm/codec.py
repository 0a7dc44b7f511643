"""The wire of vLLM's realtime endpoint: client codec. No I/O.

The events have names of OpenAI's interface, but another meaning: a commit begins an utterance, and a final commit ends
it. The server makes one text at a time. There are no times, no items and no voice activity detection.

Source of the facts: the protocol of vLLM's realtime endpoint as its documentation and sources describe it.
"""

from collections import deque
from collections.abc import Callable

from asrcli.core.audio import SAMPLE_BYTES, Format
from asrcli.core.errors import ProtocolError
from asrcli.core.events import Event, Final, Finished, Gap, Notice, Partial, Ready, Usage
from asrcli.core.message import Message
from asrcli.core.settings import RecognitionSettings
from asrcli.protocol.addresses import endpoint
from asrcli.protocol.asr_text_marks import without_marks, without_open_mark
from asrcli.protocol.json_messages import Json, counted, need, part, read, text, word, write
from asrcli.protocol.nameless_sentences import NamelessSentences
from asrcli.protocol.realtime.session_config import encoded
from asrcli.protocol.registry import OPENAI_PATH
from asrcli.protocol.service_errors import read_service_error, refused_session

REPEATED = "dropped a text that the server sent twice"
QUIET_END_S = 10.0
FAILED = "the server could not transcribe this"
# Errors after which no utterance can succeed.
_FATAL = {"model_not_validated", "model_not_found", "unknown_event", "invalid_json"}


class VllmClient(NamelessSentences):
    """The client codec of one connection, which makes one text after another. The client says where utterances end.

    Times are those of the utterances, as they were sent.
    """

    manual = True

    def __init__(self, recognition: RecognitionSettings, new_id: Callable[[], str]) -> None:
        super().__init__()
        del new_id
        self.task_id = ""
        self._recognition = recognition
        self._format = Format(recognition.rate)
        self._usage = Usage()
        self._sent_samples = self._committed_samples = 0
        self._number = 1  # of the utterance that is open or waits for its text
        self._said = ""  # its text so far, as it came
        self._last_done: Json = {}
        self._spans: deque[tuple[int, int]] = deque()  # of utterances that have ended and have no text yet, in ms
        self._finishes = False
        self._pending: list[Message] = []

    @property
    def usage(self) -> Usage:
        """The usage that the server has counted so far, in tokens."""
        return self._usage

    @property
    def must_wait(self) -> bool:
        """While a text is made, the next utterance must wait: the server would ignore its start."""
        return bool(self._spans)

    @property
    def quiet_end_s(self) -> float | None:
        """The end of an utterance without audio is not answered by all servers; other ends are."""
        spans = [*self._spans, (self._committed_samples, self._sent_samples)]
        return QUIET_END_S if all(begin == end for begin, end in spans) else None

    def url(self, base: str) -> str:
        """The address of this wire on the host of a server."""
        return endpoint(base, OPENAI_PATH)

    def start(self) -> list[Message]:
        """The model, and the commit that begins the first utterance; audio waits for session.created."""
        model = {"type": "session.update", "model": self._recognition.model, **dict(self._recognition.extra)}
        return [write(model), _commit()]

    def started(self) -> list[Event]:
        """Nothing: the service answers the start."""
        return []

    def audio(self, pcm: bytes) -> list[Message]:
        """One append event that carries this PCM; none for empty PCM, which is an error on this wire."""
        if not pcm:
            return []
        self._sent_samples += len(pcm) // SAMPLE_BYTES
        return [write({"type": "input_audio_buffer.append", "audio": encoded(pcm)})]

    def commit(self) -> list[Message]:
        """The final commit of the utterance; nothing without audio since the last one."""
        if self._sent_samples == self._committed_samples:
            return []
        self._spans.append((self._format.ms(self._committed_samples), self._format.ms(self._sent_samples)))
        self._committed_samples = self._sent_samples
        return [_commit(final=True)]

    def skip(self, samples: int) -> bool:
        """Count samples that are left out. Possible between utterances, because the client counts."""
        if self._sent_samples != self._committed_samples:
            return False
        self._sent_samples += samples
        self._committed_samples = self._sent_samples
        return True

    def finish(self) -> list[Message]:
        """The final commit of what is left. An utterance without audio is ended too, because its end is answered."""
        self._finishes = True
        messages = self.commit()
        if not messages and not self._spans:
            self._spans.append((self._format.ms(self._sent_samples),) * 2)
            messages = [_commit(final=True)]
        return messages

    def pending_messages(self) -> list[Message]:
        """The begin of the next utterance, once the text of the last one has come."""
        pending, self._pending = self._pending, []
        return pending

    def receive(self, message: Message) -> list[Event]:
        """The events in a message. An unreadable message gives a notice only.

        Raises:
            ServiceRefused: an error after which the server makes no text.
        """
        try:
            value = read(message)
            return self._handle(need(value, "type", str), value)
        except ProtocolError as exc:
            return [self._dropped.unreadable(exc)]

    def _handle(self, name: str, value: Json) -> list[Event]:
        if name == "session.created":
            if self.task_id:
                return []
            self.task_id = word(value, "id") or "unnamed"
            return [Ready(self.task_id)]
        if name == "transcription.delta":
            self._said += text(value, "delta")
            shown = without_open_mark(self._said)
            if not shown.strip():
                return []
            return [Partial(str(self._number), self._begin_ms, shown, "")]
        if name == "transcription.done":
            if self._repeats(value):
                return [self._dropped.final(REPEATED)]
            self._last_done = value
            self._usage += counted(_tokens(part(value, "usage")), Usage())  # of this text alone
            return self._done(without_marks(text(value, "text") or self._said))
        if name == "error":
            return self._error(value)
        return [Notice("debug", f"dropped an unknown event: {name}")]

    def _repeats(self, value: Json) -> bool:
        """Whether a text came twice: the same event again, with no delta before it, which a new text would have."""
        return value == self._last_done and not self._said and bool(text(value, "text") or not self._spans)

    @property
    def _begin_ms(self) -> int:
        if self._spans:
            return self._spans[0][0]
        return self._format.ms(self._committed_samples)

    def _done(self, said: str) -> list[Event]:
        begin_ms, end_ms = self._ended_span()
        final = Final(str(self._number), begin_ms, end_ms, said)
        return [final, *self._next()]

    def _ended_span(self) -> tuple[int, int]:
        """The span of the utterance whose text has come; up to now if the server ended it by itself."""
        if self._spans:
            return self._spans.popleft()
        span = self._format.ms(self._committed_samples), self._format.ms(self._sent_samples)
        self._committed_samples = self._sent_samples
        return span

    def _next(self) -> list[Event]:
        self._number += 1
        self._said = ""
        if self._finishes and not self._spans:
            return [Finished(self._usage)]
        self._pending.append(_commit())
        return []

    def _error(self, value: Json) -> list[Event]:
        error = read_service_error(value)
        if not self.task_id or error.code in _FATAL or error.ends_session:
            raise refused_session(error, self.task_id)
        if not self._spans:
            return [Notice("warning", f"the server reports an error: {error.words}")]
        begin_ms, end_ms = self._spans.popleft()
        gap = [Gap(begin_ms, end_ms, f"{FAILED}: {error.words}")] if begin_ms < end_ms else []
        return [*gap, *self._next()]


def _commit(*, final: bool = False) -> Message:
    if final:
        return write({"type": "input_audio_buffer.commit", "final": True})
    return write({"type": "input_audio_buffer.commit"})


def _tokens(usage: Json) -> Json:
    """The usage under the names of the realtime wire."""
    return {"input_tokens": usage.get("prompt_tokens"), "output_tokens": usage.get("completion_tokens")}
