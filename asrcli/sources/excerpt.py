"""What is taken of a file: a time span, a track, a channel, a gain. Works on pieces of PCM, opens nothing."""

import sys
from collections.abc import Iterable, Iterator

from asrcli.core.audio import SAMPLE_BYTES, Format
from asrcli.core.dataclass import dataclass
from asrcli.core.events import Notice
from asrcli.sources.audio_positions import Item, MissingAudio, PlacedPiece
from asrcli.sources.loudness import segment

CLOSING_MS = 10  # silence that ends a part if the file has nothing after its last sound


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
        """Yield the wanted part of mono PCM, with the gain applied. Nothing is read after its end."""
        if not self.begin_ms and self.end_ms is None and not self.gain_db:
            yield from items
            return
        first = audio_format.samples(self.begin_ms)
        last = sys.maxsize
        if self.end_ms is not None:
            last = audio_format.samples(self.end_ms)
        reached = first
        for item in items:
            if isinstance(item, Notice):
                yield item
                continue
            if _begin(item) >= last > reached:  # nothing is there up to the end: a little silence says how long it is
                begin = max(reached, last - audio_format.samples(CLOSING_MS))
                yield PlacedPiece(begin, bytes((last - begin) * SAMPLE_BYTES))
                return
            yield from self._part(item, first, last, audio_format)
            reached = max(reached, item.end)
            if reached >= last:
                return

    def _part(self, item: PlacedPiece | MissingAudio, first: int, last: int, audio_format: Format) -> Iterator[Item]:
        """Yield the part of an item between two positions, if there is any."""
        if isinstance(item, MissingAudio):
            begin, end = max(first, item.begin), min(last, item.end)
            if begin < end:
                yield MissingAudio(begin, end, item.reason)
            return
        before = max(0, first - item.position)
        wanted = item.pcm[before * SAMPLE_BYTES : max(0, last - item.position) * SAMPLE_BYTES]
        if wanted:
            yield PlacedPiece(item.position + before, amplified(wanted, self.gain_db, audio_format))


def _begin(item: PlacedPiece | MissingAudio) -> int:
    if isinstance(item, PlacedPiece):
        return item.position
    return item.begin


def amplified(pcm: bytes, gain_db: float, audio_format: Format) -> bytes:
    """Return PCM made louder by `gain_db` decibels (softer if below 0); samples beyond the limit are clipped."""
    if not gain_db:
        return pcm
    louder: bytes = segment(pcm, audio_format).apply_gain(gain_db).raw_data
    return louder
