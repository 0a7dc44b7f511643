"""Takes the events of a transcription for `async for`. A separate thread waits for them."""

import asyncio
from collections.abc import Callable, Generator
from contextlib import suppress
from functools import partial
from queue import SimpleQueue
from threading import Thread

from asrcli.core.events import Event

_Step = asyncio.Future[Event | None]


class AsyncSteps:
    """The events one by one, each when it is asked for. Used on one event loop.

    Args:
        events: The events. Only the thread takes them, and it knows nothing else, so that nothing keeps a
            transcription that nobody uses any more.
        leave: Wakes the thread where it waits for the next event: there is none then.
    """

    def __init__(self, events: Generator[Event, None, None], leave: Callable[[], None]) -> None:
        self._leave = leave
        self._running: _Step | None = None  # a step whose event was not delivered yet
        self._is_awaited = False
        self._ended = False
        self._asked: SimpleQueue[_Step | None] = SimpleQueue()
        Thread(target=_take, args=(events, self._asked), name="steps", daemon=True).start()

    async def next(self) -> Event | None:
        """Wait for the next event; None at the end. If the wait is cancelled, the next call gets its event.

        Raises:
            RuntimeError: another task waits for the next event, and would get the same one.
            AsrError: as the iteration does, or whatever else it raises.
        """
        if self._is_awaited:
            raise RuntimeError("another task waits for the next event of this transcription")
        if self._ended:
            return None
        if self._running is None:
            self._running = asyncio.get_running_loop().create_future()
            self._asked.put(self._running)
        step = self._running
        self._is_awaited = True
        try:
            await asyncio.wait([step])
        finally:
            self._is_awaited = False
        self._running = None
        if step.exception() is not None or step.result() is None:
            self._end()
        return step.result()

    async def close(self) -> None:
        """Leave the iteration, and wait until the thread has left it."""
        self._leave()
        if self._running is not None:
            await asyncio.wait([self._running])
            self._running.exception()  # the result is not needed any more, and this is not a fault
            self._running = None
        self._end()

    def __del__(self) -> None:
        if self._running is not None and not self._running.done():
            self._leave()
        self._end()

    def _end(self) -> None:
        """Let the thread end; it may have ended before."""
        self._ended = True
        self._asked.put(None)


def _take(events: Generator[Event, None, None], asked: SimpleQueue[_Step | None]) -> None:
    """Take an event for each step, until there is no more step."""
    while (step := asked.get()) is not None:
        answer: Callable[[], None]
        try:
            answer = partial(step.set_result, next(events, None))
        except BaseException as exc:  # the top of a thread: the step raises it
            answer = partial(step.set_exception, exc)
        with suppress(RuntimeError):  # the loop was closed
            step.get_loop().call_soon_threadsafe(answer)
        del step, answer  # while it waits for the next step, it keeps no event
