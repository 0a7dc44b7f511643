"""What to send, and what to send again: audio that no final covers yet, by position. No clock, no socket."""

from collections import deque
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import islice

from asrcli.audio import Chunk

Span = tuple[int, int]  # begin and end, in milliseconds or in samples
Shelve = Callable[[bytes], Callable[[], bytes]]  # puts bytes away, and gives what brings them back


@dataclass(frozen=True, slots=True)
class Shelved:
    """A chunk whose samples lie elsewhere until they are asked for."""

    position: int
    samples: int
    cut_after: bool
    quiet: bool
    load: Callable[[], bytes]

    @property
    def end(self) -> int:
        """Position of the first sample behind it."""
        return self.position + self.samples

    @property
    def pcm(self) -> bytes:
        """The samples, brought back."""
        return self.load()

    def since(self, position: int) -> Chunk:
        """The part of it from `position` on, brought back."""
        return Chunk(self.position, self.load(), self.cut_after, None, self.quiet).since(position)


class Replay:
    """Audio in order, forgotten as it settles; beyond `limit` samples the oldest is forgotten too.

    What is more than `memory` samples is put on a shelf, the oldest first, where there is one.

    Attributes:
        start: Position of the first sample of the task that runs, or of the next one.
    """

    def __init__(self, start: int, limit: int, memory: int = 0, shelve: Shelve | None = None) -> None:
        self.start = self._cursor = start
        self._limit, self._memory, self._shelve = limit, memory, shelve
        self._chunks: deque[Chunk | Shelved] = deque()
        self._samples = 0
        self._next = 0  # index of what is to be sent next
        self._shelved = 0  # so many of the first are on the shelf
        self._loose = 0  # samples that are not

    @property
    def cursor(self) -> int:
        """Position of the next sample to be sent."""
        return self._cursor

    @cursor.setter
    def cursor(self, position: int) -> None:
        self._next = 0 if position < self._cursor else self._next
        self._cursor = position
        while self._next < len(self._chunks) and self._chunks[self._next].end <= position:
            self._next += 1

    def add(self, chunk: Chunk) -> None:
        """Keep one more chunk, behind all others."""
        self._chunks.append(chunk)
        self._samples += chunk.samples
        self._loose += chunk.samples
        while self._samples > self._limit and len(self._chunks) > 1:
            self._forget()
        while self._shelve is not None and self._loose > self._memory:
            self._put_away(self._shelve)

    def next(self) -> Chunk | None:
        """What is to be sent next: it begins at the cursor, or where the audio behind it does."""
        return self._chunks[self._next].since(self.cursor) if self._next < len(self._chunks) else None

    def waiting(self) -> "list[Chunk | Shelved]":
        """All that is to be sent."""
        found = list(islice(self._chunks, self._next, None))
        return [found[0].since(self.cursor), *found[1:]] if found else []

    @property
    def kept(self) -> "Sequence[Chunk | Shelved]":
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
        samples = self._chunks.popleft().samples
        self._samples -= samples
        self._loose -= 0 if self._shelved else samples
        self._next, self._shelved = max(0, self._next - 1), max(0, self._shelved - 1)

    def _put_away(self, shelve: Shelve) -> None:
        oldest = self._chunks[self._shelved]
        load = shelve(oldest.pcm)
        self._chunks[self._shelved] = Shelved(oldest.position, oldest.samples, oldest.cut_after, oldest.quiet, load)
        self._shelved += 1
        self._loose -= oldest.samples


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
