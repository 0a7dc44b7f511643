"""The SQLite file of the library: opened for one piece of work at a time, checked, and set aside where it is damaged.

Every error of SQLite becomes a SourceError with a reason for people. A file that another program or a newer version
has made is never changed.
"""

import os
import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from datetime import datetime
from pathlib import Path
from threading import Lock
from typing import TypeVar

from asrcli.core.errors import SourceError, shorten, system_reason
from asrcli.core.whole_writes import make_private
from asrcli.journal.directory import default_folder
from asrcli.journal.lock import JournalLock
from asrcli.journal.owned_files import NO_SURPRISE, distrust

FILE = "library.db"
APPLICATION = 0x4153524C  # says in the file whose it is
VERSION = 1
PRIVATE_FILE = 0o600
BUSY_S = 5.0  # how long another program may write to it, before this one gives up
PAUSE_S = 0.05
NOTHING_YET = (
    "no transcript is in the library yet: asr config set library on keeps those of later runs, "
    "and asr sessions import adds files"
)
DAMAGED = "the library is damaged ({}); when the next transcript is kept, it is set aside and a new one is begun"
_BESIDE = ("-wal", "-shm", "-journal")  # what SQLite keeps beside a file
_SCHEMA = """
CREATE TABLE session (
  number INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, begun TEXT NOT NULL, begun_s REAL NOT NULL,
  length_ms INTEGER NOT NULL, sentences INTEGER NOT NULL, size_bytes INTEGER NOT NULL, kept INTEGER NOT NULL,
  about TEXT NOT NULL, events BLOB NOT NULL);
CREATE TABLE sentence (
  number INTEGER PRIMARY KEY, session INTEGER NOT NULL, source TEXT NOT NULL, at_ms INTEGER NOT NULL,
  begin_ms INTEGER NOT NULL, end_ms INTEGER NOT NULL, speaker TEXT NOT NULL, text TEXT NOT NULL,
  translation TEXT NOT NULL, plain TEXT NOT NULL);
CREATE INDEX sentence_of_session ON sentence (session);
CREATE TABLE word (word TEXT PRIMARY KEY) WITHOUT ROWID;
CREATE VIRTUAL TABLE token USING fts5(tokens, content='', detail=none, columnsize=0, tokenize='ascii');
"""
Result = TypeVar("Result")
# Closing a descriptor of the file would release the locks of another thread on it, and SQLite would not notice.
_one_at_a_time = Lock()


class LibraryDamaged(SourceError):
    """The file is no database any more, or parts of it are not what they were."""


def library_path() -> Path:
    """Where the library is: beside the sessions of the journal, in the user's state directory."""
    return default_folder().with_name(FILE)


def is_begun(path: Path) -> bool:
    """Whether there is a library that can have something in it."""
    try:
        return path.lstat().st_size > 0
    except OSError:
        return False


@contextmanager
def reading(path: Path) -> Iterator[sqlite3.Connection]:
    """The library for reading.

    Raises:
        SourceError: it is not there, cannot be read, or a newer version has made it; LibraryDamaged is one of these.
    """
    if not is_begun(path):
        raise SourceError(str(path), NOTHING_YET)
    _check_owner(path)
    # Where SQLite cannot create its files beside it, it reads only what is promised not to change.
    fixed = not os.access(path.parent, os.W_OK) and not any(_beside(path))
    with _explained(path, DAMAGED):
        mode = "ro"
        if os.path.lexists(f"{path}-journal") and os.access(path.parent, os.W_OK):
            mode = (
                "rw"  # the journal of a program that was killed while it wrote: SQLite takes back what that had begun
            )
        address = f"{path.absolute().as_uri()}?mode={mode}" + "&immutable=1" * fixed
        with closing(sqlite3.connect(address, uri=True, timeout=BUSY_S, isolation_level=None)) as connection:
            _prepare(connection)
            if _version(connection, path) == 0:
                raise SourceError(str(path), "nothing is in the library yet")
            yield connection


def write(path: Path, work: Callable[[sqlite3.Connection], Result], warn: Callable[[str], None]) -> Result:
    """Do `work` in one transaction, in a library that is made if there is none, and return its result.

    A damaged library is first set aside under another name, and `warn` is called with a message.

    Raises:
        SourceError: it cannot be written, another program writes to it for too long, or a newer version has made it.
    """
    with _one_at_a_time:
        before = _identity(path)
        try:
            return _write(path, work)
        except LibraryDamaged as exc:
            aside = _set_aside(path, before)
            if aside is not None:
                warn(f"the library is damaged ({exc.reason}): it was renamed to {aside}, and a new one was created")
            return _write(path, work)


def _write(path: Path, work: Callable[[sqlite3.Connection], Result]) -> Result:
    deadline = time.monotonic() + BUSY_S
    with _explained(path):
        _create(path)
        while True:
            try:
                with closing(sqlite3.connect(path, timeout=BUSY_S, isolation_level=None)) as connection:
                    _use_no_shared_memory(connection, path)
                    return _transaction(connection, path, work)
            except sqlite3.OperationalError as exc:
                # Not in every case does SQLite itself wait for another program.
                if exc.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY or time.monotonic() > deadline:
                    raise
            time.sleep(PAUSE_S)


