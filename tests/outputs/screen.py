"""A terminal view on a screen of the test."""

import io

import pytest

from asrcli.core.events import Began, Ended, Event
from asrcli.core.transcript import Transcript, fold
from asrcli.outputs.status_bar import FileStatusBar, StatusBar
from asrcli.outputs.terminal_view import TerminalView

BEGAN = Began("a.wav", "m", "t", 0, 10_000)
ENDED = Ended(10_000, 10_000, 0, 1, 0, None, None, None, 0)


class Screen:
    """A terminal view that writes to memory, and a clock that the test sets."""

    def __init__(
        self,
        monkeypatch: pytest.MonkeyPatch,
        columns: int = 40,
        *,
        level: int = 0,
        folds: bool = True,
        bar: StatusBar | None = None,
    ) -> None:
        monkeypatch.setenv("COLUMNS", str(columns))
        monkeypatch.setenv("TERM", "xterm-256color")
        monkeypatch.setenv("TTY_COMPATIBLE", "1")
        self.file, self.now, self.transcript = io.StringIO(), 0.0, Transcript()
        self.file.isatty = lambda: True  # type: ignore[method-assign]
        bar = bar or FileStatusBar(lambda: self.now, pace=1.0)
        self.terminal = TerminalView(self.file, lambda: self.now, stamp=None, level=level, bar=bar, folds=folds)

    def handle(self, *events: Event) -> str:
        """What the events write."""
        before = len(self.file.getvalue())
        for event in events:
            self.now += 0.2
            self.transcript = fold(self.transcript, event)
            self.terminal.handle(event, self.transcript)
        return self.file.getvalue()[before:]
