"""Finds sentences in the library, the newest first, with those before and after."""

from collections.abc import Sequence
from itertools import pairwise
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
_LAST_NUMBER = (1 << 63) - 1
MOST_SORTED = 2000  # sentences that are put in order here, and not by the library


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
    conditions = " AND ".join(["instr(s.plain, ?)"] * len(terms))
    tables, number, values = "sentence s", "s.number", tuple(terms)
    query = index_query(terms, lambda part: _words_with(connection, part))
    if query is not None:
        tables, number = "token CROSS JOIN sentence s ON s.number = token.rowid", "token.rowid"
        conditions, values = f"token MATCH ? AND {conditions}", (query, *terms)
    text = (
        f"SELECT {_SENTENCE} FROM {tables} WHERE {conditions} AND {number} BETWEEN ? AND ? "  # noqa: S608
        f"ORDER BY {number} DESC LIMIT ?"
    )

    def between(first: int, last: int, rows: int) -> list[tuple[Any, ...]]:
        return connection.execute(text, (*values, first, last, rows)).fetchall()

    newest = "SELECT number FROM session WHERE sentences > 0 ORDER BY begun_s DESC, number DESC"
    sessions = [session for (session,) in connection.execute(newest)]
    spans = _spans(sessions)
    if limit is not None and len(spans) == 1:
        return between(0, _LAST_NUMBER, limit)
    found = between(0, _LAST_NUMBER, -1 if limit is None else MOST_SORTED)
    if limit is None or len(found) < MOST_SORTED:
        order = {session: at for at, session in enumerate(sessions)}
        return sorted(found, key=lambda row: (order[row[1]], -row[0]))[:limit]
    # A term that is so frequent is soon found often enough in the newest transcripts.
    found = []
    ends = "SELECT min(number), max(number) FROM sentence WHERE session = ?"
    for span in spans:
        if len(found) < limit:
            first, last = (connection.execute(ends, (session,)).fetchone() for session in span)
            found += between(first[0], last[1], limit - len(found))
    return found


def _spans(sessions: Sequence[int]) -> list[tuple[int, int]]:
    """Return the first and the last session of each span in which the order of time is that in which they were added.

    Sessions have numbers in the order in which they were added, and so have their sentences. Runs are added in the
    order of their time, so that one span is usually all; what is imported or resumed is older than what was there.

    Args:
        sessions: The numbers of all sessions with sentences, the newest first.
    """
    before = dict(pairwise(sorted(sessions, reverse=True)))  # for each session the one that was added before it
    spans: list[tuple[int, int]] = []
    for session in sessions:
        if spans and before.get(spans[-1][0]) == session:
            spans[-1] = (session, spans[-1][1])
        else:
            spans.append((session, session))
    return spans


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
