"""Decides which words of a partial are settled: those on which several hypotheses in a row agree. Pure.

Case and punctuation do not count: a word is the same one before and after a full stop.
"""

from asrcli.core.events import Partial, Word
from asrcli.recognizers.text_units import joined

AGREE = 3  # hypotheses in a row that must agree
ALIKE = 2  # words with which two hypotheses begin that are alike
FLICKER = 2  # the last words never count as settled: they change with nearly every hypothesis


class StableWords:
    """Turns the hypotheses of one sentence into partials whose settled words never change again."""

    def __init__(self, key: str, language: str) -> None:
        self._key = key
        self._language = language
        self._recent: list[tuple[str, ...]] = []
        self._settled: tuple[Word, ...] = ()
        self._last_shown = ""

    def partial(self, words: tuple[Word, ...], *, trusted: bool = True, doubtful: bool = False) -> Partial | None:
        """Return the partial for a new hypothesis; None when it would show nothing new.

        No word is settled by a hypothesis that is not `trusted`. While it is `doubtful` whether anything was said,
        nothing is shown before two hypotheses in a row begin with the same words: a single word is enough where it is
        not `trusted`, because the audio is so short.
        """
        self._recent = [*self._recent[1 - AGREE :], tuple(word.text.casefold() for word in words)]
        agreed = 0
        if trusted and len(self._recent) == AGREE:
            agreed = self._agreed()
        known = len(self._settled)
        if agreed > known:
            self._settled += words[known:agreed]
            known = agreed
        rest = words[known:]
        all_words = (*self._settled, *rest)
        settled, text = joined(self._settled), joined(all_words)
        if not text or f"{settled}|{text}" == self._last_shown:
            return None
        alike = ALIKE
        if not trusted:
            alike = min(ALIKE, *map(len, self._recent[-2:]))
        if doubtful and not self._last_shown and not self._begin_alike(alike):
            return None
        self._last_shown = f"{settled}|{text}"
        return Partial(self._key, all_words[0].begin_ms, settled, text[len(settled) :], all_words, self._language)

    def _begin_alike(self, count: int) -> bool:
        begins = {texts[:count] for texts in self._recent[-2:]}
        return count > 0 and len(self._recent) > 1 and len(begins) == 1

    def _agreed(self) -> int:
        agreed = 0
        for texts in zip(*self._recent, strict=False):
            if len(set(texts)) > 1:
                break
            agreed += 1
        return max(0, min(agreed, len(self._recent[-1]) - FLICKER))
