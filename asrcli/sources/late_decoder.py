"""The module of the decoder, which is imported when a file needs it: WAV needs no decoder, and PyAV is large."""

from typing import TYPE_CHECKING

from asrcli.core.late_module import LateModule

__all__ = ["decoding"]

if TYPE_CHECKING:
    from asrcli.sources import decoder as decoding
else:
    decoding = LateModule("asrcli.sources.decoder")
