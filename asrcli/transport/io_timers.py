"""The timers of the I/O thread: one heap for all sessions, called where its loop waits for sockets.

A timer of asyncio takes three objects and a turn of its loop, and its place in the heap is found by a comparison in
Python.
"""

from collections.abc import Callable
from heapq import heappop, heappush

MOST_AT_ONCE = 4  # calls in a row; then sockets are read before the next ones
LATE_S = 0.02  # a call that is late by this much waits for no socket any more


class IoTimer:
    """A function that is called once, unless it is cancelled before."""

    __slots__ = ("act",)

    def __init__(self, act: Callable[[], object]) -> None:
        self.act: Callable[[], object] | None = act

    def cancel(self) -> None:
        """Cancel the call."""
        self.act = None


class IoTimers:
    """Timers in the order of their times. Call `fire` before each wait; it returns how long to wait.

    When more functions are due than MOST_AT_ONCE, sockets are read between them: hundreds of streams may send audio at
    the same moment, and the results that come meanwhile need not wait for all of it.

    Args:
        clock: Seconds, monotonic.
        failed: Called with the exception that a function raises.
    """

    def __init__(self, clock: Callable[[], float], failed: Callable[[Exception], object]) -> None:
        self._clock = clock
        self._failed = failed
        self._heap: list[tuple[float, int, IoTimer]] = []
        self._number = 0  # of timers so far: two with the same time fire in the order in which they were made

    def later(self, delay_s: float, act: Callable[[], object]) -> IoTimer:
        """Call a function after a delay."""
        return self.at(self._clock() + delay_s, act)

    def at(self, time_s: float, act: Callable[[], object]) -> IoTimer:
        """Call a function at a time."""
        timer = IoTimer(act)
        self._number += 1
        heappush(self._heap, (time_s, self._number, timer))
        return timer

    def fire(self) -> float | None:
        """Call what is due; return for how many seconds nothing is due, None without a timer."""
        heap = self._heap
        called = 0
        while heap:
            now = self._clock()
            due = heap[0][0]
            if due > now:
                return due - now
            if called >= MOST_AT_ONCE and due > now - LATE_S:
                return 0.0
            act = heappop(heap)[2].act
            if act is None:
                continue
            called += 1
            try:
                act()
            except Exception as exc:  # it stops no other function
                self._failed(exc)
        return None
