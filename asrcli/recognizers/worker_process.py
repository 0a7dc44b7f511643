"""One worker process as its parent holds it: what goes in is bounded by what comes back, and silence is noticed."""

import asyncio
import os
import sys
from collections import deque

from asrcli.core.client_commands import Command, SendAudio
from asrcli.core.errors import AsrError
from asrcli.core.events import Event, Finished
from asrcli.core.settings import RecognitionSettings
from asrcli.recognizers.interface import RecognizerFailed
from asrcli.recognizers.worker import LENGTH, packed, unpacked

AHEAD_S = 1  # so much audio may wait in the pipe: what is there when a client finishes is handled before its last words
PIECE_S = 0.25  # and it travels in pieces, so that a worker that is busy can be told from one that hangs
HUNG_S = 60.0  # a worker that owes an answer and gives none for so long hangs: a long utterance is read twice in ten
GONE = "the recognizer's worker process is gone"
HUNG = "the recognizer's worker process hangs"


class WorkerProcess:
    """One child process and its two pipes. One coroutine asks, another one receives."""

    def __init__(self, process: asyncio.subprocess.Process, hung_s: float) -> None:
        self._process, self._hung_s = process, hung_s
        self._owed: deque[int] = deque()  # bytes of the requests that are not answered
        self._owed_bytes = 0
        self._ahead_bytes = self._piece_bytes = 0
        self._answered = asyncio.Condition()
        self._patience: asyncio.Timeout | None = None  # while an answer is waited for

    @classmethod
    async def started(cls, second_pass: str, hung_s: float = HUNG_S) -> "WorkerProcess":
        """A new process; its model loads while it is not asked for anything.

        Raises:
            RecognizerFailed: the system has none to give.
        """
        # -P: a module in the user's directory must not stand in for one of Python's.
        # A session of its own: Ctrl-C in the terminal reaches only the parent.
        command = (sys.executable, "-P", "-m", "asrcli.recognizers.worker", second_pass)
        pipe, null = asyncio.subprocess.PIPE, asyncio.subprocess.DEVNULL
        try:
            process = await asyncio.create_subprocess_exec(
                *command, stdin=pipe, stdout=pipe, stderr=null, start_new_session=os.name == "posix"
            )
        except OSError as exc:
            raise RecognizerFailed(f"the recognizer cannot be started: {exc.strerror or exc}") from exc
        return cls(process, hung_s)

    @property
    def alive(self) -> bool:
        """Whether it has not ended."""
        return self._process.returncode is None

    async def begin(self, recognition: RecognitionSettings, within_s: float) -> None:
        """Begin a session, once the worker says that it has.

        Raises:
            RecognizerFailed: it is gone, or does not answer in time.
        """
        second = recognition.rate * 2  # bytes
        self._ahead_bytes, self._piece_bytes = AHEAD_S * second, int(PIECE_S * second) // 2 * 2
        try:
            async with asyncio.timeout(within_s):
                await self._send(recognition, 0)
                while self._owed:
                    await self._next()
        except TimeoutError:
            raise RecognizerFailed(HUNG) from None

    async def ask(self, request: Command) -> None:
        """Hand in a request; waits while the worker is behind.

        Raises:
            RecognizerFailed: it is gone.
        """
        if not isinstance(request, SendAudio):
            await self._send(request, 0)
            return
        for at in range(0, len(request.data), self._piece_bytes):
            piece = request.data[at : at + self._piece_bytes]
            async with self._answered:
                await self._answered.wait_for(lambda: self._owed_bytes < self._ahead_bytes)
            await self._send(SendAudio(piece), len(piece))

    async def receive(self) -> Event:
        """What it says next.

        Raises:
            RecognizerFailed: it is gone, or it owes an answer and gives none.
        """
        while True:
            try:
                async with asyncio.timeout(self._hung_s if self._owed else None) as self._patience:
                    event = await self._next()
            except TimeoutError:
                raise RecognizerFailed(HUNG) from None
            finally:
                self._patience = None
            if isinstance(event, Finished):
                self._owed.clear()
                self._owed_bytes = 0
            if event is not None:
                return event

    def kill(self) -> None:
        """End it, whatever it does."""
        if self.alive:
            self._process.kill()

    async def gone(self) -> None:
        """Wait until it has ended."""
        await self._process.wait()

    async def _send(self, value: RecognitionSettings | Command, size: int) -> None:
        assert self._process.stdin is not None  # noqa: S101  it was started with a pipe
        self._owed.append(size)
        self._owed_bytes += size
        if self._patience is not None and self._patience.when() is None:
            self._patience.reschedule(asyncio.get_running_loop().time() + self._hung_s)
        try:
            self._process.stdin.write(packed(value))
            await self._process.stdin.drain()
        except (OSError, RuntimeError) as exc:
            raise RecognizerFailed(GONE) from exc

    async def _next(self) -> Event | None:
        """An event, or None for a request that is done with."""
        assert self._process.stdout is not None  # noqa: S101  it was started with a pipe
        try:
            head = await self._process.stdout.readexactly(LENGTH.size)
            value = unpacked(await self._process.stdout.readexactly(*LENGTH.unpack(head)))
        except (asyncio.IncompleteReadError, OSError) as exc:
            raise RecognizerFailed(GONE) from exc
        if isinstance(value, AsrError | RuntimeError):
            raise RecognizerFailed(str(value))
        if value is None and self._owed:
            async with self._answered:
                self._owed_bytes -= self._owed.popleft()
                self._answered.notify_all()
        event: Event | None = value
        return event
