"""The timers of the I/O thread: one heap for all sessions, and a few calls in each turn of its loop.

A timer of asyncio takes three objects, and its place in the heap is found by a comparison in Python.
"""

from collections.abc import Callable
from heapq import heappop, heappush
from math import inf
from typing import Protocol

MOST_AT_ONCE = 4  # calls in one turn: what sockets have to say meanwhile comes before the next ones
LATE_S = 0.02  # a call that is late by this much waits for no socket any more


class Loop(Protocol):
    """The part of an asyncio loop that is needed here. Times are in seconds."""

    def time(self) -> float:
        """Return the time."""
        ...

    def call_at(self, when: float, callback: Callable[[], object]) -> "Cancellable":
        """Call a function at a time."""
        ...

    def call_soon(self, callback: Callable[[], object]) -> object:
        """Call a function in the next turn."""
        ...


class Cancellable(Protocol):
    """A call that is due later."""

    def cancel(self) -> None:
        """Call nothing."""
        ...


class IoTimer:
    """A function that is called once, unless it is cancelled before."""

    __slots__ = ("act",)

    def __init__(self, act: Callable[[], object]) -> None:
        self.act: Callable[[], object] | None = act

    def cancel(self) -> None:
        """Call nothing."""
        self.act = None


class IoTimers:
    """Timers in the order of their times. All calls come on the thread of the loop.

    When more functions are due than MOST_AT_ONCE, the loop reads its sockets between them: hundreds of streams may send
    audio at the same moment, and the results that come meanwhile need not wait for all of it.
    """

    def __init__(self, loop: Loop) -> None:
        self._loop = loop
        self._heap: list[tuple[float, int, IoTimer]] = []
        self._number = 0  # of timers so far: two with the same time fire in the order in which they were made
        self._wake: Cancellable | None = None
        self._wakes_at = inf  # when the loop calls `_fire`; 0 in the next turn

    def later(self, delay_s: float, act: Callable[[], object]) -> IoTimer:
        """Call a function after a delay."""
        due = self._loop.time() + delay_s
        timer = IoTimer(act)
        self._number += 1
        heappush(self._heap, (due, self._number, timer))
        if due < self._wakes_at:
            self._wake_at(due)
        return timer

    def _wake_at(self, due: float) -> None:
        if self._wake is not None:
            self._wake.cancel()
        self._wakes_at = due
        self._wake = self._loop.call_at(due, self._fire)

    def _fire(self) -> None:
        """Call what is due, and say when to come back."""
        self._wake, self._wakes_at = None, 0.0  # 0: what is called here need not wake the loop
        heap = self._heap
        now = self._loop.time()
        called = 0
        try:
            while heap and (due := heap[0][0]) <= now and (called < MOST_AT_ONCE or due <= now - LATE_S):
                timer = heappop(heap)[2]
                if timer.act is not None:
                    called += 1
                    timer.act()
        finally:
            if not heap:
                self._wakes_at = inf
            elif heap[0][0] <= now:
                self._loop.call_soon(self._fire)
            else:
                self._wake_at(heap[0][0])
