"""What to send, and what to send again: audio that no final covers yet, by position. No clock, no socket."""

from array import array
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from itertools import islice
from typing import Protocol

from asrcli.core.audio import SAMPLE_BYTES, Chunk
from asrcli.recovery.spans import Span, Spans

BLOCK_PIECES = 200  # so many chunks are put on the shelf as one: ten seconds of a microphone


class Stored(Protocol):
    """Bytes that were put away."""

    def load(self) -> bytes:
        """Bring them back."""
        ...

    def free(self) -> None:
        """They are wanted no more."""
        ...


Shelve = Callable[[bytes], Stored]


_CUT, _QUIET, _UNKNOWN = 1, 2, 4  # what is remembered of a chunk beside its samples


class StoredBlock:
    """Consecutive chunks whose samples lie elsewhere until they are asked for. A chunk takes 13 bytes here."""

    def __init__(self, chunks: Sequence[Chunk], shelve: Shelve) -> None:
        self._positions = array("q", [chunk.position for chunk in chunks])
        self._sizes = array("I", [chunk.samples for chunk in chunks])
        self._flags = bytes(
            _CUT * chunk.cut_after + _QUIET * bool(chunk.quiet) + _UNKNOWN * (chunk.quiet is None) for chunk in chunks
        )
        self._stored = shelve(b"".join(chunk.pcm for chunk in chunks))
        self.position, self.end = chunks[0].position, chunks[-1].end
        self.samples = sum(self._sizes)
        self.quiet = all(chunk.quiet for chunk in chunks)
        self._loaded: bytes | None = None

    @property
    def pcm(self) -> bytes:
        """All samples, brought back."""
        if self._loaded is None:
            self._loaded = self._stored.load()
        return self._loaded

    def since(self, position: int) -> Chunk:
        """The rest of the chunk that holds a position, or the first chunk behind it."""
        at = 0
        for begin, samples, flags in zip(self._positions, self._sizes, self._flags, strict=True):
            behind = at + samples * SAMPLE_BYTES
            if begin + samples > position:
                quiet = None if flags & _UNKNOWN else bool(flags & _QUIET)
                return Chunk(begin, self.pcm[at:behind], bool(flags & _CUT), None, quiet).since(position)
            at = behind
        raise ValueError(position)

    def unload(self) -> None:
        """The samples need not stay in memory."""
        self._loaded = None

    def free(self) -> None:
        """The samples are wanted no more."""
        self._stored.free()


class Replay:
    """Audio in order, forgotten as it settles; beyond `limit` samples the oldest is forgotten too.

    What is more than `memory` samples is put on a shelf, the oldest first, where there is one.

    Attributes:
        start: Position of the first sample of the task that runs, or of the next one.
        sent: Position behind the last sample that was ever sent.
    """

    def __init__(self, start: int, limit: int, memory: int = 0, shelve: Shelve | None = None) -> None:
        self.start = self.sent = self._cursor = start
        self._limit, self._memory, self._shelve = limit, memory, shelve
        self._chunks: deque[Chunk | StoredBlock] = deque()
        self._samples = 0
        self._next = 0  # index of what is to be sent next
        self._blocks = 0  # so many of the first are on the shelf
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
            passed = self._chunks[self._next]
            if isinstance(passed, StoredBlock):
                passed.unload()
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

    @property
    def pending(self) -> bool:
        """Whether anything is to be sent."""
        return self._next < len(self._chunks)

    def waiting(self) -> "list[Chunk | StoredBlock]":
        """All that is to be sent."""
        found = list(islice(self._chunks, self._next, None))
        return (
            [found[0] if isinstance(found[0], StoredBlock) else found[0].since(self.cursor), *found[1:]]
            if found
            else []
        )

    @property
    def kept(self) -> "Sequence[Chunk | StoredBlock]":
        """All that is kept, in order."""
        return self._chunks

    @property
    def backlog(self) -> int:
        """How many samples are to be sent."""
        waiting = sum(chunk.samples for chunk in islice(self._chunks, self._next, None))
        return waiting - max(0, self.cursor - self._chunks[self._next].position) if waiting else 0

    def settle(self, position: int) -> None:
        """Nothing before this position will be wanted again, unless it has not been sent yet."""
        while self._chunks and self._chunks[0].end <= min(position, self.cursor):
            self._forget()

    def skip_to(self, position: int) -> None:
        """The next task begins here; what lies before was heard, had nothing to hear, or is lost."""
        self.start = self.cursor = position
        self.settle(position)

    def drop_unsent(self) -> None:
        """Forget what was never sent."""
        while self._chunks and not isinstance(last := self._chunks[-1], StoredBlock) and last.position >= self.sent:
            self._chunks.pop()
            self._samples -= last.samples
            self._loose -= last.samples
        self._next = min(self._next, len(self._chunks))

    def _forget(self) -> None:
        oldest = self._chunks.popleft()
        self._samples -= oldest.samples
        if isinstance(oldest, StoredBlock):
            oldest.free()
            self._blocks -= 1
        else:
            self._loose -= oldest.samples
        self._next = max(0, self._next - 1)

    def _put_away(self, shelve: Shelve) -> None:
        """Put the oldest loose chunks on the shelf, as one block."""
        at = self._blocks
        self._chunks.rotate(-at)
        pieces: list[Chunk] = []
        while len(pieces) < BLOCK_PIECES and self._chunks and not isinstance(first := self._chunks[0], StoredBlock):
            pieces.append(first)
            self._chunks.popleft()
        self._chunks.appendleft(StoredBlock(pieces, shelve))
        self._chunks.rotate(at)
        self._blocks += 1
        self._loose -= sum(chunk.samples for chunk in pieces)
        if self._next > at:
            self._next = max(at, self._next - len(pieces) + 1)


def left_over(begin: int, end: int, spared: Iterable[Span]) -> list[Span]:
    """What remains of a span without others, in order."""
    return Spans(spared).missing(begin, end)
