"""Measures and changes the loudness of PCM with pydub. Its only importer."""

import warnings
from functools import cache
from typing import Any

from asrcli.core.audio import SAMPLE_BYTES, Format


def segment(pcm: bytes, audio_format: Format) -> Any:
    """Return a pydub AudioSegment of mono PCM."""
    audio_segment, _ = _pydub()
    return audio_segment(data=pcm, sample_width=SAMPLE_BYTES, frame_rate=audio_format.rate, channels=1)


def loudness(pcm: bytes, audio_format: Format) -> tuple[float, float]:
    """Return mean and peak of mono PCM in dBFS; -inf for digital silence."""
    audio = segment(pcm, audio_format)
    return audio.dBFS, audio.max_dBFS


def is_silent(audio: Any, threshold_dbfs: float) -> bool:
    """Return whether all of a segment is quieter than the threshold."""
    _, detect_silence = _pydub()
    return bool(detect_silence(audio, min_silence_len=len(audio), silence_thresh=threshold_dbfs))


@cache
def _pydub() -> Any:
    with warnings.catch_warnings():  # pydub warns about ffmpeg, which is not used here, and about the end of audioop
        warnings.simplefilter("ignore")
        from pydub import AudioSegment, silence
    return AudioSegment, silence.detect_silence
