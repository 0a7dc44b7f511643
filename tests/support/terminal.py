"""A command on a real pseudo-terminal: the test sees the screen that a person would see, and presses keys.

The kernel's line discipline is the real one (Ctrl-C is a signal, a new size is SIGWINCH), the screen is drawn by pyte.
"""

import os
import re
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from threading import Condition, Thread
from typing import Any, Self

import pyte
from wcwidth import wcwidth

from tests.support.command import ASR, environment

DIM, GREY = 2, 90  # of the escape sequences for colours
PATIENCE_S = 60  # a hung test fails; a passing one never waits for it
CTRL_C = "\x03"
# Makes the terminal on its standard input its own, as a shell's window does, then becomes the command.
AT_HOME = """
import fcntl, os, sys, termios
fcntl.ioctl(0, termios.TIOCSCTTY, 0)
os.execvp(sys.argv[1], sys.argv[1:])
"""


class Screen(pyte.HistoryScreen):
    """pyte's screen, with wide and joined characters as terminals treat them."""

    def __init__(self, columns: int, lines: int) -> None:
        super().__init__(columns, lines, history=10_000)

    def draw(self, data: str) -> None:
        """Character by character: pyte drops what follows a joiner, and lets half of a wide one stand outside."""
        for char in [data] if data.isascii() else data:
            if not char.isascii() and wcwidth(char) == 2 and self.cursor.x == self.columns - 1:
                self.cursor.x = self.columns  # the next line takes it whole
            super().draw(char)

    def resize(self, lines: int | None = None, columns: int | None = None) -> None:
        """Give up rows below the cursor first, then the top ones, which join the history; cut long rows: as xterm."""
        lines, columns = lines or self.lines, columns or self.columns
        gone = max(0, self.cursor.y + 1 - lines)
        kept = [self.buffer[y] for y in range(self.lines)]
        self.history.top.extend(kept[:gone])
        self.buffer.clear()
        self.buffer.update(enumerate(kept[gone : gone + lines]))
        self.lines = lines
        super().resize(lines, columns)
        self.cursor.x, self.cursor.y = min(self.cursor.x, columns), self.cursor.y - gone

    def row(self, line: Mapping[int, Any]) -> str:
        """A line as it is read; half a character, whose other half was overwritten, is a space."""
        cells = ["", *(line[x].data for x in range(self.columns)), ""]
        text = ""
        for before, cell, after in zip(cells, cells[1:], cells[2:], strict=False):
            if cell:
                text += cell if _width(cell) < 2 or not after else " "
            elif _width(before) < 2:
                text += " "
        return text.rstrip()

    def select_graphic_rendition(self, *attrs: int, **kwargs: Any) -> None:
        """Dim letters are grey: pyte knows none."""
        super().select_graphic_rendition(*(GREY if attr == DIM else attr for attr in attrs), **kwargs)

    def rows(self) -> list[str]:
        """What is in view."""
        return [self.row(self.buffer[y]) for y in range(self.lines)]

    def cells(self) -> "tuple[tuple[tuple[str, bool], ...], ...]":
        """What is in view, character by character, and whether each is dim."""
        rows = [[self.buffer[y][x] for x in range(self.columns)] for y in range(self.lines)]
        return tuple(tuple((cell.data, cell.fg == "brightblack") for cell in row) for row in rows)


def _width(cell: str) -> int:
    return wcwidth(cell[0]) if cell else 0


