r"""Text from outside on its way to a terminal, a log or a file: one line, with nothing in it that is obeyed. Pure.

All of it comes through here, and one table says what is obeyed. What becomes of that depends on who reads it:

* `harmless` leaves it out: people read transcripts, names and messages, and want no `\x1b[2J` among the words.
* `printable` shows it as an escape: a server's log is read to find out what a client has sent.
* `escaped` writes it as JSON does: a program gets what was said, and the terminal that shows the JSON obeys nothing.
"""

import re
import unicodedata

# Direction overrides can make a line read as what it does not say; the marks of ordinary right-to-left text stay.
_OVERRIDES = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\u206a\u206b\u206c\u206d\u206e\u206f")
_OBEYED = frozenset({"Cc", "Cs", "Zl", "Zp"})  # controls, halves of characters, separators of lines and paragraphs
_LINE_ENDS = frozenset("\n\r\t\v\f\x1c\x1d\x1e\x85\u2028\u2029")  # whatever some reader of lines ends one at
# JSON allows these as they are; terminals obey the first, and many readers of lines break at the next.
_UNESCAPED = re.compile("[\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u206f]")


def harmless(text: str) -> str:
    """The text on one line without anything a terminal would obey: controls become nothing, line ends a space.

    Half a character, as a name of a file or JSON may bring it, becomes a question mark.
    """
    if text.isascii() and text.isprintable():
        return text
    return "".join(_without(char) if is_obeyed(char) else char for char in text)


def escape_control_characters(text: str) -> str:
    r"""The text on one line with each character that a terminal or a log would obey as its escape, such as \x1b."""
    if text.isascii() and text.isprintable():
        return text
    return "".join(_escape(char) if is_obeyed(char) else char for char in text)


def escaped(text: str) -> str:
    """JSON text with its harmful characters written as their numbers. It means the same."""
    return _UNESCAPED.sub(lambda found: f"\\u{ord(found[0]):04x}", text)


def is_obeyed(char: str) -> bool:
    """Whether a terminal, or some reader of lines, does something at this character but show it."""
    return char in _OVERRIDES or unicodedata.category(char) in _OBEYED


def _without(char: str) -> str:
    if char in _LINE_ENDS:
        return " "
    return "?" if unicodedata.category(char) == "Cs" else ""


def _escape(char: str) -> str:
    return char.encode("unicode_escape", "backslashreplace").decode("ascii")
