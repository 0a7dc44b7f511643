"""Everything that commands print on standard output, except the transcript, which has its own outputs.

Whole lines go through one writer, which handles closed pipes, full disks and encodings.
"""

import os
import sys
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, TextIO

from asrcli.core.errors import AsrError, OutputClosed, OutputError, system_reason
from asrcli.core.lazy_module import LazyModule
from asrcli.core.printable import harmless
from asrcli.outputs.line_writer import LineWriter

if TYPE_CHECKING:
    from asrcli.outputs import text_fitting
else:  # for what a person reads on a terminal
    text_fitting = LazyModule("asrcli.outputs.text_fitting")


def print_lines(*lines: str) -> None:
    """Print lines, without control characters.

    Raises:
        OutputError: standard output cannot be written.
        OutputClosed: its reader has closed the pipe.
    """
    output = LineWriter(None)
    for line in lines:
        output.write(harmless(line))


def print_text(*lines: str, indent: int = 0) -> None:
    """Print lines for a person: on a terminal broken between words, and indented, except the first row of each.

    Elsewhere each line stays one line.

    Raises:
        OutputError: standard output cannot be written.
        OutputClosed: its reader has closed the pipe.
    """
    shown = [harmless(line) for line in lines]
    if sys.stdout is not None and sys.stdout.isatty():
        shown = [row for line in shown for row in text_fitting.wrap_text(line, cells_of_terminal(), indent)]
    print_lines(*shown)


def require_stdout() -> None:
    """Check that there is a standard output, for text that a library will print: it would print nothing in silence.

    Raises:
        OutputError: standard output was closed before the program began.
    """
    if sys.stdout is None:
        raise OutputError("standard output", "it is closed")


def cells_of_terminal() -> int:
    """How many cells a line on the terminal of standard output may take, whatever COLUMNS says."""
    # Some terminals wrap after the last column; a serial line says 0 where it does not know its size.
    return max(1, (os.get_terminal_size(sys.stdout.fileno()).columns or 80) - 1)


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
    _abandon(sys.stdout)


def abandon_streams() -> None:
    """Discard what the standard streams cannot take: with either Python would end with 120 instead of our exit code."""
    _abandon(sys.stdout)
    _abandon(sys.stderr)


def _abandon(stream: TextIO | None) -> None:
    if stream is None:
        return
    try:
        stream.flush()
    except (OSError, ValueError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())
