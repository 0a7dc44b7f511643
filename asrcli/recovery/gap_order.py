"""Holds gaps back until the text of the sound before them has come. Uses no clock.

A gap is known at once, the text of what was said before it comes later. Outputs get both in the order of the recording.
"""

from bisect import insort
from collections.abc import Callable, Iterable

from asrcli.core.events import Gap
from asrcli.recovery.ledger import Ledger


class GapOrder:
    """The gaps of a session that were not emitted yet, at first those that are given, in the order of the recording.

    Attributes:
        waiting: These gaps, in that order.
    """

    def __init__(self, waiting: Iterable[Gap] = ()) -> None:
        self.waiting = list(waiting)

    def add(self, gap: Gap) -> None:
        """Keep a gap until it is taken."""
        insort(self.waiting, gap, key=lambda one: one.begin_ms)

    def taken_before(self, begin_ms: float) -> list[Gap]:
        """Take the gaps that begin before text which begins at `begin_ms`, or with it."""
        return self._taken(lambda gap: gap.begin_ms <= begin_ms)

    def taken_decided(self, ledger: Ledger) -> list[Gap]:
        """Take the gaps before which nothing can come any more: no sound before them is undecided."""
        return self._taken(lambda gap: not ledger.undecided_sound(ledger.decided_until_ms, gap.begin_ms))

    def _taken(self, may: Callable[[Gap], bool]) -> list[Gap]:
        taken: list[Gap] = []
        while self.waiting and may(self.waiting[0]):
            taken.append(self.waiting.pop(0))
        return taken
