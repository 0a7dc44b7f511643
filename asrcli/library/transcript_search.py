"""Finds sentences in the library, the newest first, with those before and after."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from asrcli.core.dataclass import dataclass
from asrcli.core.errors import UsageError
from asrcli.library.library_entry import LibrarySentence
from asrcli.library.library_file import reading
from asrcli.library.search_text import WordPart, index_query, search_terms

if TYPE_CHECKING:
    from sqlite3 import Connection

MOST_WORDS = 400  # a part that more words have says little about where it is
_SENTENCE = "s.number, s.session, s.source, s.at_ms, s.begin_ms, s.end_ms, s.speaker, s.text, s.translation"
_LAST = "\U0010ffff"


@dataclass(frozen=True)
class SearchHit:
    """A sentence that was found.

    Attributes:
        session: The ID of its transcript, which began at `begun` (ISO 8601).
        before, after: The sentences around it in the same transcript.
    """

    session: str
    begun: str
    sentence: LibrarySentence
    before: tuple[LibrarySentence, ...] = ()
    after: tuple[LibrarySentence, ...] = ()


def find_sentences(path: Path, words: Sequence[str], limit: int | None, context: int) -> list[SearchHit]:
    """The sentences that hold all of the words, the newest first; at most `limit`.

    Raises:
        UsageError: there is nothing in the words that can be searched for.
        SourceError: the library cannot be read.
    """
    terms = search_terms(words)
    if not terms:
        raise UsageError(f"nothing to search for in {' '.join(words)!r}", "name a word, a character or a number")
    with reading(path) as connection:
        connection.execute("BEGIN")  # what is read belongs together
        rows = matches(connection, terms, limit)
        return [_hit(connection, row, context) for row in rows]


def matches(connection: "Connection", terms: Sequence[str], limit: int | None) -> list[tuple[Any, ...]]:
    """The rows of the sentences that hold all of the terms, the newest first."""
    query = index_query(terms, lambda part: _words_with(connection, part))
    conditions = " AND ".join(["instr(s.plain, ?)"] * len(terms))
    rows = limit
    if rows is None:
        rows = -1
    if query is None:
        text = f"SELECT {_SENTENCE} FROM sentence s WHERE {conditions} ORDER BY s.number DESC LIMIT ?"  # noqa: S608
        return connection.execute(text, (*terms, rows)).fetchall()
    text = (
        f"SELECT {_SENTENCE} FROM token CROSS JOIN sentence s ON s.number = token.rowid "  # noqa: S608
        f"WHERE token MATCH ? AND {conditions} ORDER BY token.rowid DESC LIMIT ?"
    )
    return connection.execute(text, (query, *terms, rows)).fetchall()


def _words_with(connection: "Connection", part: WordPart) -> list[str] | None:
    """The words in the library of which this is a part; None if they are too many."""
    if part.begins:
        text, values = "word >= ? AND word < ?", (part.text, part.text + _LAST)
    elif part.ends:
        text, values = "instr(word, ?) AND substr(word, -length(?)) = ?", (part.text,) * 3  # type: ignore[assignment]
    else:
        text, values = "instr(word, ?)", (part.text,)  # type: ignore[assignment]
    rows = connection.execute(f"SELECT word FROM word WHERE {text} LIMIT {MOST_WORDS + 1}", values).fetchall()  # noqa: S608
    if len(rows) > MOST_WORDS:
        return None
    return [word for (word,) in rows]


def _hit(connection: "Connection", row: tuple[Any, ...], context: int) -> SearchHit:
    number, session, *sentence = row
    (session_id, begun) = connection.execute("SELECT id, begun FROM session WHERE number = ?", (session,)).fetchone()
    around = connection.execute(
        f"SELECT {_SENTENCE} FROM sentence s "  # noqa: S608
        "WHERE s.number BETWEEN ? AND ? AND s.session = ? ORDER BY s.number",
        (number - context, number + context, session),
    ).fetchall()
    before = tuple(LibrarySentence(*each[2:]) for each in around if each[0] < number)
    after = tuple(LibrarySentence(*each[2:]) for each in around if each[0] > number)
    return SearchHit(session_id, begun, LibrarySentence(*sentence), before, after)
