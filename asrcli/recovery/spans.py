"""Spans: sets of whole numbers kept as sorted, disjoint, half-open intervals. Arithmetic only."""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator

Span = tuple[int, int]  # begin and end, in milliseconds or in samples


class Spans:
    """A set of positions. Adding and looking up cost the logarithm of the number of intervals."""

    def __init__(self, spans: Iterable[Span] = ()) -> None:
        self._begins: list[int] = []
        self._ends: list[int] = []
        for begin, end in spans:
            self.add(begin, end)

    def __iter__(self) -> Iterator[Span]:
        return zip(self._begins, self._ends, strict=True)

    def __repr__(self) -> str:
        return f"Spans({list(self)})"

    def add(self, begin: int, end: int) -> None:
        """Put an interval into the set; intervals that touch become one. An empty interval adds nothing."""
        if begin >= end:
            return
        first, behind = bisect_left(self._ends, begin), bisect_right(self._begins, end)
        if first < behind:
            begin, end = min(begin, self._begins[first]), max(end, self._ends[behind - 1])
        self._begins[first:behind], self._ends[first:behind] = [begin], [end]

    def missing(self, begin: int, end: int) -> list[Span]:
        """What of an interval is not in the set, in order."""
        left: list[Span] = []
        at = bisect_right(self._ends, begin)
        while begin < end and at < len(self._begins) and self._begins[at] < end:
            if self._begins[at] > begin:
                left.append((begin, self._begins[at]))
            begin = max(begin, self._ends[at])
            at += 1
        return [*left, (begin, end)] if begin < end else left

    def within(self, begin: int, end: int) -> list[Span]:
        """What of an interval is in the set, in order."""
        at, found = bisect_right(self._ends, begin), []
        while at < len(self._begins) and self._begins[at] < end:
            found.append((max(begin, self._begins[at]), min(end, self._ends[at])))
            at += 1
        return found

    def reach(self, position: int) -> int:
        """The end of the interval that holds a position or ends at it; the position itself where none does."""
        at = bisect_left(self._ends, position)
        held = at < len(self._begins) and self._begins[at] <= position
        return self._ends[at] if held else position


def length(spans: Iterable[Span]) -> int:
    """How much all of them hold, where they are disjoint."""
    return sum(end - begin for begin, end in spans)
