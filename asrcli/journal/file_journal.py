"""The journal of a run over files: no samples, for those are in the files; which they are, and what was said."""

from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from asrcli.core.errors import bare_url
from asrcli.core.events import Began, Event
from asrcli.core.transcript import Transcript
from asrcli.journal.append_file import PRIVATE_FOLDER, AppendFile, SyncThread
from asrcli.journal.lock import JournalLock
from asrcli.journal.owned_files import remove_files
from asrcli.journal.records import EVENTS, JournalHeader, JournalInput
from asrcli.journal.writing import Recorder, made


def described(path: str) -> JournalInput:
    """An input as the journal knows it: standard input, an address or a pipe is read once only."""
    if path == "-" or "://" in path:
        return JournalInput(bare_url(path), name=bare_url(path))
    try:
        about = Path(path).stat()
    except (OSError, ValueError):
        return JournalInput(path, name=path)
    where = str(Path(path).absolute())
    return (
        JournalInput(where, about.st_size, about.st_mtime_ns, path)
        if Path(path).is_file()
        else JournalInput(where, name=path)
    )


class _EventRecorder(Recorder):
    """A recorder that knows whether a service has begun to listen."""

    heard = False

    def handle(self, event: Event, transcript: Transcript) -> None:
        """Record what is worth it."""
        self.heard = self.heard or isinstance(event, Began)
        super().handle(event, transcript)


class FileJournal:
    """One session, kept until all stages are done; `recorder` belongs behind the outputs of each.

    Attributes:
        path: Its folder; None where none is kept.
        problems: What could not be written.
    """

    def __init__(self) -> None:
        self.path: Path | None = None
        self.problems: list[str] = []
        self.recorder = _EventRecorder(self.problems.append)
        self._left: set[int] = set()

    def open(self, folder: Path, name: Callable[[], str], header: JournalHeader, chore: Callable[[], None]) -> None:
        """Make the folder of a session in this one; `chore` is done in the background.

        Raises:
            OSError: there can be none; nothing is kept then.
        """
        folder.mkdir(mode=PRIVATE_FOLDER, parents=True, exist_ok=True)
        self._left = set(range(len(header.stages)))
        path = made(folder, name)
        self._lock = JournalLock(path)
        self._lock.take()
        try:
            self._file = AppendFile(path / EVENTS)
            self._file.append(header.line())
        except OSError:
            self._lock.release()
            with suppress(OSError):
                remove_files(path)
            raise
        self.path, self.recorder.file = path, self._file
        self._syncing = SyncThread([self._file], chore)

    def stage(self, number: int) -> None:
        """From here on the events of a stage come."""
        self.recorder.note({"type": "stage", "number": number})

    def done(self, number: int) -> None:
        """A stage has nothing left to be heard."""
        self._left.discard(number)
        self.recorder.note({"type": "done", "number": number})

    def close(self) -> bool:
        """End it; whether something is left to be gone on with. What is finished, or never began, is removed."""
        if self.path is None:
            return False
        self._syncing.close()
        self.recorder.file = None
        self._file.close()
        if not self.recorder.heard:
            self._left.clear()
        if not self._left:
            with suppress(OSError):
                remove_files(self.path)
        self._lock.release()
        return bool(self._left)
