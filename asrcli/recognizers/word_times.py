"""Gives the words of a sentence times that are estimated: they share its voiced frames by their length. Pure.

For models that say what was spoken and not when. Against aligned words, the beginning is 130 ms off in the middle, and
500 ms in one word of ten.
"""

from collections.abc import Sequence

from asrcli.core.events import Word
from asrcli.recognizers.endpointing import FRAME_MS
from asrcli.recognizers.text_units import split_words

BREATH = 1.5  # what each word takes beside its letters, in letters


def estimated_words(text: str, voiced: Sequence[bool], base: int) -> tuple[Word, ...]:
    """Return the words of a text, each with its part of the voiced time; they never overlap.

    Args:
        text: Words with spaces between them, or of a script without spaces; punctuation stands at the end of a word.
        voiced: For each frame of the sentence, whether there is speech in it. At least one frame.
        base: The number of the first of these frames, counted from the beginning of the task.
    """
    units = split_words(text)
    frames = [number for number, speech in enumerate(voiced, base) if speech] or list(range(base, base + len(voiced)))
    weights = [sum(map(str.isalnum, word)) + BREATH for word, _ in units]
    total = sum(weights)
    words: list[Word] = []
    done = 0.0
    for (word, after), weight in zip(units, weights, strict=True):
        begin = done / total * len(frames)
        done += weight
        end = min(done / total, 1.0) * len(frames)
        words.append(Word(word, _begin_ms(frames, begin), _end_ms(frames, end), after, estimated=True))
    return tuple(words)


def _begin_ms(frames: Sequence[int], place: float) -> int:
    """Return the time of a place between two words, counted in voiced frames, where the later one begins."""
    whole = min(int(place), len(frames) - 1)
    return round((frames[whole] + place - whole) * FRAME_MS)


def _end_ms(frames: Sequence[int], place: float) -> int:
    """Return the time of a place between two words, counted in voiced frames, where the earlier one ends.

    It is another one than `_begin_ms` where silence lies between the two frames.
    """
    whole = min(int(place), len(frames) - 1)
    if whole == place and whole > 0:
        whole -= 1
    return round((frames[whole] + place - whole) * FRAME_MS)
