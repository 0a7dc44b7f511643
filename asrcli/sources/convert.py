"""Live PCM of any rate and number of channels as mono at another rate, piece by piece. No file, no thread."""

from collections.abc import Callable

from asrcli.core.audio import SAMPLE_BYTES, Format
from asrcli.sources.mixer import Mixer


def converter(rate: int, channels: int, wanted: Format) -> Callable[[bytes], bytes]:
    """A function that turns pieces of interleaved s16le into mono at a rate; it keeps what a piece leaves over.

    PyAV and not audioop: the latter folds all above the new limit back into the speech.
    """
    if (rate, channels) == (wanted.rate, 1):
        return lambda pcm: pcm
    from av import AudioFrame

    # A device with more than two channels says nothing of speakers: the mixer takes the mean of all.
    layout = {1: "mono", 2: "stereo"}.get(channels, f"{channels} channels")
    mixer = Mixer(wanted, None, watch=False)

    def convert(pcm: bytes) -> bytes:
        if not pcm:
            return b""
        frame = AudioFrame("s16", layout, len(pcm) // (SAMPLE_BYTES * channels))
        frame.planes[0].update(pcm + bytes(frame.planes[0].buffer_size - len(pcm)))
        frame.sample_rate = rate
        return b"".join(mixer.pcm(frame))

    return convert
