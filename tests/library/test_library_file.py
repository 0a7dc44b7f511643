"""A library that is damaged, newer, somebody else's, in use, read-only, or on a disk without room: one line each."""

import os
import shutil
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from asrcli.core.errors import SourceError
from asrcli.library import library_file
from asrcli.library.library_file import LibraryDamaged, library_path, reading, write
from asrcli.library.transcript_library import TranscriptLibrary
from asrcli.library.transcript_search import find_sentences
from tests.library.entries import BEGUN_S, NONE, entry


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A library with a transcript in it."""
    path = tmp_path / "state" / "library.db"
    TranscriptLibrary(path, pytest.fail).add(entry(1, "预算"), NONE, BEGUN_S)
    return path


def found(path: Path) -> int:
    """How many sentences hold the words of the fixture."""
    return len(find_sentences(path, ["预算"], None, 0))


def test_only_the_user_can_read_it(path: Path) -> None:
    """The file and its folder; and it stands beside the journal."""
    assert (path.stat().st_mode & 0o777, path.parent.stat().st_mode & 0o777) == (0o600, 0o700)
    assert library_path().parent.name == "asrcli"


def test_a_library_that_was_never_written_is_said_to_be_empty(tmp_path: Path) -> None:
    """Also an empty file, as a run leaves it that was killed at once: the next one fills it."""
    path = tmp_path / "library.db"
    with pytest.raises(SourceError, match="no transcript is in the library yet"):
        found(path)
    path.write_bytes(b"")
    assert TranscriptLibrary(path, pytest.fail).sessions() == []
    with closing(sqlite3.connect(path)) as connection:  # pages, but no table
        connection.execute("CREATE TABLE t (x)")
        connection.execute("DROP TABLE t")
        connection.commit()
    with pytest.raises(SourceError, match="nothing is in the library yet"):
        found(path)
    TranscriptLibrary(path, pytest.fail).add(entry(1, "预算"), NONE, BEGUN_S)
    assert found(path) == 1


def harmed(path: Path, how: str) -> None:
    """Damage a library."""
    data = bytearray(path.read_bytes())
    if how == "no database":
        data[:] = b"These are no pages of a database. " * 500
    elif how == "cut":
        del data[len(data) // 2 :]
    else:
        data[4096:] = os.urandom(len(data) - 4096)
    for beside in path.parent.glob("library.db-*"):
        beside.unlink()
    path.write_bytes(data)


@pytest.mark.parametrize("how", ["no database", "cut", "other bytes"])
def test_a_damaged_library_is_set_aside_and_never_written_over(path: Path, how: str) -> None:
    """A new one takes the transcript; the message names the file, which is as it was."""
    harmed(path, how)
    before = path.read_bytes()
    with pytest.raises(
        SourceError, match=r"the library is damaged .*; when the next transcript is kept, it is set aside"
    ):
        found(path)
    messages: list[str] = []
    TranscriptLibrary(path, messages.append).add(entry(2, "预算"), NONE, BEGUN_S)
    (aside,) = path.parent.glob("library.damaged-*.db")
    assert aside.read_bytes() == before
    (message,) = messages
    assert message.startswith("the library is damaged (")
    assert "(True)" not in message
    assert str(aside) in message
    assert found(path) == 1


HALF_WRITTEN = """
import os, sqlite3, sys
connection = sqlite3.connect(sys.argv[1], isolation_level=None)
connection.execute("PRAGMA cache_size = 1")
connection.execute("BEGIN IMMEDIATE")
connection.execute("UPDATE sentence SET plain = 'x'")
for number in range(200):
    connection.execute("INSERT INTO word VALUES (?)", (f"{number}" * 500,))
