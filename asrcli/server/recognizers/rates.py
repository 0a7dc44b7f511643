"""PCM of any rate as the 16 kHz the acoustic model was made for."""

from collections.abc import Callable

MODEL_RATE = 16000


def to_model_rate(rate: int) -> Callable[[bytes], bytes]:
    """A function that turns pieces of s16le mono at `rate` into 16 kHz; it keeps what a piece leaves over.

    PyAV and not audioop: the latter folds all above the new limit back into the speech.
    """
    if rate == MODEL_RATE:
        return lambda pcm: pcm
    from av import AudioFrame, AudioResampler

    resampler = AudioResampler("s16", "mono", MODEL_RATE)

    def resample(pcm: bytes) -> bytes:
        if not pcm:
            return b""
        frame = AudioFrame("s16", "mono", len(pcm) // 2)
        frame.planes[0].update(pcm + bytes(frame.planes[0].buffer_size - len(pcm)))
        frame.sample_rate = rate
        return b"".join(bytes(piece.planes[0])[: piece.samples * 2] for piece in resampler.resample(frame))

    return resample
