"""A record while it is written: a disk that is full ends the record, and never the run."""

import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from asrcli.core.events import Notice
from asrcli.core.message import Closed, Message, Text, Writable
from asrcli.core.settings import RecognitionSettings
from asrcli.core.transcript import Transcript
from asrcli.journal.append_file import AppendFile
from asrcli.protocol.wire_record import read_record
from asrcli.runs import wire_recording
from asrcli.runs.wire_recording import WireRecorder


class Answering:
    """A Transport that brings what it is given."""

    writable = True
    silent_s = 2.0
    engine = "e"

    def __init__(self, *answers: Message | Writable) -> None:
        self._answers = list(answers)

    def send(self, message: Message) -> None:
        """Send it nowhere."""

    def listen(self, deliver: Callable[[Message | Writable | BaseException], object]) -> None:
        """Deliver a fault."""
        deliver(ValueError())

    def recv(self) -> Message | Writable:
        """The next answer; the last one again and again."""
        return self._answers.pop(0) if len(self._answers) > 1 else self._answers[0]

    def close(self) -> None:
        """Nothing is open."""


ASKED = RecognitionSettings("fun-asr-realtime")


def test_a_full_disk_is_reported_once_and_what_was_written_stays(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Later messages are dropped without a word."""
    reports: list[str] = []
    monkeypatch.setattr(wire_recording, "MEMBER_BYTES", 1)  # each line by itself
    recorder = WireRecorder(tmp_path / "r", {}, "inference", ASKED, keep_audio=False, report=reports.append)

    def full(_file: AppendFile, _data: bytes) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(AppendFile, "append", full)
    for _ in range(3):
        recorder.handle(Notice("info", "x"), Transcript())
    recorder.close()
    assert reports == [f"{tmp_path / 'r'}: the record ends here: no space left on device; the run goes on"]
    monkeypatch.undo()
    assert read_record("r", (tmp_path / "r").read_bytes()).lines == ()


def test_a_recorded_connection_passes_everything_on(tmp_path: Path) -> None:
    """Its end is kept once, however often it is asked for; what is secret in its address is not kept."""
    recorder = WireRecorder(tmp_path / "r", {}, "none", ASKED, keep_audio=False, report=print)
    answers = (Writable(), Text("back"), Closed(1000))
    recorded = recorder.wrapped(Answering(*answers), "ws://u:p@x/?k=v", ASKED)
    recorded.send(Text("hello"))
    assert (recorded.writable, recorded.engine, recorded.silent_s) == (True, "e", 2.0)
    assert [recorded.recv() for _ in range(4)] == [*answers, Closed(1000)]
    faults: list[object] = []
    recorded.listen(faults.append)
    recorded.close()
    recorder.close()
    assert len(faults) == 1
    lines = read_record("r", (tmp_path / "r").read_bytes()).lines
    assert [line["type"] for line in lines] == ["open", "message", "message", "close"]
    assert lines[0]["url"] == "ws://x/"


def test_many_messages_are_not_gathered_for_long(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file at full pace: their audio is in memory until they are lines. The end does not wait either."""
    monkeypatch.setattr(wire_recording, "GATHER_S", 3600)
    recorder = wire_recording.WireRecorder(tmp_path / "r", {}, "inference", ASKED, keep_audio=False, report=pytest.fail)
    made = threading.Event()
    recorder.add(made.set)
    for _ in range(wire_recording.MOST_WAITING + 1):
        recorder.add(lambda: None)
    assert made.wait(30)
    recorder.add(lambda: b"{}\n")
    recorder.close()
