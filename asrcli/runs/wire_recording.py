"""Records the messages of connections into a file, in a thread of its own: the run never waits for it."""

from collections import deque
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import asdict, replace
from functools import partial
from pathlib import Path
from threading import Lock, Thread
from time import monotonic
from typing import Any

from asrcli.core.errors import bare_url, system_reason
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

GATHER_S = 2.0  # how long lines are gathered into one member: kill -9 loses no more
MEMBER_BYTES = 1 << 20
MOST_WAITING = 400  # messages: a file at full pace sends more, and their audio is in memory until they are lines


class WireRecorder:
    """A record of a run: an output for its events, and a wrapper for its connections. Safe from any thread.

    Attributes:
        waiting: What is not a line yet: messages as RecordedMessage, pairs of a time and an event, what `add` takes.

    Args:
        path: The file, which is replaced.
        about: What the header says.
        wire: The wire that is spoken; empty for messages of another kind.
        recognition: The settings of the recognition, without those of a source.
        keep_audio: Whether audio is kept, and not only its length.
        report: Called once with the reason if the file cannot be written; the run goes on without it.

    Raises:
        OSError: the file cannot be created.
    """

    passive = patient = True

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
        self._file = AppendFile(path, whole_bytes=0)
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
        self._failed = False
        self._write(header_line(about))
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
        """Add the line that a function returns, if any: it is called later, in the thread of the record."""
        self.waiting.append(item)
        if len(self.waiting) > MOST_WAITING:
            self.hurry()

    def hurry(self) -> None:
        """Write what is waiting now."""
        with suppress(RuntimeError):  # it hurries already
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
        self._file.close()

    def _run(self) -> None:
        is_ending = False
        while not is_ending:
            # One sleep, and not one wake-up for each message: those would cost more than the lines do.
            self._sleep.acquire(timeout=GATHER_S)
            is_ending = self._is_ending  # what was added before the end is taken now
            while self.waiting:
                self._write(self._member())

    def _member(self) -> bytes:
        """Take what is waiting, as lines; not much more than MEMBER_BYTES of them."""
        lines: list[bytes] = []
        messages: list[tuple[Any, ...]] = []
        size_bytes = 0
        while self.waiting and size_bytes < MEMBER_BYTES:
            item = self.waiting.popleft()  # only this thread takes items out
            if isinstance(item, tuple):
                messages.append(item)
                size_bytes += length(item)
                continue
            lines += [message_lines(messages, self._began, keep_audio=self._keep_audio), item() or b""]
            messages = []
            size_bytes += len(lines[-1])
        return b"".join([*lines, message_lines(messages, self._began, keep_audio=self._keep_audio)])

    def _write(self, lines: bytes) -> None:
        if self._failed or not lines:
            return
        try:
            self._file.append(pack(lines))
        except OSError as exc:
            self._failed = True
            self._report(f"{self._file.path}: the record ends here: {system_reason(exc).lower()}; the run goes on")


class RecordedTransport:
    """A Transport around another one, which records each message in both directions.

    Attributes:
        recorded_transport: The other one. What is asked of it often may be asked directly.
    """

    def __init__(self, transport: Transport, recorder: WireRecorder, number: int, *, keep_audio: bool) -> None:
        self.recorded_transport = transport
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
            self._waiting.append((monotonic(), self._number, SENT, kept, None, 0, "", ""))
        elif self._step:
            step, self._step = self._step, ""
            self._waiting.append(
                (monotonic(), self._number, SENT, kept, task.offset_ms, task.sent_ms, step, task.codec.task_id)
            )
        else:
            self._waiting.append((monotonic(), self._number, SENT, kept, task.offset_ms, task.sent_ms, "", ""))
        if len(self._waiting) > MOST_WAITING:
            self._recorder.hurry()
        self.recorded_transport.send(message)

    def listen(self, deliver: Callable[[Message | Writable | BaseException], object]) -> None:
        """Call `deliver` with each message from now on."""
        waiting, number, received = self._waiting, self._number, self._received

        def recorded(item: Message | Writable | BaseException) -> None:
            if isinstance(item, Text) and len(waiting) <= MOST_WAITING:
                waiting.append((monotonic(), number, RECEIVED, item, None, 0, "", ""))
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
        if isinstance(item, (Text, Binary)):  # a union would be made anew for each message
            self._waiting.append((monotonic(), self._number, RECEIVED, item, None, 0, "", ""))
            if len(self._waiting) > MOST_WAITING:
                self._recorder.hurry()
        elif isinstance(item, Closed) and not self._ended:
            self._ended = True
            self._recorder.add(partial(close_line, self._recorder.now_ms, self._number, item.code, item.reason))
