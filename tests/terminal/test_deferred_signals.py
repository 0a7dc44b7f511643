"""A signal in the middle of a drawing stops or ends the program after it, and nothing of it stays on the screen."""

import io
import os
import signal
from collections.abc import Callable

import pyte
import pytest

from asrcli.cli import console
from asrcli.core.events import Began, Event, Final, Partial, Progress
from asrcli.core.transcript import Transcript, fold
from asrcli.outputs.status_bar import FileStatusBar
from asrcli.outputs.terminal_view import TerminalView
from asrcli.terminal.restoration import restored_on_exit, signals_deferred
from tests.support.terminal import Screen

EVENTS: list[Event] = [
    Began("a.wav", "m", "t", 0, 10_000),
    Progress(0),
    Partial("1", 0, "", "the first words"),
    Progress(1000),
    Final("1", 0, 900, "the first words of it"),
    Progress(1500),
]


class SignalledTerminal(io.StringIO):
    """A terminal: when the write of this number has put its text on the screen, a signal comes before it returns."""

    def __init__(self, number: int, signalled: Callable[[], object]) -> None:
        super().__init__()
        self._left, self._signalled = number, signalled
        self._screen = Screen(80, 24)
        self._stream = pyte.Stream(self._screen)

    def isatty(self) -> bool:
        """Return True."""
        return True

    def fileno(self) -> int:
        """Return no terminal: the cursor is shown by a write past this file."""
        raise OSError

    def write(self, text: str) -> int:
        """Show the text."""
        self._stream.feed(text.replace("\n", "\r\n"))
        self._left -= 1
        if self._left == 0:
            self._signalled()
        return len(text)

    @property
    def came(self) -> bool:
        """Whether there were enough writes for the signal."""
        return self._left <= 0

    def rows(self) -> list[str]:
        """All rows that are not empty."""
        return [row for row in self._screen.rows() if row]


def show(terminal: SignalledTerminal, monkeypatch: pytest.MonkeyPatch) -> None:
    """Draw all events, and close the view. Signals are handled as in a run."""
    monkeypatch.setenv("TTY_COMPATIBLE", "1")
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.setenv("COLUMNS", "80")
    now, transcript = 0.0, Transcript()
    bar = FileStatusBar(lambda: now, pace=1.0)
    view = TerminalView(terminal, lambda: now, stamp=None, level=0, bar=bar, undivided=signals_deferred)
    with restored_on_exit(view.leave, view.draw_again):
        for event in EVENTS:
            now += 0.2
            transcript = fold(transcript, event)
            view.handle(event, transcript)


@pytest.mark.skipif(os.name == "nt", reason="Windows has no SIGTSTP")
def test_ctrl_z_leaves_nothing_of_the_live_line_wherever_it_comes(monkeypatch: pytest.MonkeyPatch) -> None:
    """The shell that gets the terminal finds the finals alone, and the end of the program too."""
    number, stopped = 0, True  # after this many writes; whether there were as many
    while stopped:
        number += 1
        stops: list[list[str]] = []
        terminal = SignalledTerminal(number, lambda: signal.raise_signal(signal.SIGTSTP))

        def stop(_: int, what: int, terminal: SignalledTerminal = terminal, stops: list[list[str]] = stops) -> None:
            assert what == signal.SIGSTOP
            stops.append(terminal.rows())
            signal.raise_signal(signal.SIGCONT)

        with monkeypatch.context() as patch:
            patch.setattr("os.kill", stop)
            show(terminal, monkeypatch)
        stopped = terminal.came
        assert len(stops) == stopped
        assert all(rows in ([], ["the first words of it"]) for rows in stops), number
        assert terminal.rows() == ["the first words of it"], number
    assert number > 6  # or nothing was tried


@pytest.mark.skipif(os.name == "nt", reason="Windows has no SIGTSTP")
def test_a_drawing_that_waits_for_the_terminal_holds_up_no_signal(monkeypatch: pytest.MonkeyPatch) -> None:
    """It may take nothing forever (Ctrl-S). What waits asks again and again whether it still has to."""
    stops: list[int] = []

    def stop(_: int, what: int) -> None:
        stops.append(what)

    monkeypatch.setattr("os.kill", stop)
    with restored_on_exit(lambda: None), signals_deferred():
        with signals_deferred():
            signal.raise_signal(signal.SIGTSTP)
        assert stops == []
        assert not console._stopped()
        assert stops == [signal.SIGSTOP]
        signal.raise_signal(signal.SIGQUIT)
        assert stops == [signal.SIGSTOP]
    assert stops == [signal.SIGSTOP, signal.SIGQUIT]
    assert signal.getsignal(signal.SIGQUIT) == signal.SIG_DFL
