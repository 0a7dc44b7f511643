"""PCM with its positions in a file, audio that is missing there, and the chunks that are made of both. Pure."""

from collections.abc import Iterable, Iterator

from asrcli.core.audio import SAMPLE_BYTES, Chunk, Format
from asrcli.core.dataclass import dataclass, often_made
from asrcli.core.errors import AsrError
from asrcli.core.events import Event, Gap, Notice

# Why audio is missing: the beginnings of reasons that every reader of the same file finds again.
DAMAGED = "the file is damaged here"
CUT = "the file is cut short here"
NOT_THERE = "no audio in the file here"
FILL_MS = 2000  # a shorter hole is filled with silence: a new task after it would take longer and split a sentence


@often_made
@dataclass(frozen=True, slots=True)
class PlacedPiece:
    """PCM, and the position of its first sample from the beginning of the file."""

    position: int
    pcm: bytes

    @property
    def end(self) -> int:
        """Position after its last sample."""
        return self.position + len(self.pcm) // SAMPLE_BYTES


@dataclass(frozen=True, slots=True)
class MissingAudio:
    """Audio from position `begin` to `end` that is not in the file or cannot be decoded, with the reason."""

    begin: int
    end: int
    reason: str


Item = PlacedPiece | MissingAudio | Notice


def lies_in_file(gap: Gap) -> bool:
    """Whether the file itself has no audio in a gap, so that another run would lose the same."""
    return gap.reason.startswith((DAMAGED, CUT, NOT_THERE))


class TimelineLayout:
    """Gives pieces of PCM positions on the timeline of a file, one after the other, with jumps on request.

    Attributes:
        format: Format of the PCM.
        at: Position of the next piece.
        too_much: How many samples of the next pieces are left out.
    """

    def __init__(self, audio_format: Format) -> None:
        self.format = audio_format
        self.at = 0
        self.too_much = 0

    def pieces(self, pieces: Iterable[bytes]) -> Iterator[PlacedPiece]:
        """Yield the pieces with their positions."""
        for pcm in pieces:
            cut = min(self.too_much, len(pcm) // SAMPLE_BYTES)
            self.too_much -= cut
            piece = PlacedPiece(self.at, pcm[cut * SAMPLE_BYTES :])
            self.at = piece.end
            yield piece

    def jump(self, until_s: float) -> None:
        """Let the next piece begin at a later time."""
        self.at = max(self.at, round(until_s * self.format.rate))

    def silence(self, until_s: float) -> Iterator[PlacedPiece]:
        """Yield silence up to a time, at most a second in one piece."""
        end = round(until_s * self.format.rate)
        while self.at < end:
            yield from self.pieces([bytes(min(end - self.at, self.format.rate) * SAMPLE_BYTES)])


def consecutive(pieces: Iterable[bytes]) -> Iterator[PlacedPiece]:
    """Yield pieces that follow each other without a hole. A given piece may end in the middle of a sample."""
    at = 0
    half = b""
    for data in pieces:
        pcm = half + data
        whole = len(pcm) // SAMPLE_BYTES * SAMPLE_BYTES
        pcm, half = pcm[:whole], pcm[whole:]
        if pcm:
            yield PlacedPiece(at, pcm)
            at += whole // SAMPLE_BYTES


def chunked(items: Iterable[Item], audio_format: Format, chunk_ms: int, shift: int) -> Iterator[Chunk | Event]:
    """Yield chunks of equal length with positions shifted by `shift` samples; missing audio becomes a Gap.

    A chunk is shorter before a jump, at the end, and before an error: what was read until then is still used.
    """
    joiner = _Joiner(audio_format, audio_format.samples(chunk_ms) * SAMPLE_BYTES, shift)
    try:
        for item in items:
            if isinstance(item, PlacedPiece):
                yield from joiner.add(item)
            elif isinstance(item, MissingAudio):
                begin_ms, end_ms = (audio_format.ms(at + shift) for at in (item.begin, item.end))
                yield from joiner.rest()
                yield Gap(begin_ms, end_ms, item.reason)
            else:
                yield item
    except AsrError:
        yield from joiner.rest()
        raise
    yield from joiner.rest()


class _Joiner:
    """Joins pieces to chunks of equal length."""

    def __init__(self, audio_format: Format, size_bytes: int, shift: int) -> None:
        self._fill = audio_format.samples(FILL_MS)
        self._size = size_bytes
        self._shift = shift
        self._held = bytearray()
        self._at: int | None = None  # position of the first held sample
        self._end = 0

    def add(self, piece: PlacedPiece) -> Iterator[Chunk]:
        """Add a piece, and yield the chunks that are full."""
        if self._at is not None and self._end < piece.position <= self._end + self._fill:
            if not self._held:
                self._at = self._end
            self._held += bytes((piece.position - self._end) * SAMPLE_BYTES)
        elif self._at is None or piece.position != self._end:
            yield from self.rest()
        if not self._held:
            self._at = piece.position
        self._held += piece.pcm
        self._end = piece.end
        while len(self._held) >= self._size:
            yield self._chunk(self._size)

    def rest(self) -> Iterator[Chunk]:
        """Yield what is held as a shorter chunk."""
        if self._held:
            yield self._chunk(len(self._held))

    def _chunk(self, size: int) -> Chunk:
        assert self._at is not None  # noqa: S101  something is held
        chunk = Chunk(self._at + self._shift, bytes(self._held[:size]))
        del self._held[:size]
        self._at = chunk.end - self._shift
        return chunk
