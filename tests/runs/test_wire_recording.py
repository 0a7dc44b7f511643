"""A record while it is written: a disk that is full ends the record, and never the run."""

import time
from collections.abc import Callable
from pathlib import Path

import pytest

from asrcli.core.events import Finished, Notice
from asrcli.core.message import Closed, Message, Text, Writable
from asrcli.core.settings import RecognitionSettings
from asrcli.core.transcript import Transcript
from asrcli.journal.append_file import AppendFile
from asrcli.protocol import record_members
from asrcli.runs import wire_recording
from asrcli.runs.wire_recording import WireRecorder
from tests.support.records import read_whole


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
        """Deliver the first answer, and a fault."""
        deliver(self._answers[0])
        deliver(ValueError())

    def recv(self) -> Message | Writable:
        """The next answer; the last one again and again."""
        return self._answers.pop(0) if len(self._answers) > 1 else self._answers[0]

    def close(self) -> None:
        """Nothing is open."""


def closed_on_a_full_disk(file: AppendFile, close: Callable[[AppendFile], None] = AppendFile.close) -> None:
    """Close a file whose disk is full."""
    close(file)
    raise OSError(122, "Disk quota exceeded")


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
    monkeypatch.setattr(AppendFile, "close", closed_on_a_full_disk)
    for _ in range(3):
        recorder.handle(Notice("info", "x"), Transcript())
    recorder.close()
    assert reports == [f"{tmp_path / 'r'}: the record ends here: no space left on device; the run goes on"]
    sentence = f"cannot write {tmp_path / 'r'}: the record ends here: no space left on device"
    assert list(map(str, recorder.failures)) == [sentence]
    monkeypatch.undo()
    assert read_whole("r", (tmp_path / "r").read_bytes()).lines == ()


def test_two_runs_do_not_write_one_record(tmp_path: Path) -> None:
    """The second is refused before it has touched the file, and may have it once the first has ended."""
    first = WireRecorder(tmp_path / "r", {}, "inference", ASKED, keep_audio=False, report=pytest.fail)
    first.handle(Notice("info", "x"), Transcript())
    with pytest.raises(BlockingIOError):
        WireRecorder(tmp_path / "r", {}, "inference", ASKED, keep_audio=False, report=pytest.fail)
    first.close()
    assert len(read_whole("r", (tmp_path / "r").read_bytes()).lines) == 1
    WireRecorder(tmp_path / "r", {}, "inference", ASKED, keep_audio=False, report=pytest.fail).close()
    assert read_whole("r", (tmp_path / "r").read_bytes()).lines == ()


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
    assert len(faults) == 2
    lines = read_whole("r", (tmp_path / "r").read_bytes()).lines
    assert [line["type"] for line in lines] == ["open", "message", "message", "close"]
    assert lines[0]["url"] == "ws://x/"


def test_lines_stay_in_order(tmp_path: Path) -> None:
    """Of messages, events and ends of connections, over many more of them than become lines at once."""
    recorder = WireRecorder(tmp_path / "r", {}, "none", ASKED, keep_audio=False, report=pytest.fail)
    expected: list[str] = []
    for number in range(5):
        recorded = recorder.wrapped(Answering(Text("back"), Closed(1000)), "ws://x", ASKED)
        for _ in range(wire_recording.SLICE + number):
            recorded.send(Text("there"))
        recorder.handle(Notice("info", "x"), Transcript())
        recorder.handle(Finished(), Transcript())  # the messages say so
        recorded.recv()
        recorded.recv()
        expected += ["open", *["message"] * (wire_recording.SLICE + number), "event", "message", "close"]
    recorder.close()
    assert [line["type"] for line in read_whole("r", (tmp_path / "r").read_bytes()).lines] == expected


def written_soon(path: Path, text: str) -> None:
    """Wait until a record holds a text."""
    deadline = time.monotonic() + 30
    while text not in str(read_whole("r", path.read_bytes()).lines):
        assert time.monotonic() < deadline
        time.sleep(0.01)


@pytest.mark.parametrize("answers", [200, 0], ids=["answered", "unanswered"])
def test_many_messages_are_not_gathered_for_long(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, answers: int) -> None:
    """A file at full pace: their audio is in memory until they are lines. The end does not wait either."""
    monkeypatch.setattr(wire_recording, "FIRST_GATHER_S", 3600)
    recorder = WireRecorder(tmp_path / "r", {}, "none", ASKED, keep_audio=False, report=pytest.fail)
    recorded = recorder.wrapped(Answering(Text("back")), "ws://x", ASKED)
    written_soon(tmp_path / "r", "'type': 'open'")  # how a connection begins and ends is not gathered at all
    recorded.send(Text("first"))
    for _ in range(answers):
        recorded.recv()
    for _ in range(wire_recording.MOST_WAITING - answers):
        recorded.send(Text("there"))
    written_soon(tmp_path / "r", "first")
    recorded.send(Text("last"))
    recorder.close()
    written_soon(tmp_path / "r", "last")


def test_no_member_is_too_long_to_be_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """However large its messages are: a reader takes a member that is much longer than they are for damage."""
    monkeypatch.setattr(wire_recording, "FIRST_GATHER_S", 3600)
    recorder = WireRecorder(tmp_path / "r", {}, "none", ASKED, keep_audio=False, report=pytest.fail)
    large = Text("x" * (wire_recording.MEMBER_BYTES // 4))
    recorded = recorder.wrapped(Answering(large), "ws://x", ASKED)
    heard: list[object] = []
    recorded.listen(heard.append)
    for _ in range(20):
        recorded.recv()
    recorder.close()
    data = (tmp_path / "r").read_bytes()
    with monkeypatch.context() as patch:
        patch.setattr(record_members, "MOST_MEMBER_BYTES", wire_recording.MEMBER_BYTES * 3 // 2)
        record = read_whole("r", data)
    assert (record.damaged, len(record.lines)) == (0, 22)
    assert heard[0] == large


def test_a_disk_that_is_full_at_the_end_is_reported_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A disk in the network may say so only when the file is closed; the run goes on."""
    reports: list[str] = []
    recorder = WireRecorder(tmp_path / "r", {}, "none", ASKED, keep_audio=False, report=reports.append)

    monkeypatch.setattr(AppendFile, "close", closed_on_a_full_disk)
    recorder.close()
    assert reports == [f"{tmp_path / 'r'}: the record ends here: disk quota exceeded; the run goes on"]
