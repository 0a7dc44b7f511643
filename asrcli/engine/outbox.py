"""Outbox: the events of a session on their way to its listener. What is out of date before it is taken is left out."""

from collections import deque
from collections.abc import Callable, Hashable
from threading import Condition
from typing import Generic, TypeVar

from asrcli.core.events import Partial, Progress

T = TypeVar("T")


class Outbox(Generic[T]):
    """A queue between threads that never makes the sender wait, because a listener may stand still for hours.

    An item whose key is that of one that nobody has taken yet stands in the place of that one. So what a listener has
    not taken grows by finals, gaps and notices only, and by one open text for each open sentence.
    """

    def __init__(self, key: Callable[[T], Hashable | None]) -> None:
        self._key = key
        self._items: deque[list[T]] = deque()
        self._latest: dict[Hashable, list[T]] = {}
        self._changed = Condition()

    def put(self, item: T) -> None:
        """Hand in an item. Never waits; safe in a signal handler."""
        key = self._key(item)
        with self._changed:
            place = self._latest.get(key) if key is not None else None
            if place is not None:
                place[0] = item
                return
            place = [item]
            self._items.append(place)
            if key is not None:
                self._latest[key] = place
            self._changed.notify()

    def get(self) -> T:
        """The next item; waits for it."""
        with self._changed:
            self._changed.wait_for(lambda: self._items)
            place = self._items.popleft()
            key = self._key(place[0])
            if key is not None:
                del self._latest[key]
            return place[0]


def replaces(event: object) -> Hashable | None:
    """The key of an event that a later one makes out of date: the text of an open sentence, and progress."""
    if isinstance(event, Partial):
        return event.key
    return Progress if isinstance(event, Progress) else None
