"""The wire of OpenAI's realtime transcription sessions (GA shape), in VAD and in manual mode: client and server codec.

It has the events of the realtime wire, with another session object and with texts that are appended. No message ends a
session: the client commits the rest of the audio and waits for the text of each item.

Source of the facts: the published event types of OpenAI's realtime interface.
"""

from collections.abc import Callable
from dataclasses import replace

from asrcli.core.audio import SAMPLE_BYTES, Format
from asrcli.core.client_commands import (
    ClearAudio,
    Command,
    CommitAudio,
    ConfirmSettings,
    DescribeItem,
    FinishTask,
    SendAudio,
    SendLongAudio,
    StartTask,
)
from asrcli.core.errors import ProtocolError
from asrcli.core.event_placement import shift_event
from asrcli.core.events import Event, Final, Finished, Partial, Ready, SpeechStopped
from asrcli.core.message import Message
from asrcli.core.settings import RecognitionSettings
from asrcli.protocol.addresses import endpoint
from asrcli.protocol.asr_text_marks import without_marks, without_open_mark
from asrcli.protocol.json_messages import Json, need, part, text, word
from asrcli.protocol.openai import g711, transcription_session, unsupported
from asrcli.protocol.openai.item_order import ItemOrder
from asrcli.protocol.openai.last_commit import SPEECH_STOPPED, LastCommit
from asrcli.protocol.realtime.codec import RealtimeClient
from asrcli.protocol.realtime.items import BUFFER, MOST_REMEMBERED, TRANSCRIPTION, UNNAMED
from asrcli.protocol.realtime.server_codec import RealtimeServer
from asrcli.protocol.registry import OPENAI_PATH
from asrcli.protocol.service_errors import read_service_error

COMMIT = "input_audio_buffer.commit"
BETA_UPDATE = "transcription_session.update"
RETRIEVE = "conversation.item.retrieve"
NO_ITEM = "item_retrieve_invalid_item_id"
NOT_SENT = "include_not_supported"
QUIET_END_S = 10.0  # a server that does not report commits may not report when it has sent everything
EMPTY = "input_audio_buffer_commit_empty"
ENDS = (f"{TRANSCRIPTION}completed", f"{TRANSCRIPTION}failed")
ITEM_EVENTS = {"conversation.item.added", "conversation.item.created", "conversation.item.done"}


