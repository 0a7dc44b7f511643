"""The ledger of a batch on the disk: one row for each input, in SQLite. One thread of one program writes it."""

import json
import os
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import astuple, fields, replace
from pathlib import Path

from asrcli.core.errors import OutputError, SourceError, UsageError, system_reason
from asrcli.journal.lock import JournalLock
from asrcli.runs.batch.decisions import BatchState, InputStamp, LedgerRow

FOLDER = ".asr-batch"  # in the folder of the transcripts
LEDGER = "ledger.sqlite3"
VERSION = 1
_COLUMNS = (
    "path", "name", "size_bytes", "mtime_ns", "etag", "settings", "model", "engine", "state", "attempts", "audio_ms",
    "seconds", "cost", "reason", "code", "files", "changed",
)  # fmt: skip
_TABLE = f"""CREATE TABLE inputs (
    {", ".join(f"{name}{' PRIMARY KEY' if name == 'path' else ''}" for name in _COLUMNS)}
) WITHOUT ROWID"""
# The transcripts that earlier runs have written, as a JSON list for each input that was transcribed more than once.
_EARLIER = "CREATE TABLE IF NOT EXISTS earlier (path PRIMARY KEY, files) WITHOUT ROWID"
_SAVE = f"INSERT OR REPLACE INTO inputs VALUES ({', '.join('?' * len(_COLUMNS))})"  # noqa: S608  nothing from outside
_SAVE_EARLIER = "INSERT OR REPLACE INTO earlier VALUES (?, ?)"


