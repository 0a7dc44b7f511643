"""The time that a client has for its next message. One timer for many waits: one for each costs more than a message."""

import asyncio
from types import TracebackType


class ReadDeadline:
    """A context in which waits for messages may be limited; raises TimeoutError where one has taken too long.

    The timer is set again only when it goes off or comes too late, so a wait that ends early costs no timer.
    """

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._timeout = asyncio.timeout(None)
        self._timer: asyncio.TimerHandle | None = None
        self._due: float | None = None  # None while nothing is waited for, or for as long as it takes
        self._is_waiting = False

    async def __aenter__(self) -> "ReadDeadline":
        """Limit the waits of the current task."""
        await self._timeout.__aenter__()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, exc: BaseException | None, trace: TracebackType | None
    ) -> None:
        """End; raises TimeoutError where a wait was too long."""
        self._cancel_timer()
        await self._timeout.__aexit__(kind, exc, trace)

    def begin(self, within_s: float | None) -> None:
        """Begin a wait; None is a wait without a limit."""
        self._is_waiting = True
        self._due = None
        if within_s is None:
            return
        self._due = self._loop.time() + within_s
        if self._timer is None or self._timer.when() > self._due:
            self._cancel_timer()
            self._timer = self._loop.call_at(self._due, self._check)

    def end(self) -> None:
        """End a wait: a message has come."""
        self._is_waiting = False
        self._due = None

    def renew(self, within_s: float | None) -> None:
        """Begin the wait again that is going on, with this limit; does nothing between two waits."""
        if self._is_waiting:
            self.begin(within_s)

    def _check(self) -> None:
        self._timer = None
        if self._due is None:
            return
        if self._loop.time() < self._due:
            self._timer = self._loop.call_at(self._due, self._check)
        else:
            self._timeout.reschedule(self._due)

    def _cancel_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
