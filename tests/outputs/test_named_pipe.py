"""Writing to named pipes whose readers come late, never, or stop reading."""

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from threading import Thread

import pytest

from asrcli.cli import console
from asrcli.core.errors import OutputClosed, OutputError
from asrcli.core.events import Final
from asrcli.core.transcript import Transcript, fold
from asrcli.outputs import named_pipe
from asrcli.outputs.line_writer import LineWriter
from asrcli.outputs.named_pipe import PIECE_BYTES
from asrcli.outputs.status_bar import FileStatusBar
from asrcli.outputs.terminal_view import TerminalView
from asrcli.terminal import interrupts

LONG = "a" * 300_000  # more than a pipe holds


@pytest.fixture
def pipe(tmp_path: Path) -> Path:
    """A pipe that nobody has opened."""
    os.mkfifo(tmp_path / "pipe")
    return tmp_path / "pipe"


def test_a_reader_that_comes_late_gets_everything(pipe: Path) -> None:
    """The writer looks for a reader until there is one; what is longer than the pipe waits for its room."""
    got: list[str] = []
    reader = Thread(target=lambda: got.append(pipe.read_text("utf-8")))
    looks = 0

    def stopped() -> bool:
        nonlocal looks
        looks += 1
        if looks == 2:
            reader.start()
        return False

    lines = LineWriter(str(pipe), stopped=stopped)
    lines.begin()
    for text in ("早", LONG, "end"):
        lines.write(text)
    lines.close()
    reader.join(60)
    assert got == [f"早\n{LONG}\nend\n"]


def test_without_a_reader_the_end_is_not_held_up(pipe: Path) -> None:
    """The wait ends as the user asked, nothing is tried again, and closing says what is missing."""
    lines = LineWriter(str(pipe), stopped=lambda: True)
    with pytest.raises(KeyboardInterrupt):
        lines.begin()
    lines.write("more")
    with pytest.raises(OutputError, match="is a pipe that nobody reads"):
        lines.close()
    lines.close()


