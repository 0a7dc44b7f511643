"""Requests between the socket and the recognizer: a few seconds of audio, and then the client has to wait."""

import asyncio
from collections import deque

from asrcli.core.client_commands import Command, SendAudio

MOST_REQUESTS = 256  # without audio they weigh nothing, and still a client must not pile them up


class CommandBacklog:
    """A queue that is bounded by the bytes of audio in it, and by the number of requests."""

    def __init__(self, limit_bytes: int) -> None:
        self._limit, self._bytes = limit_bytes, 0
        self._requests: deque[Command] = deque()
        self._changed = asyncio.Condition()
        self._given_up = False

    async def put(self, request: Command) -> None:
        """Hand in a request; waits while there is more than the limit. Nothing is read meanwhile."""
        async with self._changed:
            await self._changed.wait_for(self._has_room)
            if self._given_up:
                return
            self._requests.append(request)
            self._bytes += len(request.data) if isinstance(request, SendAudio) else 0
            self._changed.notify_all()

    async def get(self) -> Command:
        """The next request."""
        async with self._changed:
            await self._changed.wait_for(lambda: bool(self._requests))
            request = self._requests.popleft()
            self._bytes -= len(request.data) if isinstance(request, SendAudio) else 0
            self._changed.notify_all()
            return request

    async def give_up(self) -> None:
        """Nobody takes requests any more: what waits is dropped, and what comes is too, so that nobody waits here."""
        async with self._changed:
            self._given_up = True
            self._requests.clear()
            self._changed.notify_all()

    def _has_room(self) -> bool:
        return self._given_up or (self._bytes <= self._limit and len(self._requests) < MOST_REQUESTS)
