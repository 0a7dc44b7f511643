"""Finds the lines of keys in TOML text, which the parser of Python does not report. Pure.

The text is valid TOML: the parser has read it before.
"""

import re

from asrcli.core.lazy_pattern import lazy_pattern

KeyPath = tuple[str, ...]
_ONE = r"""[ \t]*(?:"(?:[^"\\]|\\.)*"|'[^']*'|[A-Za-z0-9_-]+)[ \t]*"""
_NAME = lazy_pattern(r"""[ \t.]*(?:"((?:[^"\\]|\\.)*)"|'([^']*)'|([A-Za-z0-9_-]+))""")
_NAMES = lazy_pattern(rf"(?:{_ONE}(?:\.{_ONE})*)?")
_BLANK = lazy_pattern(r"(?:[ \t\r\n]+|#[^\n]*)+")
# A piece of a value: a string of any of the four kinds, a bracket, a comment, or other characters up to the next one.
_PIECE = lazy_pattern(
    r'"""(?:[^\\]|\\.)*?"""+|\'\'\'.*?\'\'\'+|"(?:[^"\\\n]|\\.)*"|\'[^\'\n]*\'|[\[\]{}]|#[^\n]*|\n|[^"\'\[\]{}#\n]+',
    re.DOTALL,
)


def key_lines(text: str) -> dict[KeyPath, int]:
    """The line, counted from 1, of each key and table, under the names that lead to it.

    What stands in an inline table has the line where that table begins (see `line_of`).
    """
    found: dict[KeyPath, int] = {}
    table: KeyPath = ()
    line, counted = 1, 0
    at = _after_blank(text, 0)
    while at < len(text):
        line, counted = line + text.count("\n", counted, at), at
        if text[at] == "[":
            table, at = _names(text, at + (2 if text.startswith("[[", at) else 1))
            _add(found, table, line)
            at = _end_of_line(text, at)
        else:
            names, at = _names(text, at)
            _add(found, (*table, *names), line)
            at = _end_of_value(text, at)
        at = _after_blank(text, at)
    return found


def line_of(lines: dict[KeyPath, int], path: KeyPath) -> int:
    """The line of a key, or else of the nearest table around it; 1 if that is the file."""
    while path and path not in lines:
        path = path[:-1]
    return lines.get(path, 1)


def _add(found: dict[KeyPath, int], path: KeyPath, line: int) -> None:
    for length in range(1, len(path) + 1):
        found.setdefault(path[:length], line)


def _after_blank(text: str, at: int) -> int:
    blank = _BLANK.match(text, at)
    if blank:
        return blank.end()
    return at


def _names(text: str, at: int) -> tuple[KeyPath, int]:
    """The names between dots, and the position of what stands after the last."""
    end = _NAMES.match(text, at).end()  # type: ignore[union-attr]  # it matches nothing, too
    found = _NAME.finditer(text, at, end)
    return tuple(next(part for part in name.groups() if part is not None) for name in found), end


def _end_of_line(text: str, at: int) -> int:
    end = text.find("\n", at)
    if end < 0:
        return len(text)
    return end


def _end_of_value(text: str, at: int) -> int:
    """The position after the value that follows: the end of the line on which all brackets are closed."""
    depth = 0
    while (piece := _PIECE.match(text, at)) is not None:
        if piece[0] == "\n" and depth <= 0:
            break
        depth += (piece[0] in "[{") - (piece[0] in "]}")
        at = piece.end()
    return at
