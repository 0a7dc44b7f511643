"""The queue of events from a session to its listener. A newer event replaces an outdated one that still waits."""

import sys
from collections import OrderedDict
from collections.abc import Callable, Hashable, Iterator
from contextlib import suppress
from threading import Lock, RLock
from typing import Generic, TypeVar

from asrcli.core.events import Billed, Partial, Progress
from asrcli.core.provisional_event import Provisional
from asrcli.core.shared_thread import SharedThread

T = TypeVar("T")

# A main thread that waits without a limit gets no Ctrl-C on Windows.
WAIT_S = 0.2 if sys.platform == "win32" else -1


class Outbox(Generic[T]):
    """A queue between threads that never makes the sender wait, because a listener may stop reading for hours.

    An item replaces the waiting item with the same key, and takes its place in the order: at the end it would be passed
    again and again where a listener is slower than the events. But it overtakes no item without a key: the next task
    may name a sentence as this one did, and its partial must not come before the final of this one. So the queue grows
    only by finals, gaps and notices, and by one partial for each open sentence.

    Args:
        key: The key of an item that a later one replaces; None for all other items.
        can_wait: Whether the listener need not be woken for an item: it then comes together with the next one that
            does not wait. By default none can.
    """

    def __init__(self, key: Callable[[T], Hashable | None], can_wait: Callable[[T], bool] = lambda _: False) -> None:
        self._key = key
        self._can_wait = can_wait
        self._shared: SharedThread | None = None
        # By their keys; an item without one has a key of its own. Each with how many such items had come at its place.
        self._items: OrderedDict[Hashable, tuple[int, T]] = OrderedDict()
        self._keyless = 0
        # Of one thread more than once: a signal handler may interrupt the listener in `get`.
        self._lock = RLock()
        self._gate = Lock()  # the listener waits at it; a Condition costs three times as much for each wake-up
        self._gate.acquire()
        self._listener_waits = False

    def filled_by(self, shared: SharedThread) -> None:
        """Set the thread that adds most of the items: it wakes the listener when it has finished its current work.

        A listener that is woken at once would compete with that thread for the interpreter.
        """
        self._shared = shared

    def put(self, item: T) -> None:
        """Add an item. Never waits; safe in a signal handler."""
        key = self._key(item)
        with self._lock:
            if key is None:
                key = object()
                self._keyless += 1
            elif key in self._items and self._items[key][0] != self._keyless:
                del self._items[key]
            self._items[key] = self._keyless, item
            if self._listener_waits and not self._can_wait(item):
                self._listener_waits = False
                if self._shared is not None and self._shared.is_current:
                    self._shared.soon(self._open_gate)
                else:
                    self._open_gate()

    def get(self) -> T:
        """Wait for the next item and return it. Only one thread may wait."""
        while True:
            with self._lock:
                if self._is_filled():
                    return self._take()
            while not self._gate.acquire(timeout=WAIT_S):
                pass

    def wait(self, within_s: float) -> bool:
        """Wait until an item is there, but no longer than this; returns whether one is. For the thread of `get`."""
        with self._lock:
            if self._is_filled():
                return True
        return self._gate.acquire(timeout=within_s)

    def _is_filled(self) -> bool:
        """Return whether an item is there; if none is, the next one opens the gate."""
        if self._items:
            return True
        self._gate.acquire(blocking=False)  # an exception may have come between a release and its wait
        self._listener_waits = True  # before the check: a signal handler may add an item after it
        if self._items:
            self._listener_waits = False
            return True
        return False

    def _open_gate(self) -> None:
        with suppress(RuntimeError):  # it is open
            self._gate.release()

    def waiting(self) -> Iterator[T]:
        """Take all items that are there, and yield them."""
        while True:
            with self._lock:
                if not self._items:
                    return
                item = self._take()
            yield item

    def _take(self) -> T:
        return self._items.popitem(last=False)[1][1]


def replaces(event: object) -> Hashable | None:
    """Return the key of an event that a later one replaces: a partial, progress, a bill; None for all other events."""
    if isinstance(event, Partial):
        return event.key
    if isinstance(event, Provisional) and event.open:
        return Provisional, event.key
    if isinstance(event, Progress):
        return Progress
    if isinstance(event, Billed):
        return Billed
    return None


def is_passing(event: object) -> bool:
    """Whether an event matters only at this moment: a listener that does not show it can get it with the next final."""
    return replaces(event) is not None
