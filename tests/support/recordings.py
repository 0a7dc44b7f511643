"""Sources that record, and what a player makes of the files that they write."""

from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from asrcli.core.audio import Chunk, Format, recut
from asrcli.core.errors import AsrError
from asrcli.core.events import Event
from asrcli.sources.audio_positions import PlacedPiece
from asrcli.sources.decoder import Decoder
from tests.support.tone import loudness, silence, tone

EXACT = (".wav", ".flac")  # formats that keep every sample
LAST_MS = 1000  # what may be missing of a file that nobody finished


class Given:
    """A live source of given items, and of an error after them."""

    name, audio_format, begin_ms, speaker, duration_ms, realtime = "given", "pcm", 250, "anna", 5, True

    def __init__(self, items: Iterable[Chunk | Event], rate: int = 16000, error: AsrError | None = None) -> None:
        self._items, self.format, self._error, self.live = items, Format(rate), error, self
        self.start = 0

    def end(self) -> None:
        """Nobody asks for it here."""

    def chunks(self, start: int) -> Iterator[Chunk | Event]:
        """The items as they are."""
        self.start = start
        yield from self._items
        if self._error is not None:
            raise self._error


def pieces(pcm: bytes, rate: int = 16000) -> list[Chunk | Event]:
    """Chunks of 100 ms, the last one as long as it is."""
    return list(recut([pcm], rate // 10))


def spoken(rate: int) -> bytes:
    """A second of silence and then three of tone; no whole number of anybody's packets."""
    return silence(1000, rate) + tone(3037, rate)


def decoded(path: Path, rate: int) -> bytes:
    """What a player hears, in which nothing is damaged."""
    with closing(Decoder(str(path), str(path))) as decoder:
        pcm = b"".join(item.pcm for item in decoder.pieces(Format(rate)) if isinstance(item, PlacedPiece))
        assert decoder.damaged == 0
    return pcm


def length_ms(path: Path, rate: int = 16000) -> int:
    """How much a player hears."""
    return len(decoded(path, rate)) * 500 // rate


def promised_ms(path: Path) -> int | None:
    """How much the file says there is."""
    with closing(Decoder(str(path), str(path))) as decoder:
        return decoder.promised_ms


def same(path: Path, pcm: bytes, rate: int) -> bool:
    """Whether the file holds this, sample for sample or, in the formats with losses, to the ear."""
    heard = decoded(path, rate)
    if path.suffix in EXACT:
        return heard == pcm
    onset, margin = 2 * rate, 2 * rate // 10  # bytes of the silent second, and of 100 ms
    right = loudness(heard[onset + margin : len(pcm) - margin]) / loudness(pcm[onset + margin : -margin])
    return abs(len(heard) - len(pcm)) <= margin and 0.9 < right < 1.1 and loudness(heard[: onset - margin]) < 0.001


@contextmanager
def room_for(size_bytes: int) -> Iterator[None]:
    """Let no file grow longer, as a full disk does."""
    resource = pytest.importorskip("resource", reason="a limit on files is a matter of Unix")
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size_bytes, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
