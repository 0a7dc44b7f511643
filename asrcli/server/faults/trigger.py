"""One connection's faults: counts what passes, says which are due, and words what they say. No clock, no socket."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from asrcli.core.audio import SAMPLE_BYTES
from asrcli.core.errors import ProtocolError
from asrcli.core.message import Text
from asrcli.protocol.json_messages import Json, part, read, text, write
from asrcli.protocol.registry import REALTIME_PATH
from asrcli.server.faults.script import CODES, FaultAction, FaultTrigger, InjectedFault

USUAL_RATE = 16000
RATES = range(1000, 200_000)  # a figure outside is no rate that a pace can be kept to
EMPTY = {False: "EmptyAudio", True: "NO_VALID_AUDIO_ERROR"}  # how either wire says that there was nothing to hear
_ENDS = ('"task-finished"', '"session.finished"')


@dataclass(slots=True)
class LastWords:
    """What was said last, on whatever connection: what may come late, in the task behind."""

    now: str = ""
    before: str = ""
    tasks: int = 0  # that were asked for

    def begin(self) -> None:
        """Another task."""
        self.now, self.before = "", self.now or self.before


class FaultWatch:
    """One connection: counts what passes and says which faults are due. Each is due once."""

    def __init__(self, faults: Iterable[InjectedFault], path: str, past: LastWords) -> None:
        self._waiting, self._past = list(faults), past
        self._bytes = self._events = 0
        self._rate = USUAL_RATE
        self._said = ""  # the last message out
        self._task_id = ""
        self._realtime = path.startswith(REALTIME_PATH)
        past.begin()

    @property
    def failed_code(self) -> int:
        """How a connection is closed behind a failure: each wire has its own way."""
        return 1011 if self._realtime else 1000

    @property
    def heard_s(self) -> float:
        """Seconds of audio that have come."""
        return self._bytes / SAMPLE_BYTES / self._rate

    def opened(self) -> list[InjectedFault]:
        """The connection is there."""
        return self._due(FaultTrigger.HANDSHAKE)

    def heard(self, data: str | bytes) -> list[InjectedFault]:
        """A message of the client, which is not yet taken."""
        if isinstance(data, bytes):
            self._bytes += len(data)
            return self._due(FaultTrigger.BYTES, self._bytes)
        try:
            value = read(Text(data))
        except ProtocolError:
            return []
        asked = text(value, "type") or text(part(value, "header"), "action")
        if asked == "input_audio_buffer.append":
            audio = text(value, "audio")
            self._bytes += len(audio) * 3 // 4 - audio[-2:].count("=")
            return self._due(FaultTrigger.BYTES, self._bytes)
        if asked in {"run-task", "session.update"}:
            self._task_id = text(part(value, "header"), "task_id")
            self._rate = _rate(value)
            self._past.begin()
            due = self._due(FaultTrigger.RUN_TASK) + self._due(FaultTrigger.TASKS, self._past.tasks)
            self._past.tasks += 1
            return due
        return self._due(FaultTrigger.FINISH) if asked in {"finish-task", "session.finish"} else []

    def said(self, data: str | bytes) -> list[InjectedFault]:
        """A message of ours, which has gone."""
        self._events += 1
        if isinstance(data, str):
            self._said = data
            if '"result-generated"' in data or "input_audio_transcription." in data:
                self._past.now = data
        return self._due(FaultTrigger.EVENTS, self._events)

    def words(self, due: InjectedFault) -> Iterator[str | bytes]:
        """What a fault says."""
        if due.do is FaultAction.DUPLICATE:
            yield self._said
        elif due.do is FaultAction.LATE:
            if self._past.before:  # the first task has none before it
                yield self._past.before
        elif due.do is FaultAction.FAIL:
            yield self._failed(str(due.code), due.message)
        elif due.do is FaultAction.REFUSE:
            yield self._failed(CODES[due.status], "A fault on purpose.")
        elif due.do is FaultAction.EMPTY_AUDIO:
            yield self._failed(EMPTY[self._realtime], due.message)
        elif due.do is FaultAction.GARBAGE:
            unknown: Json = {"type": "sing"}
            if not self._realtime:
                unknown = {"header": {"event": "sing", "task_id": self._task_id}, "payload": {}}
            words: dict[str, str | bytes] = {"not-json": '{"oops', "binary": bytes(range(256))}
            yield words.get(due.what, write(unknown).data)

    def torn(self) -> bytes:
        """A WebSocket frame of a message like the last, which ends in its middle."""
        data = (self._said or _never_said(realtime_wire=self._realtime)).encode()[:0xFFFF]
        return b"\x81\x7e" + len(data).to_bytes(2, "big") + data[: len(data) // 2]

    def _due(self, when: FaultTrigger, count: int = 0) -> list[InjectedFault]:
        due = [fault for fault in self._waiting if fault.when is when and fault.count <= count]
        self._waiting = [fault for fault in self._waiting if fault not in due]
        return due

    def _failed(self, code: str, message: str) -> str:
        if self._realtime:
            kind = "invalid_request_error" if code.lower().startswith("invalid") else "server_error"
            error = {"type": kind, "code": code, "message": message, "param": None, "event_id": None}
            return write({"event_id": "event_fault", "type": "error", "error": error}).data
        error = {"error_code": code, "error_message": message}
        header = {"task_id": self._task_id, "event": "task-failed", "attributes": {}}
        return write({"header": header | error, "payload": {}}).data


def is_end(data: str | bytes) -> bool:
    """Whether a message of ours says that a task has come to its end."""
    return isinstance(data, str) and any(name in data for name in _ENDS)


def is_partial(data: str | bytes) -> bool:
    """Whether a message of ours is a result that another one will replace."""
    if not isinstance(data, str):
        return False
    if '"result-generated"' in data:
        return '"sentence_end":true' not in data
    return any(f'"conversation.item.input_audio_transcription.{name}"' in data for name in ("text", "delta"))


def _rate(asked: Json) -> int:
    """The sample rate that a task asks for, where that is one."""
    rate = part(part(asked, "payload"), "parameters").get("sample_rate") or part(asked, "session").get("sample_rate")
    return rate if isinstance(rate, int) and rate in RATES else USUAL_RATE


def _never_said(*, realtime_wire: bool) -> str:
    """A result of a task that nobody asked for: what is late where nothing was said before."""
    if realtime_wire:
        about = {"item_id": f"item_{'0' * 32}", "content_index": 0, "language": "", "emotion": "neutral"}
        name = "conversation.item.input_audio_transcription.completed"
        return write({"event_id": "event_late", "type": name, **about, "transcript": "late"}).data
    sentence = {"sentence_id": 1, "begin_time": 0, "end_time": 100, "text": "late", "words": [], "sentence_end": True}
    header = {"task_id": "0" * 32, "event": "result-generated", "attributes": {}}
    return write({"header": header, "payload": {"output": {"sentence": sentence}, "usage": None}}).data
