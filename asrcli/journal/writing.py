"""A session's folder in the making: audio by the threads that capture it, events by the one that listens.

It changes nothing of what it writes, and is in nobody's way: what cannot be written is told once, and the run goes on.
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
from asrcli.core.events import Event, Gap, Notice, Resumed
from asrcli.core.interfaces import Source, SourceWrapper
from asrcli.core.transcript import Transcript
from asrcli.journal.append_file import PRIVATE_FOLDER, AppendFile, SyncThread, sync_folder
from asrcli.journal.lock import JournalLock
from asrcli.journal.owned_files import remove_files
from asrcli.journal.records import EVENTS, JournalHeader, JournalSourceInfo, described, line

NAMES_TRIED = 100


class Recorder:
    """An Output that records the events. Belongs behind all others: what is recorded has been put out.

    `first` is written before the first record, and may be set until then.
    """

    def __init__(self, warn: Callable[[str], None], first: bytes = b"") -> None:
        self._warn, self.first = warn, first
        self.file: AppendFile | None = None

    def handle(self, event: Event, transcript: Transcript) -> None:
        """Record what is worth it."""
        record = described(event, transcript) if self.file is not None else None
        if record is not None:
            self.note(record)

    def note(self, record: Mapping[str, Any]) -> None:
        """Record something that is no event."""
        if self.file is None:
            return
        try:
            self.file.append(self.first + line(record))
            self.first = b""
        except (OSError, ValueError) as exc:
            self.file = None
            self._warn(f"the journal lacks the text from here on: {_reason(exc)}")

    def close(self) -> None:
        """Whoever opened the file closes it."""


class JournalWriter:
    """One session. `kept` and `recorder` may be handed out before there is a folder, which `open` makes.

    Attributes:
        path: The folder, once there is one.
    """

    def __init__(self) -> None:
        self.path: Path | None = None
        self._notices: SimpleQueue[str] = SimpleQueue()
        self.recorder = Recorder(self._notices.put)
        self._sources: list[JournalSourceInfo] = []
        self._tracks: list[_Track] = []
        self._files: list[AppendFile] = []

    def kept(self, source: Source) -> "JournaledSource":
        """The source, with all that is taken of it written."""
        self._sources.append(JournalSourceInfo(source.name, source.speaker))
        self._tracks.append(_Track(self._notices))
        return JournaledSource(source, self._tracks[-1])

    def open(self, folder: Path, name: Callable[[], str], header: JournalHeader, chore: Callable[[], None]) -> None:
        """Make a session's folder in this one.

        Args:
            folder: Made, where it is not there.
            name: Another name at each call.
            header: Its sources are filled in here.
            chore: Done in the background.

        Raises:
            OSError: there can be none; nothing is kept then.
        """
        folder.mkdir(mode=PRIVATE_FOLDER, parents=True, exist_ok=True)
        self.path = made(folder, name)
        self._lock = JournalLock(self.path)
        try:
            self._lock.take()
            events = AppendFile(self.path / EVENTS)
            self._files.append(events)
            events.append(replace(header, sources=tuple(self._sources)).line())
            for number, track in enumerate(self._tracks):
                self._files += track.open(self.path, number)
        except OSError:
            self._drop()
            raise
        for each in (self.path, folder):
            sync_folder(each)
        self.recorder.file = events
        self._syncing = SyncThread(self._files, chore)

    def close(self) -> list[str]:
        """What is there is on the disk; a session without audio leaves nothing. What was not told of it yet."""
        if self.path is None:
            return []
        self._syncing.close()
        self.recorder.file = None
        captured = any(track.captured for track in self._tracks)
        for file in self._files:
            file.close()
        if not captured:
            self._drop()
        self._lock.release()
        return list(_taken(self._notices))

    def _drop(self) -> None:
        assert self.path is not None  # noqa: S101  the callers made it
        for file in self._files:
            file.close()
        self._lock.release()
        for track in self._tracks:
            track.open_no_more()
        with suppress(OSError):
            remove_files(self.path)
        self.path = None


class JournaledSource(SourceWrapper):
    """A source of which all that is taken is written. Belongs outside of all that changes the audio."""

    def __init__(self, source: Source, track: "_Track") -> None:
        super().__init__(source)
        self._track = track

    def chunks(self, start: int) -> Iterator[Chunk | Event]:
        """All that the source has, and a warning where it cannot be kept any further.

        Raises:
            SourceError: as the source does.
        """
        for item in self._source.chunks(start):
            yield item
            for problem in self._track.keep(item):  # whoever asks for more has taken it
                yield Notice("warning", problem)


class _Track:
    """The audio of one source, and where it lies on the timeline. One thread keeps, another opens and closes."""

    def __init__(self, notices: SimpleQueue[str]) -> None:
        self._notices = notices
        self._pcm: AppendFile | None = None
        self._end = -1  # position behind what is written
        self.captured = False

    def open(self, folder: Path, number: int) -> list[AppendFile]:
        """Make the files."""
        self._pcm, self._index = AppendFile(folder / f"{number}.pcm"), AppendFile(folder / f"{number}.index")
        return [self._pcm, self._index]

    def open_no_more(self) -> None:
        """Nothing is kept any more."""
        self._pcm = None

    def keep(self, item: Chunk | Event) -> Iterator[str]:
        """Write one more item, if it is one of those that count; what there is to say about that."""
        try:
            if self._pcm is not None:
                self._write(self._pcm, item)
        except (OSError, ValueError) as exc:  # ValueError: the run is over and the file closed
            self._pcm = None
            self._notices.put(f"the journal ends here: {_reason(exc)}")
        yield from _taken(self._notices)

    def _write(self, pcm: AppendFile, item: Chunk | Event) -> None:
        if isinstance(item, Chunk):
            if item.position != self._end:
                # Samples that are on the disk without this line would be taken for what follows the others.
                self._index.append(line({"at": pcm.size_bytes // SAMPLE_BYTES, "position": item.position}))
                self._index.sync()
            pcm.append(item.pcm)
            self._end, self.captured = item.end, True
            if item.cut_after:
                self._index.append(line({"cut": item.end}))
        elif isinstance(item, Gap):
            self._index.append(line({"gap": [item.begin_ms, item.end_ms], "reason": without_secrets(item.reason)}))
        elif isinstance(item, Resumed):
            self._index.append(line({"pause": [item.begin_ms, item.end_ms], "muted": item.muted}))


def made(folder: Path, name: Callable[[], str]) -> Path:
    """A new folder for a session.

    Raises:
        OSError: there can be none.
    """
    for _ in range(NAMES_TRIED):
        path = folder / name()
        try:
            path.mkdir(mode=PRIVATE_FOLDER)
        except FileExistsError:
            continue
        os.chmod(path, PRIVATE_FOLDER)  # noqa: PTH101  whatever the umask takes away
        return path
    raise FileExistsError(17, "no name is free", str(folder))


def _taken(notices: SimpleQueue[str]) -> Iterator[str]:
    with suppress(Empty):
        while True:
            yield notices.get_nowait()


def _reason(exc: OSError | ValueError) -> str:
    return system_reason(exc).lower()
