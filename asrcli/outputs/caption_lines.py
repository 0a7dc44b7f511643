"""Cuts sentences into captions: lines of a limited width in cells, each shown long enough to be read. Pure.

Chinese text breaks between any two characters, but not before closing punctuation; other scripts break at spaces. Times
come from the words where the wire gives them, else in proportion to the text. Under a part of the text stands the same
part of its translation, by proportion: the words of a translation have no times.
"""

import re
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import replace
from itertools import accumulate, pairwise

from rich.cells import cell_len, chop_cells

from asrcli.core.dataclass import dataclass
from asrcli.core.events import Final
from asrcli.core.printable import harmless

# A piece that must not be broken: one wide character with the punctuation around it, or a word up to the next space.
_WIDE = "\u1100-\u115f\u2e80-\u303e\u3041-\ua4cf\uac00-\ud7a3\uf900-\ufaff\uff01-\uff60"
_CLOSING = "\uff0c\u3002\uff01\uff1f\uff1b\uff1a\u3001\u201d\u2019\uff09\u300b\u3009\u300d\u300f\u3011\u2026,.!?;:)\\]"
_OPENING = "\u201c\u2018\uff08\u300a\u3008\u300c\u300e\u3010(\\["
_PIECES = re.compile(f"[{_OPENING}]*(?:[{_WIDE}]|[^\\s{_WIDE}]+)[{_CLOSING}]*\\s*")
# A title, an initial or an abbreviation with a full stop, which belongs to the word after it.
_ABBREVIATION = re.compile(
    r"[(\"'\u201c\u2018]*(?:mr|mrs|ms|dr|prof|st|rev|hon|gen|col|sgt|lt|capt|vs|[a-z])\.\s*", re.IGNORECASE
)

MAX_LINE = 42  # cells
MAX_LINES = 2
LEAST_MS = 100  # a caption that is shown for less cannot be seen
TURN_MS = 500  # how long the first of two simultaneous captions is shown
REVERSED_MS = 10_000  # a sentence that begins this much earlier than the one before it is out of order


@dataclass(frozen=True, slots=True)
class CaptionLayout:
    """How large captions are, and how long they are shown.

    A text and its translation get half of the lines each, and at least one.

    Attributes:
        max_line: Width of a line in cells.
        max_lines: Lines in a caption.
        min_ms: The shortest time a caption is shown.
        max_ms: The longest time.
    """

    max_line: int = MAX_LINE
    max_lines: int = MAX_LINES
    min_ms: int = 1000
    max_ms: int = 7000


@dataclass(frozen=True, slots=True)
class Caption:
    """Lines that are shown from `begin_ms` to `end_ms`."""

    begin_ms: int
    end_ms: int
    lines: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Piece:
    text: str
    begin_ms: int
    end_ms: int


def captions(final: Final, layout: CaptionLayout, after_ms: int = 0) -> list[Caption]:
    """Return the captions of a sentence. None begins before `after_ms`, the end of the caption before it."""
    result: list[Caption] = []
    for text, beneath, from_ms, to_ms in _timed(final, layout):
        begin_ms = max(0, from_ms, after_ms)
        end_ms = min(max(to_ms, begin_ms + layout.min_ms), begin_ms + layout.max_ms)
        result.append(Caption(begin_ms, end_ms, (*text, *beneath)))
        after_ms = end_ms
    return result


