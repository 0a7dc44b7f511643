"""Tables and coloured texts on standard output. It loads Rich, which is slow: import it where a table is printed."""

import io
import os
import sys
from collections.abc import Iterable, Iterator
from typing import Any, cast

from rich.console import Console, RenderableType
from rich.measure import Measurement
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from asrcli.outputs.line_writer import LineWriter

_ANY_WIDTH = 10_000
COLUMN_GAP = 2


def new_table(**looks: Any) -> Table:
    """An empty table without lines, with two spaces between its columns; `looks` are further arguments of `Table`."""
    return Table(box=None, padding=(0, COLUMN_GAP, 0, 0), **looks)


def print_table(table: Table, *, markup: bool = False) -> None:
    """Print a table as wide as the terminal, or its cells one below the other if the terminal is too narrow.

    In a pipe or file, each row is one line, for grep and its like, unless COLUMNS says how wide it may be.

    The cells must not hold control characters.

    Raises:
        OutputError: standard output cannot be written.
        OutputClosed: its reader has closed the pipe.
    """
    console = _console_in_memory(markup=markup)
    unbroken = Measurement.get(console, console.options.update(max_width=_ANY_WIDTH), table)
    if unbroken.minimum > console.width:  # the table would break words
        _print_drawn(console, _one_below_the_other(table))
    else:
        _print_drawn(console, [table])


def room_beside(table: Table) -> int:
    """How many cells one more column of a table may have on the terminal; below 0 if the table itself has no room."""
    console = _console_in_memory(markup=False)
    needed = Measurement.get(console, console.options.update(max_width=_ANY_WIDTH), table).maximum
    return console.width - needed - COLUMN_GAP


def cropped(text: str, cells: int) -> str:
    """The text, shortened to a number of cells; an ellipsis stands for what is left out."""
    shown = Text(text)
    shown.truncate(cells, overflow="ellipsis")
    return shown.plain


def print_texts(texts: Iterable[Text]) -> None:
    """Print texts with their colours, each on lines of its own, broken at the width of the terminal; whole in a pipe.

    They must not hold control characters.

    Raises:
        OutputError: standard output cannot be written.
        OutputClosed: its reader has closed the pipe.
    """
    _print_drawn(_console_in_memory(markup=False), texts)


def _console_in_memory(*, markup: bool) -> Console:
    """Return a console with the width and colours of the terminal. Rich itself would not report a full disk."""
    screen = Console(file=sys.stdout or io.StringIO())
    width = screen.width
    if not screen.is_terminal and "COLUMNS" not in os.environ:
        width = _ANY_WIDTH
    return Console(
        file=io.StringIO(),
        width=width,
        force_terminal=screen.is_terminal,
        color_system=cast("Any", screen.color_system),
        no_color=screen.no_color,
        highlight=False,
        markup=markup,
    )


def _print_drawn(console: Console, items: Iterable[RenderableType]) -> None:
    for item in items:
        console.print(item)
    drawn = cast(io.StringIO, console.file).getvalue().removesuffix("\n")
    LineWriter(None).write("\n".join(map(str.rstrip, drawn.split("\n"))))


def _one_below_the_other(table: Table) -> Iterator[RenderableType]:
    """The rows of a table as lines: the first cell that is not empty, and below it the others with their titles."""
    titles = [str(column.header) for column in table.columns]
    for cells in zip(*(column.cells for column in table.columns), strict=True):
        first = next((number for number, cell in enumerate(cells) if cell), 0)
        yield cells[first]
        for title, cell in list(zip(titles, cells, strict=True))[first + 1 :]:
            if cell:
                line = cell
                if title:
                    line = f"{title}: {cell}"
                yield Padding(line, (0, 0, 0, 2))
