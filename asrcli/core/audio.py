"""Format and Chunk: PCM with a position in samples that never restarts. Arithmetic only, no decoding."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

SAMPLE_BYTES = 2  # s16le, the one sample format on both wires


@dataclass(frozen=True, slots=True)
class Format:
    """Mono signed 16-bit little-endian PCM at `rate` samples a second."""

    rate: int

    def ms(self, samples: int) -> int:
        """Samples as milliseconds, rounded down."""
        return samples * 1000 // self.rate

    def samples(self, ms: int) -> int:
        """Milliseconds as samples, rounded down."""
        return ms * self.rate // 1000


@dataclass(frozen=True, slots=True)
class Chunk:
    """A piece of PCM and the place of its first sample on the run's timeline.

    `cut_after` asks for the sentence to be ended behind this chunk. `length` is how many samples it stands for where
    its bytes are not PCM but a file's own. `quiet` says whether it is without speech by its loudness;
    None where its source cannot tell.
    """

    position: int
    pcm: bytes
    cut_after: bool = False
    length: int | None = None
    quiet: bool | None = None

    @property
    def samples(self) -> int:
        """Length in samples."""
        return len(self.pcm) // SAMPLE_BYTES if self.length is None else self.length

    @property
    def end(self) -> int:
        """Position of the first sample behind this chunk."""
        return self.position + self.samples

    def since(self, position: int) -> "Chunk":
        """The part of it from `position` on, which lies in it."""
        behind = max(0, position - self.position)
        return replace(self, position=self.position + behind, pcm=self.pcm[behind * SAMPLE_BYTES :]) if behind else self


def recut(pieces: Iterable[bytes], samples: int, start: int = 0) -> Iterator[Chunk]:
    """Join pieces of any size, odd ones too, into chunks of `samples` samples counted from `start`.

    The last chunk is as short as the audio leaves it; a dangling half sample at the very end is dropped.
    """
    size = samples * SAMPLE_BYTES
    held = bytearray()
    for piece in pieces:
        held += piece
        while len(held) >= size:
            yield Chunk(start, bytes(held[:size]))
            del held[:size]
            start += samples
    rest = bytes(held[: len(held) // SAMPLE_BYTES * SAMPLE_BYTES])
    if rest:
        yield Chunk(start, rest)
