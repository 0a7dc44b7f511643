"""Fits text to the width of a terminal, between words: the end of it on one line, or all of it on several. Pure."""

import unicodedata

from rich.cells import cell_len

JOINER = "\u200d"
FLAG = "⚑"
_CLOSING = frozenset("，。！？；：、”’）》〉」』】…,.!?;:)]")  # no line begins with these
_LONGEST, _STEP = 8192, 1024  # characters of an open sentence that are broken into lines, and by how many they move
_DROPPED = {"\ufe0e", "\ufe0f", "\u20e3"}  # forms of the character before


def predictable_width(text: str) -> str:
    """Return the text without characters whose width differs between terminals.

    Of joined emoji the first is kept, and a flag becomes one symbol. Use it for lines that are redrawn: a line that is
    wider than calculated leaves remains on the screen.
    """
    kept: list[str] = []
    joined = half_flag = False
    for char in text:
        skipped = joined
        joined = False
        if char == JOINER:
            joined = bool(kept) and unicodedata.category(kept[-1]) == "So" and kept[-1] != FLAG
        elif char in _DROPPED or "\U0001f3fb" <= char <= "\U0001f3ff" or "\U000e0020" <= char <= "\U000e007f":
            joined = skipped
        elif "\U0001f1e6" <= char <= "\U0001f1ff":  # two of these are a flag
            if not half_flag:
                kept.append(FLAG)
            half_flag = not half_flag
            continue
        elif not skipped or unicodedata.category(char) != "So":
            kept.append(char)
        half_flag = False
    return "".join(kept)


def fit_tail(settled: str, unsettled: str, cells: int) -> tuple[str, str]:
    """Return the end of the text that fits into `cells` terminal cells, after an ellipsis if it is cut.

    It begins with a whole word, unless the last word alone is too long. A character two cells wide is never halved.
    """
    whole = settled + unsettled
    if cell_len(whole) <= cells:
        return settled, unsettled
    room = cells - 1
    begin = len(whole)
    while begin and cell_len(whole[begin - 1]) <= room:
        begin -= 1
        room -= cell_len(whole[begin])
    begin = next((at for at in range(begin, len(whole)) if _may_begin(whole, at)), _at_character(whole, begin))
    return "…" + settled[begin:], unsettled[max(0, begin - len(settled)) :]


def fit_lines(settled: str, unsettled: str, cells: int, most: int) -> list[tuple[str, str]]:
    """Return the end of the text in at most `most` lines of at most `cells` cells, after an ellipsis if it is cut.

    Each line is its settled and its unsettled part. Lines are broken between words, in a word only where it is longer
    than a line. While text is added at the end, the lines before the last one stay as they are.
    """
    whole = settled + unsettled
    if most < 2 or cells < 3 or cell_len(whole) <= cells:
        return [fit_tail(settled, unsettled, cells)]
    room = cells - 1  # the ellipsis has room on every line
    begin = max(0, len(whole) - _LONGEST) // _STEP * _STEP
    spans: list[tuple[int, int]] = []
    while begin < len(whole):
        end = _last_break(whole, begin, room) or _overflowing(whole, begin, room)
        if shown := len(whole[begin:end].rstrip()):
            spans.append((begin, begin + shown))
        begin = end
    lines = []
    for start, stop in spans[-most:]:
        middle = min(max(start, len(settled)), stop)
        lines.append((whole[start:middle], whole[middle:stop]))
    if lines and spans[-most:][0][0]:
        lines[0] = (f"…{lines[0][0]}", lines[0][1])
    return lines or [("", "")]


def _overflowing(text: str, begin: int, cells: int) -> int:
    """Return the index, after `begin`, of the first character that does not fit and is not a space at the end."""
    stop = begin
    used = 0
    while stop < len(text) and (text[stop].isspace() or used + cell_len(text[stop]) <= cells):
        used += cell_len(text[stop])
        stop += 1
    return max(stop, begin + 1)


def wrap_text(text: str, cells: int, indent: int = 0) -> list[str]:
    """Break the text into lines of at most `cells` cells, each beginning with a word; all but the first are indented.

    A word that is longer than a line stays whole, and the terminal breaks it.
    """
    if indent > cells // 2:
        indent = 0
    lines = []
    begin = 0
    room = cells
    head = ""
    while (end := _fitting(text, begin, room)) < len(text):
        lines.append(head + text[begin:end].rstrip())
        begin = end
        room = cells - indent
        head = " " * indent
    lines.append(head + text[begin:].rstrip())
    return lines


def folded_rows(line: str, columns: int) -> int:
    """Return on how many rows a terminal with that many columns shows a line. A wide character is never halved."""
    rows = 1
    used = 0
    for char in line:
        cells = cell_len(char)
        if used + cells > columns and used:
            rows += 1
            used = 0
        used += cells
    return rows


def _fitting(text: str, begin: int, cells: int) -> int:
    """Return the index where the line that starts at `begin` ends: before a word, after the first one at least."""
    end = _last_break(text, begin, cells)
    if end is None:
        end = next((at for at in range(begin + 1, len(text)) if _may_break(text, at)), len(text))
    return end


def _last_break(text: str, begin: int, cells: int) -> int | None:
    """Return the last index, after `begin`, where a line of at most `cells` cells can end; None in a longer word."""
    stop = begin
    used = 0
    while stop < len(text) and (used := used + cell_len(text[stop])) <= cells:
        stop += 1
    while stop < len(text) and text[stop].isspace():  # spaces at the end of a line take no cells
        stop += 1
    if stop == len(text):
        return stop
    return next((at for at in range(stop, begin, -1) if _may_break(text, at)), None)


def _may_break(text: str, at: int) -> bool:
    near = max(0, at - 16)  # looking at one word is enough
    return text[at] not in _CLOSING and _may_begin(text[near : at + 1], at - near)


def _may_begin(text: str, at: int) -> bool:
    """Return whether a word begins at an index: after a space, or next to a wide character, as in Chinese."""
    if text[at].isspace() or cell_len(text[at]) == 0:
        return False
    before = text[:at].rstrip("".join(char for char in set(text[max(0, at - 8) : at]) if cell_len(char) == 0))
    return not before or before[-1].isspace() or cell_len(before[-1]) > 1 or cell_len(text[at]) > 1


def _at_character(text: str, at: int) -> int:
    """Return the first index from `at` on that does not separate a combining mark from its letter."""
    while at < len(text) and cell_len(text[at]) == 0:
        at += 1
    return at
