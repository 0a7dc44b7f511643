"""The provisional text of the recognizer on this machine, for audio that is not decided yet. No clock, no thread.

Each word counts at the moment in its middle. So a word belongs to one piece of audio only, also if a final, a gap or
silence cuts its sentence in two, and no word is returned twice.
"""

from collections.abc import Callable, Iterable
from dataclasses import replace

from asrcli.core.dataclass import dataclass
from asrcli.core.events import Word
from asrcli.core.provisional_event import Provisional
from asrcli.recovery.spans import Span, Spans

Undecided = Callable[[int, int], list[Span]]  # the parts of a span that are neither final, silence, gap nor pause


@dataclass(frozen=True, slots=True)
class LocalSentence:
    """A sentence, or what is left of one, in milliseconds on the timeline of the run. While `open`, it goes on."""

    key: str
    begin_ms: int
    end_ms: int
    text: str
    words: tuple[Word, ...] = ()
    open: bool = False

    def __post_init__(self) -> None:
        if not self.words:  # without times of words, the whole text counts in the middle
            object.__setattr__(self, "words", (Word(self.text, self.begin_ms, self.end_ms),))

    def within(self, begin_ms: int, end_ms: int) -> "LocalSentence | None":
        """Return the part inside a span; None if no word is in it."""
        begin_ms, end_ms = max(begin_ms, self.begin_ms), min(end_ms, self.end_ms)
        words = tuple(word for word in self.words if begin_ms <= self._middle_ms(word) < end_ms)
        if not words:
            return None
        text = self.text
        if words != self.words:
            text = " ".join(word.text + word.punctuation for word in words)
        return replace(self, begin_ms=begin_ms, end_ms=end_ms, text=text, words=words)

    def _middle_ms(self, word: Word) -> int:
        return max(self.begin_ms, min((word.begin_ms + word.end_ms) // 2, self.end_ms - 1))

    @property
    def event(self) -> Provisional:
        """The event that shows it."""
        return Provisional(self.key, self.begin_ms, self.end_ms, self.text, self.open)

    @property
    def withdrawal(self) -> Provisional:
        """The event that withdraws it."""
        return Provisional(self.key, self.begin_ms, self.end_ms, "")


@dataclass(frozen=True, slots=True)
class LocalText:
    """The local text in a gap: the words, and the parts of the gap that their sentences cover."""

    text: str
    spans: tuple[Span, ...]


class ProvisionalText:
    """The sentences of undecided audio. Each change is returned as events, in order.

    Attributes:
        sentences: All of them, oldest first; each change is a new value, so that another thread may read it.
    """

    def __init__(self, sentences: Iterable[LocalSentence] = ()) -> None:
        self.sentences = tuple(sentences)
        self._taken: set[str] = set()  # open sentences of which a gap has the words: what follows could repeat them

    def update(self, sentence: LocalSentence, undecided: Undecided) -> list[Provisional]:
        """Put a sentence in the place of the last one with its key; only its undecided part counts."""
        if sentence.key in self._taken:
            return []
        before = next((each for each in self.sentences if each.key == sentence.key), None)
        kept = _undecided_part(sentence, undecided) if sentence.text.strip() else None
        if before is None:
            if kept is not None:
                self.sentences = (*self.sentences, kept)
            return [kept.event] if kept is not None else []
        return self._replace({before.key: kept})

    def decide(self, undecided: Undecided, until_ms: int) -> list[Provisional]:
        """Shorten or withdraw the sentences before `until_ms` whose audio has been decided meanwhile."""
        changed: dict[str, LocalSentence | None] = {}
        for sentence in self.sentences:
            if sentence.begin_ms >= until_ms:
                break
            kept = _undecided_part(sentence, undecided)
            if kept != sentence:
                changed[sentence.key] = kept
        return self._replace(changed)

    def take(self, begin_ms: int, end_ms: int, gap: Span) -> tuple[LocalText, list[Provisional]]:
        """Remove the words of a span, for a `gap` inside it; returns the words and the events that withdraw them.

        The span may be longer than the gap by quiet at its ends, in which a recognizer lets words begin and end.
        """
        texts: list[str] = []
        covered = Spans()
        changed: dict[str, LocalSentence | None] = {}
        for sentence in self.sentences:
            if sentence.begin_ms >= end_ms or sentence.end_ms <= begin_ms:
                continue
            taken = sentence.within(begin_ms, end_ms)
            if taken is not None:
                texts.append(taken.text.strip())
                covered.add(max(gap[0], taken.begin_ms), min(gap[1], taken.end_ms))
                if sentence.open:
                    self._taken.add(sentence.key)
            rest = [sentence.within(sentence.begin_ms, begin_ms), sentence.within(end_ms, sentence.end_ms)]
            changed[sentence.key] = _longest(rest)
        return LocalText(" ".join(texts), tuple(covered)), self._replace(changed)

    def end_open(self, prefix: str) -> list[Provisional]:
        """Mark the open sentences whose keys begin with `prefix` as finished: their recognizer has ended."""
        opened = [each for each in self.sentences if each.open and each.key.startswith(prefix)]
        return self._replace({each.key: replace(each, open=False) for each in opened})

    def clear(self) -> list[Provisional]:
        """Withdraw all sentences."""
        return self._replace(dict.fromkeys(each.key for each in self.sentences))

    def _replace(self, changed: dict[str, LocalSentence | None]) -> list[Provisional]:
        """Put other values in the places of sentences; None withdraws one."""
        events: list[Provisional] = []
        kept: list[LocalSentence] = []
        for sentence in self.sentences:
            later = changed.get(sentence.key, sentence)
            if later is None:
                events.append(sentence.withdrawal)
                continue
            kept.append(later)
            if later != sentence:
                events.append(later.event)
        self.sentences = tuple(kept)
        return events


def _undecided_part(sentence: LocalSentence, undecided: Undecided) -> LocalSentence | None:
    """Return the longest part that is undecided and has words; None if there is none."""
    return _longest([sentence.within(*span) for span in undecided(sentence.begin_ms, sentence.end_ms)])


def _longest(parts: Iterable[LocalSentence | None]) -> LocalSentence | None:
    return max((part for part in parts if part), key=lambda part: part.end_ms - part.begin_ms, default=None)
