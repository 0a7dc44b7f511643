"""The asyncio loop of the I/O thread: calls timers and reads where it waits for sockets; looks names up in threads."""

import asyncio
import selectors
import time
from collections.abc import Callable
from contextlib import suppress
from contextvars import Context
from typing import Any, TypeVarTuple

from asrcli.transport.io_timers import IoTimers
from asrcli.transport.name_lookups import LOOKUPS, Answer

Ts = TypeVarTuple("Ts")
LONGEST_WAIT_S = 3600.0  # the system takes no wait of months


class TimedSelector(selectors.DefaultSelector):
    """Waits for sockets, and calls timers and reads meanwhile. A timer or a message thus takes no turn of the loop.

    Attributes:
        has_news: The loop was asked to call something since it began to wait: it must not wait any longer.
    """

    def __init__(self, timers: IoTimers) -> None:
        super().__init__()
        self._timers = timers
        self.has_news = False
        self._waking_fd = -1  # of what other threads wake the loop with

    def register(self, fileobj: Any, events: int, data: Any = None) -> selectors.SelectorKey:
        """Watch a file from now on. The first one is that with which the loop is woken."""
        key = super().register(fileobj, events, data)
        if self._waking_fd < 0:
            self._waking_fd = key.fd
        return key

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        """Wait for sockets for `timeout` seconds at most; None waits without a limit."""
        self.has_news = False
        while True:
            wait_s = self._timers.fire()
            if self.has_news:
                return super().select(0)
            if timeout is not None and (wait_s is None or timeout < wait_s):
                return super().select(timeout)
            if wait_s is not None:
                wait_s = min(wait_s, LONGEST_WAIT_S)
            ready = super().select(wait_s)
            if timeout is not None or (ready and not self._has_read(ready)):
                return ready

    def _has_read(self, ready: list[tuple[selectors.SelectorKey, int]]) -> bool:
        """Read the sockets that are ready; where anything but reading is to be done, do nothing and return False."""
        for key, events in ready:
            if events != selectors.EVENT_READ or key.fd == self._waking_fd:
                return False
        for key, _ in ready:
            reader = key.data[0]
            if reader is not None and not reader.cancelled():  # one that was read before may have closed it
                reader._run()
        return True


class IoLoop(asyncio.SelectorEventLoop):
    """A loop with timers. It looks up names with `name_lookups`: the threads of the standard pool would delay the end.

    Attributes:
        timers: Its timers, beside those of asyncio.
    """

    def __init__(self) -> None:
        self.timers = IoTimers(
            time.monotonic, lambda exc: self.call_exception_handler({"message": "a timer failed", "exception": exc})
        )
        self._selector_of_timers = TimedSelector(self.timers)
        super().__init__(self._selector_of_timers)

    def call_soon(
        self, callback: Callable[[*Ts], object], *args: *Ts, context: Context | None = None
    ) -> asyncio.Handle:
        """Call a function in the next turn, and let that come at once."""
        self._selector_of_timers.has_news = True
        return super().call_soon(callback, *args, context=context)

    def call_at(
        self, when: float, callback: Callable[[*Ts], object], *args: *Ts, context: Context | None = None
    ) -> asyncio.TimerHandle:
        """Call a function at a time, for which the loop may have to wait less than it does."""
        self._selector_of_timers.has_news = True
        return super().call_at(when, callback, *args, context=context)

    async def getaddrinfo(
        self,
        host: Any,
        port: Any,
        *,
        family: int = 0,
        type: int = 0,  # noqa: A002
        proto: int = 0,
        flags: int = 0,
    ) -> list[Any]:
        """Resolve a name, as `socket.getaddrinfo` does."""
        resolved: asyncio.Future[list[Any]] = self.create_future()

        def resolve(answer: Answer) -> None:
            if resolved.done():  # the attempt that asked has ended
                return
            if isinstance(answer, Exception):
                resolved.set_exception(answer)
            else:
                resolved.set_result(answer)

        def deliver(answer: Answer) -> None:
            with suppress(RuntimeError):  # the loop has ended
                self.call_soon_threadsafe(resolve, answer)

        LOOKUPS.look_up((host, port, family, type, proto, flags), deliver)
        return await resolved
