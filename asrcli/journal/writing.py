"""Writes a session's folder: each capture thread writes its audio, the main thread writes the events.

Nothing of what passes through is changed. An error of the disk is reported once, and the run goes on without a journal.
"""

import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import Any

from asrcli.core.audio import SAMPLE_BYTES, Chunk
from asrcli.core.errors import system_reason, without_secrets
from asrcli.core.events import Event, Gap, Notice, Paused, Resumed
from asrcli.core.interfaces import Source, SourceWrapper
from asrcli.core.transcript import Transcript
from asrcli.core.whole_writes import make_private
from asrcli.journal.append_file import PRIVATE_FOLDER, AppendFile, SyncThread, sync_folder
from asrcli.journal.lock import JournalLock
from asrcli.journal.owned_files import remove_files
from asrcli.journal.records import EVENTS, JournalHeader, JournalSourceInfo, described, line

NAME_TRIES = 100


class Recorder:
    """An output that records events. Put it after all other outputs: what is recorded has then been shown.

    Attributes:
        first: Bytes to write before the first record; may be set until then.
        file: Where records go; None before the journal is open and after an error.
        failed: The outputs that could not be written to their end, by the names that errors give them.
    """

    accepts_delay = True

    def __init__(self, warn: Callable[[str], None], first: bytes = b"") -> None:
        self._warn = warn
        self.first = first
        self.file: AppendFile | None = None
        self.failed: list[str] = []

    @property
    def passive(self) -> bool:
        """Whether it stores nothing: without a journal, a file is not transcribed for this output alone."""
        return self.file is None

    @property
    def kept_as(self) -> str:
        """The ID of the session that keeps the text; empty if none does."""
        if self.file is None:
            return ""
        return self.file.path.parent.name

    def handle(self, event: Event, transcript: Transcript) -> None:
        """Record an event of a kind that the journal keeps."""
        if isinstance(event, Notice) and event.lost_output:
            self.failed.append(event.lost_output)
            event = replace(event, lost_output=str(Path(event.lost_output).absolute()))  # as in the header
        if self.file is None:
            return
        record = described(event, transcript)
        if record is not None:
            self.note(record)

    def note(self, record: Mapping[str, Any]) -> None:
        """Append a record that is not made from an event."""
        if self.file is None:
            return
        try:
            self.file.append(self.first + line(record))
            self.first = b""
        except (OSError, ValueError) as exc:
            self.file = None
            self._warn(f"the journal lacks the text from here on: {_reason(exc)}")

    def close(self) -> None:
        """Do nothing: the file belongs to the journal, which closes it."""


class JournalWriter:
    """Writes one session. `kept` and `recorder` may be used before `open` creates the folder.

    Attributes:
        path: The folder of the session; None before `open` and without a journal.
        recorder: An output that records the events.
    """

    def __init__(self) -> None:
        self.path: Path | None = None
        self._notices: SimpleQueue[str] = SimpleQueue()
        self._first: SimpleQueue[str] = SimpleQueue()  # what is reported once a device is there
        self.recorder = Recorder(self._notices.put)
        self._sources: list[JournalSourceInfo] = []
        self._tracks: list[_Track] = []
        self._files: list[AppendFile] = []

    def kept(self, source: Source) -> "JournaledSource":
        """Wrap a source: all audio that is taken from it is also written to the journal."""
        self._sources.append(JournalSourceInfo(source.name, source.speaker))
        self._tracks.append(_Track(self._notices, self._first))
        return JournaledSource(source, self._tracks[-1])

    def announce(self, text: str) -> None:
        """Report a text as a warning as soon as a device is there: without one the session is removed."""
        self._first.put(text)

    def open(self, folder: Path, name: Callable[[], str], header: JournalHeader, chore: Callable[[], None]) -> None:
        """Create the folder of a session.

        Args:
            folder: The folder of all sessions; created if it does not exist.
            name: Returns another name for the session at each call.
            header: The first record; the sources are filled in here.
            chore: A task that is not urgent, done in the background.

        Raises:
            OSError: the session cannot be created; no journal is kept then.
        """
        make_private(folder)
        self.path = create_session_folder(folder, name)
        self._lock = JournalLock(self.path)
        try:
            self._lock.take()
            events = AppendFile(self.path / EVENTS)
            self._files.append(events)
            events.append(replace(header, sources=tuple(self._sources)).line())
            for number, track in enumerate(self._tracks):
                self._files += track.open(self.path, number)
        except BaseException:  # Ctrl-C too: a session without a record is not a session
            self._drop()
            raise
        sync_folder(self.path)
        sync_folder(folder)
        self.recorder.file = events
        self._syncing = SyncThread(self._files, chore, self._notices.put)

    def close(self) -> list[str]:
        """Sync and close the files, and return the problems that were not reported yet.

        A session without audio is removed.
        """
        if self.path is None:
            return []
        self._syncing.close()
        self.recorder.file = None
        if not any(track.captured for track in self._tracks):
            self._drop()
        self._lock.release()
        return list(_drain(self._notices))

    def _drop(self) -> None:
        assert self.path is not None  # noqa: S101  `open` has set it
        for file in self._files:
            with suppress(OSError):
                file.close()
        self._lock.release()
        for track in self._tracks:
            track.stop()
        with suppress(OSError):
            remove_files(self.path)
        self.path = None


