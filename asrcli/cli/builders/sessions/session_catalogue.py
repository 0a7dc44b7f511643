"""All sessions by their IDs: those of the journal in a folder, and the transcripts in the library. One can be both."""

from collections.abc import Sequence
from contextlib import suppress
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from asrcli.cli.advice import described
from asrcli.cli.builders.journal_keeping import journal_directory, open_journal
from asrcli.cli.builders.library_writing import transcript_library
from asrcli.cli.console import print_message
from asrcli.core.dataclass import dataclass, field
from asrcli.core.errors import SourceError, UsageError
from asrcli.journal.directory import NAMES_SHOWN, NEWEST
from asrcli.library.library_entry import LibraryEntry, entry_of_journal

if TYPE_CHECKING:
    from asrcli.journal.directory import JournalDirectory
    from asrcli.library.transcript_library import LibrarySession, TranscriptLibrary

WHY_NONE = "a finished file leaves none, and asr config set library on keeps the transcripts of later runs"


@dataclass(frozen=True)
class CataloguedSession:
    """A session: its folder in the journal, and its row in the library. At least one of the two exists."""

    id: str
    path: Path | None
    kept: "LibrarySession | None" = field(default=None, compare=False, hash=False)


@dataclass(frozen=True)
class SessionCatalogue:
    """The sessions, the newest first."""

    directory: "JournalDirectory"
    library: "TranscriptLibrary"

    @cached_property
    def sessions(self) -> list[CataloguedSession]:
        """All sessions. Of the journal and the library, what cannot be read is named in a line; the other is left."""
        paths: dict[str, Path] = {}
        kept: dict[str, LibrarySession] = {}
        try:
            paths = {path.name: path for path in self.directory.paths()}
        except SourceError as exc:
            print_message(f"asr: {described(exc)}")
        try:
            kept = {session.id: session for session in self.library.sessions()}
        except SourceError as exc:
            print_message(f"asr: {described(exc)}")
        names = sorted(paths.keys() | kept.keys(), reverse=True)
        return [CataloguedSession(name, paths.get(name), kept.get(name)) for name in names]

    def find(self, prefix: str) -> CataloguedSession:
        """The session whose ID begins with `prefix`; the newest for `NEWEST`.

        Raises:
            UsageError: no ID begins so, or more than one.
        """
        if prefix == NEWEST and self.sessions:
            return self.sessions[0]
        found = [session for session in self.sessions if prefix and session.id.startswith(prefix)]
        exact = [session for session in found if session.id == prefix]
        if len(found) == 1 or exact:
            return (exact or found)[0]
        if found:
            raise UsageError(f"session {prefix} could be {_first_names(found)}")
        if not self.sessions:
            raise UsageError(f"no session {prefix}", f"none in {self.directory.folder}: {WHY_NONE}")
        raise UsageError(f"no session {prefix}", f"the newest: {_first_names(self.sessions)}")

    def entry(self, session: CataloguedSession) -> LibraryEntry:
        """The transcript of a session, from the library if it is there, else from the journal.

        Raises:
            SourceError: it cannot be read.
        """
        if session.kept is not None:
            return self.library.entry(session.id)
        assert session.path is not None  # noqa: S101  it is in the journal or in the library
        return entry_of_journal(open_journal(session.path), session.id)


def session_catalogue(journal: Path | None) -> SessionCatalogue:
    """The sessions in a folder of journals, or in that of the user, and those in the library."""
    return SessionCatalogue(journal_directory(journal), transcript_library())


def _first_names(sessions: Sequence[CataloguedSession]) -> str:
    names = [session.id for session in sessions[:NAMES_SHOWN]]
    return ", ".join(names + ["…"] * (len(sessions) > NAMES_SHOWN))


def known_ids(journal: Path | None, given: Sequence[str], *, in_library: bool) -> list[str]:
    """The IDs of the sessions except those that are `given`, the newest first; for completion."""
    names: set[str] = set()
    with suppress(SourceError):
        names = {path.name for path in journal_directory(journal).paths()}
    if in_library:
        with suppress(SourceError):
            names |= {session.id for session in transcript_library().sessions()}
    return [name for name in sorted(names, reverse=True) if name not in given]
