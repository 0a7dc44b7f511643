"""Puts transcripts that are files, of earlier runs or of other programs, into the library."""

import dataclasses
import hashlib
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

if TYPE_CHECKING:
    from asrcli.core.errors import AsrError
    from asrcli.evaluation import pairing, transcript_files
    from asrcli.library.transcript_library import TranscriptLibrary
else:  # they load a library for subtitles, which no other action needs
    pairing = LazyModule("asrcli.evaluation.pairing")
    transcript_files = LazyModule("asrcli.evaluation.transcript_files")

MOST_MS = 1000 * 3600 * 1000  # of a time that a file names
# How many transcripts, and sentences in them, are written to the library at once.
MOST_WAITING = 100
MOST_WAITING_SENTENCES = 10_000


def import_transcripts(library: "TranscriptLibrary", names: Sequence[str]) -> None:
    """Add the transcripts in files and in folders. What the library has already is left out; a changed file replaces.

    Raises:
        UsageError: a folder has no transcript.
        SourceError: a file or folder cannot be read, or the library cannot be written.
        MultipleErrors: several of these; the others were added.
    """
    failed: list[AsrError] = []
    added = _Import(library)
    for name in names:
        try:
            files = list(_files(Path(name), failed))
        except (SourceError, UsageError) as exc:
            failed.append(exc)
            continue
        for path in files:
            try:
                added.add(path)
            except SourceError as exc:
                failed.append(exc)
    try:
        added.write()
    except SourceError as exc:
        failed.append(exc)
    if failed:
        raise combine_errors(failed)


class _Import:
    """What is in the library, read once, and the transcripts that are added to it, several in one transaction.

    The work for a file must not grow with the library: each transaction checks all of its file.
    """

    def __init__(self, library: "TranscriptLibrary") -> None:
        self._library = library
        self._waiting: list[tuple[LibraryEntry, str, Path]] = []  # with their new IDs
        self._waiting_sentences = 0
        self._read()

    def _read(self) -> None:
        """Read what is in the library now.

        Raises:
            SourceError: it cannot be read.
        """
        self._ids: set[str] = set()
        # The sessions that may have the words of a file: by its path or its name, and the number of its sentences.
        self._alike: dict[tuple[str, int], set[str]] = {}
        self._imported: dict[str, set[str]] = {}  # sessions without a model, which has heard all others, by their file
        self._words: dict[str, bytes] = {}  # a digest of the words of each session that was compared
        self._replaced: list[str] = []
        self._gone: set[str] = set()  # sessions that were, or are to be, replaced
        for session in self._library.sessions():
            outputs = [str(path) for path in session.about.get("outputs", ())]
            names = {Path(str(source.get("name"))).stem for source in session.about.get("sources", ())}
            self._remember(session.id, {*outputs, *names}, session.sentences)
            if len(outputs) == 1 and not session.about.get("model"):
                self._imported.setdefault(outputs[0], set()).add(session.id)

    def add(self, path: Path) -> None:
        """Add the transcript in a file, now or with those of the next files.

        Raises:
            SourceError: it cannot be read, or the library cannot be read or written.
        """
        entry = entry_of_file(path)
        if not entry.sentences:
            print_message(f"asr: {harmless(str(path))} has no text: left out")
            return
        self._add(entry, path)

    def _add(self, entry: LibraryEntry, path: Path) -> None:
        (place,) = entry.outputs
        words, size = _digest(entry), len(entry.sentences)
        alike = self._alike.get((place, size), set()) | self._alike.get((path.stem, size), set())
        found = [session for session in alike - self._gone if self._words_of(session) == words]
        if found:
            same = max(found)
            if any(same == waiting for _, waiting, _ in self._waiting):
                self.write()
            print_lines(f"{same} {harmless(str(path))}: in the library already")
            return
        new = next(new for at in count() if (new := stage_id(entry.id, at)) not in self._ids)
        self._waiting.append((entry, new, path))
        self._waiting_sentences += size
        # What was imported from this file before it was changed.
        older = self._imported.get(place, set())
        self._replaced += sorted(older)
        self._gone |= older
        self._words[new] = words
        self._imported[place] = {new}
        self._remember(new, {place, path.stem}, size)
        if len(self._waiting) >= MOST_WAITING or self._waiting_sentences >= MOST_WAITING_SENTENCES:
            self.write()

    def write(self) -> None:
        """Write the transcripts that wait.

        Raises:
            SourceError: the library cannot be written. None of them is in it then.
        """
        waiting, self._waiting, self._waiting_sentences = self._waiting, [], 0
        replaced, self._replaced = self._replaced, []
        if not waiting:
            return
        entries = [dataclasses.replace(entry, id=new) for entry, new, _ in waiting]
        # A search is faster where transcripts were added in the order of their time.
        if self._library.add_all(sorted(entries, key=lambda entry: entry.begun_s), replaced):
            for entry, new, path in waiting:
                print_lines(f"{new} {harmless(str(path))}: {quantity(len(entry.sentences), 'sentence')}")
            return
        # Another import has written since the library was read, perhaps the same transcripts.
        self._read()
        for entry, _, path in waiting:
            self._add(entry, path)
        self.write()

    def _remember(self, session: str, names: set[str], size: int) -> None:
        self._ids.add(session)
        for name in names:
            self._alike.setdefault((name, size), set()).add(session)

    def _words_of(self, session: str) -> bytes:
        if session not in self._words:
            self._words[session] = _digest(self._library.entry(session))
        return self._words[session]


def _digest(entry: LibraryEntry) -> bytes:
    """Return what only transcripts of the same sentences have in common."""
    texts = repr([sentence.text for sentence in entry.sentences])
    return hashlib.sha256(texts.encode("utf-8", "surrogateescape")).digest()


def _files(path: Path, failed: "list[AsrError]") -> Iterator[Path]:
    """The file itself; of a folder one transcript for each recording, the one that says most.

    Folders below it that cannot be read are added to `failed`: a disk has some for its system alone, as lost+found.
    """
    if not path.exists():
        raise SourceError(str(path), "no such file or directory")
    if not path.is_dir():
        yield path
        return
    unreadable: list[SourceError] = []
    found = pairing.files_by_name(path, path, unreadable.append)
    failed += unreadable
    if not found and not unreadable:
        endings = ", ".join(sorted(transcript_files.READERS))
        raise UsageError(f"no transcript in {path}", f"its files must end in {endings}")
    yield from found.values()


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
