"""Sets of whole numbers, stored as sorted, disjoint, half-open intervals. Arithmetic only."""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator

Span = tuple[int, int]  # start and end, in milliseconds or in samples


class Spans:
    """A set of positions. Adding and looking up take logarithmic time in the number of intervals."""

    def __init__(self, spans: Iterable[Span] = ()) -> None:
        self._begins: list[int] = []
        self._ends: list[int] = []
        for begin, end in spans:
            self.add(begin, end)

    def __iter__(self) -> Iterator[Span]:
        return zip(self._begins, self._ends, strict=True)

    def add(self, begin: int, end: int) -> None:
        """Add an interval; intervals that touch become one, and an empty interval adds nothing."""
        if begin >= end:
            return
        first, behind = bisect_left(self._ends, begin), bisect_right(self._begins, end)
        if first < behind:
            begin, end = min(begin, self._begins[first]), max(end, self._ends[behind - 1])
        self._begins[first:behind], self._ends[first:behind] = [begin], [end]

    def missing(self, begin: int, end: int) -> list[Span]:
        """Return the parts of an interval that are not in the set, in order."""
        parts: list[Span] = []
        at = bisect_right(self._ends, begin)
        while begin < end and at < len(self._begins) and self._begins[at] < end:
            if self._begins[at] > begin:
                parts.append((begin, self._begins[at]))
            begin = max(begin, self._ends[at])
            at += 1
        if begin < end:
            parts.append((begin, end))
        return parts

    def within(self, begin: int, end: int) -> list[Span]:
        """Return the parts of an interval that are in the set, in order."""
        at = bisect_right(self._ends, begin)
        parts: list[Span] = []
        while at < len(self._begins) and self._begins[at] < end:
            parts.append((max(begin, self._begins[at]), min(end, self._ends[at])))
            at += 1
        return parts

    def reach(self, position: int) -> int:
        """Return the end of the interval that holds a position or ends at it; the position itself if there is none."""
        at = bisect_left(self._ends, position)
        if at < len(self._begins) and self._begins[at] <= position:
            return self._ends[at]
        return position


def length(spans: Iterable[Span]) -> int:
    """Return the sum of the lengths of disjoint intervals."""
    return sum(end - begin for begin, end in spans)
