"""The realtime wire (session.update) of Qwen-ASR, in VAD and in manual mode: the client codec. No I/O.

Source of the facts: the service's references for client events and server events of Qwen-ASR realtime.
"""

from collections.abc import Callable, Mapping
from urllib.parse import quote

from asrcli.core.audio import SAMPLE_BYTES, Format
from asrcli.core.errors import ProtocolError
from asrcli.core.events import Event, Final, Finished, Notice, Ready, Usage
from asrcli.core.message import Message, Text
from asrcli.core.settings import RecognitionSettings
from asrcli.protocol import service_errors
from asrcli.protocol.addresses import endpoint
from asrcli.protocol.discarded_messages import DiscardedMessages
from asrcli.protocol.json_messages import Json, need, part, read, word, write
from asrcli.protocol.realtime import session_config
from asrcli.protocol.realtime.items import TRANSCRIPTION, RealtimeItems
from asrcli.protocol.realtime.late_items import LateItems, is_of_lost_item
from asrcli.protocol.registry import REALTIME_PATH

FINISH = "session.finish"
LATE = "dropped a sentence of a lost connection that came late"
COPY = "dropped a sentence that the service said again under a name that it had not announced"


class RealtimeClient:
    """The client codec of one session. Times count from the first sample of the session.

    Texts have no times on this wire. In VAD mode the times come from speech_started and speech_stopped; in manual mode
    from the commits, which the server answers in order.
    """

    word_times = False
    connection_is_new = True  # each session has its own connection
    retired_names: Mapping[str, str] | None = None
    reusable = False  # one session per connection
    lifetime_s: float | None = None  # no limit is documented
    one_sentence = False
    quiet_end_s: float | None = None  # the service says when it has sent all
    must_wait = False  # audio never waits for an answer

    def __init__(self, recognition: RecognitionSettings, new_id: Callable[[], str]) -> None:
        self.task_id = ""
        self.manual = not recognition.vad  # the client ends utterances, by a commit
        self._recognition = recognition
        self._new_id = new_id
        self._format = Format(recognition.rate)
        self._sent_samples = self._committed_samples = 0
        self._dropped = DiscardedMessages()
        self._items = RealtimeItems(self._dropped)
        self._late = LateItems()
        self._last_id = ""  # id of the last event that was sent
        self._series = self._head = ""  # how the ids of all appends begin, and how their messages do
        self._appended = 0
        self._finish_id = ""  # id of session.finish
        self._is_unfinishable = False  # the service refused session.finish, and text is still due

    @property
    def usage(self) -> Usage:
        """The usage that the service has counted so far; this wire does not document one."""
        return self._items.usage

    @property
    def seen_names(self) -> Mapping[str, str]:
        """The ids of the items of this session, each with its last text, for the sessions that follow."""
        return self._items.names

    @property
    def dropped(self) -> int:
        """How many finals were dropped; a notice was emitted for each."""
        return self._dropped.finals

    @property
    def unread(self) -> int:
        """How many messages may have had a text that could not be read."""
        return self._dropped.unread

    def url(self, base: str) -> str:
        """The address of this wire on the host of a service; the model is part of it."""
        return endpoint(base, REALTIME_PATH, f"model={quote(self._recognition.model)}")

    def start(self) -> list[Message]:
        """session.update; audio waits for session.updated, so that a refusal comes before any audio is charged."""
        return [self._command("session.update", session=session_config.asked(self._recognition))]

    def started(self) -> list[Event]:
        """Nothing: the service answers the start."""
        return []

    def audio(self, pcm: bytes) -> list[Message]:
        """One append event that carries this PCM."""
        self._sent_samples += len(pcm) // SAMPLE_BYTES
        return [self._append(pcm)]

    def commit(self) -> list[Message]:
        """A commit, which ends the utterance here. Nothing in VAD mode, or without audio since the last commit."""
        if not self.manual or self._sent_samples == self._committed_samples:
            return []
        command = self._command("input_audio_buffer.commit")
        self._items.expect(self._format.ms(self._committed_samples), self._format.ms(self._sent_samples), self._last_id)
        self._committed_samples = self._sent_samples
        return [command]

    def held_back(self, *, incomplete: bool) -> list[Event]:
        """The gaps of failed items, unless their audio is sent again: then it may get its text.

        If it is not, held texts are better than none, though a lost connection may have sent them.
        """
        held = self._released(over=incomplete)
        return [*held, *self._items.failed.gaps(self._sent_ms, over=incomplete)]

    def skip(self, samples: int) -> bool:
        """Count samples that are not sent. Possible in manual mode between utterances, where the client counts.

        False in VAD mode, where the times come from the server, which counts the audio that it receives.
        """
        if not self.manual or self._sent_samples != self._committed_samples:
            return False
        self._sent_samples += samples
        self._committed_samples = self._sent_samples
        return True

    def clear(self) -> list[Message]:
        """The event that makes the server discard the audio since the last commit."""
        self._committed_samples = self._sent_samples
        return [self._command("input_audio_buffer.clear")]

    def finish(self) -> list[Message]:
        """session.finish; in manual mode after a commit of the audio that is not committed yet."""
        commands = [*self.commit(), self._command(FINISH)]
        self._finish_id = self._last_id
        return commands

    def pending_messages(self) -> list[Message]:
        """Nothing: on this wire no message of the server asks for an answer."""
        return []

    def receive(self, message: Message) -> list[Event]:
        """The events that a server message reports. An unreadable message gives a notice and ends nothing.

        Raises:
            ServiceRefused: an error that ends the session, or the service did not accept the language.
        """
        try:
            value = read(message)
            events = self._handle(need(value, "type", str), value)
        except ProtocolError as exc:
            return [self._dropped.unreadable(exc)]
        if gaps := self._items.failed.gaps(self._sent_ms):
            events = [*gaps, *events]
        if self._is_unfinishable:
            events = [*events, *self._end_without_finish()]
        return events

    def _handle(self, name: str, value: Json) -> list[Event]:
        if name == "error":
            return self._error(value)
        if name == "session.updated":
            return self._updated(value)
        if name == "session.finished":
            return [*self._released(over=True), *self._last_events()]
        if name.startswith(TRANSCRIPTION):
            return self._transcribed(name, self._items.named(value))
        if name.startswith("input_audio_buffer."):
            return self._items.handle(name, value, self._sent_ms)
        if name == "conversation.item.created":
            self._items.announce(word(part(value, "item"), "id"))
            return []
        if name == "session.created":
            return []
        return [Notice("debug", f"dropped an unknown event: {name}")]

    def _transcribed(self, name: str, value: Json) -> list[Event]:
        """The events for a text. Texts of items of a lost connection are dropped: their audio is sent again."""
        if self.retired_names and not self._items.knows(value) and is_of_lost_item(value, self.retired_names):
            return [Notice("debug", f"dropped {name} of an item of a lost connection")]
        done = name.endswith("completed")
        unannounced = not self._items.knows(value)
        unknown = self.retired_names is not None and unannounced
        if unknown and done and self._late.repeats(value):
            return [self._dropped.final(LATE)]
        if unannounced and done and self._late.copies(value):
            return [self._dropped.final(COPY)]
        if unknown and self._late.holds(value, done=done):
            return [Notice("debug", f"held {name} of an item that was not announced")]
        events: list[Event] = []
        if self._late.held:
            events += self._released()
        events += self._items.handle(name, value, self._sent_ms)
        if done and not unannounced:
            late = sum(self._late.settle(event.text) for event in events if isinstance(event, Final))
            events += [self._dropped.final(LATE) for _ in range(late)]
        return events

    def _released(self, *, over: bool = False) -> list[Event]:
        held = self._late.release(over=over)
        name = f"{TRANSCRIPTION}completed"
        return [event for each in held for event in self._items.handle(name, each, self._sent_ms)]

    @property
    def _sent_ms(self) -> int | None:
        """How much audio has been sent, in ms; None if the bytes are not PCM and do not tell."""
        if self._recognition.audio_format != "pcm":
            return None
        return self._format.ms(self._sent_samples)

    def _command(self, name: str, **fields: object) -> Text:
        self._last_id = f"event_{self._new_id()}"
        return write({"event_id": self._last_id, "type": name, **fields})

    def _append(self, pcm: bytes) -> Text:
        # Ten or more of them are sent each second: they have one random id together and a number each, and base64
        # needs no escapes, for which json.dumps would look.
        number = ""
        if self._appended:
            number = f"_{self._appended}"
        else:
            self._series = f"event_{self._new_id()}"
            self._head = write({"event_id": self._series}).data.removesuffix('"}')
        self._appended += 1
        self._last_id = self._series + number
        audio = session_config.encoded(pcm)
        return Text(f'{self._head}{number}","type":"input_audio_buffer.append","audio":"{audio}"}}')

    def _error(self, value: Json) -> list[Event]:
        error = service_errors.read_service_error(value)
        if not self.task_id or error.ends_session:
            raise service_errors.refused_session(error, self.task_id)
        if self._finish_id and (error.about == self._finish_id or error.is_of_finish):
            self._is_unfinishable = True
            return [Notice("info", f"the service does not support {FINISH}: the session ends with its text")]
        return [Notice("warning", f"the service reports an error: {error.words}"), *self._refused(error)]

    def _refused(self, error: service_errors.ServiceError) -> list[Event]:
        """The events for an error that concerns some of the audio."""
        return self._items.refuse(error, self._sent_ms)

    def _end_without_finish(self) -> list[Event]:
        """Finished, once all text has come, where the service refused session.finish.

        Held texts count as soon as there is one for each that is still to come: no announcement will tell more.
        """
        events: list[Event] = []
        if len(self._late.held) >= max(1, self._items.pending):
            events = self._released(over=True)
        if self._items.pending or not (self.manual or self._items.finals):
            return events
        self._is_unfinishable = False
        return [*events, *self._last_events()]

    def _last_events(self) -> list[Event]:
        """The end of the session, and before it the gaps of failed items, whose ends nothing will name any more."""
        return [*self._items.failed.gaps(self._sent_ms, over=True), Finished(self.usage)]

    def _updated(self, value: Json) -> list[Event]:
        effective = part(value, "session")
        language = session_config.language(effective, self._recognition.languages)
        if self.task_id:  # a later session.updated is no news
            return []
        self.task_id = word(effective, "id") or "unnamed"
        return [Ready(self.task_id, language)]
