"""The folder of sessions: found by the beginning of their names, and removed in the right order."""

import os
import pwd
import sys
from pathlib import Path

import pytest

from asrcli.cli.builders.api_key import read_key
from asrcli.core.errors import UsageError
from asrcli.core.events import Ended, Event
from asrcli.core.settings import RecognitionSettings
from asrcli.journal.directory import (
    DAY_S,
    JournalDirectory,
    JournalState,
    RetentionLimits,
    default_folder,
    remove,
    state,
)
from asrcli.journal.file_journal import FileJournal
from asrcli.journal.lock import JournalLock
from asrcli.journal.records import JournalHeader
from asrcli.journal.writing import JournalWriter
from tests.support.journals import began, final, session, spoken

ENDED = Ended(300, 300, 0, 1, 0, None, None, None, 300)
NOW = 2_000_000_000.0


def called(letter: str) -> str:
    """A name that sessions get, for a letter."""
    return f"20261124-2305{ord(letter) - ord('a'):02}-a1b2"


def kept(folder: Path, name: str, *, finished: bool = True, days: float = 0) -> Path:
    """A session of about 10 KB that nobody has written to for this many days."""
    events: list[Event] = [began(), final(0, 300), ENDED] if finished else [began()]
    path = session(folder, spoken(0, 300), events, called(name))
    for file in (*path.iterdir(), path):
        os.utime(file, (NOW - days * DAY_S,) * 2)
    return path


def names(folder: Path) -> str:
    """Which of them are there."""
    return "".join(chr(int(path.name[13:15]) + ord("a")) for path in sorted(folder.iterdir()))


def test_a_unique_beginning_is_enough(tmp_path: Path) -> None:
    """Of a name that is there; one that is not is answered with the newest."""
    for name in "abcd":
        kept(tmp_path, name)
    shelf = JournalDirectory(tmp_path)
    assert shelf.find("20261124-230501").name == called("b")
    assert shelf.find(called("a")).name == called("a")
    assert shelf.last().name == shelf.find("last").name == called("d")
    assert shelf.to_resume("20261124-230501").name == called("b")
    with pytest.raises(UsageError, match=f"session 20261124 could be {called('d')}, {called('c')}, {called('b')}$"):
        shelf.find("20261124")
    with pytest.raises(UsageError, match=f"no session x; the newest: {called('d')}, {called('c')}, {called('b')}$"):
        shelf.find("x")
    with pytest.raises(UsageError, match="no session"):
        shelf.find("")


def test_a_folder_that_does_not_exist_holds_no_session(tmp_path: Path) -> None:
    """And says so."""
    shelf = JournalDirectory(tmp_path / "nowhere")
    assert shelf.paths() == []
    for ask in (shelf.last, lambda: shelf.find("x"), lambda: shelf.find("last")):
        with pytest.raises(UsageError, match=f"{tmp_path}/nowhere"):
            ask()


def test_a_session_is_finished_interrupted_in_use_or_damaged(tmp_path: Path) -> None:
    """Finished, interrupted, in use, damaged."""
    paths = [kept(tmp_path, "a"), kept(tmp_path, "b", finished=False), kept(tmp_path, "c"), kept(tmp_path, "d")]
    lock = JournalLock(paths[2])
    assert lock.take()
    (paths[3] / "events.jsonl").write_text("junk\n")
    assert [state(path) for path in paths] == [
        JournalState.FINISHED,
        JournalState.INTERRUPTED,
        JournalState.IN_USE,
        JournalState.DAMAGED,
    ]
    directory = JournalDirectory(tmp_path)
    assert (directory.find("last"), directory.to_resume("last"), directory.to_resume(None)) == (
        paths[3],
        *[paths[1]] * 2,
    )
    with pytest.raises(UsageError, match=f"session {called('c')} is in use"):
        remove(paths[2])
    lock.release()
    remove(paths[2])
    assert names(tmp_path) == "abd"


def test_the_oldest_finished_ones_make_room(tmp_path: Path) -> None:
    """What has no text yet stays, what is in use stays, and the one that has just begun."""
    made = [kept(tmp_path, name, finished=name != "b") for name in "abcde"]
    lock = JournalLock(made[2])
    assert lock.take()
    JournalDirectory(tmp_path).tidy(RetentionLimits(size_bytes=25_000), made[4], lambda: NOW)
    assert names(tmp_path) == "bce"
    lock.release()