def test_a_reader_that_stops_reading_does_not_hold_up_the_end(pipe: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Once the end was asked for, a full pipe is given up, and closing does not wait for it again."""
    monkeypatch.setattr(named_pipe, "GRACE_S", 0)
    reader = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    lines = LineWriter(str(pipe), stopped=lambda: True)
    with pytest.raises(OutputError, match="is a pipe that nobody reads"):
        lines.write(LONG)
    lines.close()
    os.close(reader)


class FullPipe:
    """A pipe that is full, and its reader."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.reader, writer = os.pipe()
        os.set_blocking(writer, False)
        self.held = 0
        with suppress(BlockingIOError):
            while True:
                self.held += os.write(writer, b"x" * PIECE_BYTES)
        os.set_blocking(writer, True)
        self.stream = os.fdopen(writer, "w", encoding="utf-8")
        self._monkeypatch = monkeypatch

    def lines(self, stopped: Callable[[], bool]) -> LineWriter:
        """What writes lines to it, as standard output."""
        self._monkeypatch.setattr(sys, "stdout", self.stream)
        return LineWriter(None, stopped=stopped)

    def read(self, size_bytes: int) -> bytes:
        """What the pipe holds, up to this size; the end of the pipe fails."""
        got = b""
        while len(got) < size_bytes:
            got += (more := os.read(self.reader, size_bytes - len(got)))
            assert more
        return got

    def close(self) -> None:
        """Close both ends."""
        self.stream.close()
        os.close(self.reader)


@pytest.fixture
def full(monkeypatch: pytest.MonkeyPatch) -> Iterator[FullPipe]:
    """A full pipe."""
    made = FullPipe(monkeypatch)
    yield made
    made.close()


def test_standard_output_that_nobody_reads_does_not_hold_up_the_end(
    full: FullPipe, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A pager that stands still, or a program that hangs: what it did not take is an error, and nothing waits again."""
    monkeypatch.setattr(named_pipe, "GRACE_S", 0)
    lines = full.lines(lambda: True)
    with pytest.raises(OutputError, match="standard output: is a pipe that nobody reads"):
        lines.write("one")
    lines.write("two")
    lines.close()
    full.stream.flush()  # nothing is left that would be written when the program ends


def test_a_line_that_was_interrupted_is_written_whole_if_the_reader_goes_on(full: FullPipe) -> None:
    """The second Ctrl-C ends the wait, not the line: half a line would spoil the next one."""
    asked = 0

    def stopped() -> bool:
        nonlocal asked
        asked += 1
        if asked == 2:
            raise KeyboardInterrupt
        return False

    lines = full.lines(stopped)
    with pytest.raises(KeyboardInterrupt):
        lines.write("é" * 10_000)
    full.read(full.held)
    lines.write("two")
    lines.close()
    whole = "é" * 10_000 + "\ntwo\n"
    assert full.read(len(whole.encode())).decode() == whole


def test_the_last_line_is_written_at_the_end_if_it_was_interrupted(full: FullPipe) -> None:
    """Nothing follows it that would take it along."""
    lines = full.lines(interrupted)
    with pytest.raises(KeyboardInterrupt):
        lines.write("one")
    full.read(full.held)
    lines.close()
    assert full.read(4) == b"one\n"


def test_after_an_interrupt_a_reader_is_waited_for_shortly(full: FullPipe, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also where no signal is handled but by Python itself."""
    monkeypatch.setattr(named_pipe, "LEAVE_S", 0)
    lines = full.lines(interrupted)
    with pytest.raises(KeyboardInterrupt):
        lines.write("one")
    with pytest.raises(OutputError, match="nobody reads"):
        lines.close()


def test_the_time_for_a_reader_begins_with_the_signal(full: FullPipe, monkeypatch: pytest.MonkeyPatch) -> None:
    """However long it had stood still before: whoever pages back and leaves gets what there is."""
    now = 0.0
    monkeypatch.setattr(named_pipe, "monotonic", lambda: now)
    asked = 0

    def stopped() -> bool:
        nonlocal asked, now
        asked += 1
        now += named_pipe.GRACE_S * 0.9
        if asked == 4:
            full.read(full.held)
        return asked >= 4

    full.lines(stopped).write("one")
    assert full.read(4) == b"one\n"


def test_messages_that_nobody_reads_do_not_hold_up_the_end(monkeypatch: pytest.MonkeyPatch) -> None:
    """Standard error goes to the same pager as standard output, as in `2>&1 | less`."""
    made = FullPipe(monkeypatch)
    monkeypatch.setattr(sys, "stderr", made.stream)
    monkeypatch.setattr(named_pipe, "GRACE_S", 0)
    monkeypatch.setattr(interrupts, "stop_requested", lambda _: True)
    console._room.cache_clear()
    console.print_message("one")
    made.read(made.held)
    console._room.cache_clear()
    console.print_message("two")
    assert made.read(4) == b"two\n"
    made.close()
    console._room.cache_clear()


def test_a_terminal_that_stands_still_does_not_hold_up_the_end(monkeypatch: pytest.MonkeyPatch) -> None:
    """A window whose connection hangs: all that writes to it gives up together, and none waits again."""
    monkeypatch.setattr(named_pipe, "GRACE_S", 0)
    monkeypatch.setattr(interrupts, "stop_requested", lambda _: True)
    monkeypatch.setattr(console, "_terminals", {})
    asked: list[str] = []
    window, terminal = os.openpty()
    os.set_blocking(terminal, False)
    with suppress(BlockingIOError):
        while True:
            os.write(terminal, b"x" * 100)
    os.set_blocking(terminal, True)
    with os.fdopen(os.dup(terminal), "w") as stdout, os.fdopen(terminal, "w") as stderr:
        writer = console.terminal_writer(stdout)
        assert console.terminal_writer(stderr) is writer
        assert (writer.isatty(), writer.encoding) == (True, stdout.encoding)
        view = TerminalView(writer, lambda: 0.0, stamp=None, level=0, bar=FileStatusBar(lambda: 0.0, pace=1.0))
        final = Final("1", 0, 1, "text")
        view.handle(final, fold(Transcript(), final))
        monkeypatch.setattr(interrupts, "stop_requested", lambda _: asked.append("again"))
        view.close()
        monkeypatch.setattr(sys, "stderr", stderr)
        monkeypatch.setattr(sys, "__stderr__", stderr)
        console.print_message("one")
        assert asked == []
        writer.close()
    os.close(window)


def test_a_terminal_that_goes_on_gets_everything(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its other users still wait for it as before: only this opening of it does not."""
    monkeypatch.setattr(console, "_terminals", {})
    window, terminal = os.openpty()
    text = "x" * 100 + "\n"
    got = b""
    with os.fdopen(terminal, "w") as stdout:
        writer = console.terminal_writer(stdout)

        def write() -> None:
            for _ in range(2000):
                writer.write(text)

        thread = Thread(target=write)
        thread.start()
        while len(got) < 2000 * (len(text) + 1):  # each line feed is two characters on a terminal
            got += os.read(window, 1 << 16)
        thread.join(60)
        assert os.get_blocking(terminal)
        writer.close()
    os.close(window)
    assert got.decode() == text.replace("\n", "\r\n") * 2000


def interrupted() -> bool:
    """What is asked while a reader is waited for, when a second signal comes."""
    raise KeyboardInterrupt


def test_a_reader_that_goes_away_ends_the_output(pipe: Path) -> None:
    """As with standard output that is a pipe."""
    reader = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    lines = LineWriter(str(pipe))
    lines.write("one")
    os.close(reader)
    with pytest.raises(OutputClosed):
        lines.write("two")
    lines.close()


def test_a_stream_whose_reader_has_gone_away_is_closed_without_another_error() -> None:
    """The first one has ended the output; Python 3.13 prints those of streams that it closes at the end."""
    reader, writer = os.pipe()
    with os.fdopen(writer, "w") as ours:
        stream = named_pipe.waiting_for_room(ours, lambda: False)
        os.close(reader)
        with pytest.raises(BrokenPipeError):
            stream.write("a line\n")
        stream.close()


def test_a_pipe_that_cannot_be_opened_is_an_error(pipe: Path) -> None:
    """It goes away between the look and the opening."""
    assert named_pipe.is_named_pipe(pipe)
    pipe.unlink()
    assert not named_pipe.is_named_pipe(pipe)
    with pytest.raises(FileNotFoundError):
        named_pipe.open_named_pipe(pipe, lambda: False)
