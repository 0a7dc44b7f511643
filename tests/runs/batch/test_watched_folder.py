"""A folder in which recordings appear: each is handed out once, and not before it is complete."""

import sys
from pathlib import Path

import pytest

from asrcli.runs.batch.watched_folder import SETTLE_S, WatchedFolder, is_being_written


@pytest.fixture
def clock() -> list[float]:
    """The time in seconds, which a test moves."""
    return [100.0]


@pytest.fixture
def watched(tmp_path: Path, clock: list[float]) -> WatchedFolder:
    """The folder of the test."""
    return WatchedFolder(tmp_path, tmp_path / "out", lambda: clock[0])


def test_a_recording_is_handed_out_once_when_it_no_longer_grows(
    watched: WatchedFolder, tmp_path: Path, clock: list[float]
) -> None:
    """Not while it grows, not empty, not under the name of an unfinished file; again only when it has changed."""
    for name in ("talk.wav", "talk.part.wav", "~talk.wav", "talk.wav.tmp", ".talk.wav"):
        (tmp_path / name).write_bytes(b"1")
    (tmp_path / "empty.wav").touch()
    assert watched.look() == []
    clock[0] += SETTLE_S
    (tmp_path / "talk.wav").write_bytes(b"12")
    assert watched.look() == []
    clock[0] += SETTLE_S
    assert watched.look({str(tmp_path / "talk.wav")}) == []  # busy
    assert [one.file_name for one in watched.look()] == ["talk.wav"]
    clock[0] += SETTLE_S
    assert watched.look() == []
    (tmp_path / "talk.wav").write_bytes(b"123")
    assert watched.look() == []
    clock[0] += SETTLE_S
    assert [one.file_name for one in watched.look()] == ["talk.wav"]
    (tmp_path / "talk.wav").unlink()
    (tmp_path / "gone.wav").symlink_to(tmp_path / "nowhere")
    assert watched.look() == []


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells")
def test_what_a_program_still_writes_is_not_complete(
    watched: WatchedFolder, tmp_path: Path, clock: list[float]
) -> None:
    """Even if it has paused for long."""
    path = tmp_path / "talk.wav"
    with path.open("wb", buffering=0) as file:
        file.write(b"1")
        assert watched.look() == []
        clock[0] += 10 * SETTLE_S
        assert watched.look() == []
        assert is_being_written(str(path))
    assert not is_being_written(str(path))
    assert not is_being_written(str(tmp_path / "nowhere"))
    assert len(watched.look()) == 1