class OpenAIClient(RealtimeClient):
    """The client codec of one session. Times count from the first sample of the session.

    The end is a commit of what is left, in VAD mode too: the server then answers with an item that it has not ended by
    itself, or with the error that its buffer is empty. After that and after the texts of all items nothing follows.
    """

    def __init__(self, recognition: RecognitionSettings, new_id: Callable[[], str]) -> None:
        super().__init__(recognition, new_id)
        self._items.adds_usage = True
        self._deltas: dict[str, str] = {}  # the text of each open item so far
        self._ends = False  # the audio is over
        self._last_commit = LastCommit()
        self._order = ItemOrder()
        self._nameless = 0  # committed items without an id, whose texts are still to come

    def url(self, base: str) -> str:
        """The address of this wire. The session names the model: an address with a model begins a conversation."""
        return endpoint(base, OPENAI_PATH, "intent=transcription")

    def start(self) -> list[Message]:
        """session.update; audio waits for session.updated, so that a refusal comes before any audio is charged."""
        return [self._command("session.update", session=transcription_session.asked(self._recognition))]

    def finish(self) -> list[Message]:
        """A commit of what is left. Where nothing is left in manual mode, an update, whose answer ends the session."""
        self._ends = True
        if not self.manual:
            command = self._command(COMMIT)
            self._last_commit.sent(self._last_id)
            return [command]
        return self.commit() or self.start()

    def receive(self, message: Message) -> list[Event]:
        """The events that a server message reports. An unreadable message gives a notice and ends nothing.

        Raises:
            ServiceRefused: an error that ends the session, or the service did not accept the language.
        """
        events = super().receive(message)
        self.quiet_end_s = None
        unanswered = self._items.finals > 0 and not self._last_commit.is_reliable
        if self._ends and not self._items.pending and (unanswered or self._nameless):
            self.quiet_end_s = QUIET_END_S  # the last commit may never be answered
        if not self._ends or self._last_commit.is_waiting or self._items.pending or self._nameless:
            return events
        self._ends = False
        return [*events, *self._order.rest(), *self._items.failed.gaps(self._sent_ms, over=True), Finished(self.usage)]

    def _handle(self, name: str, value: Json) -> list[Event]:
        if name in ITEM_EVENTS:
            self._items.announce(word(part(value, "item"), "id"))
            return []
        if name.startswith(TRANSCRIPTION) and not self._nameless:
            value = self._items.named(value)
        if name in ENDS:
            self._count_nameless(value)
            return self._order.ended(word(value, "item_id"), self._ended(name, value))
        if name == f"{TRANSCRIPTION}delta":
            item = word(value, "item_id") or UNNAMED
            self._deltas[item] = self._deltas.get(item, "") + text(value, "delta")
            return super()._handle(f"{TRANSCRIPTION}text", value | {"text": without_open_mark(self._deltas[item])})
        name = name.replace("transcription_session.", "session.")  # of a server that speaks the older shape
        if name == f"{BUFFER}committed" and not word(value, "item_id"):
            self._nameless += 1
            return super()._handle(name, value)
        item = word(value, "item_id")
        if name == f"{BUFFER}committed":
            self._order.committed(item, word(value, "previous_item_id"))
        events = super()._handle(name, value)
        if self._last_commit.note(name, item, has_ended=self._items.has_ended(item)):
            # The server does not say where this speech ends, because the commit has ended it.
            end = {"item_id": item, "audio_end_ms": self._sent_ms}
            events += self._items.handle(SPEECH_STOPPED, end, self._sent_ms)
        return events

    def _ended(self, name: str, value: Json) -> list[Event]:
        """The events for the end of an item: its text, or that it has none."""
        said = self._deltas.pop(word(value, "item_id") or UNNAMED, "")
        if name != ENDS[0]:
            return super()._handle(name, value)
        if isinstance(value.get("transcript"), str):
            said = text(value, "transcript")
        whole = {"transcript": without_marks(said), "usage": transcription_session.usage(part(value, "usage"))}
        return super()._handle(name, value | whole)

    def held_back(self, *, incomplete: bool) -> list[Event]:
        """The texts that wait for those of earlier items, which lack nothing, and what any realtime session holds."""
        return [*self._order.rest(), *super().held_back(incomplete=incomplete)]

    def _count_nameless(self, value: Json) -> None:
        """Count the end of an item that was committed without an id: it has none now, or one that is new."""
        if self._nameless and not self._items.knows(value):
            self._nameless -= 1

    def _error(self, value: Json) -> list[Event]:
        error = read_service_error(value)
        if self._last_commit.is_refused(error):
            return []
        return super()._error(value)

    def _updated(self, value: Json) -> list[Event]:
        session = part(value, "session")
        if self.task_id:
            return []
        language = transcription_session.language(session, self._recognition.languages)
        self.task_id = word(session, "id") or "unnamed"
        return [Ready(self.task_id, language)]


