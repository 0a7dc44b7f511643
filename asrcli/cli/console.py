"""Messages for a person, on standard error."""

import contextlib
import os
import sys
from functools import cache
from typing import TYPE_CHECKING, TextIO

import typer

from asrcli.core.errors import without_secrets
from asrcli.core.lazy_module import LazyModule
from asrcli.core.printable import harmless
from asrcli.outputs.named_pipe import PipeRoom, pipe_of, waiting_for_room

if TYPE_CHECKING:
    from asrcli.terminal import interrupts, restoration
else:
    interrupts = LazyModule("asrcli.terminal.interrupts")
    restoration = LazyModule("asrcli.terminal.restoration")

NARROWEST = 20  # a terminal that reports fewer columns is wrong


def print_message(line: str) -> None:
    """Print a message without secrets and control characters. If standard error is closed, go on.

    If nobody reads what is written to it, wait for its reader, but not forever once the program is to end.
    """
    stderr: TextIO | None = sys.stderr
    # Rich puts another stream there while it draws, which prints above what is drawn.
    is_ours = stderr is sys.__stderr__
    with contextlib.suppress(OSError, ValueError):
        for part in _on_screen(harmless(without_secrets(line))):
            if stderr is not None and is_ours and stderr.isatty():
                typer.echo(part, file=terminal_writer(stderr))
            elif _has_room():
                typer.echo(part, err=True)


def terminal_writer(stream: TextIO) -> TextIO:
    """Return what writes to the terminal of a stream, and waits for room there; the same one for all its streams."""
    if sys.platform == "win32":  # whose console has no name
        return stream
    try:
        name = os.ttyname(stream.fileno())
    except (OSError, ValueError):  # it has no name here
        return stream
    if name not in _terminals:
        _terminals[name] = waiting_for_room(stream, _stopped)
    return _terminals[name]


_terminals: dict[str, TextIO] = {}


def _has_room() -> bool:
    """Wait until standard error takes a message; return False if its reader is waited for no longer."""
    if sys.stderr is None or (fd := pipe_of(sys.stderr)) is None:
        return True
    return _room(fd).wait()


@cache
def _room(fd: int) -> PipeRoom:
    return PipeRoom(fd, _stopped)


def _stopped() -> bool:
    """Return whether the user has asked for the end; also in the middle of a drawing that waits for the terminal."""
    restoration.handle_deferred_signals()
    return interrupts.stop_requested(0)


def print_question(question: str) -> None:
    """Print a question, and leave the cursor after it for the answer."""
    *lines, last = _on_screen(harmless(question), spare=len(" y"))
    sys.stderr.write("".join(f"{line}\n" for line in lines) + f"{last.rstrip()} ")
    sys.stderr.flush()


def print_error(sentence: str, *, debug: bool) -> None:
    """Print what has ended the program, with `debug` after the calls that led to it."""
    import logging
    import traceback

    if debug:
        for line in traceback.format_exc().splitlines():  # it may hold an address or text that others wrote
            print_message(line)
    logging.getLogger("asrcli").debug("%s", sentence)  # for the log file only: the next line prints it on the screen
    print_message(f"asr: {sentence}")


def _on_screen(line: str, spare: int = 0) -> list[str]:
    """The message; if standard error is a terminal, as lines that are broken between words, with cells to spare."""
    if sys.stderr is None or not sys.stderr.isatty():
        return [line]
    try:
        columns = os.get_terminal_size(sys.stderr.fileno()).columns
    except OSError:  # it was closed
        return [line]
    if columns < NARROWEST or len(line) * 2 < columns:
        return [line]
    from asrcli.outputs.text_fitting import wrap_text

    return wrap_text(line, columns - 1 - spare)
