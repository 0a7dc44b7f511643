"""Recognizes sentences that come again after a loss, where the service had left out when they ended. Pure.

Their audio is sent again from their start, because it is not known where they ended. The next task then sends them
again, in their order and before anything new; it may cut them in other places.
"""

from dataclasses import replace
from itertools import takewhile

from asrcli.core.events import Final
from asrcli.recovery.duplicate_finals import SAME_PLACE_MS, ResentAudio, normalized_text

SEVERAL = 2  # this many words may be searched for in later sentences: a single word is said often
PART = 3  # this many words at the end of a sentence are recognized if a task begins inside it


class ResentSentences:
    """The sentences in audio that was sent again, and how far they have come again."""

    def __init__(self, resent: ResentAudio | None) -> None:
        self._finals: list[tuple[Final, list[str]]] = []
        self._begin_ms = 0
        if resent is not None:
            self._finals = [(final, normalized_text(final.text).split()) for final in resent.guessed]
            self._begin_ms = resent.begin_ms
        self._at = 0  # the first sentence that has not come again
        self._word = 0  # its first word that has not
        self._is_first = True

    def new_part(self, final: Final) -> Final | None:
        """Return what a final of the new task adds to the sentences; None if it adds nothing.

        Text that differs is returned whole: it is better to repeat a corrected text than to lose it.
        """
        words: list[str] = []
        if self._finals:
            words = normalized_text(final.text).split()
        is_first, self._is_first = self._is_first, False
        if not words:
            return final
        next_number = next(filter(self._is_sent_again, range(self._at, len(self._finals))), None)
        for number in range(self._at, len(self._finals)):
            first_word = self._word if number == self._at else 0
            ahead = self._ahead(number, first_word)
            common = sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(ahead, words, strict=False)))
            least = min(len(words), len(ahead))
            if number != next_number:
                least = max(SEVERAL, least)
            if common < least or not self._fits(final, number):
                continue
            self._go_on(number, first_word + common)
            if common == len(words):
                return None
            return _rest(final, words[:common])
        if is_first and self._is_end_of_one(words):
            return None
        return final

    def _ahead(self, number: int, first_word: int) -> list[str]:
        """Return the words from one of a sentence on, with those of all sentences after it."""
        words = self._finals[number][1][first_word:]
        for _, more in self._finals[number + 1 :]:
            words = words + more
        return words

    def _is_sent_again(self, number: int) -> bool:
        """Whether the whole sentence was sent again, so that it comes before anything new."""
        final, _ = self._finals[number]
        return final.sure_ms == final.begin_ms >= self._begin_ms

    def _fits(self, final: Final, number: int) -> bool:
        """Whether a final may be in the place of a sentence, as far as the service named the two places."""
        if final.sure_ms not in {None, final.begin_ms}:
            return True
        earlier, _ = self._finals[number]
        is_early = final.begin_ms < self._finals[number][0].begin_ms - SAME_PLACE_MS
        named = earlier.sure_ms == earlier.begin_ms
        return final.begin_ms < max(each.end_ms for each, _ in self._finals[number:]) and not (named and is_early)

    def _go_on(self, number: int, word: int) -> None:
        while number < len(self._finals) and word >= len(self._finals[number][1]):
            word -= len(self._finals[number][1])
            number += 1
        self._at, self._word = number, word

    def _is_end_of_one(self, words: list[str]) -> bool:
        """Whether a task that began within a sentence has sent the rest of it."""
        if len(words) < PART:
            return False
        for number, (earlier, said) in enumerate(self._finals):
            if earlier.sure_ms != earlier.begin_ms and said[-len(words) :] == words:
                self._go_on(number, len(said))
                return True
        return False


def _rest(final: Final, said: list[str]) -> Final:
    """Return a final without the words at its beginning that are final already."""
    ends = (end for end in range(len(final.text) + 1) if normalized_text(final.text[:end]).split() == said)
    cut = max(ends, default=0)
    begin_ms = final.begin_ms + (final.end_ms - final.begin_ms) * cut // max(1, len(final.text))
    words = tuple(word for word in final.words if word.begin_ms >= begin_ms)
    return replace(final, text=final.text[cut:].lstrip(), words=words, begin_ms=begin_ms)
