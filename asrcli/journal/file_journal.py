"""The journal of a run over files: which files they are, and the events. It holds no samples: the files do."""

from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from asrcli.core.events import Began, Event
from asrcli.core.transcript import Transcript
from asrcli.core.whole_writes import make_private
from asrcli.journal.append_file import AppendFile, SyncThread
from asrcli.journal.lock import JournalLock
from asrcli.journal.owned_files import remove_files
from asrcli.journal.records import EVENTS, JournalHeader
from asrcli.journal.writing import Recorder, create_session_folder


class _EventRecorder(Recorder):
    """A recorder that knows whether a task of the service has begun."""

    begun = False

    def handle(self, event: Event, transcript: Transcript) -> None:
        """Record an event of a kind that the journal keeps."""
        self.begun = self.begun or isinstance(event, Began)
        super().handle(event, transcript)


class FileJournal:
    """One journal session over files. It is removed when all stages of the command are done.

    Attributes:
        path: Its folder; None if no journal is kept.
        at_budget: A stage ended at its budget.
        problems: Errors of writing, each as a sentence for the user.
        recorder: An output that records the events of each stage. Put it after all other outputs.
    """

    def __init__(self) -> None:
        self.path: Path | None = None
        self.at_budget = False
        self.problems: list[str] = []
        self.recorder = _EventRecorder(self.problems.append)
        self._left: set[int] = set()
        self._unsafe: list[str] = []  # what the disk may not hold

    def open(self, folder: Path, name: Callable[[], str], header: JournalHeader, chore: Callable[[], None]) -> None:
        """Create the folder of a session inside `folder`; `chore` is done in the background.

        Raises:
            OSError: there can be none; nothing is kept then.
        """
        make_private(folder)
        self._left = set(range(len(header.stages)))
        path = create_session_folder(folder, name)
        self._lock = JournalLock(path)
        try:
            self._lock.take()
            file = AppendFile(path / EVENTS)
            file.append(header.line())
        except BaseException:  # Ctrl-C too: a session without a record is not a session
            self._lock.release()
            with suppress(OSError):
                remove_files(path)
            raise
        self.path = path
        self.recorder.file = file
        self._syncing = SyncThread([file], chore, self._unsafe.append)

    def stage(self, number: int) -> None:
        """Record that the events of a stage follow."""
        self.recorder.note({"type": "stage", "number": number})

    def done(self, number: int) -> None:
        """Record that all audio of a stage has text."""
        self._left.discard(number)
        self.recorder.note({"type": "done", "number": number})

    def budget_reached(self, record: Mapping[str, Any]) -> None:
        """Record that a stage ended at its budget."""
        self.at_budget = True
        self.recorder.note(record)

    def close(self) -> bool:
        """Close the session, and return whether something is left to resume.

        A session that is finished, or in which no task began, is removed.
        """
        if self.path is None:
            return False
        self._syncing.close()
        self.recorder.file = None
        if not self.recorder.begun:
            self._left.clear()
        if self._left:
            self.problems += self._unsafe
        else:
            with suppress(OSError):
                remove_files(self.path)
        self._lock.release()
        return bool(self._left)
