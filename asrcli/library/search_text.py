"""Text as the library searches it: normalized text, the tokens of its index, and what a user asks for. Pure.

A search finds each sentence whose normalized text contains the normalized words. The index only narrows down which
sentences can: scripts that are written without spaces are indexed as single characters and pairs of characters, others
as words. What it finds is compared character by character afterwards, so an index that finds too much does no harm.
"""

import re
import unicodedata
from collections.abc import Callable, Iterator, Sequence
from itertools import pairwise

from asrcli.core.dataclass import dataclass

LONGEST_WORD = 40  # a longer one is not indexed as such: it is no word of a language
LONG = "\ue0ff"  # the token of every sentence with a longer word
_APOSTROPHES = "'’ʼ＇`"
# Scripts without spaces between words: Thai to Myanmar, Khmer, kana, ideographs, their extensions.
_SOLID = (
    (0x0E00, 0x0EFF), (0x1000, 0x109F), (0x1780, 0x17FF), (0x2E80, 0x312F), (0x31A0, 0x31FF), (0x3400, 0x9FFF),
    (0xAA60, 0xAA7F), (0xF900, 0xFAFF), (0x1B000, 0x1B16F), (0x20000, 0x3FFFF),
)  # fmt: skip
_HANGUL = ((0x1100, 0x11FF), (0x3130, 0x318F), (0xA960, 0xA97F), (0xAC00, 0xD7FF))
# The tokenizer of the index takes ASCII symbols for separators, so they are written as others.
_WRITTEN = {ord(symbol): 0xE000 + ord(symbol) for symbol in "$+<=>^|~"}


class _Cleaned(dict[int, int | str | None]):
    """What each character becomes: itself, a space, or nothing."""

    def __missing__(self, code: int) -> int | str | None:
        char = chr(code)
        category = unicodedata.category(char)
        if char in _APOSTROPHES or category in {"Cf", "Cs"} or 0xFE00 <= code <= 0xFE0F:
            self[code] = None
        elif category[0] in "PZ" or category == "Cc":
            self[code] = " "
        else:
            self[code] = code
        return self[code]


class _Kind(dict[int, str]):
    """What each character is: w in a word, h Hangul, s in a script without spaces or a symbol, or a space."""

    def __missing__(self, code: int) -> str:
        if code == 0x20:
            kind = " "
        elif any(first <= code <= last for first, last in _SOLID):
            kind = "s"
        elif any(first <= code <= last for first, last in _HANGUL):
            kind = "h"
        else:
            kind = "w" if unicodedata.category(chr(code))[0] in "LMN" else "s"
        self[code] = kind
        return kind


_CLEANED, _KIND = _Cleaned(), _Kind()
_RUNS = re.compile("w+|[sh]+")


def normalized(text: str) -> str:
    """The text without case, punctuation, and spaces that do not separate words; full-width forms become plain ones.

    A space is left only between two characters of scripts with spaces. It is the same for `你好，世界` and `你好 世界`.
    """
    if not text.isascii():
        text = unicodedata.normalize("NFKC", text)
    text = text.casefold()
    if not text.isascii():
        text = unicodedata.normalize("NFKC", text)
    pieces = text.translate(_CLEANED).split(" ")
    joined: list[str] = []
    for piece in pieces:
        if not piece:
            continue
        if joined and _KIND[ord(joined[-1][-1])] != "s" and _KIND[ord(piece[0])] != "s":
            joined.append(" ")
        joined.append(piece)
    return "".join(joined)


def index_tokens(plain: str) -> set[str]:
    """The tokens of normalized text, as the index stores them."""
    found: set[str] = set()
    for _, run, is_word in _runs(plain):
        if is_word:
            found.add(run if len(run) <= LONGEST_WORD else LONG)
        else:
            found.update(run)
            found.update(map("".join, pairwise(run)))
    return {token.translate(_WRITTEN) for token in found}


def words_of(plain: str) -> set[str]:
    """The words in normalized text that the index has as such."""
    return {run for _, run, is_word in _runs(plain) if is_word and len(run) <= LONGEST_WORD}


def search_terms(words: Sequence[str]) -> list[str]:
    """What must all be in a sentence, normalized, for the arguments of a command line.

    Each argument is a phrase; in one with quotes in it, what stands between two quotes is a phrase, and the rest words.
    """
    phrases: list[str] = []
    for word in words:
        for number, part in enumerate(re.split('["“”„]', word)):
            if number % 2 or not re.search('["“”„]', word):
                phrases.append(part)
            else:
                phrases += part.split()
    return list(dict.fromkeys(filter(None, map(normalized, phrases))))


@dataclass(frozen=True)
class WordPart:
    """A word of a term, or a part of one: `begins`, `ends` say that the whole word begins or ends with it."""

    text: str
    begins: bool
    ends: bool


def index_query(terms: Sequence[str], words_with: Callable[[WordPart], Sequence[str] | None]) -> str | None:
    """The query for the index that finds every sentence with all of the terms, and some without.

    `words_with` gives the words in the index of which a part is asked for; None if they are too many to narrow
    anything down. The query is None if the index does not help. It holds nothing but tokens in quotes.
    """
    wanted: dict[str, None] = {}
    for term in terms:
        for begin, run, is_word in _runs(term):
            if not is_word:
                pairs = [run] if len(run) == 1 else list(map("".join, pairwise(run)))
                wanted.update(dict.fromkeys(map(_quoted, pairs)))
                continue
            part = WordPart(run, begins=begin > 0, ends=begin + len(run) < len(term))
            found = [run] if part.begins and part.ends else words_with(part)
            if found is not None:
                choices = [word for word in found if len(word) <= LONGEST_WORD]
                wanted[f"({' OR '.join(map(_quoted, [*choices, LONG]))})"] = None
    return " AND ".join(wanted) or None


def _quoted(token: str) -> str:
    return f'"{token.translate(_WRITTEN)}"'


def _runs(plain: str) -> Iterator[tuple[int, str, bool]]:
    """The runs of characters of one kind: where each begins, its text, and whether it is a word."""
    for found in _RUNS.finditer(plain.translate(_KIND)):
        yield found.start(), plain[found.start() : found.end()], found[0][0] == "w"
