"""What is taken of a file: a time span, a track, a channel, a gain. Works on pieces of PCM, opens nothing."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from asrcli.core.audio import SAMPLE_BYTES, Format
from asrcli.sources.audio_positions import Item, MissingAudio, PlacedPiece
from asrcli.sources.loudness import segment


@dataclass(frozen=True, slots=True)
class Clip:
    """The part of a file that is transcribed; by default all of it, unchanged.

    Attributes:
        begin_ms: Where it begins.
        end_ms: Where it ends; None is the end of the file.
        channel: Counted from 0; None mixes all channels.
        gain_db: By how much it is made louder; below 0 softer.
        track: Number (from 1) or language of a sound track; None is the default track.
    """

    begin_ms: int = 0
    end_ms: int | None = None
    channel: int | None = None
    gain_db: float = 0.0
    track: str | None = None

    def of(self, items: Iterable[Item], audio_format: Format) -> Iterator[Item]:
        """Yield the wanted part of mono PCM, with the gain applied. Nothing is read behind its end."""
        first = audio_format.samples(self.begin_ms)
        last = None if self.end_ms is None else audio_format.samples(self.end_ms)
        for item in items:
            if isinstance(item, PlacedPiece):
                before = max(0, first - item.position)
                wanted = item.pcm
                if last is not None:
                    wanted = wanted[: max(0, last - item.position) * SAMPLE_BYTES]
                wanted = wanted[before * SAMPLE_BYTES :]
                if wanted:
                    yield PlacedPiece(item.position + before, amplified(wanted, self.gain_db, audio_format))
                if last is not None and item.end >= last:
                    return
            elif isinstance(item, MissingAudio):
                begin = max(first, item.begin)
                end = item.end
                if last is not None:
                    end = min(last, end)
                if begin < end:
                    yield MissingAudio(begin, end, item.reason)
                if last is not None and item.end >= last:
                    return
            else:
                yield item


def amplified(pcm: bytes, gain_db: float, audio_format: Format) -> bytes:
    """Return PCM made louder by `gain_db` decibels (softer if below 0); samples beyond the limit are clipped."""
    if not gain_db:
        return pcm
    louder: bytes = segment(pcm, audio_format).apply_gain(gain_db).raw_data
    return louder