os._exit(0)
"""


def test_what_a_killed_program_had_begun_is_taken_back(path: Path) -> None:
    """By who searches next: it need not write anything itself."""
    subprocess.run([sys.executable, "-c", HALF_WRITTEN, path], check=True)
    journal = path.with_name("library.db-journal")
    assert journal.stat().st_size
    assert found(path) == 1
    assert not journal.exists()


def test_nothing_beside_the_library_is_mapped_into_memory(path: Path) -> None:
    """On a disk that is full, the system ends a program that touches such a map. An older library needs none either."""
    assert [each.name for each in path.parent.iterdir()] == [path.name]
    mapped: list[list[str]] = []

    def work(_: sqlite3.Connection) -> None:
        mapped.append([each.name for each in path.parent.iterdir() if each.name.endswith("-shm")])

    write(path, work, pytest.fail)
    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("PRAGMA journal_mode = WAL").fetchone() == ("wal",)
    write(path, work, pytest.fail)
    assert mapped == [[], []]
    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("PRAGMA journal_mode").fetchone() == ("delete",)
    assert found(path) == 1


def test_damage_that_only_a_check_finds_is_reported_in_the_words_of_the_check(path: Path) -> None:
    """The header counts free pages that are nowhere: nothing that is read shows it."""
    for beside in path.parent.glob("library.db-*"):
        beside.unlink()
    data = bytearray(path.read_bytes())
    data[36:40] = (7).to_bytes(4, "big")
    path.write_bytes(data)
    messages: list[str] = []
    TranscriptLibrary(path, messages.append).add(entry(2, "预算"), NONE, BEGUN_S)
    (message,) = messages
    assert "7" in message.partition(")")[0], message


def test_what_another_program_has_set_aside_is_not_set_aside_again(path: Path) -> None:
    """The library that it has begun meanwhile is used."""
    fresh = path.with_name("fresh.db")
    shutil.copy(path, fresh)
    harmed(path, "no database")

    def work(connection: sqlite3.Connection) -> int:
        number: int = connection.execute("SELECT count(*) FROM session").fetchone()[0]
        return number

    real = library_file._write
    with pytest.MonkeyPatch.context() as patch:

        def raced(path: Path, work: object) -> object:
            try:
                return real(path, work)  # type: ignore[arg-type]
            except LibraryDamaged:
                fresh.replace(path)  # the other program is faster
                raise

        patch.setattr(library_file, "_write", raced)
        assert write(path, work, pytest.fail) == 1
    assert list(path.parent.glob("library.damaged-*")) == []


def test_a_library_of_a_newer_version_or_of_another_program_is_left_as_it_is(path: Path) -> None:
    """One line says so, for who reads and for who writes."""
    for pragma, words in (
        ("user_version = 99", "made by a newer asr"),
        ("application_id = 7", "another program created it"),
    ):
        with closing(sqlite3.connect(path)) as connection:
            connection.execute(f"PRAGMA {pragma}")
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        before = path.read_bytes()
        with pytest.raises(SourceError, match=words):
            found(path)
        with pytest.raises(SourceError, match=words):
            TranscriptLibrary(path, pytest.fail).add(entry(2, "x"), NONE, BEGUN_S)
        assert path.read_bytes() == before


def test_another_program_that_writes_is_not_waited_for_forever(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever only reads does not wait. Afterwards all is as before."""
    monkeypatch.setattr(library_file, "BUSY_S", 0.05)
    library = TranscriptLibrary(path, pytest.fail)
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(SourceError, match="another program is writing to the library"):
            library.add(entry(2, "x"), NONE, BEGUN_S)
        assert found(path) == 1
        other.execute("ROLLBACK")
    library.add(entry(2, "预算"), NONE, BEGUN_S)
    assert found(path) == 2


def test_an_error_in_the_middle_leaves_all_as_it_was(path: Path) -> None:
    """A transcript is there as a whole or not at all; a disk without room is named."""

    def work(connection: sqlite3.Connection) -> None:
        connection.execute("DELETE FROM session")
        connection.execute("PRAGMA max_page_count = 1")  # no page can be added, as on a disk without room
        connection.execute("CREATE TABLE more (x)")

    with pytest.raises(SourceError, match="no space is left on the disk of the library"):
        write(path, work, pytest.fail)
    with pytest.raises(SourceError, match="the library cannot be used: no such table: nowhere"):
        write(path, lambda it: it.execute("SELECT * FROM nowhere"), pytest.fail)
    assert (found(path), len(TranscriptLibrary(path, pytest.fail).sessions())) == (1, 1)


def test_a_folder_that_cannot_be_used_is_named(tmp_path: Path) -> None:
    """A file where a folder should be; a link in the place of the library, which is not followed."""
    (tmp_path / "state").write_text("")
    with pytest.raises(SourceError, match="the library cannot be used: "):
        TranscriptLibrary(tmp_path / "state" / "library.db", pytest.fail).add(entry(1, "x"), NONE, BEGUN_S)
    (tmp_path / "link.db").symlink_to(tmp_path / "state")
    with pytest.raises(SourceError, match="neither a folder nor a file"):
        TranscriptLibrary(tmp_path / "link.db", pytest.fail).add(entry(1, "x"), NONE, BEGUN_S)
    assert (tmp_path / "state").read_text() == ""


def test_a_copy_that_cannot_be_written_is_read(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As on a disk that is mounted for reading: nothing is created beside it."""
    monkeypatch.setattr(os, "access", lambda *_: False)
    for beside in path.parent.glob("library.db-*"):
        beside.unlink()
    with reading(path) as connection, pytest.raises(sqlite3.OperationalError, match="readonly"):
        connection.execute("DELETE FROM session")
    assert found(path) == 1
    assert list(path.parent.iterdir()) == [path]
