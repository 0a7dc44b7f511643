"""A log whose disk is full for a while: it says itself what it lacks, has whole lines only, and the end tells of it."""

import io
import json
import logging
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from asrcli.outputs.background_log import BackgroundLog
from asrcli.outputs.event_log import JsonFormatter, OneLineFormatter
from asrcli.outputs.rotating_log import RotatingLog


class Told:
    """What a log tells of its failures."""

    def __init__(self) -> None:
        self.failed: list[str] = []
        self.ended: list[str] = []


class Disk:
    """Room for this many bytes; a write that finds less takes what there is, and the next one nothing."""

    left = 1 << 30

    def write(self, file: io.FileIO, data: memoryview) -> int:
        """Write to the real file."""
        taken = bytes(data)[: self.left]
        if not taken:
            raise OSError(28, os.strerror(28))
        self.left -= len(taken)
        return io.FileIO.write(file, taken)


@pytest.fixture
def disk(monkeypatch: pytest.MonkeyPatch) -> Iterator[Disk]:
    """A disk under every file that a log opens."""
    disk = Disk()

    class File(io.FileIO):
        """A file on it."""

        def write(self, data: memoryview) -> int:  # type: ignore[override]
            return disk.write(self, data)

    with monkeypatch.context() as patch:
        patch.setattr("asrcli.outputs.rotating_log.FileIO", File)
        yield disk


def opened(path: Path, told: Told, limit_bytes: int = 1000) -> RotatingLog:
    """A log in a file."""
    log = RotatingLog(path, limit_bytes, 2, told.failed.append, told.ended.append)
    log.setFormatter(OneLineFormatter("%(levelname)s %(message)s"))
    return log


def say(log: logging.Handler, *texts: str) -> None:
    """Log lines."""
    for text in texts:
        log.handle(logging.LogRecord("asrcli", logging.INFO, __file__, 1, text, (), None))


def test_lost_lines_are_counted_where_they_would_stand(tmp_path: Path, disk: Disk) -> None:
    """No half line stays; who runs the program is told at once, and once more at the end."""
    told = Told()
    log = opened(tmp_path / "log", told)
    say(log, "one")
    disk.left = 7
    say(log, "two", "three", "four")
    disk.left = 1 << 30
    say(log, "five")
    log.close()
    log.close()
    note = "WARNING 3 lines of this log lost here: no space left on device"
    assert (tmp_path / "log").read_text().splitlines() == ["INFO one", note, "INFO five"]
    reason = f"cannot write {tmp_path / 'log'}: no space left on device"
    assert told.failed == [f"{reason}; lines of this log are lost"]
    assert told.ended == [f"{reason}; it lacks 3 lines"]


def test_a_log_that_never_finds_room_again_is_told_of_at_the_end(tmp_path: Path, disk: Disk) -> None:
    """Its file has what came before."""
    told = Told()
    log = opened(tmp_path / "log", told)
    say(log, "one")
    disk.left = 0
    say(log, "two", "three")
    log.close()
    assert (tmp_path / "log").read_text() == "INFO one\n"
    assert [text.rpartition("; ")[2] for text in told.ended] == ["it lacks 2 lines"]


@pytest.mark.parametrize("is_json", [False, True])
def test_the_note_has_the_form_of_the_lines_of_a_server(tmp_path: Path, disk: Disk, *, is_json: bool) -> None:
    """Whose lines come complete from another thread."""
    told = Told()
    target = opened(tmp_path / "log", told)
    target.setFormatter(JsonFormatter() if is_json else OneLineFormatter("asr: %(message)s"))
    disk.left = 0
    log = BackgroundLog(target)
    say(log, "one")
    log.close()
    disk.left = 1 << 30
    log = BackgroundLog(target)
    log.setFormatter(target._notes)
    say(log, "two")
    log.close()
    target.close()
    first, second = (tmp_path / "log").read_text().splitlines()
    if is_json:
        assert "1 line" in str(json.loads(first))
        assert "two" in str(json.loads(second))
    else:
        assert (first.startswith("asr: 1 line of"), second) == (True, "asr: two")
    assert len(told.ended) == 1


def test_it_rotates_and_takes_a_pipe_or_a_device(tmp_path: Path) -> None:
    """A line longer than a file is there whole; nothing is told of a log that is whole."""
    told = Told()
    log = opened(tmp_path / "log", told, 100)
    say(log, *(f"{number} {'x' * 60}" for number in range(4)), "é\ud800" * 100)
    log.close()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["log", "log.1", "log.2"]
    assert (tmp_path / "log").read_text().startswith("INFO é?é")
    if hasattr(os, "mkfifo"):
        os.mkfifo(tmp_path / "pipe")
        reader = os.open(tmp_path / "pipe", os.O_RDONLY | os.O_NONBLOCK)
        log = opened(tmp_path / "pipe", told, 100)
        say(log, "one", "two")
        assert os.read(reader, 1000) == b"INFO one\nINFO two\n"
        log.close()
        os.close(reader)
        log = opened(Path("/dev/null"), told)
        say(log, "one")
        log.close()
    assert (told.failed, told.ended) == ([], [])


def test_what_is_no_error_of_the_disk_is_left_to_logging(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A mistake in a format is ours."""
    monkeypatch.setattr(logging, "raiseExceptions", True)
    told = Told()
    log = opened(tmp_path / "log", told)
    log.handle(logging.LogRecord("asrcli", logging.INFO, __file__, 1, "%d", ("x",), None))
    log.close()
    assert (told.ended, "TypeError" in capsys.readouterr().err) == ([], True)
