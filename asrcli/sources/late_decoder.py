"""The module of the decoder, which is imported when a file needs it: WAV needs no decoder, and PyAV is large."""

from typing import TYPE_CHECKING

from asrcli.core.late_module import LateModule

__all__ = ["decoding", "opening"]

if TYPE_CHECKING:
    from asrcli.sources import container_opening as opening
    from asrcli.sources import decoder as decoding
else:
    decoding = LateModule("asrcli.sources.decoder")
    opening = LateModule("asrcli.sources.container_opening")
