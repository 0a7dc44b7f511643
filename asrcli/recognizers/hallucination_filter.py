"""Tells text that was spoken from text that a model makes of noise. Pure.

A model that always writes something answers noise with words it has often seen. What gives them away: audio whose level
or pitch never changes, far too few or too many letters for so much of it, letters of other scripts, and a phrase that
is repeated until the model has to stop. Each limit lies outside of what 13 recordings of speech reached, with noise of
0 dB added too.
"""

import re
import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from asrcli.recognizers.endpointing import FRAME_MS

VOICED_FRAMES = 5  # fewer are no word
LEVEL_SPREAD_DB = (
    1.0  # between frames; speech has 6 dB, in noise as loud as itself 2.5; tones and steady noise have 0.3
)
LOUD_DB = 20.0  # a frame is loud that is less than this below the loudest one
# Between one loud frame and the next, the number of zero crossings changes by this much on average, at least: speech
# has 4.5 over a telephone and 6.6 else, tones and melodies have up to 2.1. Less than a second may be a single vowel.
RESTLESS = 2.5
RESTLESS_FRAMES = 1000 // FRAME_MS
SLOWEST = 4.0  # letters per second of voice
FASTEST = 22.0  # letters per second of audio
LOOP = 20.0  # letters per second of voice; beyond it a phrase at the end that comes again and again is not spoken
COPIES = 4
FOREIGN = 0.2  # as a part of all letters: more letters with accents than this are not English
DIGIT_LETTERS = 3  # a digit stands for a word
NOTHING_SAID = {"you", "mm", "hmm", "eh", "so"}  # what comes of noise, when it is all that is said
SELDOM_SAID = {"thank you for watching", "thanks for watching"}  # the same, and people say it too: faster
SELDOM_SAID_FASTER = 11.0  # letters per second of voice


@dataclass(frozen=True, slots=True)
class FrameFacts:
    """What is known of a frame of audio.

    Attributes:
        voiced: There is speech in it, as a detector says.
        level_db: Its level.
        crossings: How often its samples cross their mean.
    """

    voiced: bool
    level_db: float
    crossings: int


def plausible_text(text: str, frames: Sequence[FrameFacts], *, final: bool = True) -> str:
    """Return the text without what nobody can have said: all of it, a part of it or an empty string.

    Args:
        text: What the model wrote.
        frames: The audio that it read.
        final: The sentence ends here. A text that may still grow is held back where there is a doubt.
    """
    voice = [frame for frame in frames if frame.voiced]
    if len(voice) < VOICED_FRAMES or not _is_lively(voice, final=final):
        return ""
    voice_s = len(voice) * FRAME_MS / 1000
    if _length(text) > LOOP * voice_s:
        text = without_loop(text)
    if _length(text) > FASTEST * len(frames) * FRAME_MS / 1000:
        return ""
    bare = " ".join(re.findall(r"[^\W_]+", text.lower()))
    slowest = SELDOM_SAID_FASTER if bare in SELDOM_SAID else SLOWEST
    # Two more: a short word is followed by as much audio that still counts as voice as a long one.
    too_slow = _length(text) + 2 < slowest * voice_s
    return "" if too_slow or NOTHING_SAID.issuperset(bare.split()) or _is_foreign(text) else text


def _is_lively(voice: Sequence[FrameFacts], *, final: bool) -> bool:
    """Return whether level and pitch change as those of speech do."""
    levels = [frame.level_db for frame in voice]
    if statistics.pstdev(levels) < LEVEL_SPREAD_DB:
        return False
    loud = [frame.crossings for frame in voice if frame.level_db > max(levels) - LOUD_DB]
    if len(loud) < 2 or (final and len(loud) < RESTLESS_FRAMES):
        return True
    return statistics.fmean(abs(after - before) for before, after in pairwise(loud)) >= RESTLESS


def without_loop(text: str) -> str:
    """Return a text without the phrase that its end repeats four times or more; the first copy stays.

    A text that is nearly all such a phrase is dropped altogether.
    """
    words = list(re.finditer(r"[^\W_]+", text))
    bare = [word.group().lower() for word in words]
    for size in range(1, len(bare) // COPIES + 1):
        # The model stops in the middle of a phrase, so the comparison is word by word and not phrase by phrase.
        same = 0
        while same + size < len(bare) and bare[-1 - same] == bare[-1 - same - size]:
            same += 1
        if same >= size * (COPIES - 1):
            kept = len(bare) - same
            return "" if kept - size < same / 6 else text[: words[kept - 1].end()]
    return text


def _length(text: str) -> int:
    """Return how long a text is to speak, in letters."""
    return sum(DIGIT_LETTERS if character.isdigit() else character.isalpha() for character in text)


def _is_foreign(text: str) -> bool:
    """Return whether letters of other languages are in the text, but for a few with an accent."""
    letters = [letter for letter in text if letter.isalpha()]
    accented = sum(not letter.isascii() for letter in letters)
    return any(ord(letter) > 0x24F for letter in letters) or accented > FOREIGN * len(letters)
