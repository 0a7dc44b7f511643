"""Corrects times of a service: puts them in order, and inside the audio that was sent. Arithmetic only."""

from collections.abc import Sequence
from typing import NamedTuple
from unicodedata import east_asian_width

from asrcli.core.events import Word
from asrcli.protocol.json_messages import Json, number, text

LONGEST_MS = 10**10  # more than a hundred days: no task lasts that long
DIGITS = 15  # a longer text is not a time
AHEAD_MS = 1000  # rounding and padding by a service does not exceed the sent audio by this much
# How long one character takes in slow speech. English that is read aloud has 150 words of 5 letters and a space per
# minute: 15 characters a second; slow speech has 10. Mandarin, Japanese and Korean have 4 to 6 syllables a second, 3
# in slow speech, and write each as one wide character. The slow rates are used because a caption that stays too long
# is replaced by the next one, while one that ends too early hides words.
LETTER_MS, WIDE_MS = 100, 330
# The same in speech faster than anybody can follow. A text takes at least this long, so speech after it begins later.
FAST_LETTER_MS, FAST_WIDE_MS = 30, 90


class TimedWord(NamedTuple):  # it takes a third of the time that a dataclass takes, and a result has many
    """A word with the times from the service; a time that cannot be used is None. `estimated`: the service says so."""

    text: str
    begin_ms: int | None
    end_ms: int | None
    punctuation: str = ""
    estimated: bool = False


AnyWord = Word | TimedWord


class SureTime:
    """Up to where the finals of a task surely decide audio, where the service leaves out times. In ms, as it says them.

    Attributes:
        after_ms: The next sentence begins here or later.
    """

    def __init__(self) -> None:
        self.after_ms = 0

    def add(self, begin_ms: int | None, end_ms: int | None, sentence_text: str) -> int | None:
        """Add the next final; returns `Final.sure_ms`. Its start and end are those of the service, or None.

        A guess from the length of the text may be seconds too late. If it decided audio, words in these seconds would
        be lost with the connection. What comes before the sentence is decided; the sentence itself is not, until a
        later one begins after it.
        """
        if end_ms is not None:
            self.after_ms = max(self.after_ms, end_ms)
            return None
        if begin_ms is None:
            begin_ms = self.after_ms
        self.after_ms = max(self.after_ms, begin_ms + shortest_ms(sentence_text))
        return begin_ms


def usable_time(value: Json, name: str) -> int | None:
    """The time in ms under a key, also where it is a float or a text; None when it is missing or implausible."""
    found = value.get(name)
    if type(found) is int and 0 <= found <= LONGEST_MS:  # as nearly all are
        return found
    if found is None:  # the end of an open sentence
        return None
    time_ms = number(value, name)
    if time_ms is None:
        time_ms = _parse(text(value, name))
    if time_ms is None or not 0 <= time_ms <= LONGEST_MS:
        return None
    return int(time_ms)


def span(
    begin_ms: int | None,
    end_ms: int | None,
    words: Sequence[AnyWord],
    *,
    after_ms: int,
    sent_ms: int | None,
    sentence_text: str,
    next_ms: int | None = None,
) -> tuple[int, int]:
    """Start and end of a finished sentence, in ms. A time that cannot be used is estimated.

    The estimate comes from the words. Without usable words the sentence begins at `after_ms` and ends at `likely_end`.

    Args:
        begin_ms: The start from the service, or None.
        end_ms: The end from the service, or None.
        words: The words of the sentence.
        after_ms: The end of the last final.
        sent_ms: How much audio was sent; None or 0 if that is not known.
        sentence_text: The text of the sentence.
        next_ms: The begin of the next sentence; None if that is not known.
    """
    begin_ms, end_ms = _plausible(begin_ms, end_ms, sent_ms)
    if begin_ms is None:
        begin_ms = start(words, sent_ms, after_ms)
        if end_ms is not None:
            begin_ms = min(begin_ms, end_ms)
    if end_ms is None:
        spoken_ms = _words_end(words, sent_ms)
        if spoken_ms is None:
            end_ms = likely_end(begin_ms, sentence_text, next_ms=next_ms, sent_ms=sent_ms)
        else:
            end_ms = max(begin_ms, spoken_ms)
    return begin_ms, end_ms


def named_span(
    begin_ms: int | None, end_ms: int | None, words: Sequence[AnyWord], sent_ms: int | None
) -> tuple[int | None, int | None]:
    """Start and end of a finished sentence if the service, or one of its words, has plausible times; else None."""
    begin_ms, end_ms = _plausible(begin_ms, end_ms, sent_ms)
    if begin_ms is None:
        begin_ms = start(words, sent_ms, -1)
        if begin_ms < 0:
            begin_ms = None
    if end_ms is None:
        end_ms = _words_end(words, sent_ms)
    return begin_ms, end_ms


