"""The commands that wait between a socket and its recognizer: bounded, so that a fast client has to wait."""

import asyncio
from collections import deque

from asrcli.core.client_commands import Command, SendAudio

MAX_COMMANDS = 256  # commands without audio are small, but their number must be bounded too


class CommandBacklog:
    """A queue that is bounded by the bytes of audio in it and by the number of commands."""

    def __init__(self, limit_bytes: int) -> None:
        self._limit_bytes = limit_bytes
        self._bytes = 0
        self._commands: deque[Command] = deque()
        self._changed = asyncio.Condition()
        self._abandoned = False

    async def put(self, command: Command) -> None:
        """Add a command; waits while the queue is over its limit. The caller reads nothing meanwhile."""
        async with self._changed:
            await self._changed.wait_for(self._has_room)
            if self._abandoned:
                return
            self._commands.append(command)
            self._bytes += _audio_bytes(command)
            self._changed.notify_all()

    async def get(self) -> Command:
        """Wait for the next command and remove it."""
        async with self._changed:
            await self._changed.wait_for(lambda: bool(self._commands))
            command = self._commands.popleft()
            self._bytes -= _audio_bytes(command)
            self._changed.notify_all()
            return command

    async def abandon(self) -> None:
        """Discard all commands, now and later, because nobody takes them any more: so no caller of `put` waits here."""
        async with self._changed:
            self._abandoned = True
            self._commands.clear()
            self._changed.notify_all()

    def _has_room(self) -> bool:
        return self._abandoned or (self._bytes <= self._limit_bytes and len(self._commands) < MAX_COMMANDS)


def _audio_bytes(command: Command) -> int:
    if isinstance(command, SendAudio):
        return len(command.data)
    return 0
