"""Format and Chunk: PCM with a position in samples that never restarts. Arithmetic only, no decoding."""

from collections.abc import Iterable, Iterator
from dataclasses import replace

from asrcli.core.dataclass import dataclass, field, often_made

SAMPLE_BYTES = 2  # s16le, the one sample format on both wires
CLIPPED_DBFS = -0.1  # a device has cut off a peak that is higher


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


@often_made
@dataclass(frozen=True, slots=True)
class Chunk:
    """A piece of PCM and the position of its first sample on the timeline of the run.

    Attributes:
        position: Samples from the beginning of the run; it never restarts.
        pcm: The samples, or encoded audio where `length` is given.
        cut_after: The sentence is to end after this chunk.
        length: How many samples the bytes stand for, where they are not PCM but the encoding of the file.
        quiet: Whether the chunk is too quiet to be speech; None if the source cannot tell.
        samples: Length in samples.
        end: Position of the first sample after this chunk.
    """

    position: int
    pcm: bytes
    cut_after: bool = False
    length: int | None = None
    quiet: bool | None = None
    samples: int = field(init=False, compare=False, repr=False)  # stored, because each is asked for many times
    end: int = field(init=False, compare=False, repr=False)

    def __post_init__(self) -> None:
        samples = len(self.pcm) // SAMPLE_BYTES if self.length is None else self.length
        object.__setattr__(self, "samples", samples)
        object.__setattr__(self, "end", self.position + samples)

    def since(self, position: int) -> "Chunk":
        """The part of this chunk from `position` on; `position` must not lie after its end."""
        skipped = max(0, position - self.position)
        if not skipped:
            return self
        return replace(self, position=self.position + skipped, pcm=self.pcm[skipped * SAMPLE_BYTES :])


def recut(pieces: Iterable[bytes], samples: int, start: int = 0) -> Iterator[Chunk]:
    """Join pieces of any size in bytes, even or odd, into chunks of `samples` samples; the first begins at `start`.

    The last chunk may be shorter; half a sample at the very end is dropped.
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