def _transaction(connection: sqlite3.Connection, path: Path, work: Callable[[sqlite3.Connection], Result]) -> Result:
    _prepare(connection)
    _version(connection, path)  # before anything is written to a file of somebody else
    connection.execute("PRAGMA journal_mode = DELETE")
    connection.execute("BEGIN IMMEDIATE")
    try:
        if _version(connection, path) == 0:
            for statement in _SCHEMA.split(";"):
                connection.execute(statement)
            connection.execute(f"PRAGMA application_id = {APPLICATION}")
            connection.execute(f"PRAGMA user_version = {VERSION}")
        elif (problem := connection.execute("PRAGMA quick_check(1)").fetchone()[0]) != "ok":
            raise LibraryDamaged(str(path), shorten(str(problem)))
        result = work(connection)
    except BaseException:
        with suppress(sqlite3.Error):  # after some errors there is no transaction any more
            connection.execute("ROLLBACK")
        raise
    connection.execute("COMMIT")
    return result


def _use_no_shared_memory(connection: sqlite3.Connection, path: Path) -> None:
    """Keep the index of a write-ahead log, which older libraries have, in the memory of this process.

    SQLite maps that index from a file. Where the disk is full, the system may end a process that touches the map.
    """
    with path.open("rb") as file:
        is_ahead = 2 in file.read(20)[18:]
    if is_ahead:
        connection.execute("PRAGMA locking_mode = EXCLUSIVE")


def _prepare(connection: sqlite3.Connection) -> None:
    connection.execute("PRAGMA trusted_schema = OFF")
    connection.execute("PRAGMA secure_delete = ON")  # what is deleted is overwritten


def _version(connection: sqlite3.Connection, path: Path) -> int:
    """The version of the library; 0 for a new file.

    Raises:
        SourceError: something else made the file, or a newer version.
    """
    (application,) = connection.execute("PRAGMA application_id").fetchone()
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    (tables,) = connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
    if (application, version, tables) == (0, 0, 0):
        return 0
    if application != APPLICATION:
        raise SourceError(
            str(path), "is not a library of transcripts: another program created it, and it is not changed"
        )
    if version > VERSION:
        raise SourceError(
            str(path), f"made by a newer asr (library version {version}, this one reads {VERSION}); it is left as it is"
        )
    return int(version)


def _create(path: Path) -> None:
    """Make an empty file that only the user can read, if there is none, and check whose an older one is."""
    make_private(path.parent)
    with suppress(FileExistsError):
        os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | NO_SURPRISE, PRIVATE_FILE))
    _check_owner(path)


def _check_owner(path: Path) -> None:
    if reason := distrust(path):
        raise SourceError(str(path), f"the library is not used: it {reason}")


def _set_aside(path: Path, identity: tuple[int, int] | None) -> Path | None:
    """Give a damaged library another name, which is returned; None if another program has done it, or is doing it."""
    lock = JournalLock(path.parent)
    try:
        if not lock.take() or _identity(path) != identity:
            return None
        now = datetime.now().astimezone()
        names = (path.with_name(f"{path.stem}.damaged-{now:%Y%m%d-%H%M%S}{more}.db") for more in ("", "-2", "-3"))
        aside = next(name for name in names if not os.path.lexists(name))
        for beside in _beside(path):
            beside.rename(str(aside) + str(beside).removeprefix(str(path)))
        return path.rename(aside)
    except OSError as exc:
        raise SourceError(str(path), f"damaged, and cannot be set aside: {system_reason(exc).lower()}") from exc
    finally:
        lock.release()


def _identity(path: Path) -> tuple[int, int] | None:
    """What tells a file from another one of the same name; None if there is none."""
    try:
        status = path.lstat()
    except OSError:
        return None
    return status.st_dev, status.st_ino


def _beside(path: Path) -> list[Path]:
    return [beside for end in _BESIDE if os.path.lexists(beside := Path(f"{path}{end}"))]


@contextmanager
def _explained(path: Path, damaged: str = "{}") -> Iterator[None]:
    """Turn the errors of SQLite and of the disk into a SourceError. `damaged` is the sentence for a damaged file."""
    try:
        yield
    except sqlite3.Error as exc:
        raise _error(path, exc, damaged) from exc
    except OSError as exc:
        raise SourceError(str(path), f"the library cannot be used: {system_reason(exc).lower()}") from exc


def _error(path: Path, exc: sqlite3.Error, damaged: str) -> SourceError:
    code = getattr(exc, "sqlite_errorcode", sqlite3.SQLITE_ERROR) & 0xFF
    if code in {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB}:
        return LibraryDamaged(str(path), damaged.format(exc))
    reasons = {
        sqlite3.SQLITE_BUSY: "another program is writing to the library",
        sqlite3.SQLITE_LOCKED: "another program is writing to the library",
        sqlite3.SQLITE_READONLY: "the library can only be read",
        sqlite3.SQLITE_FULL: "no space is left on the disk of the library",
        sqlite3.SQLITE_CANTOPEN: "the library cannot be opened",
        sqlite3.SQLITE_IOERR: "the disk of the library cannot be written or read",
    }
    return SourceError(str(path), reasons.get(code, f"the library cannot be used: {exc}"))
