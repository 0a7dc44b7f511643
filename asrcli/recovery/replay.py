"""What to send, and what to send again: audio that no final covers yet, by position. No clock, no socket."""

from collections import deque
from collections.abc import Iterable, Sequence

from asrcli.audio import Chunk

Span = tuple[int, int]  # begin and end, in milliseconds or in samples


class Replay:
    """Audio in order, forgotten as it settles; beyond `limit` samples the oldest is forgotten too.

    Attributes:
        start: Position of the first sample of the task that runs, or of the next one.
        cursor: Position of the next sample to be sent.
    """

    def __init__(self, start: int, limit: int) -> None:
        self.start = self.cursor = start
        self._limit = limit
        self._chunks: deque[Chunk] = deque()
        self._samples = 0

    def add(self, chunk: Chunk) -> None:
        """Keep one more chunk, behind all others."""
        self._chunks.append(chunk)
        self._samples += chunk.samples
        while self._samples > self._limit and len(self._chunks) > 1:
            self._forget()

    def next(self) -> Chunk | None:
        """What is to be sent next: it begins at the cursor, or where the audio behind it does."""
        waiting = self.waiting()
        return waiting[0] if waiting else None

    def waiting(self) -> list[Chunk]:
        """All that is to be sent."""
        found: list[Chunk] = []
        for chunk in reversed(self._chunks):  # as a rule that is only one, the last
            if chunk.end <= self.cursor:
                break
            found.append(chunk.since(self.cursor))
        return found[::-1]

    @property
    def kept(self) -> Sequence[Chunk]:
        """All that is kept, in order."""
        return self._chunks

    @property
    def backlog(self) -> int:
        """How many samples are to be sent."""
        return sum(chunk.samples for chunk in self.waiting())

    def settle(self, position: int) -> None:
        """Nothing before this position will be wanted again, unless it has not been sent yet."""
        while self._chunks and self._chunks[0].end <= min(position, self.cursor):
            self._forget()

    def pass_over(self, position: int) -> Span:
        """The next task begins here; the positions that are heard, or had nothing to hear."""
        passed = self.start, position
        self.start = self.cursor = position
        self.settle(position)
        return passed

    def _forget(self) -> None:
        self._samples -= self._chunks.popleft().samples


def left_over(begin: int, end: int, spared: Iterable[Span]) -> list[Span]:
    """What remains of a span without others, in order."""
    left: list[Span] = []
    for other_begin, other_end in sorted(spared):
        if begin >= end:
            break
        if other_begin > begin:
            left.append((begin, min(other_begin, end)))
        begin = max(begin, other_end)
    return [*left, (begin, end)] if begin < end else left
