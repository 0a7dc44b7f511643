"""The commands that wait between a socket and its recognizer: bounded, so that a fast client has to wait.

A client that sends no faster than people speak waits much later than one that sends a file. While it waits nothing of
it is read, pings neither, and a recognizer that computes for seconds must not cost a live client its connection.
"""

import asyncio
import time
from collections import deque
from collections.abc import Callable

from asrcli.core.audio import SAMPLE_BYTES
from asrcli.core.client_commands import Command, SendAudio, StartTask
from asrcli.core.dataclass import dataclass
from asrcli.core.message import Message

MAX_COMMANDS = 256  # commands without audio are small, but their number must be bounded too
MAX_LIVE_S, MAX_LIVE_COMMANDS = 30, 2048  # of a client that sends no faster than people speak
ASK_EVERY_S = 1.0  # whether the client is still there, while the queue is full and nothing is read
BARE_FORMATS = frozenset({"pcm", "wav"})  # whose bytes say how long they last


@dataclass(frozen=True, slots=True)
class Answer:
    """The answer to a message without a command, which waits for its turn among the commands."""

    messages: tuple[Message, ...]


class CommandBacklog:
    """A queue that is bounded by the bytes of audio in it and by the number of commands.

    Args:
        limit_bytes: Audio that may be in it, and that a live client may be ahead of the clock.
        clock: Seconds.
    """

    def __init__(self, limit_bytes: int, clock: Callable[[], float] = time.monotonic) -> None:
        self._limit_bytes = limit_bytes
        self._clock = clock
        self._bytes_per_s = 0  # of audio as it is spoken; 0 if that is not known
        self._ahead_bytes = 0.0  # of the clock
        self._ahead_at = 0.0
        self._too_fast = False  # since the queue was empty
        self._bytes = 0
        self._commands: deque[Command | Answer] = deque()
        self._arrival: asyncio.Future[None] | None = None  # what `get` waits for
        self._room: asyncio.Future[None] | None = None  # what `put` waits for
        self._abandoned = False

    def offer(self, command: Command | Answer) -> bool:
        """Add a command if there is room; returns whether there was. After `abandon` it is discarded."""
        if not self._has_room():
            return False
        if self._abandoned:
            return True
        self._commands.append(command)
        self._bytes += _audio_bytes(command)
        self._count(command)
        _wake(self._arrival)
        return True

    async def put(self, command: Command | Answer, unless: Callable[[], bool] = lambda: False) -> bool:
        """Add a command; waits while the queue is over its limit. The caller, the only one, reads nothing meanwhile.

        Returns False, and has added nothing, once `unless` is true; it is asked every second.
        """
        while not self.offer(command):
            self._room = asyncio.get_running_loop().create_future()
            done, _ = await asyncio.wait([self._room], timeout=ASK_EVERY_S)
            if not done and unless():
                return False
        return True

    async def get(self) -> Command | Answer:
        """Wait for the next command and remove it. There is one caller."""
        while not self._commands:
            self._arrival = asyncio.get_running_loop().create_future()
            await self._arrival
        command = self._commands.popleft()
        self._bytes -= _audio_bytes(command)
        self._too_fast = self._too_fast and bool(self._commands)
        _wake(self._room)
        return command

    def abandon(self) -> None:
        """Discard all commands, now and later, because nobody takes them any more: so no caller of `put` waits here."""
        self._abandoned = True
        self._commands.clear()
        _wake(self._room)

    def _has_room(self) -> bool:
        if self._abandoned or (self._bytes <= self._limit_bytes and len(self._commands) < MAX_COMMANDS):
            return True
        if not self._bytes_per_s or self._too_fast:
            return False
        return self._bytes <= MAX_LIVE_S * self._bytes_per_s and len(self._commands) < MAX_LIVE_COMMANDS

    def _count(self, command: Command | Answer) -> None:
        now = self._clock()
        self._ahead_bytes = max(0.0, self._ahead_bytes - (now - self._ahead_at) * self._bytes_per_s)
        self._ahead_at = now
        if isinstance(command, StartTask):
            self._ahead_bytes = 0.0
            self._bytes_per_s = 0
            if command.audio_format in BARE_FORMATS:
                self._bytes_per_s = command.recognition.rate * SAMPLE_BYTES
        elif isinstance(command, SendAudio):
            self._ahead_bytes += len(command.data)
            self._too_fast = self._too_fast or self._ahead_bytes > self._limit_bytes


def _audio_bytes(command: Command | Answer) -> int:
    if isinstance(command, SendAudio):
        return len(command.data)
    return 0


def _wake(waiter: "asyncio.Future[None] | None") -> None:
    if waiter is not None and not waiter.done():
        waiter.set_result(None)
