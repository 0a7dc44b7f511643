"""One run of `asr batch`: the ledger, the plan, the service, the inputs, and the summary at the end."""

import os
from collections.abc import Sequence
from contextlib import ExitStack, closing
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from asrcli.cli.advice import described
from asrcli.cli.app import exit_code
from asrcli.cli.builders.batch.batch_plan import (
    BatchPlan,
    BatchPlanner,
    published_rows,
    settings_digest,
)
from asrcli.cli.builders.batch.batch_setup import BatchSetup
from asrcli.cli.builders.batch.batch_watch import watched_inputs
from asrcli.cli.builders.batch.cluster_batch import ClusterTranscriber, worker_setup
from asrcli.cli.console import print_message
from asrcli.cli.options.library import NO_LIBRARY, LibraryOptions
from asrcli.cli.render.batch_progress import QuietProgress, batch_progress, print_failure
from asrcli.cli.system_resources import trouble
from asrcli.core.dataclass import dataclass
from asrcli.core.errors import MultipleErrors, UsageError
from asrcli.core.printable import quantity
from asrcli.dashscope.rate_limits import starts_per_minute
from asrcli.engine.connection_pool import ConnectionPool
from asrcli.journal.lock import in_use
from asrcli.outputs.formatting import money, short_clock
from asrcli.runs.batch.active_input import ActiveInput, BatchTask, InputOutcome
from asrcli.runs.batch.batch_budget import BatchBudget
from asrcli.runs.batch.batch_ledger import FOLDER, BatchLedger, opened_ledger, read_ledger
from asrcli.runs.batch.decisions import BatchState
from asrcli.runs.batch.input_files import FoundInputs, find_inputs
from asrcli.runs.batch.scheduler import BatchRun, Work
from asrcli.runs.batch.spent_mark import SPENT, SpentMark
from asrcli.runs.batch.staging import Staging
from asrcli.runs.batch.start_limits import StartLimits
from asrcli.runs.cluster.cost_leases import LEASE_S, CostLeases
from asrcli.server.open_files import make_room
from asrcli.terminal.interrupts import interrupted_between, interruptible

if TYPE_CHECKING:
    from asrcli.cli.builders.batch.batch_references import BatchReferences
    from asrcli.dashscope.prices import Price
    from asrcli.runs.batch.remote_store import RemoteFolder

FILES_EACH, OTHER_FILES = 6, 20  # open files of an input with its socket, journal and transcripts, and of the rest
JOBS = 8


