"""Stores the audio of a session that is to be sent, or may be sent again, by position. No clock, no socket."""

from array import array
from collections import deque
from collections.abc import Callable, Sequence
from itertools import islice
from typing import Protocol

from asrcli.core.audio import SAMPLE_BYTES, Chunk

BLOCK_CHUNKS = 200  # chunks that are moved out of memory as one block: ten seconds of a microphone


class Stored(Protocol):
    """Bytes that were moved out of memory."""

    def load(self) -> bytes:
        """Read the bytes."""
        ...

    def free(self) -> None:
        """Delete the bytes."""
        ...


Store = Callable[[bytes], Stored]  # moves bytes out of memory


_CUT, _QUIET, _UNKNOWN = 1, 2, 4  # flags of a stored chunk: `cut_after`, `quiet`, and `quiet` is None


class StoredBlock:
    """Chunks without a jump between them, with their samples out of memory until needed. Each takes 5 bytes of it."""

    def __init__(self, chunks: Sequence[Chunk], store: Store) -> None:
        self._sizes = array("I", [chunk.samples for chunk in chunks])
        self._flags = bytes(
            _CUT * chunk.cut_after + _QUIET * bool(chunk.quiet) + _UNKNOWN * (chunk.quiet is None) for chunk in chunks
        )
        self._stored = store(b"".join(chunk.pcm for chunk in chunks))
        self.position = chunks[0].position
        self.end = chunks[-1].end
        self.samples = sum(self._sizes)
        self.quiet = all(chunk.quiet for chunk in chunks)
        self._loaded: bytes | None = None

    @property
    def pcm(self) -> bytes:
        """All samples; read once, then kept until `unload`."""
        if self._loaded is None:
            self._loaded = self._stored.load()
        return self._loaded

    def since(self, position: int) -> Chunk:
        """Return the rest of the chunk that holds a position, or the first chunk if that begins after it.

        Raises:
            ValueError: the block ends before the position.
        """
        at = 0
        for samples, flags in zip(self._sizes, self._flags, strict=True):
            begin, behind = self.position + at, at + samples
            if self.position + behind > position:
                quiet = None if flags & _UNKNOWN else bool(flags & _QUIET)
                pcm = self.pcm[at * SAMPLE_BYTES : behind * SAMPLE_BYTES]
                return Chunk(begin, pcm, bool(flags & _CUT), None, quiet).since(position)
            at = behind
        raise ValueError(position)

    def unload(self) -> None:
        """Remove the samples from memory; they can be read again."""
        self._loaded = None

    def free(self) -> None:
        """Delete the samples."""
        self._stored.free()


