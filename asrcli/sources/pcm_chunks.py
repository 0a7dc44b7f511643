"""PCM that a program hands over piece by piece, as a source. Opens nothing; closes the iterator that it reads."""

from collections.abc import Callable, Iterable, Iterator

from asrcli.core.audio import SAMPLE_BYTES, Chunk, Format, recut
from asrcli.sources.file import CHUNK_MS
from asrcli.sources.resampling import converter


class PcmChunks:
    """Pieces of interleaved s16le of any size, read by the capture thread, as mono at the wire's rate.

    Args:
        pieces: The audio. What it raises ends the run, and is raised to the caller of the run. If it has a `close`
            method, the capture thread calls that at the end.
        rate: Samples a second of `pieces`.
        channels: How many channels are interleaved; they are mixed.
        audio_format: The format of the wire.
        realtime: The pieces come as they are spoken. An outage is then waited out without limit, and no pace is kept.
    """

    name = "PCM"
    audio_format = "pcm"
    begin_ms = 0
    speaker = ""
    live = None
    duration_ms = None

    def __init__(
        self, pieces: Iterable[bytes], rate: int, channels: int, audio_format: Format, *, realtime: bool
    ) -> None:
        self.format = audio_format
        self.realtime = realtime
        self._pieces = pieces
        self._rate = rate
        self._channels = channels

    def chunks(self, start: int) -> Iterator[Chunk]:
        """Yield chunks of equal length; the last one is shorter."""
        convert = converter(self._rate, self._channels, self.format)
        pieces = iter(self._pieces)
        try:
            converted = map(convert, _whole_frames(pieces, SAMPLE_BYTES * self._channels))
            yield from recut(converted, self.format.samples(CHUNK_MS), start)
        finally:
            close: Callable[[], object] | None = getattr(pieces, "close", None)
            if close is not None:
                close()


def _whole_frames(pieces: Iterable[bytes], frame_bytes: int) -> Iterator[bytes]:
    """Yield the pieces, each cut where a frame ends; half a frame at the very end is dropped."""
    held = b""
    for piece in pieces:
        held += piece
        whole = len(held) // frame_bytes * frame_bytes
        yield held[:whole]
        held = held[whole:]
