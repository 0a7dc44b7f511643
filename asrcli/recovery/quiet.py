"""Whether audio is too quiet to hold speech. Numbers only: no device, no clock."""

from array import array

QUIET_PEAK = 100  # of 32768, which is -50 dBFS: the noise of a silent room stays below, a whisper close by does not


def is_quiet(pcm: bytes) -> bool:
    """Whether no sample of mono signed 16-bit PCM is as loud as any speech has to be."""
    samples = array("h", pcm[: len(pcm) // 2 * 2])
    return not samples or (max(samples) < QUIET_PEAK and min(samples) > -QUIET_PEAK)
