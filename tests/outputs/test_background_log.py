"""Who logs never waits for what takes the lines; what is lost is counted; the end of the program hardly waits."""

import logging
import os
import sys
import threading
from pathlib import Path
from typing import TextIO

import pytest

from asrcli.outputs import background_log
from asrcli.outputs.background_log import MAX_WAITING, BackgroundLog, DescriptorHandler
from asrcli.outputs.event_log import OneLineFormatter

PATIENCE_S = 60.0


def record(text: str, *args: object, level: int = logging.INFO) -> logging.LogRecord:
    """A record as a logger makes it."""
    return logging.LogRecord("asrcli.server", level, __file__, 1, text, args, None)


class Held(logging.StreamHandler[TextIO]):
    """A target that takes nothing until it is let go."""

    def __init__(self) -> None:
        super().__init__(sys.stderr)
        self.began, self.go = threading.Event(), threading.Event()
        self.taken: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        """Take a line, late."""
        self.began.set()
        assert self.go.wait(PATIENCE_S)
        self.taken.append(self.format(record))


def test_what_is_too_much_is_lost_and_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody waits meanwhile; the number stands after the first line that is taken, in the format of the others."""
    monkeypatch.setattr(background_log, "CLOSE_WITHIN_S", PATIENCE_S)
    held = Held()
    held.setFormatter(OneLineFormatter("asr: %(message)s"))
    held.setLevel(logging.INFO)
    log = BackgroundLog(held)
    log.handle(record("line %d", 0))
    assert held.began.wait(PATIENCE_S)  # it is with the target now, and waits no more
    for number in range(1, MAX_WAITING + 8):
        log.handle(record("line %d", number))
    held.go.set()
    log.close()
    first, lost, *rest = held.taken
    assert first == "asr: line 0"
    assert lost == "asr: 7 lines of this log were lost, because what takes them was too slow"
    assert rest == [f"asr: line {number}" for number in range(1, MAX_WAITING + 1)]


def test_the_end_does_not_wait_for_a_target_that_hangs(monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither here nor when the standard library closes all handlers: it would flush the stream that hangs."""
    monkeypatch.setattr(background_log, "CLOSE_WITHIN_S", 0.01)
    held = Held()
    log = BackgroundLog(held)
    log.handle(record("never taken"))
    assert held.began.wait(PATIENCE_S)
    log.close()
    assert held.stream is None
    held.go.set()


def test_a_descriptor_gets_whole_lines(tmp_path: Path) -> None:
    """In its encoding, whatever the characters; one that is closed is no error."""
    path = tmp_path / "log"
    with path.open("wb") as file:
        handler = DescriptorHandler(file.fileno(), "ascii")
        handler.emit(record("é %s", "x" * 100_000))
    assert path.read_bytes() == b"\\xe9 " + b"x" * 100_000 + b"\n"
    read, write = os.pipe()
    os.close(read)
    handler = DescriptorHandler(write)
    handler.emit(record("nobody reads"))
    os.close(write)