class OpenAIServer(RealtimeServer):
    """The server codec of one session.

    A commit in VAD mode ends the task of the recognizer; the next audio begins another one, whose times go on. In a
    conversation the input audio is transcribed, and each requested response fails with the reason.
    """

    path = OPENAI_PATH

    def __init__(self, new_id: Callable[[], str], model: str = "", session: Json | None = None) -> None:
        super().__init__(new_id, model)
        self._recognition = RecognitionSettings(model, transcription_session.RATE)
        self._running = False  # a task was begun, and not asked for its end
        self._received_bytes = self._offset_bytes = 0
        self._tasks_offset_ms: list[int] = []  # of the tasks that have not finished, oldest first
        self._flushing = False  # a commit of VAD mode is not answered yet
        self._held: list[Message] = []  # the events of the last item whose speech ended while it flushes
        self._held_key = ""  # of its sentence
        self._said: dict[str, str] = {}  # how much of an open item was sent as deltas
        self._ended_items: dict[str, str | None] = {}  # the text of each item; None of one that has none, or not yet
        self._objections: list[Message] = []  # to what the last update asks for and does not get
        self._kind = ""  # of the session, where the client has named one
        self._responds = True  # a conversation wants a response after each turn
        self._is_beta = False  # the client speaks the older shape
        self._is_response = False  # it asks for a response
        self._code = ""  # of the error that it causes, where the service has one
        self._flush_id: str | None = None  # of the commit that is not answered yet
        if session is not None:  # which the secret of the client has brought
            self._recognition = transcription_session.read(session, self._recognition)
            self._kind = transcription_session.kind(session, "")
            self._responds = transcription_session.responds(session, before=True)

    def greet(self) -> list[Message]:
        """session.created, which the server sends as soon as the connection is open."""
        return [self._event("session.created", session=self._session(""))]

    def _commands(self, name: str, value: Json) -> list[Command]:
        self._code = ""
        if name in {"session.update", BETA_UPDATE}:
            return [self._changed(need(value, "session", dict), is_beta=name == BETA_UPDATE)]
        if name == COMMIT and not (self._buffered and (self._running or not self._recognition.vad)):
            self._code = EMPTY
            raise ProtocolError("commit of an empty buffer")
        if name == COMMIT and self._recognition.vad:
            return self._flush()
        if name == RETRIEVE:
            return [self._retrieved(text(value, "item_id"))]
        if unsupported.is_about_conversation(name):
            self._code = unsupported.CONVERSATION_CODE
            self._is_response = name == "response.create"
            raise ProtocolError(f"{name}: {unsupported.NO_RESPONSES}")
        if name == "session.finish":
            raise ProtocolError(f"unknown event type {name}")
        return super()._commands(name, value)

    def _retrieved(self, item_id: str) -> DescribeItem:
        if item_id not in self._ended_items:
            self._code = NO_ITEM
            raise ProtocolError(f"there is no item {item_id!r}, or it is too old")
        return DescribeItem(item_id)

    def fail(self, code: str, problem: str, param: str | None = None) -> list[Message]:
        """An error event, which names the client event; a requested response begins and fails after it."""
        about, self._about = self._about, None
        own, self._code = self._code, ""
        wants_response, self._is_response = self._is_response, False
        messages: list[Message] = [self._event("error", error=unsupported.error(own or code, problem, param, about))]
        if wants_response:
            messages += self._failed_response()
        return messages

    def _failed_response(self) -> list[Message]:
        response_id = f"resp_{self._new_id()}"
        return [
            self._event("response.created", response=unsupported.response(response_id, failed=False)),
            self._event("response.done", response=unsupported.response(response_id, failed=True)),
        ]

    def _changed(self, wanted: Json, *, is_beta: bool = False) -> Command:
        kind = transcription_session.kind(wanted, self._kind)
        settings = transcription_session.read(wanted, self._recognition)
        if self._running:
            before, now = ((each.rate, each.vad, each.audio_format) for each in (self._recognition, settings))
            if before != now:
                raise ProtocolError("the audio format and turn_detection cannot be changed after the first audio")
        self._kind, self._is_beta = kind, is_beta
        self._responds = transcription_session.responds(wanted, before=self._responds)
        self._objections = [
            self._event("error", error=unsupported.error(NOT_SENT, problem, "session.include", self._about))
            for problem in transcription_session.not_included(wanted)
        ]
        if self._running:
            return ConfirmSettings()
        self._recognition = settings
        if self._received_bytes:
            return ConfirmSettings()
        self._updated = True
        return self._begun()

    def _begun(self) -> StartTask:
        self._running = True
        self._offset_bytes = self._received_bytes
        rate = Format(self._recognition.rate)
        self._tasks_offset_ms.append(rate.ms(self._offset_bytes // SAMPLE_BYTES))
        return StartTask(replace(self._recognition, audio_format="pcm"), "pcm")

    def _started_by_default(self) -> list[Command]:
        if self._running:
            return []
        return [self._begun()]

    def _append(self, encoded: str) -> list[Command]:
        *before, audio = super()._append(encoded)
        if isinstance(audio, SendLongAudio):
            return [*before, SendLongAudio(map(self._received, audio.pieces))]
        assert isinstance(audio, SendAudio)  # noqa: S101  it is always the last one
        return [*before, SendAudio(self._received(audio.data))]

    def _received(self, data: bytes) -> bytes:
        """Count some audio; returns it as PCM."""
        if self._recognition.audio_format in g711.LAWS:
            data = g711.decoded(self._recognition.audio_format, data)
        self._received_bytes += len(data)
        return data

    def _flush(self) -> list[Command]:
        self._buffered = self._running = False
        self._flushing, self._flush_id = True, self._about
        return [FinishTask()]

    def acknowledge(self, command: Command) -> list[Message]:
        """The messages that answer a command before its results."""
        if isinstance(command, ConfirmSettings):
            return self._confirmation("")
        if isinstance(command, DescribeItem):
            described = transcription_session.item(command.item_id, self._ended_items.get(command.item_id))
            return [self._event("conversation.item.retrieved", item=described)]
        if isinstance(command, ClearAudio | CommitAudio):
            return super().acknowledge(command)
        return []

    def encode(self, event: Event) -> list[Message]:
        """The messages that carry an event; none for an event that this wire cannot express."""
        shifted = shift_event(event, next(iter(self._tasks_offset_ms), 0))
        if isinstance(shifted, Finished):
            return self._flushed()
        if isinstance(shifted, Ready):
            if not self._updated:
                return []
            self._updated = False  # a task that begins by itself has no update to answer
            return self._confirmation(shifted.language)
        if not self._flushing or not isinstance(shifted, SpeechStopped | Final):
            return super().encode(shifted)
        if isinstance(shifted, SpeechStopped):
            before, self._held, self._held_key = self._held, super().encode(shifted), shifted.key
            return before
        if not self._held or shifted.key != self._held_key:  # its speech had ended before the commit
            return super().encode(shifted)
        self._held += super().encode(shifted)
        return []

    def _flushed(self) -> list[Message]:
        """The answer to a commit of VAD mode: the item that it has ended, or an error if there was none."""
        self._tasks_offset_ms = self._tasks_offset_ms[1:]
        if not self._flushing:
            return []
        self._flushing = False
        held, self._held = self._held, []
        if not held:
            problem = "The buffer is empty: speech that has ended was committed before."
            return [self._event("error", error=unsupported.error(EMPTY, problem, None, self._flush_id))]
        return held[1:]  # the speech was ended by the client, so no speech_stopped stands before it

    def described(self, *, is_beta: bool) -> Json:
        """The session before the first update."""
        session = self._session("")
        if is_beta:
            return transcription_session.flat(session)
        return session

    def _confirmation(self, language: str) -> list[Message]:
        """The session in effect, and then what of the update is not in effect."""
        session = self._session(language)
        objections, self._objections = self._objections, []
        if self._is_beta:
            session = transcription_session.flat(session)
            return [self._event("transcription_session.updated", session=session), *objections]
        return [self._event("session.updated", session=session), *objections]

    def _session(self, language: str) -> Json:
        session = transcription_session.effective(self.task_id, self._recognition, language)
        if self._kind == transcription_session.CONVERSATION:
            return transcription_session.as_conversation(session, responding=self._responds)
        return session

    def _announced(self, key: str) -> list[Message]:
        created, previous = self._item(key), self._last_item
        self._note_item(created, None)
        self._last_item = created
        about = {"previous_item_id": previous, "item": transcription_session.item(created)}
        return [
            self._event(f"{BUFFER}committed", previous_item_id=previous, item_id=created),
            self._event("conversation.item.added", **about),
            self._event("conversation.item.done", **about),
            *self._turn_response(),
        ]

    def _turn_response(self) -> list[Message]:
        """The response after a turn that the server has ended, where a conversation wants one: it fails."""
        responds = self._responds and self._kind == transcription_session.CONVERSATION
        if not responds or not self._recognition.vad or self._flushing:
            return []
        return self._failed_response()

    def _results(self, event: Partial | Final) -> list[Message]:
        """The new part of the settled text, as a delta, because clients append deltas; at the end the whole text."""
        item = self._item(event.key)
        settled = event.settled if isinstance(event, Partial) else event.text
        said = self._said.get(item, "")
        messages: list[Message] = []
        about = {"item_id": item, "content_index": 0}
        if settled.startswith(said) and settled != said:
            messages.append(self._event(f"{TRANSCRIPTION}delta", **about, delta=settled[len(said) :]))
            self._said[item] = settled
        if isinstance(event, Final):
            self._said.pop(item, None)
            self._items.pop(event.key)
            self._note_item(item, event.text)
            usage = {"type": "duration", "seconds": (event.end_ms - event.begin_ms) / 1000}
            messages.append(self._event(f"{TRANSCRIPTION}completed", **about, transcript=event.text, usage=usage))
        return messages

    def _note_item(self, item_id: str, said: str | None) -> None:
        """Remember the text of an item for later requests; the oldest items are forgotten."""
        self._ended_items[item_id] = said
        while len(self._ended_items) > MOST_REMEMBERED:
            del self._ended_items[next(iter(self._ended_items))]
