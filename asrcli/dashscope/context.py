"""Context for a recognizer: texts cut to what a wire carries, at the best place, with what was left out named. Pure.

Source of the facts: the service's guide to context. It favours words that literally occur in it, in lists with any
separator, in prose and in mixtures of both, so nothing of the text is changed but where it is cut.
"""

import re
from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

MESSAGES, CHARACTERS = 5, 400
TOKENS = 10_000
CHARACTERS_PER_TOKEN = 4  # of scripts with spaces between words
SHOWN = 20
TRANSCRIPT_MESSAGES = 2  # so many of the five are kept for what was said last

_SPACED = re.compile("[0-9_a-zA-Z\u00c0-\u052f]+")  # Latin, Greek and Cyrillic
_WORDS = re.compile(f"{_SPACED.pattern}|\\S")
# Where a text may be cut, the better first: between paragraphs and lines, sentences, list entries, words.
_BREAKS = (
    re.compile(r"\n+"),
    re.compile(r"(?<=[.!?])\s+|(?<=[。！？])"),
    re.compile(r"[,;|\t/]\s*|[，、；：]"),
    re.compile(r"\s+"),
)


@dataclass(frozen=True, slots=True)
class FittedContext:
    """What is sent, and what of the whole could not be."""

    texts: tuple[str, ...]
    told: str = ""


def fit_messages(texts: Sequence[str], most: int = MESSAGES, characters: int = CHARACTERS) -> FittedContext:
    """Texts as messages of at most so many characters; the beginning stays where not all of it fits."""
    whole = "\n".join(text.strip() for text in texts if text.strip())
    cut = list(_cut(whole, characters))
    sent, left = tuple(cut[:most]), cut[most:]
    if not left:
        return FittedContext(sent)
    size = sum(map(len, sent))
    return FittedContext(
        sent, _told(size, size + sum(map(len, left)), "characters", f"{most} messages of {characters}", left)
    )


def fit_corpus(texts: Sequence[str], tokens: int = TOKENS) -> FittedContext:
    """Texts as one of at most so many tokens, which are estimated on the safe side."""
    whole = "\n".join(text.strip() for text in texts if text.strip())
    if not whole:
        return FittedContext(())
    if estimate_tokens(whole) <= tokens:
        return FittedContext((whole,))
    end = _furthest(whole, tokens)
    end = _best(whole, end)
    sent, left = whole[:end].strip(), whole[end:].strip()
    return FittedContext(
        (sent,), _told(estimate_tokens(sent), estimate_tokens(whole), "tokens (estimated)", f"{tokens}", [left])
    )


def estimate_tokens(text: str) -> int:
    """How many tokens a text takes, rather too many: a character each where words have no spaces between them."""
    words = _WORDS.findall(text)
    return sum(-(-len(word) // CHARACTERS_PER_TOKEN) if _SPACED.fullmatch(word) else len(word) for word in words)


class TranscriptMemory:
    """The context of a talk that goes on: what the user gave, and behind it what was said last."""

    def __init__(self, given: Sequence[str]) -> None:
        self._given = tuple(given)[: MESSAGES - TRANSCRIPT_MESSAGES]
        self._said: deque[str] = deque()

    @property
    def texts(self) -> tuple[str, ...]:
        """The messages as they are now."""
        room = MESSAGES - len(self._given)
        return (*self._given, *list(_cut("\n".join(self._said), CHARACTERS))[-room:])

    def remember(self, sentence: str) -> None:
        """Something was said; what was said long ago makes room for it."""
        self._said.append(sentence.strip())
        room = (MESSAGES - len(self._given)) * CHARACTERS
        while len(self._said) > 1 and sum(len(each) + 1 for each in self._said) > room:
            self._said.popleft()


def _cut(text: str, characters: int) -> Iterator[str]:
    """Pieces of at most so many characters; none is empty."""
    text = text.strip()
    while len(text) > characters:
        end = _best(text, characters)
        yield text[:end].strip()
        text = text[end:].strip()
    if text:
        yield text


def _best(text: str, most: int) -> int:
    """The best place to cut at or before `most`: the best kind of break in the second half, else where it is full."""
    if len(text) <= most or text[most].isspace():
        return min(len(text), most)
    for kind in _BREAKS:
        ends = [found.end() for found in kind.finditer(text, 0, most + 1) if most // 2 < found.start() <= most]
        if ends:
            return min(ends[-1], most)
    return max(1, most)


def _furthest(text: str, tokens: int) -> int:
    """How many characters of a text take at most so many tokens."""
    least, most = 0, len(text)
    while least < most:
        half = (least + most + 1) // 2
        least, most = (half, most) if estimate_tokens(text[:half]) <= tokens else (least, half - 1)
    return least


def _told(sent: int, whole: int, unit: str, limit: str, left: Sequence[str]) -> str:
    begin = left[0].replace("\n", " ")
    begin = begin if len(begin) <= SHOWN else begin[:SHOWN] + "…"
    return f"--context: {sent:,} of {whole:,} {unit} fit ({limit}); left out from “{begin}” on"
