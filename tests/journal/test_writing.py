"""Writing a journal never disturbs the run, whatever the disk does."""

from contextlib import ExitStack
from pathlib import Path

import pytest

from asrcli.core.audio import Chunk
from asrcli.core.errors import UsageError
from asrcli.core.events import Event, Gap, Notice, Paused
from asrcli.journal.lock import JournalLock, in_use
from asrcli.journal.reading import Journal
from asrcli.journal.records import EVENTS
from asrcli.journal.reopening import ReopenedJournal
from asrcli.journal.writing import JournalWriter
from tests.support.journals import HEADER, Given, began, final, hear, session, spoken
from tests.support.recordings import room_for


def opened(folder: Path, *items: Chunk | Event) -> tuple[JournalWriter, Given]:
    """A session that has just begun, and its source."""
    writing = JournalWriter()
    source = Given(items)
    kept = writing.kept(source)
    writing.open(folder, lambda: "s", HEADER, lambda: None)
    return writing, kept  # type: ignore[return-value]


def test_nothing_is_changed_on_the_way_and_nothing_written_before_it_is_taken(tmp_path: Path) -> None:
    """The same objects in the same order; a chunk that is not taken is not in the journal."""
    items: list[Chunk | Event] = [*spoken(0, 300), Gap(100, 200, "gone")]
    writing, source = opened(tmp_path, *items)
    chunks = source.chunks(0)
    heard = [next(chunks), next(chunks)]
    assert (tmp_path / "s" / "0.pcm").stat().st_size == 3200
    heard += list(chunks)
    assert [id(item) for item in heard] == [id(item) for item in items]
    assert writing.close() == []


@pytest.mark.parametrize("first", [Chunk(0, bytes(3200)), Paused(0)])
def test_a_session_is_announced_once_a_device_is_there(tmp_path: Path, first: Chunk | Event) -> None:
    """Not before: without one it is removed again. Two devices have one session."""
    writing = JournalWriter()
    sources = [writing.kept(Given(items)) for items in ([Notice("info", "x"), first], [first])]
    writing.announce("kept as s")
    writing.open(tmp_path, lambda: "s", HEADER, lambda: None)
    heard = [item for source in sources for item in source.chunks(0)]
    assert heard == [Notice("info", "x"), first, Notice("warning", "kept as s"), first]
    writing.close()


def test_a_full_disk_is_reported_once_and_costs_nothing_else(tmp_path: Path) -> None:
    """All of the source is heard; the journal ends after a whole sample and can be read; the text goes on in it."""
    items = list(spoken(0, 1000))
    writing, source = opened(tmp_path, *items)
    with room_for(10_001):
        heard = list(source.chunks(0))
        hear(writing.recorder, [began(), final(0, 900)])
    assert heard == [*items[:4], Notice("warning", "the journal ends here: file too large"), *items[4:]]
    assert writing.close() == []
    journal = Journal.open(tmp_path / "s")
    assert (journal.captured_ms, journal.highest, journal.damages) == (300, 1, [])


def test_text_that_cannot_be_recorded_is_reported_too(tmp_path: Path) -> None:
    """By the audio that comes next, or at the end."""
    writing, source = opened(tmp_path, *spoken(0, 300))
    chunks = source.chunks(0)
    heard = [next(chunks)]
    with room_for((tmp_path / "s" / EVENTS).stat().st_size):
        hear(writing.recorder, [began(), final(0, 900)])
    heard += list(chunks)
    assert [item for item in heard if isinstance(item, Notice)] == [
        Notice("warning", "the journal lacks the text from here on: file too large")
    ]
    writing.close()


def test_a_folder_that_cannot_be_is_an_error_before_the_run(tmp_path: Path) -> None:
    """And the source works all the same, without a journal."""
    (tmp_path / "file").write_text("")
    writing = JournalWriter()
    source = writing.kept(Given(spoken(0, 300)))
    with pytest.raises(OSError, match="Not a directory"):
        writing.open(tmp_path / "file" / "x", lambda: "s", HEADER, lambda: None)
    assert list(source.chunks(0)) == list(spoken(0, 300))
    hear(writing.recorder, [began()])
    assert writing.close() == []
    with room_for(10), pytest.raises(OSError, match="large"):
        writing.open(tmp_path, lambda: "s", HEADER, lambda: None)
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


def test_a_name_that_is_taken_is_not_used_again(tmp_path: Path) -> None:
    """Two runs may begin within a second, and clocks jump."""
    names = iter(["a", "a", "b"])
    for _ in range(2):
        writing = JournalWriter()
        source = writing.kept(Given(spoken(0, 100)))
        writing.open(tmp_path, lambda: next(names), HEADER, lambda: None)
        list(source.chunks(0))
        writing.close()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a", "b"]


def test_a_session_is_locked_while_it_is_written_or_gone_on_with(tmp_path: Path) -> None:
    """The second is refused, and the lock ends with whoever holds it."""
    writing, source = opened(tmp_path, *spoken(0, 300))
    list(source.chunks(0))
    assert in_use(tmp_path / "s")
    with pytest.raises(UsageError, match="session s is in use"), ReopenedJournal(tmp_path / "s", "now"):
        pass
    writing.close()
    assert not in_use(tmp_path / "s")
    with ReopenedJournal(tmp_path / "s", "now"), pytest.raises(UsageError, match="in use"):  # noqa: SIM117
        with ReopenedJournal(tmp_path / "s", "now"):
            pass
    assert JournalLock(tmp_path / "s").take()


def test_whoever_goes_on_writes_after_the_last_whole_line(tmp_path: Path) -> None:
    """A torn line goes; a run that hears nothing leaves nothing."""
    path = session(tmp_path, spoken(0, 300), [began(), final(0, 100)])
    events = path / EVENTS
    before = events.read_bytes()
    events.write_bytes(before + b'{"type": "fin')
    with ExitStack() as stack:
        stack.enter_context(ReopenedJournal(path, "now")).begin()
    assert events.read_bytes() == before
    with ReopenedJournal(path, "now") as continuing:
        continuing.begin()
        hear(continuing.recorder, [Notice("info", "hello"), began(100), final(100, 300)])
    assert len(events.read_bytes().splitlines()) == len(before.splitlines()) + 3
    assert [part.begins for part in Journal.open(path).parts] == [{"": 0}, {"": 100}]


def test_a_run_that_goes_on_has_neither_the_budget_nor_the_failures_of_the_one_before(tmp_path: Path) -> None:
    """Else `asr resume` would report a limit that was reached long ago, and write a file anew that is whole."""
    path = session(tmp_path, spoken(0, 300), [began(), final(0, 100)])
    with (path / EVENTS).open("a") as events:
        events.write('{"type": "budget", "limit": 2}\n{"type": "failed", "output": "a.txt"}\n')
    journal = Journal.open(path)
    assert (journal.budget, journal.failed) == (2.0, {"a.txt"})
    with ReopenedJournal(path, "now") as continuing:
        continuing.begin()
        hear(continuing.recorder, [began(100), final(100, 200)])
    journal = Journal.open(path)
    assert (journal.budget, journal.failed) == (None, set())
