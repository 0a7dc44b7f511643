"""The words of a text in any script, and a text of words: where words have no spaces, each character is one. Pure."""

import re
from collections.abc import Collection, Sequence

from asrcli.core.events import Word

# Ideographs, kana, and their iteration marks. Hangul has spaces between its words.
_CHARACTERS = "\u3005-\u3007\u3040-\u30ff\u31f0-\u31ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
_OPENING = "「『（《【〈〔"
_CLOSING = "。，、；：？！」』）》】〉〕"
_UNIT = re.compile(rf"[{_OPENING}]*[{_CHARACTERS}]|[^\s{_CHARACTERS}{_OPENING}{_CLOSING}]+|[{_CLOSING}]+")
PUNCTUATION = '.,;:?!…"”’)]'
# The first script that occurs says which language it is; the Latin one only where no other language of it is heard.
_SCRIPTS = (
    ("ja", "[\u3040-\u30ff]"),
    ("ko", "[\uac00-\ud7af]"),
    ("zh", "[\u3400-\u4dbf\u4e00-\u9fff]"),
    ("en", "[A-Za-z]"),
)


def split_words(text: str) -> list[tuple[str, str]]:
    """Return the words of a text, each with the punctuation that follows it."""
    units: list[tuple[str, str]] = []
    for piece in _UNIT.findall(text):
        if piece[0] in _CLOSING:
            if units:
                word, after = units.pop()
                units.append((word, after + piece))
            continue
        word = piece.rstrip(PUNCTUATION) or piece
        units.append((word, piece[len(word) :]))
    return units


def joined(words: Sequence[Word]) -> str:
    """Return words as one text: with a space between two of them, unless both are of a script without spaces."""
    text = ""
    for word in words:
        piece = word.text + word.punctuation
        between = "" if not text or (is_spaceless(text[-1]) and is_spaceless(piece[0])) else " "
        text += between + piece
    return text


def language_of(text: str, languages: Collection[str]) -> str:
    """Return the language of a text, one of those that a model hears; empty if its script does not say it."""
    if len(languages) == 1:
        return next(iter(languages))
    code = next((code for code, pattern in _SCRIPTS if re.search(pattern, text)), "")
    if code not in languages or (code == "zh" and "yue" in languages):  # both are written alike
        return ""
    unlike_latin = {"zh", "yue", "ja", "ko", "en"}
    if code == "en" and set(languages) - unlike_latin:
        return ""
    return code


def is_spaceless(character: str) -> bool:
    """Return whether a character is of a script that has no spaces."""
    return re.match(rf"[{_CHARACTERS}{_OPENING}{_CLOSING}]", character) is not None
