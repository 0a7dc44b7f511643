"""Formats finals and gaps as rows of comma-separated values that a spreadsheet opens as text. Pure."""

import csv
import io

from asrcli.core.events import Final, Gap
from asrcli.core.printable import harmless
from asrcli.outputs.formatting import spoken_text, translated

COLUMNS = (
    "type",
    "sentence",
    "begin_ms",
    "end_ms",
    "speaker",
    "language",
    "text",
    "translation",
)
HEAD = ",".join(COLUMNS)
# A spreadsheet takes a cell that begins so for a formula, and a formula can send the table to somebody. In some
# languages it also takes the wide forms.
_FORMULA = frozenset("=+-@\t\r＝＋－＠")


def csv_row(event: Final | Gap, number: int) -> str:
    """Return the row of a final with its number, or of a gap, quoted where that is needed; without a line end."""
    times = [str(event.begin_ms), str(max(event.begin_ms, event.end_ms)), cell(event.speaker)]
    if isinstance(event, Gap):
        reason = spoken_text(Gap(event.begin_ms, event.end_ms, event.reason, "", event.local_text))
        return _joined(["gap", "", *times, "", cell(reason), ""])
    return _joined(
        ["final", str(number), *times, cell(event.language), cell(event.text), cell(translated(event))],
    )


def cell(text: str) -> str:
    """Return text for one cell, on one line; an apostrophe is put before what would be taken for a formula."""
    text = harmless(text).strip()
    if text[:1] in _FORMULA and text:
        return f"'{text}"
    return text


def _joined(cells: list[str]) -> str:
    row = io.StringIO()
    csv.writer(row, lineterminator="").writerow(cells)
    return row.getvalue()
