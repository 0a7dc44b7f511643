"""What is taken of a source: a span, a channel, a gain. Small generators over PCM."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from asrcli.audio import SAMPLE_BYTES, Format
from asrcli.sources.segments import segment


@dataclass(frozen=True, slots=True)
class Take:
    """All of it, as it is, unless said otherwise; `channel` counts from 0, None mixes all."""

    begin_ms: int = 0
    end_ms: int | None = None
    channel: int | None = None
    gain_db: float = 0.0

    def of(self, pieces: Iterable[bytes], audio_format: Format) -> Iterator[bytes]:
        """The wanted part of mono PCM, made louder or softer; nothing is read behind the end."""
        first = audio_format.samples(self.begin_ms) * SAMPLE_BYTES
        last = None if self.end_ms is None else audio_format.samples(self.end_ms) * SAMPLE_BYTES
        at = 0
        for piece in pieces:
            begin, at = at, at + len(piece)
            wanted = piece[max(0, first - begin) : None if last is None else max(0, last - begin)]
            if wanted:
                yield amplified(wanted, self.gain_db, audio_format)
            if last is not None and at >= last:
                return


def amplified(pcm: bytes, gain_db: float, audio_format: Format) -> bytes:
    """PCM made louder by so many decibels, or softer; what would be too loud is held at the limit."""
    if not gain_db:
        return pcm
    louder: bytes = segment(pcm, audio_format).apply_gain(gain_db).raw_data
    return louder