class BatchLedger:
    """The rows of all inputs that a batch has seen, in the order in which they were first seen by their paths.

    SQLite keeps its rollback journal beside it, and no file that it maps into memory: where the disk is full, the
    system may end a process that touches such a map. Others may read the ledger between two saves.

    Args:
        out: The folder of the transcripts.
        writing: This is the one program that writes it.

    Raises:
        UsageError: a newer version has written it, or it is damaged.
        OutputError: it cannot be read or written.
    """

    def __init__(self, out: Path, *, writing: bool = False) -> None:
        self.path = out / FOLDER / LEDGER
        with self._explained():
            self._database = sqlite3.connect(self.path, isolation_level=None, timeout=10)
        try:
            with self._explained():
                if writing and self._has_log():
                    self._end_log()
                self._prepare(writing=writing)
                if writing:  # to create and delete a journal for each save would take longer
                    self._database.execute("PRAGMA journal_mode = TRUNCATE")
        except BaseException:
            self._database.close()
            raise

    def _prepare(self, *, writing: bool) -> None:
        (version,) = self._database.execute("PRAGMA user_version").fetchone()
        if version > VERSION:
            raise UsageError(
                f"{self.path} was made by a newer asr (version {version} of the ledger, this one knows {VERSION})",
                "update asr, or choose another folder",
            )
        if version == VERSION:
            if writing:  # a ledger of an earlier version has no such table
                self._database.execute(_EARLIER)
            return
        self._database.execute("BEGIN IMMEDIATE")
        self._database.execute(_TABLE)
        self._database.execute(_EARLIER)
        self._database.execute(f"PRAGMA user_version = {VERSION}")
        self._database.execute("COMMIT")

    def _has_log(self) -> bool:
        """Whether an earlier version has written it, with a write-ahead log, whose index SQLite would map."""
        try:
            with self.path.open("rb") as file:
                return 2 in file.read(20)[18:]
        except OSError:
            return False

    def _end_log(self) -> None:
        self._database.execute("PRAGMA locking_mode = EXCLUSIVE")  # the index is in the memory of this process then
        self._database.execute("PRAGMA journal_mode = TRUNCATE")
        self._database.execute("PRAGMA locking_mode = NORMAL")
        self._database.execute("PRAGMA user_version").fetchone()  # only now the lock is gone

    def rows(self) -> dict[str, LedgerRow]:
        """All rows by the path of their input.

        Raises:
            UsageError: the ledger is damaged.
        """
        with self._explained():
            found = self._database.execute("SELECT * FROM inputs ORDER BY path").fetchall()
            earlier: list[tuple[object, object]] = []
            if self._database.execute("SELECT 1 FROM sqlite_master WHERE name = 'earlier'").fetchone():
                earlier = self._database.execute("SELECT path, files FROM earlier").fetchall()
        try:
            rows = {row.path: row for row in map(_row, found)}
            for path, files in earlier:
                name = str(_text(path))
                if name in rows:
                    rows[name] = replace(rows[name], earlier=tuple(json.loads(str(_text(files)))))
            return rows
        except (ValueError, TypeError) as exc:
            raise self._damaged(exc) from exc

    def save(self, rows: Sequence[LedgerRow]) -> None:
        """Write rows, all of them or none.

        Raises:
            OutputError: they cannot be written.
        """
        with self._explained():
            self._database.execute("BEGIN IMMEDIATE")
            try:
                self._database.executemany(_SAVE, map(_values, rows))
                others = [(_stored(row.path), _stored(_listed(row.earlier))) for row in rows if row.earlier]
                self._database.executemany(_SAVE_EARLIER, others)
                self._database.execute("COMMIT")
            except BaseException:
                with suppress(sqlite3.Error):  # after a full disk SQLite has done it itself
                    self._database.execute("ROLLBACK")
                raise

    def close(self) -> None:
        """Close it."""
        with suppress(sqlite3.Error):
            self._database.close()

    @contextmanager
    def _explained(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.Error as exc:
            if getattr(exc, "sqlite_errorcode", None) in {sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_CORRUPT}:
                raise self._damaged(exc) from exc
            raise OutputError(str(self.path), str(exc)) from exc

    def _damaged(self, exc: Exception) -> UsageError:
        advice = f"remove the folder {self.path.parent} to transcribe all inputs from their start"
        return UsageError(f"{self.path} is damaged: {exc}", advice)


def _values(row: LedgerRow) -> tuple[object, ...]:
    values = {field.name: getattr(row, field.name) for field in fields(row)}
    stamp = astuple(values.pop("stamp"))
    values |= dict(zip(("size_bytes", "mtime_ns", "etag"), stamp, strict=True))
    values["files"] = _listed(row.files)
    return tuple(map(_stored, map(values.__getitem__, _COLUMNS)))


def _listed(files: Sequence[str]) -> str:
    return json.dumps(files, ensure_ascii=False)


def _stored(value: object) -> object:
    """A value as SQLite keeps it: the name of a file that is no valid text as its bytes."""
    if isinstance(value, str) and _is_odd(value):
        return os.fsencode(value)
    return value


def _text(value: object) -> object:
    if isinstance(value, bytes):
        return os.fsdecode(value)
    return value


def _is_odd(value: object) -> bool:
    """Whether it is the name of a file that is no valid text; SQLite keeps its bytes."""
    return isinstance(value, str) and not value.isascii() and value.encode("utf-8", "replace").decode() != value


def _row(found: tuple[object, ...]) -> LedgerRow:
    values = {name: _text(value) for name, value in zip(_COLUMNS, found, strict=True)}
    stamp = InputStamp(*(values.pop(name) for name in ("size_bytes", "mtime_ns", "etag")))  # type: ignore[arg-type]
    files = tuple(json.loads(str(values.pop("files"))))
    state = BatchState(str(values.pop("state")))
    return LedgerRow(**values, stamp=stamp, files=files, state=state)  # type: ignore[arg-type]


@contextmanager
def opened_ledger(out: Path, shown: str = "") -> Iterator[BatchLedger]:
    """The ledger of a folder for a run of the batch, which no other program can begin meanwhile.

    Args:
        out: The folder.
        shown: What a person calls it, if that is not its path.

    Raises:
        UsageError: another run uses it, the folder is a file, or a newer version has written the ledger.
        OutputError: the ledger cannot be written.
    """
    folder = out / FOLDER
    try:
        for place in (folder, *folder.parents):
            if place.exists() and not place.is_dir():
                raise UsageError(f"{place} is a file", "name a folder for the transcripts")
        folder.mkdir(parents=True, exist_ok=True)
        lock = JournalLock(folder)
        is_free = lock.take()
    except OSError as exc:
        raise OutputError(str(folder), system_reason(exc).lower()) from exc
    if not is_free:
        problem = f"another run of asr batch writes to {shown or out}"
        raise UsageError(problem, "wait until it has ended, or stop it first")
    try:
        ledger = BatchLedger(out, writing=True)
        try:
            yield ledger
        finally:
            ledger.close()
    finally:
        lock.release()


def read_ledger(out: Path, shown: str = "") -> dict[str, LedgerRow]:
    """The rows of the ledger of a folder, whether a run uses it now or not; `shown` is what a person calls the folder.

    Raises:
        UsageError: the folder has no ledger, or that of a newer version.
        SourceError: it cannot be read.
    """
    if not (out / FOLDER / LEDGER).is_file():
        raise UsageError(f"{shown or out} has no ledger of asr batch", "name the folder of its transcripts")
    try:
        ledger = BatchLedger(out)
    except OutputError as exc:
        raise SourceError(exc.path, f"cannot be read: {exc.reason}") from exc
    try:
        return ledger.rows()
    finally:
        ledger.close()
