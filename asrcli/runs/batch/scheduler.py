"""Runs the inputs of a batch, several at once, and writes the result of each into the ledger."""

from collections import deque
from collections.abc import Callable, Collection, Sequence
from contextlib import AbstractContextManager, nullcontext, suppress
from dataclasses import replace
from datetime import datetime
from queue import Empty, SimpleQueue
from threading import Thread
from time import monotonic

from asrcli.core.dataclass import dataclass, field
from asrcli.core.errors import AsrError, BudgetReached, ClusterGone, OutputError, SourceError, without_secrets
from asrcli.runs.batch.active_input import ActiveInput, BatchTask, InputOutcome, is_busy
from asrcli.runs.batch.batch_failures import changed_input, would_fail_again
from asrcli.runs.batch.batch_ledger import BatchLedger
from asrcli.runs.batch.batch_view import BatchView
from asrcli.runs.batch.decisions import Action, BatchState, Decision, LedgerRow
from asrcli.runs.batch.staging import Staging
from asrcli.runs.batch.start_limits import StartLimits
from asrcli.runs.run import HURRY_S

TICK_S = 0.25
SPENT_S = 5.0  # how often the cost of active inputs is written
BUSY_TRIES = 4  # how often an input is started that the service refuses because of too many requests
LEAVE_S = 5.0  # how long inputs have to end after a second signal

Work = Callable[[BatchTask, ActiveInput], InputOutcome]
Problems = list[tuple[str, AsrError]]  # inputs, and what was wrong with them
Interruptible = Callable[[Callable[[], None], Callable[[], None]], AbstractContextManager[None]]


