"""Puts transcripts that are files, of earlier runs or of other programs, into the library."""

import hashlib
import time
from collections.abc import Iterator, Sequence
from datetime import datetime
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING

from asrcli.cli.console import print_message
from asrcli.cli.render.stdout import print_lines
from asrcli.core.errors import SourceError, UsageError, combine_errors, system_reason
from asrcli.core.events import Began, Event, Final
from asrcli.core.lazy_module import LazyModule
from asrcli.core.printable import harmless, quantity
from asrcli.journal.directory import stage_id
from asrcli.library.library_entry import LibraryEntry
from asrcli.library.library_limits import LibraryLimits

if TYPE_CHECKING:
    from asrcli.core.errors import AsrError
    from asrcli.evaluation import pairing, transcript_files
    from asrcli.library.transcript_library import LibrarySession, TranscriptLibrary
else:  # they load a library for subtitles, which no other action needs
    pairing = LazyModule("asrcli.evaluation.pairing")
    transcript_files = LazyModule("asrcli.evaluation.transcript_files")

MOST_MS = 1000 * 3600 * 1000  # of a time that a file names


def import_transcripts(library: "TranscriptLibrary", names: Sequence[str]) -> None:
    """Add the transcripts in files and in folders. What the library has already is left out; a changed file replaces.

    Raises:
        UsageError: a folder has no transcript.
        SourceError: a file cannot be read, or the library cannot be written.
        MultipleErrors: several of these; the others were added.
    """
    failed: list[AsrError] = []
    for name in names:
        try:
            files = list(_files(Path(name)))
        except (SourceError, UsageError) as exc:
            failed.append(exc)
            continue
        for path in files:
            try:
                _add(library, path)
            except SourceError as exc:
                failed.append(exc)
    if failed:
        raise combine_errors(failed)


def _files(path: Path) -> Iterator[Path]:
    """The file itself; of a folder one transcript for each recording, the one that says most."""
    if not path.exists():
        raise SourceError(str(path), "no such file or directory")
    if not path.is_dir():
        yield path
        return
    found = [each for each in pairing.files_by_name(path, path).values() if not each.name.startswith(".")]
    if not found:
        endings = ", ".join(sorted(transcript_files.READERS))
        raise UsageError(f"no transcript in {path}", f"its files must end in {endings}")
    yield from found


def _add(library: "TranscriptLibrary", path: Path) -> None:
    entry = entry_of_file(path)
    if not entry.sentences:
        print_message(f"asr: {harmless(str(path))} has no text: left out")
        return
    sessions = library.sessions()
    if found := _same(library, sessions, entry, path):
        print_lines(f"{found} {harmless(str(path))}: in the library already")
        return
    ids = {session.id for session in sessions}
    new = next(new for at in count() if (new := stage_id(entry.id, at)) not in ids)
    library.add(LibraryEntry(new, entry.begun, entry.events, outputs=entry.outputs), LibraryLimits(), time.time())
    # A model has heard all others, so one without it was imported: from this file, before it was changed.
    older = [
        each.id for each in sessions if list(entry.outputs) == each.about.get("outputs") and not each.about["model"]
    ]
    if older:
        library.delete(older)
    print_lines(f"{new} {harmless(str(path))}: {quantity(len(entry.sentences), 'sentence')}")


def _same(library: "TranscriptLibrary", sessions: "Sequence[LibrarySession]", entry: LibraryEntry, path: Path) -> str:
    """The ID of the transcript of this file, or of a recording of its name, with the same words; empty if none has."""
    texts = [sentence.text for sentence in entry.sentences]
    for session in sessions:
        stems = {Path(str(source.get("name"))).stem for source in session.about.get("sources", ())}
        if session.sentences != len(texts) or not (path.stem in stems or _is_of(session, entry)):
            continue
        if texts == [each.text for each in library.entry(session.id).sentences]:
            return session.id
    return ""


def _is_of(session: "LibrarySession", entry: LibraryEntry) -> bool:
    return set(entry.outputs) <= set(session.about.get("outputs", ()))


def entry_of_file(path: Path) -> LibraryEntry:
    """The transcript in a file, begun when the file was written. Text without times follows what stands before it.

    Raises:
        SourceError: it cannot be read, or is no transcript.
    """
    segments = transcript_files.read_transcript(path)
    try:
        begun = datetime.fromtimestamp(path.stat().st_mtime).astimezone()
    except (OSError, ValueError, OverflowError) as exc:
        raise SourceError(str(path), system_reason(exc)) from exc
    speakers = dict.fromkeys(segment.speaker for segment in segments)
    events: list[Event] = [Began(str(path), "", "", 0, speaker=speaker) for speaker in speakers]
    at_ms = 0
    for number, segment in enumerate(segments):
        begin_ms = _within(at_ms, segment.begin_ms)
        at_ms = max(begin_ms, _within(begin_ms, segment.end_ms))
        events.append(
            Final(str(number), begin_ms, at_ms, segment.text, speaker=segment.speaker, translation=segment.translation)
        )
    place = str(path.absolute())
    mark = hashlib.sha256(place.encode("utf-8", "surrogateescape")).hexdigest()[:4]
    when = begun.isoformat(timespec="milliseconds")
    return LibraryEntry(f"{begun:%Y%m%d-%H%M%S}-{mark}", when, tuple(events), outputs=(place,))


def _within(otherwise_ms: int, time_ms: int | None) -> int:
    if time_ms is None:
        return otherwise_ms
    return min(max(time_ms, 0), MOST_MS)
