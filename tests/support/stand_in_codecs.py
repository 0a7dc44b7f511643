"""Server ends of the wires that `asr serve` does not speak, built from their descriptions, to prove the client ends.

They run in the real server, with its recognizers and its injected faults. `wires_of` tells a server to speak one.
"""

import base64
import json
from collections.abc import Callable
from dataclasses import dataclass, fields
from typing import Any, ClassVar

from asrcli.core.client_commands import Command, CommitAudio, FinishTask, SendAudio, StartTask
from asrcli.core.errors import ProtocolError
from asrcli.core.events import Event, Final, Finished, Partial, Ready
from asrcli.core.message import Binary, Message, Text
from asrcli.core.settings import RecognitionSettings
from asrcli.protocol.json_messages import Json
from asrcli.protocol.registry import FUNASR, FUNASR_REALTIME, OPENAI_PATH, VLLM, WIRES, Wire


def say(**fields: Any) -> list[Message]:
    """One JSON message."""
    return [Text(json.dumps(fields, ensure_ascii=False))]


class StandIn:
    """What the stand-ins have in common: one task, and errors in the form of the wire."""

    path = OPENAI_PATH  # a path that the server lets in; these servers take any
    fatal_errors = False
    binary_audio = True
    accepts_idle = True

    def __init__(self, *, manual: bool) -> None:
        self.task_id = "stand-in"
        self._manual = manual
        self._started = False

    def greet(self) -> list[Message]:
        """Return nothing."""
        return []

    def acknowledge(self, command: Command) -> list[Message]:
        """Return nothing."""
        del command
        return []

    def fail(self, code: str, problem: str) -> list[Message]:
        """Return an error as a text message."""
        return say(error=problem, code=code)

    def start(self) -> list[Command]:
        """Begin the task, once."""
        if self._started:
            return []
        self._started = True
        return [StartTask(RecognitionSettings("m", vad=not self._manual))]


class VllmStandIn(StandIn):
    """A commit begins an utterance, a final commit ends it; deltas are appended, `done` has the whole text."""

    def greet(self) -> list[Message]:
        """Return the message that announces the session."""
        return say(type="session.created", id="sess-1", created=1)

    def receive(self, message: Message) -> list[Command]:
        """The commands in a message."""
        assert isinstance(message, Text)
        value = json.loads(message.data)
        if value["type"] == "input_audio_buffer.append":
            return [SendAudio(base64.b64decode(value["audio"]))]
        if value["type"] != "input_audio_buffer.commit":
            return []
        return [CommitAudio()] if value.get("final") else self.start()

    def encode(self, event: Event) -> list[Message]:
        """The messages of an event."""
        if isinstance(event, Partial):
            return say(type="transcription.delta", delta=event.text)
        if isinstance(event, Final):
            usage = {"prompt_tokens": 10, "completion_tokens": 3, "total_tokens": 13}
            return say(type="transcription.done", text=event.text, usage=usage)
        return []


class FunAsrStandIn(StandIn):
    """The two-pass mode: pieces of the open sentence, then the sentence; times count from the start of a sentence."""

    def __init__(self, *, manual: bool) -> None:
        super().__init__(manual=manual)
        self._said = ""

    def receive(self, message: Message) -> list[Command]:
        """The commands in a message."""
        if isinstance(message, Binary):
            return [SendAudio(message.data)]
        assert isinstance(message, Text)
        value = json.loads(message.data)
        return self.start() if value["is_speaking"] else [FinishTask()]

    def encode(self, event: Event) -> list[Message]:
        """The messages of an event."""
        if isinstance(event, Partial) and event.text.startswith(self._said):
            piece, self._said = event.text[len(self._said) :], event.text
            return say(mode="2pass-online", text=piece, wav_name="x", is_final=False)
        if isinstance(event, Final):
            self._said = ""
            stamps = [[word.begin_ms - event.begin_ms, word.end_ms - event.begin_ms] for word in event.words]
            return say(mode="2pass-offline", text=event.text, wav_name="x", is_final=True, timestamp=stamps)
        if isinstance(event, Finished):
            return say(mode="2pass-offline", wav_name="x", is_final=True, is_end=True)
        return []


class FunAsrRealtimeStandIn(StandIn):
    """The realtime server: each answer is the whole state; a commit, where the client ends utterances, clears it."""

    def __init__(self, *, manual: bool) -> None:
        super().__init__(manual=manual)
        self._sentences: list[dict[str, object]] = []

    def receive(self, message: Message) -> list[Command]:
        """The commands in a message."""
        if isinstance(message, Binary):
            return [SendAudio(message.data)]
        assert isinstance(message, Text)
        if message.data == "START":
            return self.start()
        if message.data == "COMMIT" and not self._manual:
            raise ProtocolError("COMMIT requires --endpoint-mode client")
        commands: dict[str, list[Command]] = {"COMMIT": [CommitAudio()], "STOP": [FinishTask()]}
        return commands.get(message.data, [])

    def encode(self, event: Event) -> list[Message]:
        """The messages of an event."""
        if isinstance(event, Ready):
            return say(event="started")
        if isinstance(event, Finished):
            last = [] if self._manual else self._state(is_final=True)
            return [*last, *say(event="stopped")]
        if isinstance(event, Partial):
            return self._state(partial=event.text, partial_start_ms=event.begin_ms)
        if not isinstance(event, Final):
            return []
        if event.text:
            self._sentences.append({"text": event.text, "start": event.begin_ms, "end": event.end_ms})
        state = self._state(duration_ms=event.end_ms, is_final=self._manual)
        if self._manual:
            self._sentences = []
        return state

    def _state(self, partial: str = "", *, is_final: bool = False, **times: int) -> list[Message]:
        return say(sentences=self._sentences, partial=partial, is_final=is_final, **times)


@dataclass(frozen=True)
class StandInWire(Wire):
    """A row whose server end is a stand-in."""

    manual: bool = False
    CODECS: ClassVar[dict[str, type[VllmStandIn | FunAsrStandIn | FunAsrRealtimeStandIn]]] = {
        VLLM: VllmStandIn,
        FUNASR: FunAsrStandIn,
        FUNASR_REALTIME: FunAsrRealtimeStandIn,
    }

    def server_codec(
        self, new_id: Callable[[], str], model: str, session: Json | None = None
    ) -> VllmStandIn | FunAsrStandIn | FunAsrRealtimeStandIn:
        """The stand-in of this wire."""
        del new_id, model, session
        return self.CODECS[self.name](manual=self.manual)


def wires_of(name: str, *, manual: bool) -> Callable[[str, str], Wire]:
    """What tells a server that each of its connections speaks this wire."""
    values = {field.name: getattr(WIRES[name], field.name) for field in fields(Wire)}
    row = StandInWire(**values, manual=manual)

    def wire(model: str, path: str) -> Wire:
        del model, path
        return row

    return wire