@dataclass
class BatchRun:
    """The inputs that are left, those that are active, and the results of the others.

    Attributes:
        more: Returns inputs that have come, except those with these identities; None if none can come.
        shortage: Returns what the system gives too little of, if an error says so.
        waiting: Inputs that were not begun yet.
        active: Inputs that are transcribed now.
        failures: For each input that failed its path and the error.
        finished: How many inputs are finished.
        audio_ms: How much audio of inputs that have ended was transcribed in this run.
        cost: What those cost, in CNY; None without a price.
        done_bytes: The size of the files that have ended.
        stopped_by: What ended the batch before its inputs did; None if nothing did.
    """

    tasks: Sequence[BatchTask]
    work: Work
    ledger: BatchLedger
    staging: Staging
    limits: StartLimits
    view: BatchView
    exit_code: Callable[[AsrError], int]
    describe: Callable[[AsrError], str]
    interruptible: Interruptible = lambda stop, hurry: nullcontext()  # noqa: ARG005
    clock: Callable[[], float] = monotonic
    more: Callable[[Collection[str]], Sequence[BatchTask]] | None = None
    shortage: Callable[[BaseException], AsrError | None] = lambda exc: None  # noqa: ARG005
    waiting: deque[BatchTask] = field(init=False)
    active: list[ActiveInput] = field(default_factory=list)
    failures: Problems = field(default_factory=list)
    gaps: Problems = field(default_factory=list)
    finished: int = 0
    audio_ms: int = 0
    cost: float | None = None
    done_bytes: int = 0
    interrupted: bool = False
    stopped_by: AsrError | None = None

    def __post_init__(self) -> None:
        self.waiting = deque(self.tasks)
        self.began_s = self.clock()
        self._ended: SimpleQueue[tuple[ActiveInput, InputOutcome] | None] = SimpleQueue()
        self._tries: dict[str, int] = {}
        self._in_a_row: list[AsrError] = []
        self._hurry_until_s = float("inf")
        self._waits_for_words = False  # after a signal, and said so
        self._spent_s = self.began_s

    def run(self) -> None:
        """Transcribe all inputs. Those that failed are in `failures`, and finished ones that are damaged in `gaps`.

        Raises:
            OutputError: the ledger cannot be written.
            KeyboardInterrupt: a second Ctrl-C.
        """
        try:
            with self.interruptible(self._stop, self._hurry):
                while self.active or self._may_go_on:
                    self._step()
        except BaseException:
            self._leave_all()
            raise

    @property
    def elapsed_s(self) -> float:
        """Seconds since the batch began."""
        return self.clock() - self.began_s

    @property
    def streams(self) -> int:
        """How many connections are used now."""
        return sum(active.streams for active in self.active)

    @property
    def _may_go_on(self) -> bool:
        return (bool(self.waiting) or self.more is not None) and not self.interrupted and self.stopped_by is None

    def _step(self) -> None:
        if self.interrupted and not self._waits_for_words:
            self._waits_for_words = True
            self.view.note("ending: waiting for the last words of the audio that was sent; Ctrl-C again to exit now")
        self._look()
        now = self.clock()
        wait_s: float | None = TICK_S
        may_begin = bool(self.waiting) and self._may_go_on
        hungry = next((active for active in self.active if active.wants_stream), None)
        if hungry is not None or may_begin:
            wait_s = self.limits.wait_s(now, self.streams)
            if wait_s == 0 and hungry is not None:  # inputs that have begun come before those that have not
                self.limits.began(now)
                hungry.grant()
                return
            if wait_s == 0:
                self._begin(self.waiting.popleft())
                return
        self._take(min(TICK_S, TICK_S if wait_s is None else wait_s))
        for active in self.active:
            self._count(active)
        if self.clock() >= self._hurry_until_s:
            self._hurry_until_s = float("inf")
            for active in self.active:
                active.leave()
        if self.clock() - self._spent_s >= SPENT_S:
            self._save_spent()
        self.view.tick(self)

    def _look(self) -> None:
        """Add the inputs that have come."""
        if self.more is not None and self._may_go_on:
            tasks = self.more({one.task.row.path for one in self.active} | {one.row.path for one in self.waiting})
            self.tasks = [*self.tasks, *tasks]
            self.waiting.extend(tasks)

    def _count(self, active: ActiveInput) -> None:
        """Count the tasks that an input has begun again, and its refusals for too many requests."""
        while active.counted < active.starts:
            active.counted += 1
            self.limits.began(self.clock())
        if active.refusals:
            active.refusals = 0
            self._refused()

    def _begin(self, task: BatchTask) -> None:
        self.limits.began(self.clock())
        active = ActiveInput(task, wake=lambda: self._ended.put(None))
        row = replace(task.row, state=BatchState.BEGUN, reason="", code=0, changed=_now())
        if task.decision.action is Action.NEW:
            row = replace(row, attempts=row.attempts + 1, audio_ms=None)
        active.task = replace(task, row=row)
        self.ledger.save([row])
        try:
            if task.decision.action is Action.NEW:
                self.staging.clear(row.path)
            self.staging.check(row)
        except (AsrError, OSError) as exc:
            error = exc if isinstance(exc, AsrError) else OutputError(str(self.staging.folder(row.path)), str(exc))
            self._record(active, InputOutcome(error))
            return
        self.active.append(active)
        Thread(target=self._transcribe, args=(active,), name="input", daemon=True).start()

    def _transcribe(self, active: ActiveInput) -> None:
        """Transcribe one input: the thread of an input."""
        began_s = self.clock()
        try:
            outcome = self.work(active.task, active)
        except BaseException as exc:  # the top of a thread: one input must not end the others
            error = exc
            if not isinstance(error, AsrError):
                path = active.task.given.path
                error = self.shortage(exc) or SourceError(path, f"internal error: {type(exc).__name__}: {exc}")
                error.__cause__ = exc
            outcome = InputOutcome(error, cost=active.cost, engine=active.engine)
        self._ended.put((active, replace(outcome, seconds=self.clock() - began_s)))

    def _take(self, wait_s: float) -> None:
        """Wait for an input that ends, and record it."""
        item = None
        with suppress(Empty):
            item = self._ended.get(timeout=wait_s)
        if item is None:
            return
        active, outcome = item
        self.active.remove(active)
        self._count(active)  # what has come since the last look, perhaps all of it
        self._record(active, outcome)

    def _record(self, active: ActiveInput, outcome: InputOutcome) -> None:
        task, error = active.task, outcome.error
        row = replace(task.row.spent(outcome.cost, outcome.seconds), engine=outcome.engine or task.row.engine)
        row = replace(row, audio_ms=outcome.audio_ms or row.audio_ms, changed=_now(), reason=outcome.remark)
        if outcome.whole:
            error = changed_input(task) or self._publish(row) or error
        self.audio_ms += outcome.audio_ms or active.reached_ms
        if outcome.cost is not None:
            self.cost = (self.cost or 0.0) + outcome.cost
        if error is None and not outcome.whole:  # it was stopped
            self._save_ended(active, replace(row, state=BatchState.BEGUN, reason="stopped before its end"))
            return
        self.done_bytes += row.stamp.size_bytes or 0
        if error is None or (outcome.settled and error is outcome.error):
            self.finished += 1
            self.limits.ended_well(self.clock())
            self._in_a_row.clear()
            if error is not None:
                row = self._problem(self.gaps, row, error, active)
            self._save_ended(active, replace(row, state=BatchState.FINISHED))
            return
        self._failed(active, row, error)

    def _failed(self, active: ActiveInput, row: LedgerRow, error: AsrError) -> None:
        tries = self._tries[row.path] = self._tries.get(row.path, 0) + 1
        if is_busy(error):
            self._refused(error.retry_after_s)
            if tries < BUSY_TRIES and not self.interrupted:
                self.done_bytes -= row.stamp.size_bytes or 0
                self.ledger.save([row])
                self.waiting.append(replace(active.task, row=row, decision=Decision(Action.GO_ON, "begun")))
                return
        if isinstance(error, BudgetReached | ClusterGone):
            row = replace(self._explained(row, error), state=BatchState.BEGUN)
        else:
            row = replace(self._problem(self.failures, row, error, active), state=BatchState.FAILED)
        self._save_ended(active, row)
        self._in_a_row.append(error)
        if would_fail_again(self._in_a_row):
            self.stopped_by = self.stopped_by or error

    def _problem(self, kept: Problems, row: LedgerRow, error: AsrError, active: ActiveInput) -> LedgerRow:
        """Keep what was wrong for the end, or show it now if there is no end; returns the row that says it."""
        kept.append((active.task.given.path, error))
        if self.more is not None:
            self.view.failed(active.task.given.path, error)
        return self._explained(row, error)

    def _explained(self, row: LedgerRow, error: AsrError) -> LedgerRow:
        return replace(row, reason=without_secrets(self.describe(error)), code=self.exit_code(error))

    def _publish(self, row: LedgerRow) -> AsrError | None:
        """Give the transcripts their names; the ledger knows before, so a later run completes it."""
        self.ledger.save([replace(row, state=BatchState.PUBLISHING)])
        try:
            self.staging.publish(row)
        except OutputError as exc:
            return exc
        return None

    def _save_ended(self, active: ActiveInput, row: LedgerRow) -> None:
        self.ledger.save([row])
        self.view.ended(active, row)

    def _save_spent(self) -> None:
        """Write what active inputs have cost up to now, for the budget of a later run."""
        self._spent_s = self.clock()
        if rows := [active.task.row.spent(active.cost, 0.0) for active in self.active if active.cost is not None]:
            self.ledger.save(rows)

    def _refused(self, retry_after_s: float | None = None) -> None:
        if self.limits.refused(self.clock(), retry_after_s):
            self.view.note(f"the service has too many requests: at most {self.limits.most} at once from now on")

    def _stop(self) -> None:
        """Begin no more inputs, and wait for the last words of those that are active: after Ctrl-C."""
        self.interrupted = True
        for active in list(self.active):
            active.stop()
        self._ended.put(None)  # nothing is printed here: the signal may have come in the middle of a line

    def _hurry(self) -> None:
        """The same after SIGTERM, whose sender does not wait for long."""
        self._hurry_until_s = self.clock() + HURRY_S
        self._stop()

    def _leave_all(self) -> None:
        """Wait for nothing more, and record what was reached."""
        self.interrupted = True
        for active in self.active:
            active.leave()
        until_s = self.clock() + LEAVE_S
        with suppress(OutputError):
            while self.active and self.clock() < until_s:
                self._take(max(0.0, until_s - self.clock()))


def _now() -> str:
    return datetime.now().astimezone().isoformat(timespec="milliseconds")
