"""The sessions that are kept: found by what their names begin with, and removed in the right order."""

import os
from pathlib import Path

import pytest

from asrcli.errors import UsageError
from asrcli.events import Ended, Event
from asrcli.journal.lock import Lock
from asrcli.journal.shelf import DAY_S, Limits, Shelf, State, remove, state, usual_folder
from tests.support.journals import began, final, session, spoken

ENDED = Ended(300, 300, 0, 1, 0, None, None, None, 300)
NOW = 2_000_000_000.0


def kept(folder: Path, name: str, *, finished: bool = True, days: float = 0) -> Path:
    """A session of about 10 KB that nobody has written to for so many days."""
    events: list[Event] = [began(), final(0, 300), ENDED] if finished else [began()]
    path = session(folder, spoken(0, 300), events, name)
    for file in (*path.iterdir(), path):
        os.utime(file, (NOW - days * DAY_S,) * 2)
    return path


def names(folder: Path) -> list[str]:
    """What is there."""
    return sorted(path.name for path in folder.iterdir())


def test_a_unique_beginning_is_enough(tmp_path: Path) -> None:
    """Of a name that is there; one that is not is answered with the newest."""
    for name in ("20261124-a", "20261124-ab", "20261125-c", "20261126-d"):
        kept(tmp_path, name)
    shelf = Shelf(tmp_path)
    assert shelf.find("20261125").name == "20261125-c"
    assert shelf.find("20261124-a").name == "20261124-a"
    assert shelf.last().name == "20261126-d"
    with pytest.raises(UsageError, match="session 20261124 could be 20261124-ab, 20261124-a"):
        shelf.find("20261124")
    with pytest.raises(UsageError, match=r"no session x; the newest: 20261126-d, 20261125-c, 20261124-ab$"):
        shelf.find("x")
    with pytest.raises(UsageError, match="no session"):
        shelf.find("")


def test_a_folder_that_is_not_there_holds_none(tmp_path: Path) -> None:
    """And says so."""
    shelf = Shelf(tmp_path / "nowhere")
    assert shelf.paths() == []
    for ask in (shelf.last, lambda: shelf.find("x")):
        with pytest.raises(UsageError, match=f"{tmp_path}/nowhere"):
            ask()


def test_states(tmp_path: Path) -> None:
    """Finished, interrupted, in use, damaged."""
    paths = [kept(tmp_path, "a"), kept(tmp_path, "b", finished=False), kept(tmp_path, "c"), kept(tmp_path, "d")]
    lock = Lock(paths[2])
    assert lock.take()
    (paths[3] / "events.jsonl").write_text("junk\n")
    assert [state(path) for path in paths] == [State.FINISHED, State.INTERRUPTED, State.IN_USE, State.DAMAGED]
    with pytest.raises(UsageError, match="session c is in use"):
        remove(paths[2])
    lock.release()
    remove(paths[2])
    assert names(tmp_path) == ["a", "b", "d"]


def test_the_oldest_finished_ones_make_room(tmp_path: Path) -> None:
    """What has no text yet stays, what is in use stays, and the one that has just begun."""
    made = [kept(tmp_path, name, finished=name != "b") for name in "abcde"]
    lock = Lock(made[2])
    assert lock.take()
    Shelf(tmp_path).tidy(Limits(size_bytes=25_000), made[4], lambda: NOW)
    assert names(tmp_path) == ["b", "c", "e"]
    lock.release()


def test_what_is_too_old_goes_whatever_its_state(tmp_path: Path) -> None:
    """A clock that was ahead makes nothing old; what a removal left behind goes too."""
    for name, days in {"a": 15.0, "b": 13.0, "c": 15.0, "ahead": -4000.0}.items():
        kept(tmp_path, name, finished=name != "c", days=days)
    (tmp_path / ".going-x").mkdir()
    Shelf(tmp_path).tidy(Limits(), tmp_path / "none", lambda: NOW)
    assert names(tmp_path) == ["ahead", "b"]


def test_where_sessions_are() -> None:
    """As each system has it."""
    home = {"HOME": "/h"}
    assert usual_folder(home, "linux") == Path("/h/.local/state/asrcli/sessions")
    assert usual_folder(home | {"XDG_STATE_HOME": "/s"}, "linux") == Path("/s/asrcli/sessions")
    assert usual_folder(home | {"XDG_STATE_HOME": "s"}, "linux") == Path("/h/.local/state/asrcli/sessions")
    assert usual_folder(home, "darwin") == Path("/h/Library/Application Support/asrcli/sessions")
    assert usual_folder(home | {"LOCALAPPDATA": "/l"}, "win32") == Path("/l/asrcli/sessions")