@dataclass(frozen=True)
class BatchRequest:
    """What the command line asks for.

    Attributes:
        words: The inputs as the user named them; empty for those that failed before.
        out: The folder of the ledger, and of the transcripts where there is no `remote`.
        template: The name of transcripts.
        setup: How each input is transcribed.
        jobs: How many inputs are transcribed at once; None for the default.
        per_minute: How many tasks may begin in a minute; None for the default.
        budget: What the whole batch may cost, in CNY.
        force: Inputs that are finished are transcribed again.
        plain: Nothing is redrawn on a terminal.
        notices: What is printed before the first input.
        level: How much status is printed; None is none.
        references: What the transcripts are compared with at the end; None for nothing.
        watched: The folder in which inputs appear until the user ends the batch; None for none.
        dask: The address of the scheduler whose workers transcribe; None for this machine.
        remote: Gets the transcripts instead of `out`, which then holds the ledger alone; None for a local folder.
        library_options: Whether the library keeps the transcripts.
    """

    words: Sequence[str]
    out: Path
    template: str
    setup: BatchSetup
    jobs: int | None
    per_minute: float | None
    budget: float | None
    force: bool
    plain: bool
    level: int | None
    notices: Sequence[str]
    references: "BatchReferences | None" = None
    watched: Path | None = None
    remote: "RemoteFolder | None" = None
    dask: str | None = None
    library_options: LibraryOptions = NO_LIBRARY

    @property
    def folder(self) -> str:
        """The folder of the transcripts, for a person."""
        return str(self.out) if self.remote is None else self.remote.shown

    def run(self) -> None:
        """Transcribe what is not finished.

        Raises:
            MultipleErrors: inputs failed; each was printed.
            AsrError: what ended the batch before its inputs did.
            KeyboardInterrupt: the user ended it.
        """
        found = self.found_inputs()
        if not found.inputs and self.watched is None:
            self._raise_no_input(found)
            return
        with interrupted_between(), ExitStack() as stack:
            ledger = stack.enter_context(opened_ledger(self.out, self.folder))
            staging = Staging(self.out, self.remote)
            rows = published_rows(ledger, staging)
            plan = self.planner.plan(found, rows)
            names = {**{one.identity: rows[one.identity].name for one in plan.skipped}, **plan.names}
            references = self.references.read(list(names.values())) if self.references is not None else {}
            ledger.save(plan.rows)
            first_line = _first_line(found, plan)
            if self.watched is not None:
                first_line = f"watching {self.watched}: a recording is transcribed when it is complete"
            self._print(first_line)
            progress = stack.enter_context(ExitStack())
            batch = self._batch(progress, plan, ledger, staging)
            try:
                batch.run()
            finally:
                progress.close()
                self._print_summary(plan, batch)
            if self.references is not None and not batch.interrupted and batch.stopped_by is None:
                rows = ledger.rows()
                self.references.compare(self.out, [rows[identity] for identity in names], references)
        self._raise(batch)

    @property
    def planner(self) -> BatchPlanner:
        """What decides about each input."""
        builder, output_builder = self.setup.source_builder, self.setup.output_builder
        recognizer = self.setup.connection_options.recognizer
        engine = "" if recognizer is None else recognizer.name
        settings = settings_digest(output_builder, builder, engine)
        return BatchPlanner(
            self.out, output_builder, self.template, settings, builder.model.name, self.force, self.remote
        )

    def found_inputs(self) -> FoundInputs:
        """The inputs that the words name; without words, those that failed before. Raises UsageError if none failed."""
        if self.words or self.watched is not None:
            return find_inputs(self.words, self.out)
        rows = read_ledger(self.out, self.folder)
        failed = [path for path, row in rows.items() if row.state is BatchState.FAILED]
        if not failed:
            raise UsageError(f"no input of {self.folder} has failed", f"asr batch status {self.folder} says more")
        found = find_inputs(failed, self.out)
        found.inputs = [replace(one, name=rows[one.identity].name) for one in found.inputs]
        return found

    def _batch(self, stack: ExitStack, plan: BatchPlan, ledger: BatchLedger, staging: Staging) -> BatchRun:
        """The run of the batch, with the service that it asks if there is anything to ask."""
        if not plan.tasks and self.watched is None:
            return BatchRun([], _no_work, ledger, staging, StartLimits(1), QuietProgress(), exit_code, described)
        if self.dask is not None:
            work, jobs, region = self._on_cluster(stack, ledger, staging)
        else:
            work, jobs, region = self._here(stack, ledger, staging)
            make_room(self.jobs or jobs, "jobs", FILES_EACH, OTHER_FILES)
        for text in self.notices:
            self._print(text)
        total = len(plan.tasks) if self.watched is None else 0
        view = stack.enter_context(batch_progress(total, level=self.level, plain=self.plain))
        return BatchRun(
            plan.tasks, work, ledger, staging, self._limits(jobs, region), view, exit_code, described, interruptible,
            more=watched_inputs(self.watched, self.planner, plan, ledger, view.failed), shortage=trouble,
        )  # fmt: skip

    def _here(self, stack: ExitStack, ledger: BatchLedger, staging: Staging) -> "tuple[Work, int, str]":
        """What transcribes inputs on this machine, how many at once, and the region of the service."""
        connection = self.setup.connection(stack)
        idle = stack.enter_context(closing(ConnectionPool()))
        budget = None
        if self.budget is not None:
            price, asked = self.setup.price(connection.region), self.setup.source_builder.recognition
            mark = self._mark(ledger, self.budget, price)
            budget = BatchBudget(
                self.budget,
                mark.most,
                lambda usage: price.cost(usage, asked),
                lambda s: price.forecast(s, asked)[1],
                resends=self.setup.resends,
                reserve=mark.reserve,
            )
            stack.callback(mark.settle, budget)
        plan = self.setup.plan(connection)
        library = self.library_options.keeping(self.setup.service(plan))
        work = self.setup.transcriber(plan, idle, staging, library, budget)
        return work, (os.cpu_count() or 1) if self.setup.connection_options.local else JOBS, connection.region

    def _on_cluster(self, stack: ExitStack, ledger: BatchLedger, staging: Staging) -> "tuple[Work, int, str]":
        """The same with the workers of a cluster."""
        assert self.dask is not None  # noqa: S101  the caller has looked
        setup, region = worker_setup(self.setup)
        leases = None
        if self.budget is not None:
            mark = self._mark(ledger, self.budget, setup.price(region))
            leases = CostLeases(self.budget, mark.most, mark.reserve)
            stack.callback(mark.settle, leases)
        work = stack.enter_context(closing(ClusterTranscriber(self.dask, setup, staging, leases, self.jobs, region)))
        for problem in work.problems:
            self._print(problem)
        if self.library_options.library:
            self._print("the library does not take what workers transcribe")
        return work, work.streams, region

    def _limits(self, jobs: int, region: str) -> StartLimits:
        per_minute = self.per_minute
        if per_minute is None and region:
            per_minute = starts_per_minute(self.setup.source_builder.model.name)
        return StartLimits(self.jobs or jobs, per_minute)

    def _mark(self, ledger: BatchLedger, limit: float, price: "Price") -> SpentMark:
        """What earlier runs have cost, where the cost of this one is kept."""
        mark = SpentMark(
            self.out / FOLDER / SPENT, limit, price.forecast(2 * LEASE_S, self.setup.source_builder.recognition)[1]
        )
        mark.begin(sum(row.cost or 0.0 for row in ledger.rows().values()))
        return mark

    def _print(self, text: str) -> None:
        if self.level is not None:
            print_message(f"asr: {text}")

    def _raise_no_input(self, found: FoundInputs) -> None:
        if found.problems:
            for error in found.problems:
                print_message(f"asr: {described(error)}")
                error.reported = True
            raise MultipleErrors(found.problems)
        raise UsageError("no input", "name files, directories or a manifest")

    def _print_summary(self, plan: BatchPlan, batch: BatchRun) -> None:
        """Print each failure once, what was done, and how to go on."""
        batch.failures[:0] = plan.failures
        for path, error in (*batch.failures, *batch.gaps):
            if not error.reported:
                print_failure(path, error)
        finished = f"{batch.finished} finished"
        if batch.gaps:
            finished += f" ({len(batch.gaps)} with gaps in the recording)"
        parts = [finished]
        if plan.skipped:
            parts.append(f"{len(plan.skipped)} were finished before")
        if batch.failures:
            parts.append(f"{len(batch.failures)} failed")
        left = len(batch.tasks) - batch.finished - (len(batch.failures) - len(plan.failures))
        if left:
            parts.append(f"{left} left")
        sums = f"{short_clock(batch.audio_ms)} of audio in {short_clock(batch.elapsed_s * 1000)}"
        if batch.cost:
            sums += f", {money(batch.cost)}"
        self._print(f"{', '.join(parts)}; {sums}")
        if left:
            self._print("to go on, run the same command again")
        elif batch.failures:
            self._print(f"to try again what failed: asr batch retry {self.folder}, with the same options")

    def _raise(self, batch: BatchRun) -> None:
        if batch.stopped_by is not None and all(error is not batch.stopped_by for _, error in batch.failures):
            raise batch.stopped_by
        if batch.interrupted:
            raise KeyboardInterrupt
        if problems := (*batch.failures, *batch.gaps):
            raise MultipleErrors([error for _, error in problems])


def _no_work(task: BatchTask, active: ActiveInput) -> InputOutcome:
    raise AssertionError(task, active)


def is_running(out: Path) -> bool:
    """Whether a run of the batch in this folder goes on now."""
    return in_use(out / FOLDER)


def _first_line(found: FoundInputs, plan: BatchPlan) -> str:
    parts = [f"{quantity(len(plan.tasks), 'input')} to transcribe"]
    if plan.skipped:
        parts.append(f"{len(plan.skipped)} finished before")
    if found.skipped:
        parts.append(f"{quantity(found.skipped, 'other file')} left out")
    return ", ".join(parts)
