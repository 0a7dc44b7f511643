"""Text from outside on its way to a terminal or a log: one line, with nothing in it that is obeyed. Pure."""

import unicodedata

# Controls, surrogates, line and paragraph separators; of the format characters those that turn the direction around.
_ESCAPED = frozenset({"Cc", "Cs", "Zl", "Zp"})
_OVERRIDES = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")


def printable(text: str) -> str:
    r"""The text with each character that a terminal or a log would obey written as its escape, such as \x1b."""
    if text.isascii() and text.isprintable():
        return text
    return "".join(_escaped(char) for char in text)


def _escaped(char: str) -> str:
    if unicodedata.category(char) in _ESCAPED or char in _OVERRIDES:
        return char.encode("unicode_escape", "backslashreplace").decode("ascii")
    return char
