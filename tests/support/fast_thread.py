"""The shared thread of all sessions with a fast clock, so that timeouts expire sooner."""

import time
from collections.abc import Callable

from asrcli.core.shared_thread import SharedThread, SharedTimer
from asrcli.transport.io_thread import io_thread


class FastThread:
    """The I/O thread, on which this many seconds pass in each second, but none while the service is `busy`.

    So a wait expires soon where nothing comes, and never because the thread of the service is slow.
    """

    def __init__(self, times: int, busy: Callable[[], bool]) -> None:
        self._times = times
        self._busy = busy
        self._thread = io_thread()
        self._now = 0.0  # of the fast clock
        self._seen_at: float | None = None  # when that was; None while the clock stands still

    @property
    def is_current(self) -> bool:
        """Whether the caller runs on this thread."""
        return self._thread.is_current

    def soon(self, act: Callable[[], object]) -> None:
        """Call a function on the thread."""
        self._thread.soon(act)

    def at(self, time_s: float, act: Callable[[], object]) -> SharedTimer:
        """Call a function when this time of the fast clock would come without a pause: too early after one."""
        return self._thread.at(self._thread.time() + (time_s - self.time()) / self._times, act)

    def time(self) -> float:
        """Seconds of the fast clock. What the service has said is in the inbox before they pass."""
        at = None if self._busy() else time.monotonic()
        if at is not None and self._seen_at is not None:
            self._now += (at - self._seen_at) * self._times
        self._seen_at = at
        return self._now


def fast_thread(times: int, busy: Callable[[], bool]) -> Callable[[], SharedThread]:
    """Return what a session takes as its shared thread."""
    return lambda: FastThread(times, busy)
