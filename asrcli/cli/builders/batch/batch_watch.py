"""The tasks of a batch for recordings that appear in a folder while it runs."""

from collections.abc import Callable, Collection
from dataclasses import replace
from pathlib import Path
from time import monotonic

from asrcli.cli.builders.batch.batch_plan import BatchPlan, BatchPlanner
from asrcli.core.dataclass import dataclass
from asrcli.core.errors import AsrError
from asrcli.runs.batch.active_input import BatchTask
from asrcli.runs.batch.batch_ledger import BatchLedger
from asrcli.runs.batch.decisions import Action, BatchState
from asrcli.runs.batch.input_files import FoundInputs
from asrcli.runs.batch.watched_folder import WatchedFolder

LOOK_S = 1.0  # how often to look at the folder; less often if looking would take more than a twentieth of the time


@dataclass
class WatchedInputs:
    """Called again and again; `plan` gets what is finished already and what cannot be transcribed.

    Attributes:
        failed: Shows why an input cannot be transcribed.
    """

    folder: WatchedFolder
    planner: BatchPlanner
    plan: BatchPlan
    ledger: BatchLedger
    failed: Callable[[str, AsrError], None]
    _next_s: float = 0.0

    def __call__(self, busy: Collection[str]) -> list[BatchTask]:
        """Return tasks for recordings that have become complete, except those with these identities.

        Raises:
            OutputError: the ledger cannot be written.
        """
        began_s = monotonic()
        if began_s < self._next_s:
            return []
        inputs = self.folder.look(busy)
        now = monotonic()
        self._next_s = now + max(LOOK_S, 20 * (now - began_s))
        if not inputs:
            return []
        come = self.planner.plan(FoundInputs(inputs), self.ledger.rows())
        self.plan.failures += come.failures
        for path, error in come.failures:
            self.failed(path, error)
        self.plan.skipped += come.skipped
        new = [task.row for task in come.tasks if task.decision.action is Action.NEW]
        # So the names of their transcripts are taken before they begin.
        self.ledger.save([*come.rows, *(replace(row, state=BatchState.WAITING) for row in new)])
        return come.tasks


def watched_inputs(
    folder: Path | None,
    planner: BatchPlanner,
    plan: BatchPlan,
    ledger: BatchLedger,
    failed: Callable[[str, AsrError], None],
) -> WatchedInputs | None:
    """What returns the tasks for recordings that appear in a folder; None without a folder."""
    return None if folder is None else WatchedInputs(WatchedFolder(folder, planner.out), planner, plan, ledger, failed)
