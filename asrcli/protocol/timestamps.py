"""Times as a service gives them, made usable: in order, and inside the audio that was sent. Arithmetic only."""

from collections.abc import Sequence
from dataclasses import dataclass
from unicodedata import east_asian_width

from asrcli.core.events import Word
from asrcli.protocol.json_messages import Json, number, text

LONGEST_MS = 10**10  # more than a hundred days: no task lasts so long
DIGITS = 15  # a text that is longer is no time
# How long a character takes that is spoken slowly. Read aloud, English has 150 words of 5 letters and a space in a
# minute: 15 characters a second; who speaks slowly has 10. Mandarin, Japanese and Korean have 4 to 6 syllables in a
# second, slowly 3, and write each as one wide character. The slow rates, because a caption that stays too long yields
# to the next one, and one that ends too early takes words away.
LETTER_MS, WIDE_MS = 100, 330


@dataclass(frozen=True, slots=True)
class TimedWord:
    """A word whose times are as the service gave them: None where there is no usable one."""

    text: str
    begin_ms: int | None
    end_ms: int | None
    punctuation: str = ""


def usable_time(value: Json, name: str) -> int | None:
    """The time under a name in ms, also where it is a float or a text; None when it is missing or cannot be a time."""
    found = number(value, name)
    if found is None:
        found = _written(text(value, name))
    return int(found) if found is not None and 0 <= found <= LONGEST_MS else None


def span(
    begin_ms: int | None,
    end_ms: int | None,
    words: Sequence[TimedWord],
    *,
    after_ms: int,
    sent_ms: int | None,
    said: str,
    next_ms: int | None = None,
) -> tuple[int, int]:
    """Begin and end of a finished sentence.

    What cannot be used is estimated: from the words; else it begins where the last final ended (`after_ms`) and ends as
    `likely_end` says: `said` is its text, `sent_ms` how much audio was sent, None or 0 where that is not known, and
    `next_ms` where the next one begins, None where that is not known.
    """
    if sent_ms:
        wild = begin_ms is not None and begin_ms > sent_ms
        end_ms = None if end_ms is None or (wild and end_ms > sent_ms) else min(end_ms, sent_ms)
        begin_ms = None if wild else begin_ms
    if begin_ms is not None and end_ms is not None and end_ms < begin_ms:
        end_ms = None
    if begin_ms is None:
        begin_ms = min(start(words, sent_ms, after_ms), LONGEST_MS if end_ms is None else end_ms)
    if end_ms is None:
        ends = [word.end_ms for word in words if word.end_ms is not None and (not sent_ms or word.end_ms <= sent_ms)]
        end_ms = max([begin_ms, *ends]) if ends else likely_end(begin_ms, said, next_ms=next_ms, sent_ms=sent_ms)
    return begin_ms, end_ms


def likely_end(begin_ms: int, said: str, *, next_ms: int | None, sent_ms: int | None) -> int:
    """Where a text ends that does not say so: where it can have been said, the next begins, or the audio ends.

    Without audio it ends where it begins.
    """
    said = said.strip()
    last_ms = begin_ms + sum(WIDE_MS if east_asian_width(each) in "WF" else LETTER_MS for each in said)
    if next_ms is not None and next_ms >= begin_ms:
        last_ms = min(last_ms, next_ms)
    return max(begin_ms, min(last_ms, sent_ms or 0))


def start(words: Sequence[TimedWord], sent_ms: int | None, after_ms: int) -> int:
    """Where a sentence begins that does not say so: with its first word, else where the last final ended."""
    begins = [word.begin_ms for word in words if word.begin_ms is not None]
    return after_ms if not begins or (sent_ms and begins[0] > sent_ms) else begins[0]


def within(words: Sequence[TimedWord], begin_ms: int, end_ms: int = LONGEST_MS) -> tuple[Word, ...]:
    """The words of a sentence inside its times; a time that is missing is that of the neighbour."""
    placed: list[Word] = []
    at_ms = begin_ms
    for index, word in enumerate(words):
        first_ms = at_ms if word.begin_ms is None else min(max(begin_ms, word.begin_ms), end_ms)
        last_ms = word.end_ms
        if last_ms is None:
            later = [begin for other in words[index + 1 :] if (begin := other.begin_ms) is not None]
            last_ms = later[0] if later else first_ms if end_ms == LONGEST_MS else end_ms
        at_ms = min(max(first_ms, last_ms), end_ms)
        placed.append(Word(word.text, first_ms, at_ms, word.punctuation))
    return tuple(placed)


def _written(said: str) -> float | None:
    try:
        return float(said) if 0 < len(said) <= DIGITS and "_" not in said else None
    except ValueError:
        return None
