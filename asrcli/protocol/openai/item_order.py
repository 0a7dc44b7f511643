"""Puts the texts of items into the order of their audio, where a service completes them in another order. Pure."""

from collections.abc import Iterable

from asrcli.core.events import Event, Final, Partial

MOST_REMEMBERED = 1000
MOST_HELD = 3  # texts that wait for an earlier one; with more, the earlier one is not waited for any longer


class ItemOrder:
    """Holds back the final of an item until every item that was committed before it has its text, or has failed.

    A held final is shown as a partial.
    """

    def __init__(self) -> None:
        self._open: list[str] = []  # items that were committed, in the order of their audio, up to the oldest open one
        self._previous: dict[str, str] = {}  # for each of them, the item before it
        self._held: dict[str, list[Event]] = {}  # for each of them that has ended, its events
        self._done: dict[str, None] = {}  # items that have ended: their announcements are late, or repeated

    def committed(self, item: str, previous: str) -> None:
        """Note that an item was committed, and the item before it; empty if the service does not say."""
        if not item or item in self._open or item in self._done:
            return
        later = [each for each in self._open if self._previous[each] == item]
        place = len(self._open)
        if later:
            place = self._open.index(later[0])
        elif previous in self._open:
            place = self._open.index(previous) + 1
        self._open.insert(place, item)
        self._previous[item] = previous
        if len(self._open) > MOST_REMEMBERED:  # a service that completes nothing
            self._forget(self._open[0])

    def ended(self, item: str, events: list[Event]) -> list[Event]:
        """Return the events that can be emitted, where these end an item. One that was not committed never waits."""
        self._done[item] = None
        if len(self._done) > MOST_REMEMBERED:
            del self._done[next(iter(self._done))]
        if item not in self._open or item in self._held:
            return events
        self._held[item] = events
        released = self._released()
        while len(self._held) > MOST_HELD:
            self._forget(self._open[0])
            released += self._released()
        if item in self._held:
            released += _shown(events)
        return released

    def rest(self) -> list[Event]:
        """Return what is still held, at the end of the session."""
        held = [event for item in self._open for event in self._held.get(item, [])]
        self._open, self._held = [], {}
        return held

    def _released(self) -> list[Event]:
        released: list[Event] = []
        while self._open and self._open[0] in self._held:
            released += self._held[self._open[0]]
            self._forget(self._open[0])
        return released

    def _forget(self, item: str) -> None:
        self._open.remove(item)
        del self._previous[item]
        self._held.pop(item, None)


def _shown(events: Iterable[Event]) -> list[Event]:
    """A final that has to wait, as a partial whose text is settled."""
    return [
        Partial(event.key, event.begin_ms, event.text, "", event.words, event.language, event.emotion)
        for event in events
        if isinstance(event, Final) and event.text
    ]
