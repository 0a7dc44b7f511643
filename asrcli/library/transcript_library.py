"""The transcripts of the library: added, listed, kept forever, deleted by hand or by limits of age and size."""

import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from asrcli.core.dataclass import dataclass
from asrcli.core.errors import SourceError
from asrcli.core.printable import harmless
from asrcli.library.library_entry import LibraryEntry, packed, unpacked
from asrcli.library.library_file import LibraryDamaged, is_begun, reading, write
from asrcli.library.library_limits import LibraryLimits
from asrcli.library.search_text import index_tokens, normalized, words_of

if TYPE_CHECKING:
    from sqlite3 import Connection

LEFT = 0.9  # of the limit of size, so that not every further run has to delete something
_ROW = "id, begun, begun_s, length_ms, sentences, size_bytes, kept, about"


@dataclass(frozen=True)
class LibrarySession:
    """A transcript in the list of all.

    Attributes:
        kept: It is not deleted for its age, nor for the size of the library.
        size_bytes: What it takes in the library, without its part of the index.
        about: Its model, engine, service, sources, inputs and outputs.
    """

    id: str
    begun: str
    begun_s: float
    length_ms: int
    sentences: int
    size_bytes: int
    kept: bool
    about: Mapping[str, Any]


class TranscriptLibrary:
    """The library in a file, which is opened for each call. `warn` is called with messages for a person."""

    def __init__(self, path: Path, warn: Callable[[str], None]) -> None:
        self.path = path
        self._warn = warn

    def add(self, entry: LibraryEntry, limits: LibraryLimits, now_s: float) -> list[str]:
        """Add a transcript, or replace the one with the same ID, and return the IDs that the limits have deleted.

        Raises:
            SourceError: the library cannot be written.
        """

        def work(connection: "Connection") -> list[str]:
            kept = [bool(kept) for (kept,) in connection.execute("SELECT kept FROM session WHERE id = ?", (entry.id,))]
            _delete(connection, entry.id)
            insert(connection, entry, kept=any(kept))
            return _tidy(connection, limits, now_s, spared=entry.id)

        return write(self.path, work, self._warn)

    def add_all(self, entries: Sequence[LibraryEntry], replaced: Sequence[str]) -> bool:
        """Add transcripts whose IDs are new, and delete those that they replace: all of it or, with an error, nothing.

        Returns False, and changes nothing, if one of the IDs is taken: another program has added it meanwhile.

        Raises:
            SourceError: the library cannot be written.
        """

        def work(connection: "Connection") -> bool:
            taken = "SELECT 1 FROM session WHERE id = ?"
            if any(connection.execute(taken, (harmless(entry.id),)).fetchone() for entry in entries):
                return False
            for entry in entries:
                insert(connection, entry, kept=False)
            for session_id in replaced:
                _delete(connection, session_id)
            if replaced:
                _forget(connection)
            return True

        return write(self.path, work, self._warn)

    def sessions(self) -> list[LibrarySession]:
        """All transcripts, the newest first; none where there is no library.

        Raises:
            SourceError: the library cannot be read.
        """
        if not is_begun(self.path):
            return []
        with reading(self.path) as connection:
            rows = connection.execute(f"SELECT {_ROW} FROM session ORDER BY id DESC").fetchall()  # noqa: S608
        return [_session(row) for row in rows]

    def entry(self, session_id: str) -> LibraryEntry:
        """A transcript with its events.

        Raises:
            SourceError: it is not there, or damaged.
        """
        with reading(self.path) as connection:
            row = connection.execute("SELECT begun, about, events FROM session WHERE id = ?", (session_id,)).fetchone()
        if row is None:
            raise SourceError(str(self.path), f"no transcript {session_id}")
        begun, about, events = row
        try:
            known = json.loads(about)
            found = unpacked(events)
        except (ValueError, TypeError) as exc:
            raise LibraryDamaged(str(self.path), f"transcript {session_id} is damaged") from exc
        inputs, outputs = tuple(known.get("inputs", ())), tuple(known.get("outputs", ()))
        texts = (str(known.get(name, "")) for name in ("service", "model", "engine"))
        return LibraryEntry(session_id, begun, found, inputs, outputs, *texts)

    def keep(self, session_id: str, *, kept: bool) -> None:
        """Keep a transcript whatever the limits say, or no longer.

        Raises:
            SourceError: the library cannot be written.
        """

        def work(connection: "Connection") -> None:
            connection.execute("UPDATE session SET kept = ? WHERE id = ?", (kept, session_id))

        write(self.path, work, self._warn)

    def delete(self, session_ids: Sequence[str]) -> None:
        """Delete transcripts, and what the index knows of them.

        Raises:
            SourceError: the library cannot be written.
        """

        def work(connection: "Connection") -> None:
            for session_id in session_ids:
                _delete(connection, session_id)
            _forget(connection)

        write(self.path, work, self._warn)

    def expired(self, limits: LibraryLimits, now_s: float) -> list[str]:
        """The transcripts that the limits do not allow, the oldest first.

        Raises:
            SourceError: the library cannot be read.
        """
        if not is_begun(self.path):
            return []
        with reading(self.path) as connection:
            return _expired(connection, limits, now_s)


