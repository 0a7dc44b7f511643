"""Writes transcripts into the library of the user. Loaded only where the library is used."""

import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from asrcli.cli.advice import described
from asrcli.cli.builders.configuration import set_option
from asrcli.cli.console import print_message
from asrcli.cli.options.configured import is_typed
from asrcli.cli.options.confirmation import is_confirmed
from asrcli.core.errors import AsrError, SourceError, bare_url
from asrcli.core.events import Began, Event
from asrcli.journal.directory import new_id, stage_id
from asrcli.journal.reading import Journal
from asrcli.library.library_entry import LibraryEntry, entry_of_journal
from asrcli.library.library_file import library_path
from asrcli.library.library_output import LibraryOutput
from asrcli.library.transcript_library import TranscriptLibrary

if TYPE_CHECKING:
    from asrcli.cli.builders.library_keeping import LibraryKeeping
    from asrcli.library.library_limits import LibraryLimits

QUESTION = "put finished transcripts into the library, so that asr search finds their words"
KEPT = "this transcript and all later ones are in the library; asr config set library off ends that"
NOT_KEPT = "there is no library, and you are not asked again; asr config set library on begins one"


def transcript_library() -> TranscriptLibrary:
    """The library of the user."""
    return TranscriptLibrary(library_path(), lambda text: print_message(f"asr: {text}"))


def new_output() -> LibraryOutput:
    """An output that collects what a run says."""
    return LibraryOutput()


def entry_of(
    collected: LibraryOutput, session_id: str, begun: datetime, files: Sequence[str], service: str
) -> LibraryEntry:
    """What a run has said, as a transcript of the library. `files` are those that it wrote."""
    events = collected.events()
    when = begun.isoformat(timespec="milliseconds")
    return LibraryEntry(session_id or new_id(begun), when, events, _inputs(events), tuple(files), bare_url(service))


def add(entry: LibraryEntry, limits: "LibraryLimits") -> None:
    """Add a transcript. Where that is not possible, one line says so, and nothing else changes."""
    try:
        transcript_library().add(entry, limits, time.time())
    except SourceError as exc:
        print_message(f"asr: {exc}; this transcript is not in the library")


def add_output(keeping: "LibraryKeeping", collected: LibraryOutput, session_id: str, begun: datetime) -> None:
    """Add what an output has collected, if the user wants it; without an ID it gets a new one."""
    if keeping.wanted and collected.has_text:
        add(entry_of(collected, session_id, begun, (), keeping.service), keeping.limits)


def add_journal(keeping: "LibraryKeeping", path: Path, stage: int | None = None) -> None:
    """Add what the journal of a session holds, or one of its stages, if the user wants it."""
    if not keeping.wanted:
        return
    try:
        journal = Journal.open(path)
    except SourceError as exc:
        print_message(f"asr: {described(exc)}; this transcript is not in the library")
        return
    entry = entry_of_journal(journal, stage_id(journal.id, stage or 0), stage)
    if entry.sentences:
        add(entry, keeping.limits)


def taking_known(keeping: "LibraryKeeping", session_id: str) -> "LibraryKeeping":
    """What the library takes of a session that is resumed: also the rest of a text that it has, as after keep.

    Where the command line says --no-library, it takes nothing.
    """
    if not keeping.wanted and not is_typed("--library"):
        with suppress(SourceError):
            if any(session.id == session_id for session in transcript_library().sessions()):
                return replace(keeping, wanted=True)
    return keeping


def ask_once(entry: LibraryEntry, limits: "LibraryLimits") -> None:
    """Ask whether transcripts are kept, remember the answer, and add this one if it is yes."""
    answer, told = "off", NOT_KEPT
    if is_confirmed(QUESTION):
        answer, told = "on", KEPT
    try:
        set_option(["library", answer], None)
    except AsrError as exc:  # the transcript itself is complete in any case
        print_message(f"asr: the answer is not remembered: {described(exc)}")
    if answer == "on":
        add(entry, limits)
    print_message(f"asr: {told}")


def _inputs(events: Sequence[Event]) -> tuple[str, ...]:
    """The files among the sources, as absolute paths."""
    names = dict.fromkeys(event.source for event in events if isinstance(event, Began))
    return tuple(str(Path(name).absolute()) for name in names if Path(name).is_file())