class Replay:
    """Audio in order, forgotten when it is settled.

    Args:
        start: Position of the first sample.
        limit: How many samples are kept; beyond them the oldest are forgotten.
        memory: How many samples stay in memory; beyond them `store` moves the oldest out of it.
        store: Moves bytes out of memory; None keeps all in memory.

    Attributes:
        start: Position of the first sample of the running task, or of the next one.
        sent: Position after the last sample that was ever sent.
    """

    def __init__(self, start: int, limit: int, memory: int = 0, store: Store | None = None) -> None:
        self.start = self.sent = self._cursor = start
        self._limit = limit
        self._memory = memory
        self._store = store
        self._chunks: deque[Chunk | StoredBlock] = deque()
        self._samples = 0
        self._next = 0  # index of the chunk to be sent next
        self._block_count = 0  # how many entries, from the first on, are blocks out of memory
        self._in_memory = 0  # samples in memory

    @property
    def cursor(self) -> int:
        """Position of the next sample to be sent."""
        return self._cursor

    @cursor.setter
    def cursor(self, position: int) -> None:
        if position < self._cursor:
            self._next = 0
        self._cursor = position
        while self._next < len(self._chunks) and self._chunks[self._next].end <= position:
            passed = self._chunks[self._next]
            if isinstance(passed, StoredBlock):
                passed.unload()
            self._next += 1

    def add(self, chunk: Chunk) -> None:
        """Keep one more chunk, after all others."""
        self._chunks.append(chunk)
        self._samples += chunk.samples
        self._in_memory += chunk.samples
        while self._samples > self._limit and len(self._chunks) > 1:
            self._forget(1)
        while self._store is not None and self._in_memory > self._memory:
            self._move_out(self._store)

    def next(self) -> Chunk | None:
        """Return the chunk to be sent next: it begins at the cursor, or where the next audio does; None without any."""
        if not self.pending:
            return None
        return self._chunks[self._next].since(self.cursor)

    @property
    def only_waiting(self) -> Chunk | None:
        """The chunk to be sent next, if it is the only one and follows what was sent; else None."""
        if self._next != len(self._chunks) - 1:
            return None
        chunk = self._chunks[-1]
        if isinstance(chunk, StoredBlock) or chunk.position != self._cursor:
            return None
        return chunk

    @property
    def pending(self) -> bool:
        """Whether there is audio to be sent."""
        return self._next < len(self._chunks)

    def waiting(self) -> "list[Chunk | StoredBlock]":
        """Return all audio to be sent, in order."""
        waiting = list(islice(self._chunks, self._next, None))
        if waiting and isinstance(first := waiting[0], Chunk):
            waiting[0] = first.since(self.cursor)
        return waiting

    @property
    def kept(self) -> "Sequence[Chunk | StoredBlock]":
        """All audio that is kept, in order."""
        return self._chunks

    def since(self, position: int) -> Chunk | None:
        """Return the kept audio at a position, or the first after it: at most one chunk; None if there is none."""
        found: Chunk | StoredBlock | None = None
        for chunk in reversed(self._chunks):
            if chunk.end <= position:
                break
            found = chunk
        if found is None:
            return None
        part = found.since(position)
        if isinstance(found, StoredBlock) and part.end >= found.end:
            found.unload()
        return part

    @property
    def backlog(self) -> int:
        """The number of samples to be sent."""
        waiting = sum(chunk.samples for chunk in islice(self._chunks, self._next, None))
        if not waiting:
            return 0
        return waiting - max(0, self.cursor - self._chunks[self._next].position)

    def settle(self, position: int) -> None:
        """Forget the audio before a position, except audio that has not been sent yet."""
        position = min(position, self._cursor)
        settled = 0
        for chunk in self._chunks:
            if chunk.end > position:
                break
            settled += 1
        self._forget(settled)

    def skip_to(self, position: int) -> None:
        """Begin the next task at a position; earlier audio is decided and is forgotten."""
        self.start = self.cursor = position
        self.settle(position)

    def count_as_sent(self, position: int) -> None:
        """Count the audio before a position as sent, although it was not."""
        self.sent = max(self.sent, position)

    def drop_unsent(self) -> None:
        """Forget audio that was never sent."""
        while self._chunks and not isinstance(last := self._chunks[-1], StoredBlock) and last.position >= self.sent:
            self._chunks.pop()
            self._samples -= last.samples
            self._in_memory -= last.samples
        self._next = min(self._next, len(self._chunks))

    def _forget(self, count: int) -> None:
        """Forget the oldest entries."""
        for _ in range(count):
            oldest = self._chunks.popleft()
            self._samples -= oldest.samples
            if isinstance(oldest, StoredBlock):
                oldest.free()
                self._block_count -= 1
            else:
                self._in_memory -= oldest.samples
        self._next = max(0, self._next - count)

    def _move_out(self, store: Store) -> None:
        """Move the oldest chunks out of memory, as one block: up to the first jump."""
        at = self._block_count
        self._chunks.rotate(-at)
        chunks: list[Chunk] = []
        while len(chunks) < BLOCK_CHUNKS and self._chunks and not isinstance(first := self._chunks[0], StoredBlock):
            if chunks and first.position != chunks[-1].end:
                break
            chunks.append(first)
            self._chunks.popleft()
        self._chunks.appendleft(StoredBlock(chunks, store))
        self._chunks.rotate(at)
        self._block_count += 1
        self._in_memory -= sum(chunk.samples for chunk in chunks)
        if self._next > at:
            self._next = max(at, self._next - len(chunks) + 1)
