"""Writing to named pipes whose readers come late, never, or stop reading."""

import os
from pathlib import Path
from threading import Thread

import pytest

from asrcli.core.errors import OutputClosed, OutputError
from asrcli.outputs import named_pipe
from asrcli.outputs.line_writer import LineWriter

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
    reader.join(30)
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


def test_a_reader_that_goes_away_ends_the_output(pipe: Path) -> None:
    """As with standard output that is a pipe."""
    reader = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    lines = LineWriter(str(pipe))
    lines.write("one")
    os.close(reader)
    with pytest.raises(OutputClosed):
        lines.write("two")
    lines.close()


def test_a_pipe_that_cannot_be_opened_is_an_error(pipe: Path) -> None:
    """It goes away between the look and the opening."""
    assert named_pipe.is_named_pipe(pipe)
    pipe.unlink()
    assert not named_pipe.is_named_pipe(pipe)
    with pytest.raises(FileNotFoundError):
        named_pipe.open_named_pipe(pipe, lambda: False)
