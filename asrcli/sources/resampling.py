"""Converts live PCM of any rate and number of channels to mono at another rate, piece by piece."""

from collections.abc import Callable

from asrcli.core.audio import SAMPLE_BYTES, Format
from asrcli.sources.mixer import Mixer


def converter(rate: int, channels: int, wanted: Format) -> Callable[[bytes], bytes]:
    """Return a function that converts pieces of interleaved s16le to mono; it keeps samples left over from a piece.

    It uses PyAV because audioop has no filter: frequencies above the new limit would fold back into the speech.
    """
    if (rate, channels) == (wanted.rate, 1):
        return lambda pcm: pcm
    from av import AudioFrame

    # A device with more than two channels does not say which speakers they are: the mixer takes the mean of all.
    layout = {1: "mono", 2: "stereo"}.get(channels, f"{channels} channels")
    mixer = Mixer(wanted, None, detect=False)

    def convert(pcm: bytes) -> bytes:
        if not pcm:
            return b""
        frame = AudioFrame("s16", layout, len(pcm) // (SAMPLE_BYTES * channels))
        frame.planes[0].update(pcm + bytes(frame.planes[0].buffer_size - len(pcm)))
        frame.sample_rate = rate
        return b"".join(mixer.pcm([frame]))

    return convert
