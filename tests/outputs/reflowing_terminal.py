"""A terminal that folds its lines again whenever its width changes, and that may be late to say how wide it is."""

import io
import re
from collections import UserDict
from collections.abc import Callable

from rich.cells import cell_len

from asrcli.core.events import Event
from asrcli.core.transcript import Transcript, fold
from asrcli.outputs.status_bar import MicrophoneStatusBar
from asrcli.outputs.terminal_view import TerminalView

SEQUENCE = re.compile(r"\x1b\[\??([\d;]*)([A-Za-z])|(.)", re.DOTALL)
HEIGHT = 24


class Reflowing:
    """The rows of a terminal, those that have scrolled away included. As in tmux, empty rows below the cursor stay.

    Attributes:
        columns: How wide it is.
    """

    def __init__(self, columns: int) -> None:
        self.columns = columns
        self._rows = [""] * HEIGHT
        self._continued: set[int] = set()  # rows whose line goes on in the next one
        self._row = 0  # of the cursor

    def feed(self, written: str) -> None:
        """Take what a program writes."""
        for number, final, char in SEQUENCE.findall(written):
            if final == "A":
                self._row = max(self._top, self._row - int(number or 1))
            elif final in {"K", "J"}:
                self._erase(self._row if final == "K" else len(self._rows) - 1)
            elif char == "\n":
                self._go_down()
            elif char and char != "\r":
                self._put(char)

    def resize(self, columns: int) -> None:
        """Fold all lines for another width; the cursor stays at its character."""
        lines = [""]
        cursor = (0, 0)  # a line, and how many of its characters stand before the cursor
        for number, row in enumerate(self._rows):
            lines[-1] += row
            if number == self._row:
                cursor = len(lines) - 1, len(lines[-1])
            if number not in self._continued:
                lines.append("")
        self.columns, self._rows, self._continued, self._row = columns, [""], set(), 0
        found = 0
        for number, line in enumerate(lines[:-1]):
            if number:
                self._go_down()
            for place, char in enumerate(line):
                self._put(char)
                if (number, place + 1) == cursor:
                    found = self._row
            if (number, 0) == cursor:
                found = self._row
        self._rows += [""] * (HEIGHT - len(self._rows))
        self._row = max(found, self._top)

    def lines(self) -> list[str]:
        """All lines as they were written, without the empty ones at the end."""
        text = "".join(row + "\n" * (number not in self._continued) for number, row in enumerate(self._rows))
        return text.rstrip("\n").split("\n")

    @property
    def _top(self) -> int:
        return len(self._rows) - HEIGHT

    def _erase(self, last: int) -> None:
        self._continued -= set(range(self._row - 1, last + 1))
        self._rows[self._row : last + 1] = [""] * (last + 1 - self._row)

    def _go_down(self) -> None:
        self._row += 1
        if self._row == len(self._rows):
            self._rows.append("")

    def _put(self, char: str) -> None:
        if cell_len(self._rows[self._row] + char) > self.columns:
            self._continued.add(self._row)
            self._go_down()
        self._rows[self._row] += char


class ReportedSize(UserDict[str, str]):
    """An environment that says how wide the terminal is.

    It does not say so while a console is made, which would keep that width forever.
    """

    def __init__(self, columns: Callable[[], int]) -> None:
        super().__init__({"TERM": "xterm-256color", "TTY_COMPATIBLE": "1"})
        self._columns = columns
        self.speaks = False

    def __contains__(self, key: object) -> bool:
        return (self.speaks and key in {"COLUMNS", "LINES"}) or super().__contains__(key)

    def __getitem__(self, key: str) -> str:
        if not self.speaks or key not in {"COLUMNS", "LINES"}:
            return super().__getitem__(key)
        if key == "LINES":
            return str(HEIGHT)
        return str(self._columns())


class Watched:
    """The live view of a microphone on such a terminal. Twenty events a second are shown.

    Args:
        columns: How wide the terminal is at first.
        lag: By how many events it says too late how wide it is.
        finals: Whether finals are shown; else they go to another program.
    """

    def __init__(self, columns: int, lag: int = 0, *, finals: bool = True) -> None:
        self.terminal = Reflowing(columns)
        self._widths = [columns] * (lag + 1)  # of the last events
        self._file = io.StringIO()
        self._file.isatty = lambda: True  # type: ignore[method-assign]
        self._now, self._transcript = 0.0, Transcript()
        size = ReportedSize(lambda: self._widths[0])
        self._view = TerminalView(
            self._file, lambda: self._now, stamp=None, level=0, bar=MicrophoneStatusBar(keys=False),
            environment=size, finals=finals,
        )  # fmt: skip
        size.speaks = True

    def resize(self, columns: int) -> None:
        """Change the width of the terminal."""
        self.terminal.resize(columns)
        self._widths[-1] = columns

    def handle(self, *events: Event) -> list[str]:
        """Show the events; return the lines on the terminal."""
        for event in events:
            self._now += 0.05
            self._transcript = fold(self._transcript, event)
            self._view.handle(event, self._transcript)
            self.terminal.feed(self._file.getvalue())
            self._file.seek(0)
            self._file.truncate()
            self._widths = [*self._widths[1:], self.terminal.columns]
        return self.terminal.lines()
