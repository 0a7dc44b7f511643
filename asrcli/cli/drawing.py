"""The live view on a terminal, and the pipe beside it: which there is, and how each is made."""

import os
import stat
import sys
import time
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from typing import TYPE_CHECKING, TextIO

from asrcli.cli.telling import tell

if TYPE_CHECKING:
    from asrcli.cli.showing import Showing
    from asrcli.outputs.bars import Bar
    from asrcli.seams import Output


def drawn(
    showing: "Showing", screen: TextIO, stack: ExitStack, stamp: Callable[[int], str] | None, *, finals: bool
) -> "Output":
    """The live view on a terminal, which is given back whatever ends us, and shows nothing of what is typed."""
    from asrcli.engine.keyboard import is_ours, without_echo
    from asrcli.engine.restoring import restoring
    from asrcli.outputs.terminal import Terminal

    if hasattr(screen, "reconfigure"):
        screen.reconfigure(errors="replace")  # a terminal that cannot show Chinese shows question marks
    drawn_on = screen.fileno()
    terminal = Terminal(
        screen,
        time.monotonic,
        stamp=stamp,
        level=showing.level or 0,
        bar=_bar(showing),
        finals=finals,
        folds=_folds(os.environ),
        ours=lambda: os.name != "posix" or is_ours(drawn_on),
    )
    stack.enter_context(without_echo(drawn_on))
    stack.enter_context(restoring(terminal.leave))
    return terminal


def is_pipe(file: TextIO | None) -> bool:
    """Whether another program reads it, and may show on our screen what it reads."""
    try:
        mode = os.fstat(file.fileno()).st_mode if file is not None else 0
    except (OSError, ValueError):
        return False
    return stat.S_ISFIFO(mode) or stat.S_ISSOCK(mode)


def into_pipe(output: "Output", stamp: Callable[[int], str] | None) -> "Output":
    """The output, which outlives a reader that died of the Ctrl-C that was meant for us."""
    from asrcli.engine.interrupts import was_asked
    from asrcli.outputs.piped import Piped

    def closed() -> None:
        # Python flushes standard output once more on its way out: that must not meet the closed pipe again.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())

    return Piped(output, was_asked, closed, tell, stamp)


def _bar(showing: "Showing") -> "Bar":
    from asrcli.outputs.bars import FileBar, MicrophoneBar

    if showing.keys is None:
        return FileBar(time.monotonic, paced=showing.pace is not None)
    return MicrophoneBar(keys=showing.keys)


def can_redraw(file: object) -> bool:
    """Whether it is a terminal that can change what it shows."""
    return bool(getattr(file, "isatty", bool)()) and os.environ.get("TERM", "") not in {"dumb", "unknown"}


def _folds(environment: Mapping[str, str]) -> bool:
    """Whether the terminal folds what is on it when it gets narrower: nearly all do, the oldest cut it off."""
    return "XTERM_VERSION" not in environment and not environment.get("TERM", "").startswith(("linux", "rxvt"))
