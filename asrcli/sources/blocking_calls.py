"""What may hang is done in a thread of its own, and waited for only so long. Whoever waits can always leave."""

from collections.abc import Callable, Iterator
from queue import Empty, Full, Queue
from threading import Event, Thread
from typing import TypeVar

from asrcli.core.errors import SourceError

T = TypeVar("T")
ROOM = 64  # pieces that are read ahead
GRACE_S = 2.0  # the decoder's own patience comes first: it knows more of what is wrong
_TICK_S = 0.2


class _End(Exception):
    """There is no more."""


def iterate_with_timeout(make: Callable[[], Iterator[T]], name: str, patience_s: float) -> Iterator[T]:
    """The items of an iterator that a thread makes, runs and closes; closing this one waits for nobody.

    Raises:
        SourceError: nothing has come for so long; and whatever the iterator raises.
    """
    items: Queue[T | BaseException] = Queue(ROOM)
    left = Event()

    def put(item: T | BaseException) -> bool:
        while not left.is_set():
            try:
                items.put(item, timeout=_TICK_S)
            except Full:
                continue
            return True
        return False

    def read() -> None:
        try:
            for item in make():
                if not put(item):
                    return
            put(_End())
        except BaseException as exc:  # the top of a thread: whoever waits must hear of it
            put(exc)

    Thread(target=read, name="reader", daemon=True).start()
    try:
        while True:
            try:
                item = items.get(timeout=patience_s + GRACE_S)
            except Empty:
                raise SourceError(name, f"no data for {patience_s:.0f} s") from None
            if isinstance(item, _End):
                return
            if isinstance(item, BaseException):
                raise item
            yield item
    finally:
        left.set()


def call_with_timeout(do: Callable[[], T], name: str, patience_s: float) -> T:
    """What a function gives, if it does so in time.

    Raises:
        SourceError: it took longer; and whatever the function raises.
    """

    def once() -> Iterator[T]:
        yield do()

    return next(iterate_with_timeout(once, name, patience_s))
