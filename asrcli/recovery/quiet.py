"""Whether audio is too quiet to hold speech. Numbers only: no device, no clock."""

import audioop

from asrcli.audio import SAMPLE_BYTES

QUIET_RMS = 33  # of 32768, which is -60 dBFS: a whisper into a bad microphone is louder


def is_quiet(pcm: bytes) -> bool:
    """Whether mono signed 16-bit PCM is quieter on the mean than any speech."""
    return audioop.rms(pcm, SAMPLE_BYTES) < QUIET_RMS
