"""Measures and changes the loudness of PCM with pydub. Its only importer."""

import warnings
from functools import cache
from typing import Any

from asrcli.core.audio import CLIPPED_DBFS, SAMPLE_BYTES, Format


def segment(pcm: bytes, audio_format: Format) -> Any:
    """Return a pydub AudioSegment of mono PCM."""
    audio_segment, _ = _pydub()
    return audio_segment(data=pcm, sample_width=SAMPLE_BYTES, frame_rate=audio_format.rate, channels=1)


def loudness(pcm: bytes, audio_format: Format) -> tuple[float, float]:
    """Return mean and peak of mono PCM in dBFS, without its constant offset; -inf if nothing else is left of it.

    The offset of a sound card cannot be heard. If it counted, speech that is not louder would be taken for silence.
    A peak at full scale is returned as it is: the device has cut it off, whatever its offset.
    """
    audio = segment(pcm, audio_format)
    audible = audio.remove_dc_offset()
    peak: float = audio.max_dBFS
    if peak < CLIPPED_DBFS:
        peak = audible.max_dBFS
    return audible.dBFS, peak


def is_silent(pcm: bytes, audio_format: Format, threshold_dbfs: float) -> bool:
    """Return whether all of the PCM is quieter than the threshold, without its constant offset."""
    _, detect_silence = _pydub()
    audio = segment(pcm, audio_format).remove_dc_offset()
    return bool(detect_silence(audio, min_silence_len=len(audio), silence_thresh=threshold_dbfs))


@cache
def _pydub() -> Any:
    with warnings.catch_warnings():  # pydub warns about ffmpeg, which is not used here, and about the end of audioop
        warnings.simplefilter("ignore")
        from pydub import AudioSegment, silence
    return AudioSegment, silence.detect_silence
