"""The format of raw PCM: samples in a file or a pipe without a header."""

from typing import Any

from asrcli.core.dataclass import dataclass


@dataclass(frozen=True, slots=True)
class SampleFormat:
    """The format of raw PCM.

    Attributes:
        encoding: Name of the encoding in ffmpeg: s16le, f32le, alaw, ...
        rate: Sample rate in Hz.
        channels: Number of channels.
    """

    encoding: str = "s16le"
    rate: int = 16000
    channels: int = 1

    @property
    def demuxer(self) -> dict[str, Any]:
        """The options with which PyAV reads such samples."""
        layout = {1: "mono", 2: "stereo"}.get(self.channels, f"{self.channels} channels")
        options = {"sample_rate": str(self.rate), "ch_layout": layout}
        return {"format": self.encoding, "options": options}
