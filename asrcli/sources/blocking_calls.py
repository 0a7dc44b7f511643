"""Runs calls that may hang in a thread of their own, with a timeout. The caller can stop waiting at any time."""

from collections.abc import Callable, Iterator
from queue import Empty, Full, Queue
from threading import Event, Thread
from typing import Generic, TypeVar

from asrcli.core.errors import SourceError

T = TypeVar("T")
ROOM = 64  # items that are read ahead
GRACE_S = 2.0  # more than the decoder's own timeout: the decoder knows better what is wrong
_TICK_S = 0.2


class _End(Exception):
    """Marks the end of the iterator in the queue."""


def iterate_with_timeout(make: Callable[[], Iterator[T]], name: str, timeout_s: float) -> Iterator[T]:
    """Yield the items of an iterator that a thread creates, runs and closes. Closing this generator never waits.

    Args:
        make: Creates the iterator.
        name: The input, for the error.
        timeout_s: How long one item may take.

    Raises:
        SourceError: an item took longer. Errors of the iterator are raised too.
    """
    reader = _Reader(make)
    try:
        while True:
            try:
                item = reader.items.get(timeout=timeout_s + GRACE_S)
            except Empty:
                raise SourceError(name, f"no data for {timeout_s:.0f} s") from None
            if isinstance(item, _End):
                return
            if isinstance(item, BaseException):
                raise item
            yield item
    finally:
        reader.close()


class _Reader(Generic[T]):
    """A thread that creates an iterator and puts its items into a queue, and after them the end or the error."""

    def __init__(self, make: Callable[[], Iterator[T]]) -> None:
        self.items: Queue[T | BaseException] = Queue(ROOM)
        self._make = make
        self._closed = Event()
        Thread(target=self._read, name="reader", daemon=True).start()

    def close(self) -> None:
        """Let the thread end; does not wait for it."""
        self._closed.set()

    def _read(self) -> None:
        try:
            for item in self._make():
                if not self._put(item):
                    return
            self._put(_End())
        except BaseException as exc:  # the top of a thread: the caller raises it
            self._put(exc)

    def _put(self, item: T | BaseException) -> bool:
        while not self._closed.is_set():
            try:
                self.items.put(item, timeout=_TICK_S)
            except Full:
                continue
            return True
        return False


def call_with_timeout(function: Callable[[], T], name: str, timeout_s: float) -> T:
    """Return the result of a function.

    Args:
        function: Called in a thread.
        name: The input, for the error.
        timeout_s: How long it may take.

    Raises:
        SourceError: it took longer. Errors of the function are raised too.
    """

    def once() -> Iterator[T]:
        yield function()

    return next(iterate_with_timeout(once, name, timeout_s))
