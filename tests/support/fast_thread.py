"""The shared thread of all sessions with a fast clock, so that timeouts expire sooner."""

import time
from collections.abc import Callable

from asrcli.core.shared_thread import SharedThread, SharedTimer
from asrcli.transport.io_thread import io_thread


class FastThread:
    """The I/O thread, on which this many seconds pass in each second.

    For tests in which nothing comes late: a wait then always ends by its timeout, and its length changes nothing.
    """

    def __init__(self, times: int) -> None:
        self._times = times
        self._thread = io_thread()

    @property
    def is_current(self) -> bool:
        """Whether the caller runs on this thread."""
        return self._thread.is_current

    def soon(self, act: Callable[[], object]) -> None:
        """Call a function on the thread."""
        self._thread.soon(act)

    def at(self, time_s: float, act: Callable[[], object]) -> SharedTimer:
        """Call a function at a time of the fast clock."""
        return self._thread.at(time_s / self._times, act)

    def time(self) -> float:
        """Seconds of the fast clock."""
        return time.monotonic() * self._times


def fast_thread(times: int) -> Callable[[], SharedThread]:
    """Return what a session takes as its shared thread."""
    return lambda: FastThread(times)
