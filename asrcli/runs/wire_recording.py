"""Records the messages of connections into a file, in a thread of its own: the run never waits for it."""

from collections.abc import Callable, Mapping
from dataclasses import asdict, replace
from functools import partial
from pathlib import Path
from queue import SimpleQueue
from threading import Event as Flag
from threading import Thread
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
from asrcli.protocol.recorded_events import event_line, is_kept
from asrcli.protocol.wire_record import (
    RECEIVED,
    SENT,
    close_line,
    header_line,
    message_line,
    open_line,
    pack,
)

GATHER_S = 2.0  # how long lines are gathered into one member: kill -9 loses no more
MEMBER_BYTES = 1 << 20
MOST_WAITING = 400  # messages: a file at full pace sends more, and their audio is in memory until they are lines


class WireRecorder:
    """A record of a run: an output for its events, and a wrapper for its connections. Safe from any thread.

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
        self._inbox: SimpleQueue[Callable[[], bytes | None] | None] = SimpleQueue()
        self._hurry = Flag()
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

    def add(self, make: Callable[[], bytes | None]) -> None:
        """Add the line that `make` returns, if it returns one. Called later, in the thread of the record."""
        self._inbox.put(make)
        if self._inbox.qsize() > MOST_WAITING:
            self._hurry.set()

    def handle(self, event: Event, transcript: Transcript) -> None:
        """Keep an event that the run has added to those of the wire."""
        del transcript
        if is_kept(event):
            self.add(partial(event_line, self.now_ms, event))

    def close(self) -> None:
        """Write what is left and close the file."""
        self._inbox.put(None)
        self._hurry.set()
        self._thread.join()
        self._file.close()

    def _run(self) -> None:
        make = self._inbox.get()
        while make is not None:
            # One sleep, and not one wake-up for each message: those would cost more than the lines do.
            self._hurry.wait(GATHER_S)
            self._hurry.clear()  # what is waiting is taken now, the end included
            lines: list[bytes] = []
            size_bytes = 0
            while make is not None and size_bytes < MEMBER_BYTES:
                line = make() or b""
                lines.append(line)
                size_bytes += len(line)
                if self._inbox.empty():
                    break
                make = self._inbox.get()
            else:  # the end, or a full member: `make` is not done yet
                self._write(b"".join(lines))
                continue
            self._write(b"".join(lines))
            make = self._inbox.get()

    def _write(self, lines: bytes) -> None:
        if self._failed or not lines:
            return
        try:
            self._file.append(pack(lines))
        except OSError as exc:
            self._failed = True
            self._report(f"{self._file.path}: the record ends here: {system_reason(exc).lower()}; the run goes on")


class RecordedTransport:
    """A Transport around another one, which records each message in both directions."""

    def __init__(self, transport: Transport, recorder: WireRecorder, number: int, *, keep_audio: bool) -> None:
        self._transport = transport
        self._recorder = recorder
        self._number = number
        self._keep_audio = keep_audio
        self._step = ""
        self._task: TranscriptionTask | None = None
        self._ended = False

    @property
    def writable(self) -> bool:
        """Whether more audio should be sent now."""
        return self._transport.writable

    @property
    def silent_s(self) -> float:
        """Seconds since anything arrived."""
        return self._transport.silent_s

    @property
    def engine(self) -> str:
        """The recognizer that the other end named; empty if it named none."""
        return self._transport.engine

    def note(self, step: str, task: TranscriptionTask) -> None:
        """The next message is this step of a task."""
        self._step, self._task = step, task

    def send(self, message: Message) -> None:
        """Send a message.

        Raises:
            ConnectionLost: the connection is closed.
        """
        about: dict[str, Any] = {}
        if self._task is not None:
            about = {"begin_ms": self._task.offset_ms, "sent_ms": self._task.sent_ms}
            if self._step:
                about |= {"step": self._step, "task_id": self._task.codec.task_id}
                self._step = ""
        self._add(SENT, message, about)  # before its answer can come
        self._transport.send(message)

    def listen(self, deliver: Callable[[Message | Writable | BaseException], object]) -> None:
        """Call `deliver` with each message from now on."""

        def recorded(item: Message | Writable | BaseException) -> None:
            if not isinstance(item, BaseException):
                self._received(item)
            deliver(item)

        self._transport.listen(recorded)

    def recv(self) -> Message | Writable:
        """Wait for the next message, where nobody listens."""
        item = self._transport.recv()
        self._received(item)
        return item

    def close(self) -> None:
        """Close without waiting for the other end."""
        self._transport.close()

    def _received(self, item: Message | Writable) -> None:
        if isinstance(item, Writable):
            return
        if not isinstance(item, Closed):
            self._add(RECEIVED, item, {})
        elif not self._ended:
            self._ended = True
            self._recorder.add(partial(close_line, self._recorder.now_ms, self._number, item.code, item.reason))

    def _add(self, direction: str, message: Message, about: Mapping[str, Any]) -> None:
        if isinstance(message, Text | Binary):
            now_ms = self._recorder.now_ms
            self._recorder.add(
                partial(
                    message_line, now_ms, self._number, direction, message, keep_audio=self._keep_audio, about=about
                )
            )
