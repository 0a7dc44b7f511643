"""A session that is there and gets more records: locked, and behind its last whole line."""

from collections.abc import Mapping
from pathlib import Path
from types import TracebackType

from asrcli.core.errors import SourceError, UsageError
from asrcli.journal.append_file import AppendFile, SyncThread
from asrcli.journal.lock import JournalLock
from asrcli.journal.owned_files import distrust
from asrcli.journal.records import EVENTS, line
from asrcli.journal.writing import Recorder


class ReopenedJournal:
    """Nobody else goes on with the session within its block; `recorder` records what is heard now.

    Attributes:
        problems: What could not be written, to be told behind the block.

    Raises (when entered):
        UsageError: it is in use.
        SourceError: somebody else may have written it.
        OSError: it cannot be written to.
    """

    def __init__(self, path: Path, begun: str) -> None:
        self._path, self._lock, self._begun = path, JournalLock(path), begun
        self.problems: list[str] = []
        self.recorder = Recorder(self.problems.append)
        self._syncing: SyncThread | None = None

    def __enter__(self) -> "ReopenedJournal":
        if problem := distrust(self._path):
            raise SourceError(self._path.name, f"{self._path} {problem}")
        if not self._lock.take():
            raise UsageError(f"session {self._path.name} is in use", "wait until that run has ended")
        return self

    def begin(self, anew: Mapping[str, int] | None = None) -> None:
        """From here on there is something to record; `anew` names from where on speakers are heard anew, in ms.

        Raises:
            OSError: it cannot be written.
        """
        path, run = self._path / EVENTS, {"type": "run", "begun": self._begun}
        self.recorder.first = line(run | ({"anew": dict(anew)} if anew else {}))
        self._file = AppendFile(path, whole_bytes=path.read_bytes().rfind(b"\n") + 1)
        self.recorder.file = self._file
        self._syncing = SyncThread([self._file], lambda: None)

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        if self._syncing is not None:
            self._syncing.close()
            self.recorder.file = None
            self._file.close()
        self._lock.release()
