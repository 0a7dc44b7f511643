r"""Makes text from outside safe for a terminal, a log or a file: one line without control characters. Pure.

All text from outside passes through here; one table says which characters terminals obey. What happens to them
depends on the reader:

* `harmless` removes them: people read transcripts, names and messages, and want no `\x1b[2J` among the words.
* `escape_control_characters` shows them as escapes: a server's log is read to find out what a client has sent.
* `escaped` writes them as JSON does: a program gets the exact text, and a terminal that shows the JSON obeys nothing.
"""

import unicodedata

from asrcli.core.lazy_pattern import lazy_pattern

# Direction overrides can make a line look like another text; the marks of ordinary right-to-left text stay.
_OVERRIDES = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\u206a\u206b\u206c\u206d\u206e\u206f")
_OBEYED = frozenset({"Cc", "Cs", "Zl", "Zp"})  # controls, lone surrogates, line and paragraph separators
_LINE_ENDS = frozenset("\n\r\t\v\f\x1c\x1d\x1e\x85\u2028\u2029")  # characters at which some program ends a line
# JSON allows these unescaped; terminals obey the first group, and many programs end a line at the second.
_UNESCAPED = lazy_pattern("[\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u206f]")


def harmless(text: str) -> str:
    """The text on one line without control characters; a line end becomes a space.

    A lone surrogate, as a file name or JSON may contain it, becomes a question mark.
    """
    if text.isascii() and text.isprintable():
        return text
    return "".join(map(_harmless_character, text))


def escape_control_characters(text: str) -> str:
    r"""The text on one line with each character that a terminal or a log would obey as its escape, such as \x1b."""
    if text.isascii() and text.isprintable():
        return text
    return "".join(map(_escaped_character, text))


def escaped(text: str) -> str:
    """JSON text with harmful characters written as escapes; a JSON parser reads the same value."""
    return _UNESCAPED.sub(lambda found: f"\\u{ord(found[0]):04x}", text)


def is_obeyed(char: str) -> bool:
    """Whether a terminal obeys this character, or some program ends a line at it."""
    return char in _OVERRIDES or unicodedata.category(char) in _OBEYED


def quantity(number: int, noun: str) -> str:
    """The number with its noun: "1 line", "2 lines"."""
    if number == 1:
        return f"1 {noun}"
    return f"{number} {noun}s"


def _harmless_character(char: str) -> str:
    if not is_obeyed(char):
        return char
    if char in _LINE_ENDS:
        return " "
    if unicodedata.category(char) == "Cs":
        return "?"
    return ""


def _escaped_character(char: str) -> str:
    if not is_obeyed(char):
        return char
    return char.encode("unicode_escape", "backslashreplace").decode("ascii")
