"""The realtime wire (session.update): Qwen-ASR, in VAD mode and in manual mode. Client end, server end.

Source of the facts: the service's references for client events and server events of Qwen-ASR realtime.
"""

from collections.abc import Callable, Mapping
from urllib.parse import quote

from asrcli.core.audio import SAMPLE_BYTES, Format
from asrcli.core.client_commands import ClearAudio, Command, CommitAudio, FinishTask, SendAudio, StartTask
from asrcli.core.errors import ProtocolError, ServiceRefused
from asrcli.core.events import Event, Final, Finished, Notice, Partial, Ready, SpeechStarted, SpeechStopped, Usage
from asrcli.core.message import Message, Text
from asrcli.core.settings import RecognitionSettings
from asrcli.protocol import service_errors
from asrcli.protocol.discarded import DiscardedMessages
from asrcli.protocol.json_messages import Json, endpoint, need, part, read, word, write
from asrcli.protocol.realtime import session_config
from asrcli.protocol.realtime.items import TRANSCRIPTION, RealtimeItems
from asrcli.protocol.realtime.late_items import LateItems
from asrcli.protocol.registry import REALTIME_PATH

FINISH = "session.finish"
LATE = "dropped a sentence of a lost connection that came late"


class RealtimeClient:
    """One session, as the client speaks it; times count from the session's first sample.

    No times travel with the text here. In VAD mode they come from speech_started and speech_stopped; in manual mode
    from the commits, which the server answers in order.
    """

    word_times = False
    connection_is_new = True  # a session has its connection for itself
    retired_names: Mapping[str, str] = {}
    reusable = False  # one session per connection
    lifetime_s: float | None = None  # none is documented

    def __init__(self, recognition: RecognitionSettings, new_id: Callable[[], str]) -> None:
        self.task_id = ""
        self.manual = not recognition.vad  # we commit utterances, the server cuts nothing
        self._recognition, self._new_id, self._format = recognition, new_id, Format(recognition.rate)
        self._sent = self._committed = 0  # samples
        self._dropped = DiscardedMessages()
        self._items, self._late = RealtimeItems(self._dropped), LateItems()
        self._last_id = self._finish_id = ""  # of the event that was written last, and of session.finish
        self._is_unfinishable = False  # the service has refused session.finish, and text is due

    @property
    def usage(self) -> Usage:
        """What the service counted, where it does."""
        return self._items.usage

    @property
    def seen_names(self) -> Mapping[str, str]:
        """What the items of the session are called, each with its text, for the sessions that follow it."""
        return self._items.names

    @property
    def dropped(self) -> int:
        """How many finished sentences were dropped; each was told."""
        return self._dropped.finals

    @property
    def must_wait(self) -> bool:
        """Never: audio waits for no answer on this wire."""
        return False

    def url(self, base: str) -> str:
        """Where this wire is spoken at a service; the model is part of the address."""
        return endpoint(base, REALTIME_PATH, f"model={quote(self._recognition.model)}")

    def start(self) -> list[Message]:
        """session.update: audio waits for session.updated, so that a refusal comes before any of it is spent."""
        return [self._command("session.update", session=session_config.asked(self._recognition))]

    def audio(self, pcm: bytes) -> list[Message]:
        """PCM, as one append event."""
        self._sent += len(pcm) // SAMPLE_BYTES
        return [self._append(pcm)]

    def commit(self) -> list[Message]:
        """End the utterance here. Nothing in VAD mode, or when no audio came since the last commit."""
        if not self.manual or self._sent == self._committed:
            return []
        command = self._command("input_audio_buffer.commit")
        self._items.expect(self._format.ms(self._committed), self._format.ms(self._sent), self._last_id)
        self._committed = self._sent
        return [command]

    def skip(self, samples: int) -> bool:
        """In manual mode, between utterances: the times are ours there. In VAD mode the server counts what it hears."""
        if may := self.manual and self._sent == self._committed:
            self._sent = self._committed = self._sent + samples
        return may

    def clear(self) -> list[Message]:
        """Make the server forget the audio since the last commit."""
        self._committed = self._sent
        return [self._command("input_audio_buffer.clear")]

    def finish(self) -> list[Message]:
        """session.finish, behind a commit of what manual mode has not committed."""
        commands, self._finish_id = [*self.commit(), self._command(FINISH)], self._last_id
        return commands

    def pending_messages(self) -> list[Message]:
        """Nothing: no answer on this wire wants one."""
        return []

    def receive(self, message: Message) -> list[Event]:
        """What a server message says. One that cannot be read is dropped: it ends nothing.

        Raises:
            ServiceRefused: an error the session cannot go on from, or a language that was not accepted.
        """
        try:
            value = read(message)
            events = self._handle(need(value, "type", str), value)
        except ProtocolError as exc:
            return [self._dropped.unreadable(exc)]
        return [*events, *self._end_without_finish()]

    def _handle(self, name: str, value: Json) -> list[Event]:
        if name == "error":
            return self._error(value)
        if name == "session.updated":
            return self._updated(value)
        if name == "session.finished":
            return [*self._released(over=True), Finished(self.usage)]
        if name.startswith(TRANSCRIPTION):
            return self._transcribed(name, value)
        if name.startswith("input_audio_buffer."):
            return self._items.handle(name, value, self._sent_ms)
        if name == "conversation.item.created":
            self._items.announce(word(part(value, "item"), "id"))
            return []
        return [] if name == "session.created" else [Notice("debug", f"dropped an unknown event: {name}")]

    def _transcribed(self, name: str, value: Json) -> list[Event]:
        """A text, unless it is of a session before this one, whose audio has its text or is sent again."""
        if self._items.is_late(value, self.retired_names):
            return [Notice("debug", f"dropped {name} of an item of a lost connection")]
        done, unknown = name.endswith("completed"), self.retired_names and not self._items.knows(value)
        if unknown and done and self._late.repeats(value):
            return [self._dropped.final(LATE)]
        if unknown and self._late.holds(value, done=done):
            return [Notice("debug", f"held {name} of an item that nobody has announced")]
        events = [*self._released(), *self._items.handle(name, value, self._sent_ms)]
        said = [] if unknown else [event.text for event in events if isinstance(event, Final)]
        if True in [self._late.settles(words) for words in said]:
            events.append(self._dropped.final(LATE))
        return events

    def _released(self, *, over: bool = False) -> list[Event]:
        held = self._late.release(over=over)
        return [] if held is None else self._items.handle(f"{TRANSCRIPTION}completed", held, self._sent_ms)

    @property
    def _sent_ms(self) -> int | None:
        """So much audio has been sent, where its bytes tell that."""
        return self._format.ms(self._sent) if self._recognition.audio_format == "pcm" else None

    def _command(self, name: str, **fields: object) -> Text:
        self._last_id = f"event_{self._new_id()}"
        return write({"event_id": self._last_id, "type": name, **fields})

    def _append(self, pcm: bytes) -> Text:
        return self._command("input_audio_buffer.append", audio=session_config.encoded(pcm))

    def _error(self, value: Json) -> list[Event]:
        said = service_errors.read_service_error(value)
        if not self.task_id or said.ends_session:
            raise ServiceRefused(said.code, said.message, self.task_id)
        if self._finish_id and (said.about == self._finish_id or said.is_of_finish):
            self._is_unfinishable = True
            return [Notice("info", f"the service knows no {FINISH}: the session ends with its text")]
        return [Notice("warning", f"the service objects: {said.words}"), *self._refused(said)]

    def _refused(self, said: service_errors.ServiceError) -> list[Event]:
        """What an error says of the audio."""
        return self._items.refuse(said, self._sent_ms)

    def _end_without_finish(self) -> list[Event]:
        """Where session.finish was refused the session is over once the text has come."""
        if not self._is_unfinishable or self._items.pending or not (self.manual or self._items.finals):
            return []
        self._is_unfinishable = False
        return [Finished(self.usage)]

    def _updated(self, value: Json) -> list[Event]:
        effective = part(value, "session")
        language = session_config.language(effective, self._recognition.languages)
        again, self.task_id = bool(self.task_id), self.task_id or word(effective, "id") or "unnamed"
        return [] if again else [Ready(self.task_id, language)]


