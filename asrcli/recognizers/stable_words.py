"""Which words of a partial have settled: the ones that several hypotheses in a row agree on. Pure."""

from asrcli.core.events import Partial, Word

AGREE = 3  # hypotheses
FLICKER = 2  # the last words change with nearly every hypothesis


class StableWords:
    """The hypotheses of one sentence, as partials whose settled words never change again."""

    def __init__(self, key: str, language: str) -> None:
        self._key, self._language = key, language
        self._recent: list[tuple[str, ...]] = []
        self._settled: tuple[Word, ...] = ()
        self._shown = ""

    def partial(self, words: tuple[Word, ...]) -> Partial | None:
        """The partial for a new hypothesis, None when it would show nothing new."""
        self._recent = [*self._recent[1 - AGREE :], tuple(word.text for word in words)]
        agreed = self._agreed() if len(self._recent) == AGREE else 0
        known = len(self._settled)
        if agreed > known:
            self._settled += words[known:agreed]
            known = agreed
        rest = words[known:]
        settled, unsettled = " ".join(word.text for word in self._settled), " ".join(word.text for word in rest)
        text = f"{settled} {unsettled}" if settled and unsettled else settled + unsettled
        if not text or f"{settled}|{text}" == self._shown:
            return None
        self._shown = f"{settled}|{text}"
        all_words = (*self._settled, *rest)
        return Partial(self._key, all_words[0].begin_ms, settled, text[len(settled) :], all_words, self._language)

    def _agreed(self) -> int:
        agreed = 0
        for texts in zip(*self._recent, strict=False):
            if len(set(texts)) > 1:
                break
            agreed += 1
        return max(0, min(agreed, len(self._recent[-1]) - FLICKER))
