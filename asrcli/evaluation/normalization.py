"""What counts as the same word: the normalization of a text, and its words and characters. Pure."""

import re
import unicodedata
from collections.abc import Iterable, Iterator

from asrcli.core.dataclass import dataclass

# Scripts that put no spaces between words: each of their characters counts as a word, with the marks on it. These are
# ideographs, kana with their iteration marks, Thai and Lao, Burmese, and Khmer. Hangul has spaces between its words.
UNSPACED = (
    "\u3005-\u3007\u3040-\u30ff\u31f0-\u31ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\uff66-\uff9f\U00020000-\U0003ffff"
    "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff"
)
_UNSPACED = re.compile(f"[{UNSPACED}]")
_APOSTROPHES = str.maketrans({"’": "'", "ʼ": "'", "＇": "'"})
_INSIDE_WORDS = re.compile(r"(?<=[^\W\d_])'(?=[^\W\d_])|(?<=\d)[.,:](?=\d)")
STEPS = ("width", "case", "punctuation")


@dataclass(frozen=True, slots=True)
class Normalization:
    """What is made equal before two texts are compared.

    Attributes:
        width: Full-width and half-width forms, ligatures and other compatible characters (Unicode NFKC).
        case: Capital and small letters.
        punctuation: Punctuation and symbols are left out, except apostrophes inside words and points, commas and colons
            inside numbers. A hyphen ends a word.
    """

    width: bool = True
    case: bool = True
    punctuation: bool = True

    @classmethod
    def of(cls, steps: Iterable[str]) -> "Normalization":
        """Return the normalization that has exactly these of STEPS."""
        chosen = set(steps)
        return cls(**{step: step in chosen for step in STEPS})

    def __str__(self) -> str:
        return ", ".join(step for step in STEPS if getattr(self, step)) or "none"

    def apply(self, text: str) -> str:
        """Return the text in its normal form, with invisible characters left out."""
        text = text.translate(_APOSTROPHES)
        if self.width:
            text = unicodedata.normalize("NFKC", text)
        if self.case:
            text = text.casefold()
        if self.punctuation:
            text = _without_punctuation(text)
        return "".join(_visible(text))

    def words(self, text: str) -> list[str]:
        """Return the words of a text; of a script without spaces, its characters."""
        return list(_words(self.apply(text)))

    def characters(self, text: str) -> list[str]:
        """Return the characters of a text without its spaces."""
        return list("".join(self.apply(text).split()))


def _without_punctuation(text: str) -> str:
    marks = [match.start() for match in _INSIDE_WORDS.finditer(text)]
    kept = {at for at in marks if not is_unspaced(text[at - 1]) and not is_unspaced(text[at + 1])}
    return "".join(
        " " if unicodedata.category(char)[0] in "PS" and at not in kept else char for at, char in enumerate(text)
    )


def _visible(text: str) -> Iterator[str]:
    """Yield the characters that have a form of their own: no joiners, no marks of direction, no control characters."""
    for char in text:
        if char.isspace():
            yield " "
        elif unicodedata.category(char) not in {"Cf", "Cc", "Cs", "Cn"}:
            yield char


def _words(text: str) -> Iterator[str]:
    word = ""
    for char in text:
        is_mark = unicodedata.category(char)[0] == "M"
        if not word or is_mark or (not char.isspace() and not _stands_alone(word[0]) and not _stands_alone(char)):
            word += char
            continue
        yield from _whole(word)
        word = char
    yield from _whole(word)


def is_unspaced(char: str) -> bool:
    """Whether a character belongs to a script that puts no spaces between words."""
    return _UNSPACED.match(char) is not None


def _stands_alone(char: str) -> bool:
    return char.isspace() or is_unspaced(char)


def _whole(word: str) -> Iterator[str]:
    if word.strip():
        yield word.strip()
