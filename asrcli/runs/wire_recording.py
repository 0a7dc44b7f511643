"""Records the messages of connections into a file, in a thread of its own: the run never waits for it."""

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import asdict, replace
from functools import partial
from pathlib import Path
from threading import Lock, Thread
from time import monotonic
from typing import Any

from asrcli.core.errors import OutputError, bare_url, system_reason
from asrcli.core.events import Event
from asrcli.core.interfaces import Source, Transport
from asrcli.core.message import Binary, Closed, Message, Text, Writable
from asrcli.core.settings import ConnectionSettings, RecognitionSettings
from asrcli.core.transcript import Transcript
from asrcli.engine.connection_pool import Dial
from asrcli.engine.task import TranscriptionTask
from asrcli.journal.append_file import AppendFile
from asrcli.protocol.recorded_events import is_kept
from asrcli.protocol.recorded_messages import length, message_lines
from asrcli.protocol.wire_record import RECEIVED, SENT, close_line, header_line, open_line, pack

# How long messages are gathered into one member, at first and later: kill -9 loses no more. To begin a member costs as
# much as three seconds of messages, because nothing of this thread is in the caches of the processor by then.
FIRST_GATHER_S, GATHER_S = 1.0, 5.0
MEMBER_BYTES = 1 << 20
SLICE = 32  # messages that become lines at once: texts of more than about 50 kB cost a page fault for each 4 kB of them
MOST_WAITING = 400  # messages: a file at full pace sends more, and their audio is in memory until they are lines


class WireRecorder:
    """A record of a run: an output for its events, and a wrapper for its connections. Safe from any thread.

    Attributes:
        waiting: What is not a line yet: messages as RecordedMessage, pairs of a time and an event, what `add` takes.
        failures: Why the file lacks messages; empty as long as it has all.

    Args:
        path: The file, which is replaced.
        about: What the header says.
        wire: The wire that is spoken; empty for messages of another kind.
        recognition: The settings of the recognition, without those of a source.
        keep_audio: Whether audio is kept, and not only its length.
        report: Called once with the reason if the file cannot be written; the run goes on without it.

    Raises:
        BlockingIOError: another run writes this record.
        OSError: the file cannot be created.
    """

    passive = accepts_delay = True

    def __init__(
        self,
        path: Path,
        about: Mapping[str, Any],
        wire: str,
        recognition: RecognitionSettings,
        *,
        keep_audio: bool,
        report: Callable[[str], None],
    ) -> None:
        self._file = AppendFile(path, whole_bytes=0, alone=True)
        self._wire = wire
        self._recognition = recognition
        self._keep_audio = keep_audio
        self._report = report
        self._began = monotonic()
        self._connections = 0
        self.waiting = deque[tuple[Any, ...] | Callable[[], bytes | None]]()
        self._sleep = Lock()
        self._sleep.acquire()
        self._is_ending = False
        self.failures: list[OutputError] = []
        self._write([header_line(about)])
        self._thread = Thread(target=self._run, name="record", daemon=True)
        self._thread.start()

    def recorded(self, source: Source, dial: Dial) -> Dial:
        """A dialler for this source whose connections are recorded."""
        asked = replace(self._recognition, rate=source.format.rate, audio_format=source.audio_format)

        def dialled(url: str, connection: ConnectionSettings) -> Transport:
            return self.wrapped(dial(url, connection), url, asked, source.speaker)

        return dialled

    def wrapped(
        self, transport: Transport, url: str, asked: RecognitionSettings, speaker: str = ""
    ) -> "RecordedTransport":
        """An open connection whose messages are recorded from now on."""
        self._connections += 1
        number = self._connections
        about = {"url": bare_url(url), "engine": transport.engine, "wire": self._wire, "speaker": speaker}
        self.add(partial(open_line, self.now_ms, number, {**about, "settings": asdict(asked)}))
        return RecordedTransport(transport, self, number, keep_audio=self._keep_audio)

    @property
    def now_ms(self) -> int:
        """Milliseconds since the record began."""
        return round((monotonic() - self._began) * 1000)

    def add(self, item: Callable[[], bytes | None]) -> None:
        """Write soon the line that a function returns, if any: it is called in the thread of the record."""
        self.waiting.append(item)
        self.hurry()

    def hurry(self) -> None:
        """Write what is waiting now."""
        with suppress(RuntimeError):  # it is in a hurry already
            self._sleep.release()

    def handle(self, event: Event, transcript: Transcript) -> None:
        """Keep an event that the run has added to those of the wire."""
        del transcript
        if is_kept(event):
            self.waiting.append((monotonic(), event))

    def close(self) -> None:
        """Write what is left and close the file."""
        self._is_ending = True
        self.hurry()
        self._thread.join()
        try:
            self._file.close()
        except OSError as exc:  # a disk in the network may say only now that it was full
            self._fail(exc)

    def _run(self) -> None:
        gather_s = FIRST_GATHER_S
        is_ending = False
        while not is_ending:
            # One sleep, and not one wake-up for each message: those would cost more than the lines do.
            self._sleep.acquire(timeout=gather_s)
            gather_s = min(2 * gather_s, GATHER_S)
            is_ending = self._is_ending  # what was added before the end is taken now
            while self.waiting and not self.failures:
                self._write(self._pieces())
            if self.failures:
                self.waiting.clear()

    def _pieces(self) -> Iterator[bytes]:
        """Take what is waiting, as lines, for one member; not much more than MEMBER_BYTES of them."""
        waiting = self.waiting  # only this thread takes items out
        size_bytes = 0
        while waiting and size_bytes < MEMBER_BYTES:
            item = waiting.popleft()
            if isinstance(item, tuple):
                lines = message_lines(self._slice(item), self._began, keep_audio=self._keep_audio)
            else:
                lines = item() or b""
            size_bytes += len(lines)
            if lines:
                yield lines

    def _slice(self, item: tuple[Any, ...]) -> list[tuple[Any, ...]]:
        """This message or event, and those that wait behind it; at most SLICE, and not much more than MEMBER_BYTES."""
        items = [item]
        size_bytes = length(item)
        while self.waiting and len(items) < SLICE and size_bytes < MEMBER_BYTES:
            if not isinstance(self.waiting[0], tuple):
                break
            items.append(self.waiting.popleft())  # type: ignore[arg-type]  # nobody else takes it out meanwhile
            size_bytes += length(items[-1])
        return items

    def _write(self, lines: Iterable[bytes]) -> None:
        try:
            self._file.append(pack(lines))
        except OSError as exc:
            self._fail(exc)

    def _fail(self, exc: OSError) -> None:
        if self.failures:
            return
        reason = f"the record ends here: {system_reason(exc).lower()}"
        self.failures.append(OutputError(str(self._file.path), reason))
        self._report(f"{self._file.path}: {reason}; the run goes on")


