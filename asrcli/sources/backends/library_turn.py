"""A turn that threads take one after the other, and that a thread which hangs in its turn loses to the next one."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from threading import Condition, get_ident
from time import monotonic
from types import TracebackType

HUNG_S = 8.0  # nothing that takes turns needs longer; below the time after which a microphone gives up an opening
LOOK_S = 0.1  # how often a thread that waits looks at the clock


class LibraryTurn(AbstractContextManager[None]):
    """A lock for a library that may hang for good: whoever holds it for longer than `hung_s` holds up nobody any more.

    A thread that lost its turn and goes on after all is no longer alone in the library. That is a smaller harm than a
    microphone that never comes back. The turn is not reentrant.

    Args:
        hung_s: After how many seconds in its turn a thread is taken to hang.
        now: Seconds of a clock that never goes back.
    """

    def __init__(self, hung_s: float = HUNG_S, now: Callable[[], float] = monotonic) -> None:
        self._hung_s, self._now = hung_s, now
        self._changed = Condition()
        self._holder: int | None = None  # the thread whose turn it is
        self._since = 0.0

    def __enter__(self) -> None:
        with self._changed:
            while self._holder is not None and self._now() - self._since < self._hung_s:
                self._changed.wait(LOOK_S)
            self._holder, self._since = get_ident(), self._now()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with self._changed:
            if self._holder == get_ident():  # else it was lost to another thread meanwhile, whose turn it is
                self._holder = None
                self._changed.notify_all()