def shortened(shown: list[Caption], next_ms: int) -> list[Caption]:
    """Return the captions of a sentence, shortened to end when the next sentence begins at `next_ms`.

    Each caption is shown for a moment at least. If the next sentence begins long before them, nothing is shortened.
    """
    if not shown or shown[-1].end_ms <= next_ms or next_ms < shown[0].begin_ms - REVERSED_MS:
        return shown
    begin_ms = shown[0].begin_ms
    if next_ms <= begin_ms:  # both begin at once, or in reverse order: show one after the other
        next_ms = begin_ms + TURN_MS
    limit_ms = max(next_ms, begin_ms + LEAST_MS * len(shown))
    if limit_ms >= shown[-1].begin_ms + LEAST_MS:
        return [*shown[:-1], replace(shown[-1], end_ms=min(limit_ms, shown[-1].end_ms))]
    edges = [begin_ms + (limit_ms - begin_ms) * number // len(shown) for number in range(len(shown) + 1)]
    return [
        replace(caption, begin_ms=begin, end_ms=end)
        for caption, (begin, end) in zip(shown, pairwise(edges), strict=True)
    ]


def _timed(final: Final, layout: CaptionLayout) -> Iterator[tuple[list[str], list[str], int, int]]:
    """Yield lines of the text, lines of the translation under them, and their start and end in milliseconds."""
    pieces = list(_pieces(final, layout.max_line))
    beneath = _TranslationPieces(pieces, final.translation, layout.max_line)
    if beneath.texts:
        layout = replace(layout, max_lines=max(1, layout.max_lines // 2))
    at = 0
    for group in _groups(pieces, layout, beneath):
        text = _lines([piece.text for piece in group], layout)
        begin_ms = group[0].begin_ms
        parts = list(_full(beneath.share(at, at + len(group)), layout)) or [[]]
        each_ms = (group[-1].end_ms - begin_ms) // len(parts)
        for number, part in enumerate(parts):  # more than one only if the translation is much longer than the text
            yield text, part, begin_ms + number * each_ms, begin_ms + (number + 1) * each_ms
            text = []
        at += len(group)


class _TranslationPieces:
    """The pieces of a translation, divided in proportion to the pieces of the text above it."""

    def __init__(self, pieces: list[_Piece], translation: str, max_line: int) -> None:
        self.texts = [piece.text for piece in _pieces(Final("", 0, 0, translation), max_line)]
        self._ends = list(accumulate(cell_len(piece.text) for piece in pieces))
        ends = list(accumulate(map(cell_len, self.texts)))
        total = max([1, *ends])
        # For each piece, how far into the whole translation its middle is, from 0 to 1.
        self._middles = [(end - cell_len(text) / 2) / total for text, end in zip(self.texts, ends, strict=True)]

    def share(self, begin: int, end: int) -> list[str]:
        """Return what stands under the pieces of the text from index `begin` to `end`. All pieces share all of it."""
        return self.texts[self._place(begin) : self._place(end)]

    def _place(self, number: int) -> int:
        if number == 0:
            return 0
        if number == len(self._ends):
            return len(self.texts)
        return bisect_right(self._middles, self._ends[number - 1] / max(1, self._ends[-1]))


def _full(texts: list[str], layout: CaptionLayout) -> Iterator[list[str]]:
    """Yield the lines of a translation in groups that fit into a caption; one group if all of it fits."""
    lines = _filled(texts, layout.max_line)
    if lines and len(lines) <= layout.max_lines:
        lines = _lines(texts, layout)
    for at in range(0, len(lines), layout.max_lines):
        yield lines[at : at + layout.max_lines]


def _pieces(final: Final, max_line: int) -> Iterator[_Piece]:
    """Yield the pieces that must not be broken, with their times. Only one that is wider than a line is broken."""
    text = harmless(final.text).strip()
    last_ms = max(final.begin_ms, final.end_ms)
    known = _known_times(final, text)
    duration_ms = last_ms - final.begin_ms
    total = max(1, cell_len(text))
    done = 0
    least_ms = final.begin_ms
    for match in _PIECES.finditer(text):
        begin_ms = known.get(match.start(), final.begin_ms + duration_ms * done // total)
        least_ms = begin_ms = min(max(least_ms, begin_ms), last_ms)  # the times of words may be wrong
        done += cell_len(match[0])
        end_ms = known.get(-match.end(), max(begin_ms, final.begin_ms + duration_ms * done // total))
        end_ms = min(max(begin_ms, end_ms), last_ms)
        whole = match[0].rstrip()
        *parts, last = chop_cells(whole, max_line) or [whole]  # of characters without a width it makes nothing
        for part in (*parts, last + " " * match[0].endswith(" ")):
            yield _Piece(part, begin_ms, end_ms)


def _known_times(final: Final, text: str) -> dict[int, int]:
    """Map indexes in the text to times of words: the index of a start, and the negative index of an end."""
    known = {}
    at = 0
    folded = text.casefold()
    if len(folded) != len(text):
        return {}
    for word in final.words:
        found = folded.find(word.text.strip().casefold(), at)
        if found < 0:
            return {}
        at = found + len(word.text.strip())
        known[found] = word.begin_ms
        punctuation = re.compile(f"[{_CLOSING}]*\\s*").match(text, at)
        known[-(punctuation.end() if punctuation else at)] = word.end_ms
    return known


def _groups(pieces: list[_Piece], layout: CaptionLayout, beneath: _TranslationPieces) -> Iterator[list[_Piece]]:
    """Group the pieces into captions: as many as fit into the lines and the longest time, best up to a clause end."""
    group: list[_Piece] = []
    for number, piece in enumerate(pieces, 1):
        while group and not _fits([*group, piece], beneath.share(number - 1 - len(group), number), layout):
            cut = _clause_end(group)
            yield group[:cut]
            group = group[cut:]
        group.append(piece)
    if group:
        yield group


def _fits(group: list[_Piece], beneath: list[str], layout: CaptionLayout) -> bool:
    lines = max(len(_filled(texts, layout.max_line)) for texts in ([piece.text for piece in group], beneath))
    return lines <= layout.max_lines and group[-1].end_ms - group[0].begin_ms <= layout.max_ms


def _clause_end(group: list[_Piece]) -> int:
    """Return how many pieces reach to the last comma or full stop in the second half; all if there is none.

    An abbreviation ends no clause, and it is not the last piece where another one can be.
    """
    for at in range(len(group), len(group) // 2, -1):
        text = group[at - 1].text
        if re.search(f"[{_CLOSING}]\\s*$", text) and not _ABBREVIATION.fullmatch(text):
            return at
    at = len(group)
    while at > 1 and _ABBREVIATION.fullmatch(group[at - 1].text):
        at -= 1
    return at


def _lines(pieces: list[str], layout: CaptionLayout) -> list[str]:
    """Return the lines of one caption, as even in width as possible."""
    lines = _filled(pieces, layout.max_line)
    for width in range(1, layout.max_line):
        even = _filled(pieces, width)
        if len(even) == len(lines) and max(map(cell_len, even)) <= layout.max_line:
            return even
    return lines


def _filled(pieces: list[str], width: int) -> list[str]:
    """Join pieces to lines of at most `width` cells; a wider piece gets a line of its own."""
    lines: list[str] = []
    for piece in pieces:
        if lines and cell_len((lines[-1] + piece).rstrip()) <= width:
            lines[-1] += piece
        else:
            lines.append(piece)
    return [line.rstrip() for line in lines]