def _plausible(begin_ms: int | None, end_ms: int | None, sent_ms: int | None) -> tuple[int | None, int | None]:
    """Return the times that can be true: inside the audio that was sent, and in order; None for others."""
    if sent_ms:
        begins_too_late = begin_ms is not None and begin_ms > sent_ms
        if begins_too_late and end_ms is not None and end_ms > sent_ms:
            end_ms = None
        if begins_too_late:
            begin_ms = None
        if end_ms is not None:
            end_ms = min(end_ms, sent_ms)
    if begin_ms is not None and end_ms is not None and end_ms < begin_ms:
        end_ms = None
    return begin_ms, end_ms


def _words_end(words: Sequence[AnyWord], sent_ms: int | None) -> int | None:
    ends = (word.end_ms for word in words if word.end_ms is not None and (not sent_ms or word.end_ms <= sent_ms))
    return max(ends, default=None)


def last_word_end(words: Sequence[AnyWord], sentence_text: str) -> int | None:
    """Where the last word of a sentence ends; None where that is not known, or more text follows that word."""
    if not words or not (last := words[-1].text.strip()):
        return None
    _, found, rest = sentence_text.casefold().rpartition(last.casefold())
    if not found or any(character.isalnum() for character in rest):
        return None
    return words[-1].end_ms


def is_ahead(time_ms: int | None, sent_ms: int | None) -> bool:
    """Whether a time is too far after the sent audio to be usable; False if the amount of sent audio is not known."""
    if time_ms is None or not sent_ms:
        return False
    return time_ms > sent_ms + AHEAD_MS


def likely_end(begin_ms: int, sentence_text: str, *, next_ms: int | None, sent_ms: int | None) -> int:
    """The estimated end of a sentence: when slow speech would end, the next sentence begins, or the audio ends.

    The earliest of the three counts, but not before the start; without audio the sentence ends where it begins.
    """
    last_ms = begin_ms + _duration_ms(sentence_text, LETTER_MS, WIDE_MS)
    if next_ms is not None and next_ms >= begin_ms:
        last_ms = min(last_ms, next_ms)
    return max(begin_ms, min(last_ms, sent_ms or 0))


def shortest_ms(sentence_text: str) -> int:
    """How long a text takes at least."""
    return _duration_ms(sentence_text, FAST_LETTER_MS, FAST_WIDE_MS)


def _duration_ms(sentence_text: str, letter_ms: int, wide_ms: int) -> int:
    wide = sum(east_asian_width(character) in "WF" for character in sentence_text.strip())
    return wide * wide_ms + (len(sentence_text.strip()) - wide) * letter_ms


def start(words: Sequence[AnyWord], sent_ms: int | None, after_ms: int) -> int:
    """The estimated start of a sentence: that of its first word, else the end of the last final (`after_ms`)."""
    begins = [word.begin_ms for word in words if word.begin_ms is not None]
    if not begins or (sent_ms and begins[0] > sent_ms):
        return after_ms
    return begins[0]


def within(words: tuple[AnyWord, ...], begin_ms: int, end_ms: int = LONGEST_MS) -> tuple[Word, ...]:
    """The words of a sentence, moved inside its span; a missing time is taken from the neighbouring word."""
    for word in words:
        if type(word) is not Word or not begin_ms <= word.begin_ms <= word.end_ms <= end_ms:
            return _moved(words, begin_ms, end_ms)
    return words  # type: ignore[return-value]  # as nearly all are: each of them is a Word


def _moved(words: Sequence[AnyWord], begin_ms: int, end_ms: int) -> tuple[Word, ...]:
    placed: list[Word] = []
    at_ms = begin_ms
    for word, next_ms in zip(words, _following_begins(words), strict=True):
        first_ms = at_ms
        if word.begin_ms is not None:
            first_ms = min(max(begin_ms, word.begin_ms), end_ms)
        last_ms = word.end_ms
        if last_ms is None:
            last_ms = next_ms
        if last_ms is None and end_ms == LONGEST_MS:  # the sentence is open
            last_ms = first_ms
        elif last_ms is None:
            last_ms = end_ms
        at_ms = min(max(first_ms, last_ms), end_ms)
        estimated = word.estimated or word.begin_ms is None or word.end_ms is None
        placed.append(Word(word.text, first_ms, at_ms, word.punctuation, estimated))
    return tuple(placed)


def _following_begins(words: Sequence[AnyWord]) -> list[int | None]:
    """For each word the next known start after it, in ms; None if there is none."""
    begins: list[int | None] = []
    next_ms: int | None = None
    for word in reversed(words):
        begins.append(next_ms)
        if word.begin_ms is not None:
            next_ms = word.begin_ms
    return begins[::-1]


def _parse(written: str) -> float | None:
    if not 0 < len(written) <= DIGITS or "_" in written:
        return None
    try:
        return float(written)
    except ValueError:
        return None