def _session(row: tuple[Any, ...]) -> LibrarySession:
    try:
        about = json.loads(row[7])
    except ValueError:
        about = {}
    session_id, begun, begun_s, length_ms, sentences, size_bytes, kept = row[:7]
    known: dict[str, Any] = {}
    if isinstance(about, dict):
        known = about
    return LibrarySession(session_id, begun, begun_s, length_ms, sentences, size_bytes, bool(kept), known)


def insert(connection: "Connection", entry: LibraryEntry, *, kept: bool) -> None:
    """Add a transcript that is not there yet, in the transaction of the connection."""
    events = packed(entry.events)
    rows = []
    for sentence in entry.sentences:
        plain = "\n".join(filter(None, map(normalized, (sentence.text, sentence.translation))))
        rows.append((sentence, plain))
    size_bytes = len(events) + sum(len(sentence.text.encode()) + len(plain.encode()) for sentence, plain in rows)
    row = (harmless(entry.id), harmless(entry.begun), entry.begun_s, entry.length_ms, len(rows), size_bytes, kept)
    number = connection.execute(
        f"INSERT INTO session ({_ROW}, events) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",  # noqa: S608
        (*row, entry.about, events),
    ).lastrowid
    words: set[str] = set()
    for sentence, plain in rows:
        added = connection.execute(
            "INSERT INTO sentence (session, source, at_ms, begin_ms, end_ms, speaker, text, translation, plain) "
            "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (
                number, sentence.source, sentence.at_ms, sentence.begin_ms, sentence.end_ms, sentence.speaker,
                sentence.text, sentence.translation, plain,
            ),
        )  # fmt: skip
        tokens = " ".join(sorted(index_tokens(plain)))
        connection.execute("INSERT INTO token (rowid, tokens) VALUES (?, ?)", (added.lastrowid, tokens))
        words |= words_of(plain)
    connection.executemany("INSERT OR IGNORE INTO word VALUES (?)", [(word,) for word in sorted(words)])


def _delete(connection: "Connection", session_id: str) -> None:
    """Delete a transcript with its sentences, and the words that no other sentence has."""
    found = connection.execute("SELECT number FROM session WHERE id = ?", (session_id,)).fetchone()
    if found is None:
        return
    words: set[str] = set()
    for number, plain in connection.execute("SELECT number, plain FROM sentence WHERE session = ?", found).fetchall():
        # The index keeps no text, so it has to be told again what it was.
        tokens = " ".join(sorted(index_tokens(plain)))
        connection.execute("INSERT INTO token (token, rowid, tokens) VALUES ('delete', ?, ?)", (number, tokens))
        words |= words_of(plain)
    connection.execute("DELETE FROM sentence WHERE session = ?", found)
    connection.execute("DELETE FROM session WHERE number = ?", found)
    used = "SELECT 1 FROM token WHERE token MATCH ? LIMIT 1"
    gone = [(word,) for word in words if connection.execute(used, (f'"{word}"',)).fetchone() is None]
    connection.executemany("DELETE FROM word WHERE word = ?", gone)


def _forget(connection: "Connection") -> None:
    """Write the index again without what was deleted: until then its pages still hold the words."""
    connection.execute("INSERT INTO token (token) VALUES ('optimize')")


def _tidy(connection: "Connection", limits: LibraryLimits, now_s: float, spared: str) -> list[str]:
    deleted = [session_id for session_id in _expired(connection, limits, now_s) if session_id != spared]
    for session_id in deleted:
        _delete(connection, session_id)
    if deleted:
        _forget(connection)
    return deleted


def _expired(connection: "Connection", limits: LibraryLimits, now_s: float) -> list[str]:
    rows = connection.execute("SELECT id, begun_s, size_bytes, kept FROM session ORDER BY begun_s, number").fetchall()
    expired = [row for row in rows if not row[3] and limits.age_s is not None and now_s - row[1] > limits.age_s]
    if limits.size_bytes is not None:
        old = set(expired)
        expired += _beyond(connection, [row for row in rows if row not in old], limits.size_bytes)
    return [row[0] for row in expired]


def _beyond(connection: "Connection", rows: list[Any], limit_bytes: int) -> list[Any]:
    """The oldest transcripts whose share of the file makes it larger than the limit."""
    values = [connection.execute(f"PRAGMA {name}").fetchone()[0] for name in ("page_count", "freelist_count")]
    file_bytes = (values[0] - values[1]) * connection.execute("PRAGMA page_size").fetchone()[0]
    own_bytes = sum(row[2] for row in rows)
    share = max(1.0, file_bytes / max(1, own_bytes))  # with the index
    if own_bytes * share <= limit_bytes:
        return []
    left = own_bytes * share
    beyond = []
    for row in rows:
        if left <= limit_bytes * LEFT:
            break
        if not row[3]:
            beyond.append(row)
            left -= row[2] * share
    return beyond
