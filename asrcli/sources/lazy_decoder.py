"""The modules of the decoder, which are imported when a file needs them: WAV needs no decoder, and PyAV is large."""

from typing import TYPE_CHECKING

from asrcli.core.lazy_module import LazyModule

__all__ = ["cut_ends", "decoding", "mp3_frames", "opening", "unknown_length"]

if TYPE_CHECKING:
    from asrcli.sources import container_opening as opening
    from asrcli.sources import cut_end as cut_ends
    from asrcli.sources import decoder as decoding
    from asrcli.sources import mp3_frames, unknown_length
else:
    cut_ends = LazyModule("asrcli.sources.cut_end")
    decoding = LazyModule("asrcli.sources.decoder")
    mp3_frames = LazyModule("asrcli.sources.mp3_frames")
    opening = LazyModule("asrcli.sources.container_opening")
    unknown_length = LazyModule("asrcli.sources.unknown_length")
