"""One worker process as its parent sees it: bounds the audio that waits in its pipe, and notices when it hangs."""

import asyncio
import os
import sys
from collections import deque

from asrcli.core.audio import SAMPLE_BYTES
from asrcli.core.client_commands import Command, SendAudio
from asrcli.core.errors import AsrError, system_reason
from asrcli.core.events import Event, Finished
from asrcli.core.packed_values import LENGTH, packed, unpacked
from asrcli.core.settings import RecognitionSettings, apart_from_terminal, without_key
from asrcli.recognizers.interface import RecognizerFailed, RecognizerUnusable
from asrcli.recognizers.worker import WorkerArguments

AHEAD_S = 1  # seconds of audio that may wait in the pipe: the last results of a client come after all of it
PIECE_S = 0.25  # audio travels in pieces of this length, so that a busy worker can be distinguished from one that hangs
HUNG_S = 60.0  # a worker that owes an answer for this long hangs: a second pass of a long utterance takes ten seconds
TICKS = 4  # in this time. While this program is stopped (Ctrl-Z), no more than one of them passes
GONE = "the recognizer's worker process is gone"
# A library may end the process on a file that it cannot use.
NOT_LOADED = (
    "the recognizer's worker process ended while it loaded the model: too little memory, or a file of it is damaged"
)
HUNG = "the recognizer's worker process hangs"


class WorkerProcess:
    """One child process and its two pipes. One coroutine sends, another one receives."""

    def __init__(self, process: asyncio.subprocess.Process, hung_s: float) -> None:
        self._process = process
        self._hung_s = hung_s
        self._unanswered: deque[int] = deque()  # bytes of audio of each command that is not answered
        self._unanswered_bytes = 0
        self._ahead_bytes = self._piece_bytes = 0
        self._progress = asyncio.Event()  # since `send` looked last: audio was answered, or the process was killed
        self._killed = False
        self._receive_timeout: asyncio.Timeout | None = None  # while `receive` waits
        self._tick: asyncio.TimerHandle | None = None  # while it waits for an answer that is owed
        self._loaded = False  # it has answered at all

    @classmethod
    async def started(cls, arguments: WorkerArguments, hung_s: float = HUNG_S) -> "WorkerProcess":
        """Start a process; the model of its recognizer loads in the background.

        Raises:
            RecognizerFailed: the system cannot start a process.
        """
        # -P: a module in the user's directory must not replace one of Python's.
        # Ctrl-C in the terminal reaches only the parent.
        command = (sys.executable, "-P", "-m", "asrcli.recognizers.worker", *arguments.words)
        pipe, null = asyncio.subprocess.PIPE, asyncio.subprocess.DEVNULL
        try:
            process = await asyncio.create_subprocess_exec(
                *command,
                stdin=pipe,
                stdout=pipe,
                stderr=null,
                env=without_key(os.environ),
                **apart_from_terminal(),
            )
        except OSError as exc:
            raise RecognizerFailed(f"the recognizer cannot be started: {system_reason(exc)}") from exc
        return cls(process, hung_s)

    @property
    def alive(self) -> bool:
        """Whether the process has not ended."""
        return self._process.returncode is None

    async def begin(self, recognition: RecognitionSettings, within_s: float) -> None:
        """Begin a session; returns when the worker has confirmed it.

        Raises:
            RecognizerUnusable: the worker could not load its model.
            RecognizerFailed: it is gone, or does not answer in time.
        """
        bytes_per_s = recognition.rate * SAMPLE_BYTES
        self._ahead_bytes = AHEAD_S * bytes_per_s
        self._piece_bytes = int(PIECE_S * recognition.rate) * SAMPLE_BYTES
        try:
            async with asyncio.timeout(within_s):
                await self._write(recognition, 0)
                while self._unanswered:
                    await self._next()
        except TimeoutError:
            raise RecognizerFailed(HUNG) from None

    async def send(self, command: Command) -> None:
        """Hand in a command; waits while the worker is behind.

        Raises:
            RecognizerFailed: the worker is gone, or was killed meanwhile.
        """
        if not isinstance(command, SendAudio):
            await self._write(command, 0)
            return
        for at in range(0, len(command.data), self._piece_bytes):
            piece = command.data[at : at + self._piece_bytes]
            await self._wait_for_room()
            await self._write(SendAudio(piece), len(piece))

    async def receive(self) -> Event:
        """Wait for the next event.

        Raises:
            RecognizerFailed: the worker is gone, or it owes an answer and gives none.
        """
        while True:
            try:
                async with asyncio.timeout(None) as self._receive_timeout:
                    if self._unanswered:
                        self._wait_for(TICKS)
                    event = await self._next()
            except TimeoutError:
                raise RecognizerFailed(HUNG) from None
            finally:
                self._receive_timeout = None
                if self._tick is not None:
                    self._tick.cancel()
                    self._tick = None
            if isinstance(event, Finished):
                self._unanswered.clear()
                self._unanswered_bytes = 0
                self._progress.set()
            if event is not None:
                return event

    def kill(self) -> None:
        """Kill the process, whatever it does. Nobody reads its answers any more, so `send` must not wait for them."""
        self._killed = True
        self._progress.set()
        if self.alive:
            self._process.kill()

    async def wait_ended(self) -> None:
        """Wait until the process has ended."""
        await self._process.wait()

    async def _wait_for_room(self) -> None:
        while self._unanswered_bytes >= self._ahead_bytes:
            if self._killed:
                raise self._gone()
            self._progress.clear()
            await self._progress.wait()

    async def _write(self, value: RecognitionSettings | Command, size: int) -> None:
        assert self._process.stdin is not None  # noqa: S101  it was started with a pipe
        self._unanswered.append(size)
        self._unanswered_bytes += size
        if self._receive_timeout is not None and self._tick is None:
            self._wait_for(TICKS)
        try:
            self._process.stdin.write(packed(value))
            await self._process.stdin.drain()
        except (OSError, RuntimeError) as exc:
            raise self._gone() from exc

    def _wait_for(self, ticks: int) -> None:
        """Let `receive` time out after this many ticks."""
        loop = asyncio.get_running_loop()
        if ticks:
            self._tick = loop.call_later(self._hung_s / TICKS, self._wait_for, ticks - 1)
        elif self._receive_timeout is not None:
            self._receive_timeout.reschedule(loop.time())

    def _gone(self) -> RecognizerFailed:
        if self._loaded:
            return RecognizerFailed(GONE)
        return RecognizerUnusable(NOT_LOADED)

    async def _next(self) -> Event | None:
        """Read an event, or None, which says that a command is done."""
        assert self._process.stdout is not None  # noqa: S101  it was started with a pipe
        try:
            head = await self._process.stdout.readexactly(LENGTH.size)
            value = unpacked(await self._process.stdout.readexactly(*LENGTH.unpack(head)))
        except (asyncio.IncompleteReadError, OSError) as exc:
            raise self._gone() from exc
        if isinstance(value, AsrError | RuntimeError):
            if not self._loaded:
                raise RecognizerUnusable(str(value))
            raise RecognizerFailed(str(value))
        self._loaded = True
        if value is None and self._unanswered:
            self._unanswered_bytes -= self._unanswered.popleft()
            self._progress.set()
        event: Event | None = value
        return event
