"""The clip of speech as PCM, and its beginning: recognition takes its time, and most promises need no more of it."""

import wave
from functools import cache
from pathlib import Path

from tests.support.command import CLIP

SENTENCES = CLIP.with_suffix(".txt").read_text().split("\n")[:2]
END_S = 8.9  # the second sentence ends at 8.1 s, the third begins at 9.3 s


def two_sentences(folder: Path) -> Path:
    """A file with the first two sentences, in this folder."""
    path = folder / "two-sentences.wav"
    with wave.open(str(CLIP)) as clip, wave.open(str(path), "wb") as file:
        file.setparams(clip.getparams())
        file.writeframes(clip.readframes(round(END_S * clip.getframerate())))
    return path


@cache
def clip_pcm() -> bytes:
    """The whole clip as PCM: s16le, mono, 16 kHz."""
    with wave.open(str(CLIP)) as file:
        pcm: bytes = file.readframes(file.getnframes())
    return pcm
