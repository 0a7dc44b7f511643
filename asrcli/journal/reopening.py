"""Reopens an existing journal session for `asr resume`: locks it and appends after its last whole record."""

from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Any

from asrcli.core.errors import SourceError, UsageError
from asrcli.journal.append_file import AppendFile, SyncThread
from asrcli.journal.lock import JournalLock
from asrcli.journal.owned_files import distrust
from asrcli.journal.record_files import whole_bytes
from asrcli.journal.records import EVENTS, line
from asrcli.journal.writing import Recorder


class ReopenedJournal:
    """A context manager that locks a session and records more events in it.

    Attributes:
        recorder: An output that records the events of the new run.
        problems: Errors of writing, each as a sentence, to be shown after the block.

    Raises (when entered):
        UsageError: another program uses the session.
        SourceError: another user may have written it.
        OSError: its lock cannot be created.
    """

    def __init__(self, path: Path, begun: str) -> None:
        self._path = path
        self._lock = JournalLock(path)
        self._begun = begun
        self.problems: list[str] = []
        self.recorder = Recorder(self.problems.append)
        self._syncing: SyncThread | None = None

    def __enter__(self) -> "ReopenedJournal":
        if problem := distrust(self._path):
            raise SourceError(self._path.name, f"{self._path} {problem}")
        if not self._lock.take():
            raise UsageError(f"session {self._path.name} is in use", "wait until that run has ended")
        return self

    def begin(self, redone_from_ms: Mapping[str, int] | None = None) -> None:
        """Start recording a new run.

        Args:
            redone_from_ms: For each speaker whose audio is transcribed again, where that begins, in milliseconds.

        Raises:
            OSError: the events cannot be opened or written.
        """
        path = self._path / EVENTS
        run: dict[str, Any] = {"type": "run", "begun": self._begun}
        if redone_from_ms:
            run["anew"] = dict(redone_from_ms)
        self.recorder.first = line(run)
        file = AppendFile(path, whole_bytes=whole_bytes(path.read_bytes()))
        self.recorder.file = file
        self._syncing = SyncThread([file], lambda: None, self.problems.append)

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        if self._syncing is not None:
            self._syncing.close()
            self.recorder.file = None
        self._lock.release()
