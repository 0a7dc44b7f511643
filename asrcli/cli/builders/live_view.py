"""The live view on a terminal, and output into a pipe beside it: when each is used, and how it is made."""

import os
import stat
import sys
import time
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, ExitStack, nullcontext
from typing import TYPE_CHECKING, TextIO

from asrcli.cli.console import print_message, terminal_writer
from asrcli.cli.options.values import OutputFormat
from asrcli.cli.system_resources import screen_environment
from asrcli.core.lazy_module import LazyModule
from asrcli.outputs.broken_pipe import PipelineOutput
from asrcli.terminal.interrupts import stop_requested

if TYPE_CHECKING:
    from asrcli.cli.builders.outputs import OutputBuilder
    from asrcli.core.interfaces import Output
    from asrcli.outputs.status_bar import StatusBar
    from asrcli.terminal import keyboard, restoration
else:  # where there is no terminal, there is no live view
    keyboard = LazyModule("asrcli.terminal.keyboard")
    restoration = LazyModule("asrcli.terminal.restoration")


def screen_for(output_builder: "OutputBuilder") -> TextIO | None:
    """The terminal that gets the live view; None without one.

    If standard output is not a terminal, standard error gets it, except beside partials that go into a pipe.
    """
    if output_builder.level is None or output_builder.plain:
        return None
    if can_redraw(sys.stdout):
        is_plain_text = output_builder.formats == (OutputFormat.TEXT,) and output_builder.template is None
        if output_builder.path is not None or is_plain_text:
            return sys.stdout
    elif can_redraw(sys.stderr) and (output_builder.path is not None or not output_builder.partials):
        return sys.stderr
    return None


def drawn(
    output_builder: "OutputBuilder",
    screen: TextIO,
    stack: ExitStack,
    stamp: Callable[[int], str] | None,
    *,
    finals: bool,
) -> "Output":
    """The live view on a terminal. The terminal does not echo keys and is restored however the program ends."""
    from asrcli.outputs.terminal_view import TerminalView

    if hasattr(screen, "reconfigure"):
        screen.reconfigure(errors="replace")  # a terminal that cannot show Chinese shows question marks instead
    drawn_on = screen.fileno()
    writer = terminal_writer(screen)
    undivided: Callable[[], AbstractContextManager[None]] = restoration.signals_deferred
    if writer is screen:  # it may take nothing forever, and only an interrupt ends the wait for it
        undivided = nullcontext
    terminal = TerminalView(
        writer,
        time.monotonic,
        stamp=stamp,
        level=output_builder.level or 0,
        bar=_bar(output_builder),
        finals=finals,
        folds=_folds(os.environ),
        may_draw=lambda: os.name != "posix" or keyboard.is_ours(drawn_on),
        environment=screen_environment(screen),
        undivided=undivided,
    )
    stack.enter_context(keyboard.without_echo(drawn_on))
    stack.enter_context(restoration.restored_on_exit(terminal.leave, terminal.draw_again))
    return terminal


def is_pipe(file: TextIO | None) -> bool:
    """Whether another program reads this file; that program may write to our screen."""
    if file is None:
        return False
    try:
        mode = os.fstat(file.fileno()).st_mode
    except (OSError, ValueError):
        return False
    return stat.S_ISFIFO(mode) or stat.S_ISSOCK(mode)


def into_pipe(output: "Output", stamp: Callable[[int], str] | None) -> "Output":
    """The output, adapted so that the run goes on if Ctrl-C also ended the program that reads the pipe."""

    def closed() -> None:
        # Python flushes standard output once more at exit: that must not fail at the closed pipe again.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())

    return PipelineOutput(output, stop_requested, closed, print_message, stamp)


def _bar(output_builder: "OutputBuilder") -> "StatusBar":
    from asrcli.outputs.status_bar import FileStatusBar, MicrophoneStatusBar

    if output_builder.keys is None:
        return FileStatusBar(time.monotonic, pace=output_builder.pace)
    return MicrophoneStatusBar(keys=output_builder.keys)


def can_redraw(file: object) -> bool:
    """Whether a file is a terminal on which lines can be redrawn."""
    return bool(getattr(file, "isatty", bool)()) and os.environ.get("TERM", "") not in {"dumb", "unknown"}


def _folds(environment: Mapping[str, str]) -> bool:
    """Whether the terminal wraps its lines when it gets narrower: nearly all do, the oldest cut them off."""
    return "XTERM_VERSION" not in environment and not environment.get("TERM", "").startswith(("linux", "rxvt"))