class JournaledSource(SourceWrapper):
    """A source whose audio is also written to the journal. Put it outside all wrappers that change the audio."""

    def __init__(self, source: Source, track: "_Track") -> None:
        super().__init__(source)
        self._track = track

    def chunks(self, start: int) -> Iterator[Chunk | Event]:
        """Yield what the source yields, what is announced, and a warning if the journal cannot be written any further.

        Raises:
            SourceError: the source cannot be read.
        """
        for item in self._source.chunks(start):
            yield item
            for problem in self._track.keep(item):  # the consumer has taken the item when it asks for the next one
                yield Notice("warning", problem)


class _Track:
    """The audio file and the index of one source. The capture thread writes, the main thread opens and closes."""

    def __init__(self, notices: SimpleQueue[str], first: SimpleQueue[str]) -> None:
        self._notices = notices
        self._first = first
        self._pcm: AppendFile | None = None
        self._end = -1  # position after what is written
        self.captured = False

    def open(self, folder: Path, number: int) -> list[AppendFile]:
        """Create both files and return them."""
        self._pcm = AppendFile(folder / f"{number}.pcm")
        self._index = AppendFile(folder / f"{number}.index")
        return [self._pcm, self._index]

    def stop(self) -> None:
        """Write no more audio."""
        self._pcm = None

    def keep(self, item: Chunk | Event) -> Iterator[str]:
        """Write an item if the journal keeps its kind, and yield the problems to report."""
        try:
            if self._pcm is not None:
                self._write(self._pcm, item)
        except (OSError, ValueError) as exc:  # ValueError: the run is over and the file is closed
            self._pcm = None
            self._notices.put(f"the journal ends here: {_reason(exc)}")
        if isinstance(item, Chunk | Paused):  # the device is there
            yield from _drain(self._first)
        yield from _drain(self._notices)

    def _write(self, pcm: AppendFile, item: Chunk | Event) -> None:
        if isinstance(item, Chunk):
            if item.position != self._end:
                # The index comes first: without this line, samples would be taken to follow those before them.
                self._index.append(line({"at": pcm.size_bytes // SAMPLE_BYTES, "position": item.position}))
                self._index.sync()
            pcm.append(item.pcm)
            self._end = item.end
            self.captured = True
            if item.cut_after:
                self._index.append(line({"cut": item.end}))
        elif isinstance(item, Gap):
            self._index.append(line({"gap": [item.begin_ms, item.end_ms], "reason": without_secrets(item.reason)}))
        elif isinstance(item, Resumed):
            self._index.append(line({"pause": [item.begin_ms, item.end_ms], "muted": item.muted}))


def create_session_folder(folder: Path, name: Callable[[], str]) -> Path:
    """Create a new folder for a session and return its path.

    Raises:
        OSError: it cannot be created.
    """
    for _ in range(NAME_TRIES):
        path = folder / name()
        try:
            path.mkdir(mode=PRIVATE_FOLDER)
        except FileExistsError:
            continue
        os.chmod(path, PRIVATE_FOLDER)  # noqa: PTH101  a umask may have removed rights of the owner
        return path
    raise FileExistsError(17, "no name is free", str(folder))


def _drain(notices: SimpleQueue[str]) -> Iterator[str]:
    with suppress(Empty):
        while True:
            yield notices.get_nowait()


def _reason(exc: OSError | ValueError) -> str:
    return system_reason(exc).lower()
