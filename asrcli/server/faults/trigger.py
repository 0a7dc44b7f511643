"""The faults of one connection: counts messages, says which faults are due, and writes their messages. No clock."""

from collections.abc import Iterable, Iterator

from asrcli.core.audio import SAMPLE_BYTES
from asrcli.core.dataclass import dataclass
from asrcli.core.errors import ProtocolError
from asrcli.core.message import Text
from asrcli.protocol.json_messages import Json, part, read, text, write
from asrcli.protocol.registry import Wire
from asrcli.server.faults.script import CODES, FaultAction, FaultTrigger, InjectedFault

USUAL_RATE = 16000
RATES = range(1000, 200_000)  # outside of this range the usual rate is used
_ENDS = ('"task-finished"', '"session.finished"')


@dataclass(slots=True)
class RecentResults:
    """The last results of this and the previous task, over all connections: a late message is one of these."""

    current: str = ""
    previous: str = ""
    tasks: int = 0  # that were started

    def begin(self) -> None:
        """Begin another task."""
        self.previous = self.current or self.previous
        self.current = ""


class ConnectionFaults:
    """Counts the messages of one connection and says which of its faults are due. Each is due once."""

    def __init__(self, faults: Iterable[InjectedFault], wire: Wire, recent: RecentResults) -> None:
        self._waiting = list(faults)
        self._recent = recent
        self._bytes = self._events = 0
        self._rate = USUAL_RATE
        self._last_sent = ""  # the last text message to the client
        self._task_id = ""
        self._wire = wire
        recent.begin()

    @property
    def close_code(self) -> int:
        """The code with which the wire closes a connection after a failure."""
        return self._wire.failure_close_code

    @property
    def received_s(self) -> float:
        """Seconds of audio that have come."""
        return self._bytes / SAMPLE_BYTES / self._rate

    def opened(self) -> list[InjectedFault]:
        """Return the faults that are due when the connection is open."""
        return self._due(FaultTrigger.HANDSHAKE)

    def received(self, data: str | bytes) -> list[InjectedFault]:
        """Return the faults that are due at a message of the client, before the server uses it."""
        if isinstance(data, bytes):
            self._bytes += len(data)
            return self._due(FaultTrigger.BYTES, self._bytes)
        try:
            value = read(Text(data))
        except ProtocolError:
            return []
        command = text(value, "type") or text(part(value, "header"), "action")
        if command == "input_audio_buffer.append":
            audio = text(value, "audio")
            self._bytes += len(audio) * 3 // 4 - audio[-2:].count("=")
            return self._due(FaultTrigger.BYTES, self._bytes)
        if command in {"run-task", "session.update"}:
            self._task_id = text(part(value, "header"), "task_id")
            self._rate = _rate(value)
            self._recent.begin()
            due = self._due(FaultTrigger.RUN_TASK) + self._due(FaultTrigger.TASKS, self._recent.tasks)
            self._recent.tasks += 1
            return due
        if command in {"finish-task", "session.finish"}:
            return self._due(FaultTrigger.FINISH)
        return []

    def sent(self, data: str | bytes) -> list[InjectedFault]:
        """Return the faults that are due after a message of the server."""
        self._events += 1
        if isinstance(data, str):
            self._last_sent = data
            if '"result-generated"' in data or "input_audio_transcription." in data:
                self._recent.current = data
        return self._due(FaultTrigger.EVENTS, self._events)

    def messages(self, fault: InjectedFault) -> Iterator[str | bytes]:
        """Yield the messages that a fault sends; many faults send none."""
        if fault.action is FaultAction.DUPLICATE:
            yield self._last_sent
        elif fault.action is FaultAction.LATE:
            if self._recent.previous:  # the first task has no task before it
                yield self._recent.previous
        elif fault.action is FaultAction.FAIL:
            yield self._failure(str(fault.code), fault.message)
        elif fault.action is FaultAction.REFUSE:
            yield self._failure(CODES[fault.status], "A fault on purpose.")
        elif fault.action is FaultAction.EMPTY_AUDIO:
            yield self._failure(self._wire.no_speech_code, fault.message)
        elif fault.action is FaultAction.GARBAGE:
            unknown: Json = {"type": "sing"}
            if self._wire.has_header:
                unknown = {"header": {"event": "sing", "task_id": self._task_id}, "payload": {}}
            messages: dict[str, str | bytes] = {"not-json": '{"oops', "binary": bytes(range(256))}
            yield messages.get(fault.what, write(unknown).data)

    def torn_frame(self) -> bytes:
        """Return the first half of a WebSocket frame with the last message."""
        data = (self._last_sent or _made_up_result(has_header=self._wire.has_header)).encode()[:0xFFFF]
        return b"\x81\x7e" + len(data).to_bytes(2, "big") + data[: len(data) // 2]

    def _due(self, when: FaultTrigger, count: int = 0) -> list[InjectedFault]:
        due = [fault for fault in self._waiting if fault.when is when and fault.count <= count]
        self._waiting = [fault for fault in self._waiting if fault not in due]
        return due

    def _failure(self, code: str, message: str) -> str:
        if self._wire.has_header:
            failure = {"error_code": code, "error_message": message}
            header = {"task_id": self._task_id, "event": "task-failed", "attributes": {}}
            return write({"header": header | failure, "payload": {}}).data
        kind = "server_error"
        if code.lower().startswith("invalid"):
            kind = "invalid_request_error"
        error = {"type": kind, "code": code, "message": message, "param": None, "event_id": None}
        return write({"event_id": "event_fault", "type": "error", "error": error}).data


def is_end(data: str | bytes) -> bool:
    """Return whether a message of the server ends a task."""
    return isinstance(data, str) and any(name in data for name in _ENDS)


def is_partial(data: str | bytes) -> bool:
    """Return whether a message of the server is a partial result."""
    if not isinstance(data, str):
        return False
    if '"result-generated"' in data:
        return '"sentence_end":true' not in data
    return any(f'"conversation.item.input_audio_transcription.{name}"' in data for name in ("text", "delta"))


def _rate(command: Json) -> int:
    """Return the sample rate (Hz) that a command asks for; the usual rate when it is not a possible one."""
    parameters = part(part(command, "payload"), "parameters")
    rate = parameters.get("sample_rate") or part(command, "session").get("sample_rate")
    if isinstance(rate, int) and rate in RATES:
        return rate
    return USUAL_RATE


def _made_up_result(*, has_header: bool) -> str:
    """Return a result of a task that no client started: the late message when nothing was sent before."""
    if has_header:
        times = {"begin_time": 0, "end_time": 100}
        sentence = {"sentence_id": 1, **times, "text": "late", "words": [], "sentence_end": True}
        header = {"task_id": "0" * 32, "event": "result-generated", "attributes": {}}
        return write({"header": header, "payload": {"output": {"sentence": sentence}, "usage": None}}).data
    fields = {"item_id": f"item_{'0' * 32}", "content_index": 0, "language": "", "emotion": "neutral"}
    name = "conversation.item.input_audio_transcription.completed"
    return write({"event_id": "event_late", "type": name, **fields, "transcript": "late"}).data
