"""Makes words with times of the tokens that a model writes, each with the time at which it appeared. Pure."""

import re
from bisect import bisect_right
from collections.abc import Sequence
from itertools import accumulate, pairwise

from asrcli.core.events import Word
from asrcli.recognizers.text_units import split_words

LONGEST_TOKEN_MS = 300  # a model says when a token begins; its sound is taken to last no longer than this


def timed_words(text: str, tokens: Sequence[str], starts_ms: Sequence[int], end_ms: int) -> tuple[Word, ...]:
    """Return the words of a text with times; they never overlap.

    Args:
        text: What the model wrote.
        tokens: The parts of which it is made. Where they are written otherwise than the text, they share its letters.
        starts_ms: When each of them began; one for each token, in order.
        end_ms: Where the audio ends.
    """
    units = split_words(text)
    if not units or not tokens:
        return ()
    letters = [max(1, len(re.sub(r"[\s▁]|@@", "", token))) for token in tokens]
    reached = [0, *accumulate(letters)]  # letters before each token
    places = [0, *accumulate(len(word) + len(after) for word, after in units)]  # and before each word
    share = reached[-1] / places[-1]
    firsts = [min(bisect_right(reached, place * share + 1e-6) - 1, len(tokens) - 1) for place in places[:-1]]
    lasts = [max(first, following - 1) for first, following in pairwise([*firsts, len(tokens)])]
    begins = [min(starts_ms[first], end_ms) for first in firsts]
    words: list[Word] = []
    for (word, after), begin_ms, last, limit_ms in zip(units, begins, lasts, [*begins[1:], end_ms], strict=True):
        until_ms = max(begin_ms, min(starts_ms[last] + LONGEST_TOKEN_MS, limit_ms))
        words.append(Word(word, begin_ms, until_ms, after))
    return tuple(words)
