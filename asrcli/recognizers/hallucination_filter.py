"""Tells text that was spoken from text that a model makes of noise. Pure.

A model that always writes something answers noise with words it has often seen. What gives them away: far too few or
too many letters for so much audio, letters of other scripts, and a phrase that is repeated until the model has to stop.
Each limit lies outside of what 13 recordings of speech reached, with noise of 0 dB added too. What is no speech by its
sound (speech_shape.py) is not read at all.
"""

import re
import unicodedata
from collections.abc import Sequence

from asrcli.recognizers.endpointing import FRAME_MS
from asrcli.recognizers.speech_shape import VOICED_FRAMES, FrameFacts

SLOWEST = 4.0  # letters per second of voice
FASTEST = 22.0  # letters per second of audio
LOOP = 20.0  # letters per second of voice; beyond it a phrase at the end that comes again and again is not spoken
LOOP_LONG = 15.0  # the same of more than LONG_S of voice, through which nobody speaks fast
LONG_S = 5.0
LOOP_SOON = 10.0  # the same while the sentence goes on
COPIES = 4
FOREIGN = 0.2  # as a part of all letters: more letters with accents than this are not English
DIGIT_LETTERS = 3  # a digit stands for a word
NOTHING_SAID = {"you", "mm", "hmm", "eh", "uh", "um", "so"}  # what comes of noise, when it is all that is said
# The same, and often said too: it is shown when the sentence has ended, or goes on.
DOUBTFUL = {
    "thank you",
    "thanks",
    "thank you very much",
    "okay",
    "ok",
    "yep",
    "yeah",
    "yes",
    "no",
    "oh",
    "bye",
    "hello",
    "i",
}
SELDOM_SAID = {"thank you for watching", "thanks for watching"}  # the same, and people say it too: faster
SELDOM_SAID_FASTER = 11.0  # letters per second of voice


def plausible_text(text: str, frames: Sequence[FrameFacts], *, final: bool = True) -> str:
    """Return the text without what cannot have been said: all of it, a part of it or an empty string.

    Args:
        text: What the model wrote.
        frames: The audio that it read.
        final: The sentence ends here. A text that may still grow is held back where there is a doubt.
    """
    voiced = sum(frame.voiced for frame in frames)
    if voiced < VOICED_FRAMES:
        return ""
    voice_s = voiced * FRAME_MS / 1000
    loop = LOOP_SOON
    if final:
        loop = LOOP_LONG if voice_s > LONG_S else LOOP
    if _length(text) > loop * voice_s:
        text = without_loop(text)
    if _length(text) > FASTEST * len(frames) * FRAME_MS / 1000:
        return ""
    bare = " ".join(re.findall(r"[^\W_]+", text.lower()))
    slowest = SLOWEST
    if bare in SELDOM_SAID:
        slowest = SELDOM_SAID_FASTER
    doubtful = not final and (bare in DOUBTFUL or bare in SELDOM_SAID or len(bare) == 1)
    # Two more: a short word is followed by as much audio that still counts as voice as a long one.
    too_slow = _length(text) + 2 < slowest * voice_s
    unsaid = NOTHING_SAID.issuperset(bare.split()) or any(map(_is_symbol, text)) or _is_foreign(text)
    if too_slow or doubtful or unsaid:
        return ""
    return text


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
            if kept - size < same / 6:
                return ""
            return text[: words[kept - 1].end()]
    return text


def _length(text: str) -> int:
    """Return how long a text is to speak, in letters."""
    return sum(DIGIT_LETTERS if character.isdigit() else character.isalpha() for character in text)


def _is_symbol(character: str) -> bool:
    """Return whether a character is one of those that subtitles have, and speech has not: a note, a copyright sign."""
    return unicodedata.category(character) == "So" and character != "°"


def _is_foreign(text: str) -> bool:
    """Return whether letters of other languages are in the text, except a few with an accent."""
    letters = [letter for letter in text if letter.isalpha()]
    accented = sum(not letter.isascii() for letter in letters)
    return any(ord(letter) > 0x24F for letter in letters) or accented > FOREIGN * len(letters)