def test_what_is_too_old_goes_whatever_its_state(tmp_path: Path) -> None:
    """A clock that was ahead makes nothing old; what a removal left behind goes too."""
    for name, days in {"a": 15.0, "b": 13.0, "c": 15.0, "d": -4000.0}.items():
        kept(tmp_path, name, finished=name != "c", days=days)
    (tmp_path / f".going-{called('e')}").mkdir()
    JournalDirectory(tmp_path).tidy(RetentionLimits(), tmp_path / "none", lambda: NOW)
    assert names(tmp_path) == "bd"


def test_a_clock_that_jumps_removes_nothing_at_once(tmp_path: Path) -> None:
    """What seems to be years old may be of an hour ago. It has the time of a new one, and goes when that is over."""
    kept(tmp_path, "a", finished=False, days=10_000)
    for days, left in ((0, "a"), (13, "a"), (15, "")):
        JournalDirectory(tmp_path).tidy(RetentionLimits(), tmp_path / "none", lambda days=days: NOW + days * DAY_S)  # type: ignore[misc]
        assert names(tmp_path) == left


def test_nothing_is_removed_that_is_no_session_of_ours(tmp_path: Path) -> None:
    """Folders and links of any name, sessions of others or without a header, and files that the user put there."""
    for name in ("taxes", "photos", ".going-photos", "20261124-230501-a1b2x", called("z")):
        (tmp_path / name).mkdir()
        (tmp_path / name / "mine.txt").write_text("mine")
    (tmp_path / "elsewhere").mkdir()
    target = kept(tmp_path / "elsewhere", "a", days=99)
    (tmp_path / called("y")).symlink_to(target)
    damaged, others, mixed = (kept(tmp_path, letter, days=99) for letter in "bcd")
    (damaged / "events.jsonl").write_text("junk\n")
    others.chmod(0o777)
    (mixed / "mine.txt").write_text("mine")
    for path in (*tmp_path.iterdir(), damaged / "events.jsonl", mixed / "mine.txt", mixed, damaged):
        os.utime(path, (0, 0), follow_symlinks=False)
    before = sorted(path for path in tmp_path.rglob("*"))
    for _ in range(2):
        JournalDirectory(tmp_path).tidy(RetentionLimits(size_bytes=0), tmp_path / "none", lambda: NOW)
    for path in (damaged, others, tmp_path / called("z"), tmp_path / "taxes", tmp_path / called("y")):
        with pytest.raises(UsageError, match="nothing of it is deleted"):
            remove(path)
    with pytest.raises(UsageError, match=r"holds mine.txt, which asr did not create"):
        remove(mixed)
    assert sorted(path for path in tmp_path.rglob("*")) == before


def test_a_session_without_its_index_is_kept_for_its_days(tmp_path: Path) -> None:
    """It has audio that can still be heard: pruning takes others first, and not it."""
    whole, without = kept(tmp_path, "b", days=1), kept(tmp_path, "a", days=1)
    (without / "0.index").unlink()
    assert (state(whole), state(without)) == (JournalState.FINISHED, JournalState.INTERRUPTED)
    JournalDirectory(tmp_path).tidy(RetentionLimits(size_bytes=0), tmp_path / "none", lambda: NOW)
    assert names(tmp_path) == "a"


def test_a_user_without_a_home_has_no_sessions_and_no_key(monkeypatch: pytest.MonkeyPatch) -> None:
    """As in a container: no environment, and no entry among the users."""

    def nobody(*_: object) -> str:
        raise KeyError("uid not found")

    def homeless(*_: object) -> Path:
        raise RuntimeError("Could not determine home directory.")

    monkeypatch.setattr(pwd, "getpwuid", nobody)
    monkeypatch.setattr(Path, "expanduser", homeless)
    for name in ("HOME", "XDG_STATE_HOME", "DASHSCOPE_API_KEY", "DASHSCOPE_API_KEY_FILE_PATH"):
        monkeypatch.delenv(name, raising=False)
    assert default_folder() == Path("/.local/state/asrcli/sessions")
    assert JournalDirectory(default_folder()).paths() == []
    assert read_key(None) is None


@pytest.mark.skipif(sys.platform != "linux", reason="other systems have other folders")
@pytest.mark.parametrize(
    ("state_home", "folder"),
    [
        (None, "/h/.local/state/asrcli/sessions"),
        ("", "/h/.local/state/asrcli/sessions"),
        ("/s", "/s/asrcli/sessions"),
        ("s", "/h/.local/state/asrcli/sessions"),
    ],
)
def test_sessions_are_in_the_state_folder_of_the_user(
    monkeypatch: pytest.MonkeyPatch, state_home: str | None, folder: str
) -> None:
    """In the user's state folder; a relative XDG_STATE_HOME does not count."""
    monkeypatch.setenv("HOME", "/h")
    monkeypatch.delenv("XDG_STATE_HOME", raising=False)
    if state_home is not None:
        monkeypatch.setenv("XDG_STATE_HOME", state_home)
    assert default_folder() == Path(folder)


