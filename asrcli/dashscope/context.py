"""Cuts the texts of a context to what a wire carries, and says what was left out. Pure.

Source of the facts: the guide of the service to context. The service favours words that literally occur in it, in lists
with any separator, in prose and in mixtures of both; so the text is only cut, never changed.
"""

from collections import deque
from collections.abc import Iterator, Sequence
from math import ceil

from asrcli.core.dataclass import dataclass
from asrcli.core.lazy_pattern import lazy_pattern

MESSAGES, CHARACTERS = 5, 400
TOKENS = 10_000
CHARACTERS_PER_TOKEN = 4  # in scripts with spaces between words
SHOWN = 20  # characters of the text that was left out
TRANSCRIPT_MESSAGES = 2  # messages of the five that are reserved for the last sentences

_SPACED = lazy_pattern("[0-9_a-zA-Z\u00c0-\u052f]+")  # Latin, Greek and Cyrillic
_WORDS = lazy_pattern(f"{_SPACED.pattern}|\\S")
# Where a text may be cut, best place first: between paragraphs and lines, sentences, list entries, words.
_BREAKS = (
    lazy_pattern(r"\n+"),
    lazy_pattern(r"(?<=[.!?])\s+|(?<=[。！？])"),
    lazy_pattern(r"[,;|\t/]\s*|[，、；：]"),
    lazy_pattern(r"\s+"),
)


@dataclass(frozen=True, slots=True)
class FittedContext:
    """The texts that are sent, and a notice about what did not fit; empty if all of it did."""

    texts: tuple[str, ...]
    notice: str = ""


def fit_messages(texts: Sequence[str], most: int = MESSAGES, characters: int = CHARACTERS) -> FittedContext:
    """The texts as at most `most` messages of at most `characters` characters; what does not fit is cut at the end."""
    whole = "\n".join(text.strip() for text in texts if text.strip())
    cut = list(_cut(whole, characters))
    sent = tuple(cut[:most])
    left = cut[most:]
    if not left:
        return FittedContext(sent)
    size = sum(map(len, sent))
    return FittedContext(
        sent, _notice(size, size + sum(map(len, left)), "characters", f"{most} messages of {characters}", left)
    )


def fit_corpus(texts: Sequence[str], tokens: int = TOKENS) -> FittedContext:
    """The texts as one text of at most `tokens` tokens; the estimate of the tokens is rather too high."""
    whole = "\n".join(text.strip() for text in texts if text.strip())
    if not whole:
        return FittedContext(())
    if estimate_tokens(whole) <= tokens:
        return FittedContext((whole,))
    end = _best_cut(whole, _longest_prefix(whole, tokens))
    sent = whole[:end].strip()
    left = whole[end:].strip()
    return FittedContext(
        (sent,), _notice(estimate_tokens(sent), estimate_tokens(whole), "tokens (estimated)", f"{tokens}", [left])
    )


def estimate_tokens(text: str) -> int:
    """The tokens of a text, rather too many: one for each character in scripts without spaces between words."""
    tokens = 0
    for word in _WORDS.findall(text):
        tokens_of_word = len(word)
        if _SPACED.fullmatch(word):
            tokens_of_word = ceil(len(word) / CHARACTERS_PER_TOKEN)
        tokens += tokens_of_word
    return tokens


class TranscriptMemory:
    """The context during a run: the texts of the user, followed by the last sentences of the transcript."""

    def __init__(self, given: Sequence[str]) -> None:
        self._given = tuple(given)[: MESSAGES - TRANSCRIPT_MESSAGES]
        self._sentences: deque[str] = deque()

    @property
    def texts(self) -> tuple[str, ...]:
        """The current messages."""
        room = MESSAGES - len(self._given)
        return (*self._given, *list(_cut("\n".join(self._sentences), CHARACTERS))[-room:])

    def remember(self, sentence: str) -> None:
        """Add a sentence; the oldest sentences are dropped where there is no room."""
        self._sentences.append(sentence.strip())
        room = (MESSAGES - len(self._given)) * CHARACTERS
        while len(self._sentences) > 1 and sum(len(kept) + 1 for kept in self._sentences) > room:
            self._sentences.popleft()


def _cut(text: str, characters: int) -> Iterator[str]:
    """The text in pieces of at most this many characters; no piece is empty."""
    text = text.strip()
    while len(text) > characters:
        end = _best_cut(text, characters)
        yield text[:end].strip()
        text = text[end:].strip()
    if text:
        yield text


def _best_cut(text: str, most: int) -> int:
    """The best place to cut at or before `most`: the best kind of break in the second half, else `most` itself."""
    if len(text) <= most or text[most].isspace():
        return min(len(text), most)
    for kind in _BREAKS:
        ends = [found.end() for found in kind.finditer(text, 0, most + 1) if most // 2 < found.start() <= most]
        if ends:
            return min(ends[-1], most)
    return max(1, most)


def _longest_prefix(text: str, tokens: int) -> int:
    """How many characters from the beginning of a text have at most this many tokens."""
    least, most = 0, len(text)
    while least < most:
        half = (least + most + 1) // 2
        if estimate_tokens(text[:half]) <= tokens:
            least = half
        else:
            most = half - 1
    return least


def _notice(sent: int, whole: int, unit: str, limit: str, left: Sequence[str]) -> str:
    begin = left[0].replace("\n", " ")
    if len(begin) > SHOWN:
        begin = begin[:SHOWN] + "…"
    return f"context: {sent:,} of {whole:,} {unit} fit ({limit}); left out from “{begin}” on"