class RecordedTransport:
    """A Transport around another one, which records each message in both directions.

    Attributes:
        recorded_transport: The other one. What is asked of it often may be asked directly.
    """

    def __init__(self, transport: Transport, recorder: WireRecorder, number: int, *, keep_audio: bool) -> None:
        self.recorded_transport = transport
        self._send = transport.send
        self._recorder = recorder
        self._waiting = recorder.waiting
        self._number = number
        self._keep_audio = keep_audio
        self._step = ""
        self._task: TranscriptionTask | None = None
        self._ended = False

    @property
    def writable(self) -> bool:
        """Whether more audio should be sent now."""
        return self.recorded_transport.writable

    @property
    def silent_s(self) -> float:
        """Seconds since anything arrived."""
        return self.recorded_transport.silent_s

    @property
    def engine(self) -> str:
        """The recognizer that the other end named; empty if it named none."""
        return self.recorded_transport.engine

    def note(self, step: str, task: TranscriptionTask) -> None:
        """The next message is this step of a task."""
        self._step, self._task = step, task

    def send(self, message: Message) -> None:
        """Send a message.

        Raises:
            ConnectionLost: the connection is closed.
        """
        # Before its answer can come. As little as can be: code that runs seldom costs this thread ten times as much.
        task = self._task
        kept: Message | int = message
        if not self._keep_audio and isinstance(message, Binary):
            kept = len(message.data)  # its memory is soon used for the next one
        if task is None:
            self._waiting.append((monotonic(), self._number, SENT, kept))
        elif self._step:
            step, self._step = self._step, ""
            self._waiting.append(
                (monotonic(), self._number, SENT, kept, task.offset_ms, task.sent_ms, step, task.codec.task_id)
            )
        else:
            self._waiting.append((monotonic(), self._number, SENT, kept, task.offset_ms, task.sent_ms))
        if len(self._waiting) > MOST_WAITING:
            self._recorder.hurry()
        self._send(message)

    def listen(self, deliver: Callable[[Message | Writable | BaseException], object]) -> None:
        """Call `deliver` with each message from now on."""
        waiting, number, received = self._waiting, self._number, self._received

        def recorded(item: Message | Writable | BaseException) -> None:
            if isinstance(item, Text) and len(waiting) <= MOST_WAITING:
                waiting.append((monotonic(), number, RECEIVED, item))
            else:
                received(item)
            deliver(item)

        self.recorded_transport.listen(recorded)

    def recv(self) -> Message | Writable:
        """Wait for the next message, where nobody listens."""
        item = self.recorded_transport.recv()
        self._received(item)
        return item

    def close(self) -> None:
        """Close without waiting for the other end."""
        self.recorded_transport.close()

    def _received(self, item: Message | Writable | BaseException) -> None:
        if isinstance(item, (Text, Binary)):  # a union would be created for each message
            self._waiting.append((monotonic(), self._number, RECEIVED, item))
            if len(self._waiting) > MOST_WAITING:
                self._recorder.hurry()
        elif isinstance(item, Closed) and not self._ended:
            self._ended = True
            self._recorder.add(partial(close_line, self._recorder.now_ms, self._number, item.code, item.reason))
