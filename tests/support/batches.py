"""A batch over files. The test decides what the work on each file does."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from asrcli.core.errors import AsrError
from asrcli.runs.batch.active_input import ActiveInput, BatchTask, InputOutcome
from asrcli.runs.batch.batch_ledger import BatchLedger
from asrcli.runs.batch.decisions import Action, Decision, LedgerRow
from asrcli.runs.batch.input_files import input_stamp
from asrcli.runs.batch.manifest import BatchInput
from asrcli.runs.batch.scheduler import BatchRun, Work
from asrcli.runs.batch.staging import Staging
from asrcli.runs.batch.start_limits import StartLimits

DONE = InputOutcome(whole=True, audio_ms=1000, cost=0.5, engine="counting")


@dataclass
class Shown:
    """A batch view that records its calls."""

    rows: list[LedgerRow] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    failures: list[str] = field(default_factory=list)

    def ended(self, active: ActiveInput, row: LedgerRow) -> None:
        """Keep the row."""
        del active
        self.rows.append(row)

    def tick(self, batch: BatchRun) -> None:
        """Do nothing."""

    def note(self, text: str) -> None:
        """Keep it."""
        self.notes.append(text)

    def failed(self, path: str, error: AsrError) -> None:
        """Keep it."""
        self.failures.append(f"{path}: {error}")


def done(task: BatchTask, active: ActiveInput) -> InputOutcome:
    """Work that ends at once."""
    assert active.task is task
    return DONE


def code(error: AsrError) -> int:
    """The exit code of any error."""
    assert str(error)
    return 9


class Batch:
    """A batch over files in a folder, with work from the test."""

    def __init__(self, folder: Path, ledger: BatchLedger, names: Sequence[str], action: Action = Action.NEW) -> None:
        self.tasks = []
        for name in names:
            path = folder / name
            path.write_text("audio")
            row = LedgerRow(str(path), name, input_stamp(str(path)), files=(f"{name}.txt",))
            given = BatchInput(str(path), str(path), name)
            self.tasks.append(BatchTask(given, row, Decision(action, "")))
        self.ledger, self.shown, self.staging = ledger, Shown(), Staging(folder)

    def run(self, work: Work, jobs: int = 2, **more: object) -> BatchRun:
        """Run the batch to its end."""
        run = BatchRun(
            self.tasks, work, self.ledger, self.staging, StartLimits(jobs), self.shown, code, str,
            **more,  # type: ignore[arg-type]
        )  # fmt: skip
        run.run()
        return run

    def states(self) -> dict[str, str]:
        """The state of each input in the ledger."""
        return {Path(path).name: str(row.state) for path, row in self.ledger.rows().items()}