class Terminal:
    """A command on its terminal; it does not outlive its block.

    Standard input and error are the terminal, and output too unless it is `piped`. Unless it is `sized`, it says 0
    where it is asked for its size, as a serial line does.
    """

    def __init__(
        self,
        argv: Sequence[object],
        *,
        columns: int = 80,
        lines: int = 24,
        piped: bool = False,
        sized: bool = True,
        **env: str,
    ) -> None:
        import termios

        self._master, slave = os.openpty()
        termios.tcsetwinsize(slave, (lines, columns) if sized else (0, 0))
        self._screen = Screen(columns, lines)
        self._stream = pyte.ByteStream(self._screen)
        self._changed = Condition()
        self._heard = b""
        self._open = 1 + piped  # what may still bring something
        self._before = termios.tcgetattr(self._master)
        # By default Ctrl-C also throws away what is not on the screen yet, one time in 300 the very answer to it.
        self._before[3] |= termios.NOFLSH
        termios.tcsetattr(self._master, termios.TCSANOW, self._before)
        settings = environment(**({"TERM": "xterm-256color"} | env))
        for size in {"COLUMNS", "LINES"} - env.keys():  # or they would hide the size of the terminal
            settings.pop(size, None)
        self.process = subprocess.Popen(
            [sys.executable, "-ISc", AT_HOME, *map(str, argv)],
            stdin=slave,
            stdout=subprocess.PIPE if piped else slave,
            stderr=slave,
            env=settings,
            start_new_session=True,
        )
        os.close(slave)
        self._readers = [self._reader(self._master, self._stream.feed)]
        if self.process.stdout is not None:
            self._readers.append(self._reader(self.process.stdout.fileno(), self._hear))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.process.kill()
        self.process.wait()
        for reader in self._readers:
            reader.join(PATIENCE_S)
        os.close(self._master)
        if self.process.stdout is not None:
            self.process.stdout.close()

    def _reader(self, file: int, take: Callable[[bytes], None]) -> Thread:
        """Always reading, as terminals do: a full one would hold the command up."""

        def read() -> None:
            data = b"?"
            while data:
                try:
                    data = os.read(file, 65536)
                except OSError:  # Linux says so when the last program has left the terminal
                    data = b""
                with self._changed:
                    take(data)
                    self._open -= not data
                    self._changed.notify_all()

        thread = Thread(target=read, name="terminal", daemon=True)
        thread.start()
        return thread

    def _hear(self, data: bytes) -> None:
        self._heard += data

    def send(self, keys: str) -> None:
        """Press keys; the one for Return is a carriage return."""
        os.write(self._master, keys.encode())

    def resize(self, columns: int, lines: int) -> None:
        """Pull the window to another size."""
        import termios

        with self._changed:
            self._screen.resize(lines, columns)
        termios.tcsetwinsize(self._master, (lines, columns))

    def rows(self) -> list[str]:
        """The screen, row by row, without the blanks at their ends."""
        with self._changed:
            return self._screen.rows()

    def cells(self) -> "tuple[tuple[tuple[str, bool], ...], ...]":
        """The screen, character by character, and whether each is dim."""
        with self._changed:
            return self._screen.cells()

    def scrolled(self) -> list[str]:
        """The rows that have left the screen at its top, oldest first."""
        with self._changed:
            return [self._screen.row(line) for line in self._screen.history.top]

    @property
    def piped(self) -> str:
        """What has come out of the pipe so far."""
        with self._changed:
            return self._heard.decode()

    @property
    def cursor_shown(self) -> bool:
        """Whether there is a cursor to see."""
        with self._changed:
            return not self._screen.cursor.hidden

    @property
    def left_as_found(self) -> bool:
        """Whether the modes of the terminal (echo, line editing, signals) are what they were before."""
        import termios

        return termios.tcgetattr(self._master) == self._before

    @property
    def echoes(self) -> bool:
        """Whether the terminal shows what is typed."""
        import termios

        return bool(termios.tcgetattr(self._master)[3] & termios.ECHO)

    def show_typed(self) -> None:
        """Let the terminal show what is typed, as a shell does that has the terminal again."""
        import termios

        modes = termios.tcgetattr(self._master)
        modes[3] |= termios.ECHO
        termios.tcsetattr(self._master, termios.TCSANOW, modes)

    def wait_for(self, text: str) -> None:
        """Until a row of the screen holds the text; an end without it fails the test at once."""
        self._wait(lambda: any(text in row for row in self._screen.rows()), text)

    def wait_for_row(self, pattern: str) -> str:
        """Until a row of the screen matches the pattern from its beginning: that row, as it was then."""
        found: list[str] = []

        def come() -> bool:
            found[:] = [row for row in self._screen.rows() if re.match(pattern, row)]
            return bool(found)

        self._wait(come, pattern)
        return found[0]

    def wait_for_piped(self, text: str, times: int = 1) -> None:
        """Until the text has come out of the pipe this many times."""
        self._wait(lambda: self._heard.decode(errors="replace").count(text) >= times, text)

    def _wait(self, come: Callable[[], bool], text: str) -> None:
        with self._changed:
            self._changed.wait_for(lambda: come() or not self._open, PATIENCE_S)
            assert come(), "\n".join([f"{text!r} never came:", *self._screen.rows(), self._heard.decode()])

    def finish(self) -> int:
        """Wait for the end of the command: its exit code; all it wrote is then on the screen and in `piped`."""
        code = self.process.wait(PATIENCE_S)
        for reader in self._readers:
            reader.join(PATIENCE_S)
            assert not reader.is_alive(), "another program still holds the terminal"
        return code


def on_terminal(*arguments: object, columns: int = 80, lines: int = 24, piped: bool = False, **env: str) -> Terminal:
    """Start `asr` before a person; use it in a with block."""
    return Terminal([*ASR, *arguments], columns=columns, lines=lines, piped=piped, sized=True, **env)