class RealtimeServer:
    """One session, as the server speaks it."""

    fatal_errors = False  # an error event leaves the session open
    tells_language = True  # session.updated names the one in effect
    path = REALTIME_PATH
    accepts_idle = True  # the service documents no limit on idleness here

    def __init__(self, new_id: Callable[[], str], model: str = "") -> None:
        self.task_id = f"sess_{new_id()}"
        self._new_id, self._recognition, self._audio_format = new_id, RecognitionSettings(model), "pcm"
        self._updated = self._heard = self._finished = False
        self._buffered = False  # manual mode: audio came since the last commit
        self._commits = 0
        self._items: dict[str, str] = {}  # sentence key -> item id
        self._last_item: str | None = None

    def greet(self) -> list[Message]:
        """session.created, at once and unasked."""
        return [self._event("session.created", session=self._session(""))]

    def receive(self, message: Message) -> list[Command]:
        """What a client message asks for.

        Raises:
            ProtocolError: a message this wire does not allow here.
        """
        value = read(message)
        name = need(value, "type", str)
        return [] if self._finished else self._obey(name, value)

    def _obey(self, name: str, value: Json) -> list[Command]:
        if name == "session.update":
            return [self._update(need(value, "session", dict))]
        if name == "input_audio_buffer.append":
            return self._append(need(value, "audio", str))
        if name == "input_audio_buffer.commit":
            return [self._commit()]
        if name == "input_audio_buffer.clear":
            self._buffered = False
            return [ClearAudio()]
        if name == "session.finish":
            self._finished = True
            return [*self._started_by_default(), FinishTask()]
        raise ProtocolError(f"unknown event type {name}")

    def acknowledge(self, request: Command) -> list[Message]:
        """The answer a request gets before any of its results."""
        if isinstance(request, ClearAudio):
            return [self._event("input_audio_buffer.cleared")]
        if isinstance(request, CommitAudio):
            self._commits += 1
            return self._announced(str(self._commits))
        return []

    def encode(self, event: Event) -> list[Message]:
        """The messages that carry an event; none for what this wire does not tell."""
        if isinstance(event, Ready):  # only a session.update is answered
            return [] if not self._updated else [self._event("session.updated", session=self._session(event.language))]
        if isinstance(event, Finished):
            return [self._event("session.finished")]
        if isinstance(event, SpeechStarted) and self._recognition.vad:
            fields = {"audio_start_ms": event.begin_ms, "item_id": self._item(event.key)}
            return [self._event("input_audio_buffer.speech_started", **fields)]
        if isinstance(event, SpeechStopped) and self._recognition.vad:
            fields = {"audio_end_ms": event.end_ms, "item_id": self._item(event.key)}
            return [self._event("input_audio_buffer.speech_stopped", **fields), *self._announced(event.key)]
        if isinstance(event, Partial | Final):
            return [self._result(event)]
        return []

    def fail(self, code: str, problem: str, param: str | None = None) -> list[Message]:
        """An error event; the session goes on."""
        error = {"type": "invalid_request_error", "code": code, "message": problem, "param": param, "event_id": None}
        return [self._event("error", error=error)]

    def _event(self, name: str, **fields: object) -> Text:
        return write({"event_id": f"event_{self._new_id()}", "type": name, **fields})

    def _session(self, language: str) -> Json:
        return session_config.effective(self.task_id, self._recognition, self._audio_format, language)

    def _update(self, wanted: Json) -> StartTask:
        if self._heard:
            raise ProtocolError("session.update after the first audio")
        self._recognition, self._audio_format = session_config.read(self._recognition.model, wanted)
        self._updated = True
        return self._start()

    def _start(self) -> StartTask:
        return StartTask(self._recognition, "pcm" if self._audio_format == "pcm16" else self._audio_format)

    def _started_by_default(self) -> list[Command]:
        """The Start that audio implies when no session.update came before it."""
        implied: list[Command] = [] if self._updated or self._heard else [self._start()]
        self._heard = True
        return implied

    def _append(self, encoded: str) -> list[Command]:
        data = session_config.decoded(encoded)
        self._buffered = self._buffered or bool(data)
        return [*self._started_by_default(), SendAudio(data)]

    def _commit(self) -> CommitAudio:
        if self._recognition.vad:
            raise ProtocolError("commit in VAD mode: the server cuts sentences by itself")
        if not self._buffered:
            raise ProtocolError("commit of an empty buffer")
        self._buffered = False
        return CommitAudio()

    def _item(self, key: str) -> str:
        return self._items.setdefault(key, f"item_{self._new_id()}")

    def _announced(self, key: str) -> list[Message]:
        item, previous = self._item(key), self._last_item
        self._last_item = item
        return [
            self._event("input_audio_buffer.committed", previous_item_id=previous, item_id=item),
            self._event("conversation.item.created", previous_item_id=previous, item=session_config.item(item)),
        ]

    def _result(self, event: Partial | Final) -> Text:
        about = {
            "item_id": self._item(event.key),
            "content_index": 0,
            "language": event.language,
            "emotion": event.emotion or "neutral",
        }
        if isinstance(event, Partial):
            return self._event(f"{TRANSCRIPTION}text", **about, text=event.settled, stash=event.unsettled)
        self._items.pop(event.key)
        return self._event(f"{TRANSCRIPTION}completed", **about, transcript=event.text)
