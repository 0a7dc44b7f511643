"""The realtime wire (session.update) as a server speaks it: the server codec of one session. No I/O."""

from collections.abc import Callable

from asrcli.core.client_commands import (
    ClearAudio,
    Command,
    CommitAudio,
    FinishTask,
    SendAudio,
    SendLongAudio,
    StartTask,
)
from asrcli.core.errors import ProtocolError
from asrcli.core.events import Event, Final, Finished, Partial, Ready, SpeechStarted, SpeechStopped
from asrcli.core.message import Message, Text
from asrcli.core.settings import RecognitionSettings
from asrcli.protocol import service_errors
from asrcli.protocol.json_messages import Json, need, read, text, write
from asrcli.protocol.long_text import LongText
from asrcli.protocol.realtime import session_config
from asrcli.protocol.realtime.items import TRANSCRIPTION
from asrcli.protocol.registry import REALTIME_PATH


class RealtimeServer:
    """The server codec of one session."""

    fatal_errors = False  # an error event leaves the session open
    path = REALTIME_PATH
    accepts_idle = True  # the service documents no idle limit on this wire
    binary_audio = False

    def __init__(self, new_id: Callable[[], str], model: str = "") -> None:
        self.task_id = f"sess_{new_id()}"
        self._new_id = new_id
        self._recognition = RecognitionSettings(model)
        self._audio_format = "pcm"
        self._updated = False  # session.update was received
        self._has_audio = False  # audio was received, or the client has finished
        self._finished = False
        self._buffered = False  # manual mode: audio was received since the last commit
        self._commits = 0
        self._about: str | None = None  # id of the client event that is being read
        self._items: dict[str, str] = {}  # sentence key -> item id
        self._last_item: str | None = None

    def greet(self) -> list[Message]:
        """session.created, which the server sends as soon as the connection is open."""
        return [self._event("session.created", session=self._session("") | session_config.CREATED)]

    def receive(self, message: Message) -> list[Command]:
        """The commands in a client message.

        Raises:
            ProtocolError: the message is unreadable, or not allowed at this point.
        """
        value = read(message)
        self._about = text(value, "event_id") or None
        name = need(value, "type", str)
        if self._finished and name == "input_audio_buffer.append":
            return []  # a client may send audio in another thread, and waits for no answer to it
        if self._finished:
            raise ProtocolError(f"{name} after session.finish: the session takes no more events")
        commands = self._commands(name, value)
        self._about = None
        return commands

    def _commands(self, name: str, value: Json) -> list[Command]:
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

    def acknowledge(self, command: Command) -> list[Message]:
        """The messages that answer a command before its results."""
        if isinstance(command, ClearAudio):
            return [self._event("input_audio_buffer.cleared")]
        if isinstance(command, CommitAudio):
            self._commits += 1
            return self._announced(str(self._commits))
        return []

    def encode(self, event: Event) -> list[Message]:
        """The messages that carry an event; none for an event that this wire cannot express."""
        if isinstance(event, Ready) and self._updated:  # only a session.update is answered
            return [self._event("session.updated", session=self._session(event.language))]
        if isinstance(event, Finished):
            return [self._event("session.finished")]
        if isinstance(event, SpeechStarted) and self._recognition.vad:
            fields = {"audio_start_ms": event.begin_ms, "item_id": self._item(event.key)}
            return [self._event("input_audio_buffer.speech_started", **fields)]
        if isinstance(event, SpeechStopped) and self._recognition.vad:
            fields = {"audio_end_ms": event.end_ms, "item_id": self._item(event.key)}
            return [self._event("input_audio_buffer.speech_stopped", **fields), *self._announced(event.key)]
        if isinstance(event, Partial | Final):
            return self._results(event)
        return []

    def fail(self, code: str, problem: str, param: str | None = None) -> list[Message]:
        """An error event, which names the client event that was read last, if that could not be used."""
        error = service_errors.error_object(code, problem, param, self._about)
        self._about = None
        return [self._event("error", error=error)]

    def _event(self, name: str, **fields: object) -> Text:
        return write({"event_id": f"event_{self._new_id()}", "type": name, **fields})

    def _session(self, language: str) -> Json:
        return session_config.effective(self.task_id, self._recognition, self._audio_format, language)

    def _update(self, wanted: Json) -> StartTask:
        if self._has_audio:
            raise ProtocolError("session.update after the first audio")
        self._recognition, self._audio_format = session_config.read(self._recognition.model, wanted)
        self._updated = True
        return self._start()

    def _start(self) -> StartTask:
        return StartTask(self._recognition, self._audio_format.replace("pcm16", "pcm"))

    def _started_by_default(self) -> list[Command]:
        """StartTask where audio or the end comes without a session.update before it; else nothing."""
        if self._updated or self._has_audio:
            self._has_audio = True
            return []
        self._has_audio = True
        return [self._start()]

    def _append(self, encoded: str) -> list[Command]:
        if isinstance(encoded, LongText):
            self._buffered = True
            return [*self._started_by_default(), SendLongAudio(session_config.decoded_pieces(encoded))]
        data = session_config.decoded(encoded)
        self._buffered |= bool(data)
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

    def _results(self, event: Partial | Final) -> list[Message]:
        about = {
            "item_id": self._item(event.key),
            "content_index": 0,
            "language": event.language,
            "emotion": event.emotion or "neutral",
        }
        if isinstance(event, Partial):
            return [self._event(f"{TRANSCRIPTION}text", **about, text=event.settled, stash=event.unsettled)]
        self._items.pop(event.key)
        return [self._event(f"{TRANSCRIPTION}completed", **about, transcript=event.text)]
