"""Everything that commands print on standard output, except the transcript, which has its own outputs.

Whole lines go through one writer, which handles closed pipes, full disks and encodings.
"""

import io
import os
import sys
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any, cast

from asrcli.core.errors import AsrError, OutputClosed, OutputError, system_reason
from asrcli.core.printable import harmless
from asrcli.outputs.line_writer import LineWriter

if TYPE_CHECKING:
    from rich.console import Console, RenderableType
    from rich.table import Table
    from rich.text import Text

_ANY_WIDTH = 10_000


def print_lines(*lines: str) -> None:
    """Print lines, without control characters.

    Raises:
        OutputError: standard output cannot be written.
        OutputClosed: its reader has closed the pipe.
    """
    output = LineWriter(None)
    for line in lines:
        output.write(harmless(line))


def print_rows(table: Iterable[Iterable[str]]) -> None:
    """Print rows of fields with tabs between them, without control characters.

    Raises:
        OutputError: standard output cannot be written.
        OutputClosed: its reader has closed the pipe.
    """
    output = LineWriter(None)
    for row in table:
        output.write("\t".join(map(harmless, row)))


def print_json(value: Any) -> None:
    """Print a value as JSON, for programs and people.

    Raises:
        OutputError: standard output cannot be written.
        OutputClosed: its reader has closed the pipe.
    """
    from asrcli.outputs.formatting import as_json

    LineWriter(None).write(as_json(value, indent=2))


def print_table(table: "Table", *, markup: bool = False) -> None:
    """Print a table as wide as the terminal, or its cells one below the other if the terminal is too narrow.

    The cells must not hold control characters.

    Raises:
        OutputError: standard output cannot be written.
        OutputClosed: its reader has closed the pipe.
    """
    from rich.measure import Measurement

    console = _console_in_memory(markup=markup)
    if (
        Measurement.get(console, console.options.update(max_width=_ANY_WIDTH), table).minimum > console.width
    ):  # the table would break words
        _print_drawn(console, _one_below_the_other(table))
    else:
        _print_drawn(console, [table])


def print_texts(texts: "Iterable[Text]") -> None:
    """Print texts with their colours, each on lines of its own, broken at the width of the terminal.

    They must not hold control characters.

    Raises:
        OutputError: standard output cannot be written.
        OutputClosed: its reader has closed the pipe.
    """
    _print_drawn(_console_in_memory(markup=False), texts)


def _console_in_memory(*, markup: bool) -> "Console":
    """Return a console with the width and colours of the terminal. Rich itself would not report a full disk."""
    from rich.console import Console

    screen = Console(file=sys.stdout or io.StringIO())
    return Console(
        file=io.StringIO(),
        width=screen.width,
        force_terminal=screen.is_terminal,
        color_system=cast("Any", screen.color_system),
        no_color=screen.no_color,
        highlight=False,
        markup=markup,
    )


def _print_drawn(console: "Console", items: "Iterable[RenderableType]") -> None:
    for item in items:
        console.print(item)
    LineWriter(None).write(cast("io.StringIO", console.file).getvalue().removesuffix("\n"))


def _one_below_the_other(table: "Table") -> "Iterator[RenderableType]":
    """The rows of a table as lines: the first cell that is not empty, and below it the others with their titles."""
    from rich.padding import Padding

    titles = [str(column.header) for column in table.columns]
    for cells in zip(*(column.cells for column in table.columns), strict=True):
        first = next((number for number, cell in enumerate(cells) if cell), 0)
        yield cells[first]
        for title, cell in list(zip(titles, cells, strict=True))[first + 1 :]:
            if cell:
                yield Padding(f"{title}: {cell}" if title else cell, (0, 0, 0, 2))


def redraw(text: str) -> None:
    """Replace the current line of a terminal.

    Raises:
        OutputError: standard output cannot be written.
        OutputClosed: its reader has closed the pipe.
    """
    try:
        if sys.stdout is not None:
            sys.stdout.write(f"\r\x1b[K{text}")
            sys.stdout.flush()
    except OSError as exc:
        raise output_error(exc) from exc


def output_error(exc: OSError) -> AsrError:
    """The error of ours for an error that writing to standard output raised."""
    if isinstance(exc, BrokenPipeError):
        return OutputClosed()
    return OutputError("standard output", system_reason(exc))


def abandon_stdout() -> None:
    """Discard what standard output cannot take: Python would write it again at exit, and print an error."""
    if sys.stdout is None:
        return
    try:
        sys.stdout.flush()
    except (OSError, ValueError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