def test_a_folder_without_anything_in_it_is_no_session(tmp_path: Path) -> None:
    """A run was ended at once: nobody sees what it left, and it goes once no run can be about to write into it."""
    for letter, files in (("a", ()), ("b", ("lock",)), ("c", ("lock", "events.jsonl")), ("d", ("lock",))):
        (tmp_path / called(letter)).mkdir(mode=0o700)
        for name in files:
            (tmp_path / called(letter) / name).touch(0o600)
    lock = JournalLock(tmp_path / called("d"))
    assert lock.take()
    (tmp_path / called("e")).mkdir()
    (tmp_path / called("e") / "notes.txt").touch()
    begun_s = (tmp_path / called("c")).stat().st_mtime
    shelf = JournalDirectory(tmp_path)
    assert [path.name for path in shelf.paths()] == [called("e"), called("d")]
    shelf.tidy(RetentionLimits(), tmp_path / "none", lambda: begun_s)
    assert names(tmp_path) == "abcde"
    shelf.tidy(RetentionLimits(), tmp_path / "none", lambda: begun_s + 600)
    assert names(tmp_path) == "de"
    lock.release()


def test_the_beginning_of_a_header_is_no_session(tmp_path: Path) -> None:
    """The write was cut off in its middle: nothing was heard yet. What is not a header of ours is left alone."""
    for letter in "abc":
        kept(tmp_path, letter)
        for name in ("0.pcm", "0.index"):
            (tmp_path / called(letter) / name).unlink()
    header = (tmp_path / called("a") / "events.jsonl").read_bytes().partition(b"\n")[0]
    (tmp_path / called("a") / "events.jsonl").write_bytes(header[: len(header) // 2])
    (tmp_path / called("b") / "events.jsonl").write_bytes(b"my own notes")
    shelf = JournalDirectory(tmp_path)
    assert [path.name for path in shelf.paths()] == [called("c"), called("b")]
    shelf.tidy(RetentionLimits(), tmp_path / "none", lambda: NOW + 600)
    assert names(tmp_path) == "bc"


def test_microphones_that_were_killed_before_a_sample_are_no_session(tmp_path: Path) -> None:
    """Nobody can resume them. They go later; what has a sentence stays, also where its audio was lost."""
    for letter, finished in (("a", False), ("b", True), ("c", False)):
        path = kept(tmp_path, letter, finished=finished)
        if letter != "c":
            (path / "0.pcm").write_bytes(b"")
    shelf = JournalDirectory(tmp_path)
    assert [path.name for path in shelf.paths()] == [called("c"), called("b")]
    begun_s = (tmp_path / called("a")).stat().st_mtime
    shelf.tidy(RetentionLimits(), tmp_path / "none", lambda: begun_s)
    assert names(tmp_path) == "abc"
    shelf.tidy(RetentionLimits(), tmp_path / "none", lambda: begun_s + 600)
    assert names(tmp_path) == "bc"


@pytest.mark.parametrize("journal", [FileJournal(), JournalWriter()], ids=["files", "microphones"])
def test_an_interrupt_while_a_session_is_made_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, journal: FileJournal | JournalWriter
) -> None:
    """Ctrl-C may come between the folder and its header."""

    def interrupted(lock: JournalLock) -> bool:
        (tmp_path / called("a") / "lock").touch(0o600)
        raise KeyboardInterrupt(lock)

    monkeypatch.setattr(JournalLock, "take", interrupted)
    header = JournalHeader("2026-11-24T23:05:01", RecognitionSettings("m"), (), "", {}, "")
    with pytest.raises(KeyboardInterrupt):
        journal.open(tmp_path, lambda: called("a"), header, lambda: None)
    assert list(tmp_path.iterdir()) == []


def test_the_newest_that_can_be_resumed_is_taken(tmp_path: Path) -> None:
    """Not one that another run writes to now, nor a finished one; where all are finished, the newest of them."""
    kept(tmp_path, "a")
    kept(tmp_path, "b", finished=False)
    lock = JournalLock(kept(tmp_path, "c", finished=False))
    kept(tmp_path, "d")
    assert lock.take()
    shelf = JournalDirectory(tmp_path)
    assert shelf.last().name == called("b")
    lock.release()
    assert shelf.last().name == called("c")
