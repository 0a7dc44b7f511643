"""What commands print on standard output: whole lines through one writer, so that pipes, disks and locales do no harm.

The transcript has its own outputs; everything else that a command prints comes through here.
"""

import io
import os
import sys
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, cast

from asrcli.errors import AsrError, NobodyReads, OutputError
from asrcli.harmless import harmless
from asrcli.outputs.lines import Lines
from asrcli.outputs.text import as_json

if TYPE_CHECKING:
    from rich.table import Table


def put(*lines: str) -> None:
    """Print lines, each harmless to a terminal.

    Raises:
        OutputError, NobodyReads: as Lines does.
    """
    output = Lines(None)
    for line in lines:
        output.write(harmless(line))


def rows(table: Iterable[Iterable[str]]) -> None:
    """Print rows of fields with tabs between, each field harmless.

    Raises:
        OutputError, NobodyReads: as Lines does.
    """
    output = Lines(None)
    for row in table:
        output.write("\t".join(map(harmless, row)))


def put_json(value: Any) -> None:
    """Print a value as JSON, for programs and people.

    Raises:
        OutputError, NobodyReads: as Lines does.
    """
    Lines(None).write(as_json(value, indent=2))


def put_table(table: "Table", *, markup: bool = False) -> None:
    """Print a table whose cells are harmless, as wide as the terminal.

    Raises:
        OutputError, NobodyReads: as Lines does.
    """
    from rich.console import Console

    # Drawn into memory, as wide and as coloured as the terminal: Rich would write to a disk that is full by itself.
    screen, drawn = Console(file=sys.stdout or io.StringIO()), io.StringIO()
    console = Console(
        file=drawn,
        width=screen.width,
        force_terminal=screen.is_terminal,
        color_system=cast("Any", screen.color_system),
        no_color=screen.no_color,
        highlight=False,
        markup=markup,
    )
    console.print(table)
    Lines(None).write(drawn.getvalue().removesuffix("\n"))


def redraw(text: str) -> None:
    """Write over the line of a terminal.

    Raises:
        OutputError, NobodyReads: as Lines does.
    """
    try:
        if sys.stdout is not None:
            sys.stdout.write(f"\r\x1b[K{text}")
            sys.stdout.flush()
    except OSError as exc:
        raise trouble(exc) from exc


def trouble(exc: OSError) -> AsrError:
    """What it means that standard output cannot be written."""
    return (
        NobodyReads() if isinstance(exc, BrokenPipeError) else OutputError("standard output", exc.strerror or str(exc))
    )


def let_go() -> None:
    """Drop what standard output still holds and cannot take: Python would try it again on its way out, and complain."""
    if sys.stdout is None:
        return
    try:
        sys.stdout.flush()
    except (OSError, ValueError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
