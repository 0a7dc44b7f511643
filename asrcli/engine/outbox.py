"""Outbox: the events of a session on their way to its listener, without those that are out of date before it reads."""

import sys
from collections import deque
from collections.abc import Callable, Hashable
from threading import Condition
from typing import Generic, TypeVar

from asrcli.core.events import Partial, Progress
from asrcli.core.provisional_event import Provisional

T = TypeVar("T")

# A main thread that waits without a limit gets no Ctrl-C on Windows.
WAIT_S = 0.2 if sys.platform == "win32" else None


class Outbox(Generic[T]):
    """A queue between threads that never makes the sender wait, because a listener may stop reading for hours.

    An item replaces the waiting item with the same key, and takes its place in the order. So the queue grows only by
    finals, gaps and notices, and by one partial for each open sentence.
    """

    def __init__(self, key: Callable[[T], Hashable | None]) -> None:
        self._key = key
        self._items: deque[list[T]] = deque()
        self._latest: dict[Hashable, list[T]] = {}
        self._changed = Condition()

    def put(self, item: T) -> None:
        """Add an item. Never waits; safe in a signal handler."""
        key = self._key(item)
        with self._changed:
            if key is not None and key in self._latest:
                self._latest[key][0] = item
                return
            place = [item]
            self._items.append(place)
            if key is not None:
                self._latest[key] = place
            self._changed.notify()

    def get(self) -> T:
        """Wait for the next item and return it."""
        with self._changed:
            while not self._changed.wait_for(lambda: self._items, WAIT_S):
                pass
            place = self._items.popleft()
            key = self._key(place[0])
            if key is not None:
                del self._latest[key]
            return place[0]


def replaces(event: object) -> Hashable | None:
    """Return the key of an event that a later one replaces, a partial or progress; None for all other events."""
    if isinstance(event, Partial):
        return event.key
    if isinstance(event, Provisional) and event.open:
        return Provisional, event.key
    if isinstance(event, Progress):
        return Progress
    return None
