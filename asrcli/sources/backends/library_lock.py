"""A lock for a library that may hang: a thread that hangs while it holds the lock loses it to the next one."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from threading import Condition, get_ident
from time import monotonic
from types import TracebackType

HUNG_S = 8.0  # no call needs longer; must be less than the time after which a microphone gives up opening
LOOK_S = 0.1  # how often a waiting thread looks at the clock


class LibraryLock(AbstractContextManager[None]):
    """A lock for a library that may hang forever. A thread that holds it longer than `hung_s` loses it.

    If such a thread goes on after all, two threads are in the library at once. That is a smaller harm than a microphone
    that never comes back. The lock is not reentrant.

    Args:
        hung_s: How long a thread may hold the lock before it is taken to hang, in seconds.
        now: A clock in seconds that never goes back.
    """

    def __init__(self, hung_s: float = HUNG_S, now: Callable[[], float] = monotonic) -> None:
        self._hung_s = hung_s
        self._now = now
        self._changed = Condition()
        self._holder: int | None = None  # the thread that holds the lock
        self._since = 0.0

    def __enter__(self) -> None:
        with self._changed:
            while self._holder is not None and self._now() - self._since < self._hung_s:
                self._changed.wait(LOOK_S)
            self._holder = get_ident()
            self._since = self._now()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with self._changed:
            if self._holder == get_ident():  # otherwise another thread has taken it meanwhile
                self._holder = None
                self._changed.notify_all()
