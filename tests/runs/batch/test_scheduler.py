"""Inputs of a batch: how many run at once, what the ledger says of each, and what ends the batch early."""

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Event as Signal
from threading import Lock

import pytest

from asrcli.core.errors import (
    AsrError,
    AudioLost,
    BudgetReached,
    ConnectFailed,
    OutputError,
    ServiceRefused,
    SourceError,
    UsageError,
)
from asrcli.core.events import Billed, Reconnecting, Usage
from asrcli.core.transcript import Transcript
from asrcli.runs.batch.active_input import ActiveInput, BatchTask, InputOutcome
from asrcli.runs.batch.decisions import Action
from tests.support.batches import DONE, Batch, done

BUSY = ServiceRefused("Throttling.RateQuota", "too many")


def test_a_failure_stops_no_other_input_and_is_remembered(make: Callable[..., Batch]) -> None:
    """Nor does a fault of ours in one of them, nor audio that is lost: its transcript is there with its gaps."""
    outcomes: dict[str, Exception | InputOutcome] = {
        "a": SourceError("a", "is no audio"), "b": DONE, "c": ZeroDivisionError("oh"),
        "d": InputOutcome(AudioLost(500), whole=True), "e": DONE,
    }  # fmt: skip

    def work(task: BatchTask, active: ActiveInput) -> InputOutcome:
        del active
        outcome = outcomes[task.given.file_name]
        if isinstance(outcome, Exception):
            raise outcome
        return outcome

    batch = make(*outcomes)
    run = batch.run(work)
    assert batch.states() == {"a": "failed", "b": "finished", "c": "failed", "d": "failed", "e": "finished"}
    rows = {row.name: row for row in batch.ledger.rows().values()}
    assert (rows["a"].reason, rows["a"].code, rows["a"].attempts) == ("a: is no audio", 9, 1)
    assert "ZeroDivisionError: oh" in rows["c"].reason
    assert (rows["b"].cost, rows["b"].audio_ms, rows["b"].engine) == (0.5, 1000, "counting")
    assert sorted(Path(path).name for path, _ in run.failures) == ["a", "c", "d"]
    assert (run.finished, run.cost, run.stopped_by) == (2, 1.0, None)


def test_a_shortage_of_the_system_is_no_fault_of_ours(make: Callable[..., Batch]) -> None:
    """As too little memory for one more input. The reason says what to do, and any other error is still a fault."""
    problem = UsageError("too little memory", "raise the limit")
    errors = {"a": MemoryError(), "b": ZeroDivisionError("oh")}

    def work(task: BatchTask, active: ActiveInput) -> InputOutcome:
        del active
        raise errors[task.given.file_name]

    def shortage(error: BaseException) -> AsrError | None:
        return problem if isinstance(error, MemoryError) else None

    batch = make("a", "b")
    run = batch.run(work, shortage=shortage)
    reasons = {row.name: row.reason for row in batch.ledger.rows().values()}
    assert reasons["a"] == str(problem)
    assert reasons["b"].endswith("internal error: ZeroDivisionError: oh")
    assert [error for path, error in run.failures if Path(path).name == "a"] == [problem]


def test_no_more_inputs_run_at_once_than_asked_for(make: Callable[..., Batch]) -> None:
    """And as many as that do: three wait for each other."""
    lock, all_here = Lock(), Signal()
    now = most = 0

    def work(task: BatchTask, active: ActiveInput) -> InputOutcome:
        nonlocal now, most
        del task, active
        with lock:
            now += 1
            most = max(most, now)
            if now == 3:
                all_here.set()
        assert all_here.wait(60)
        with lock:
            now -= 1
        return DONE

    assert make(*"abcdef").run(work, jobs=3).finished == 6
    assert most == 3


def test_an_input_that_changes_while_it_is_read_is_not_published(make: Callable[..., Batch]) -> None:
    """Its text may be that of two recordings."""

    def work(task: BatchTask, active: ActiveInput) -> InputOutcome:
        del active
        Path(task.given.path).write_text("other audio")
        return DONE

    batch = make("a")
    (failure,) = batch.run(work).failures
    assert "has changed while it was read" in str(failure[1])
    assert batch.states() == {"a": "failed"}


def test_an_input_that_is_removed_after_it_was_read_is_finished(make: Callable[..., Batch]) -> None:
    """Its text is whole."""

    def work(task: BatchTask, active: ActiveInput) -> InputOutcome:
        del active
        Path(task.given.path).unlink()
        return DONE

    assert make("a").run(work).failures == []


def test_too_many_requests_halve_what_runs_at_once_and_the_input_begins_again(make: Callable[..., Batch]) -> None:
    """Four times at most; then it is a failure like others."""
    tries: list[str] = []

    def work(task: BatchTask, active: ActiveInput) -> InputOutcome:
        tries.append(task.given.file_name)
        if task.given.file_name == "a" or len(tries) == 1:
            active.handle(Reconnecting(1, 0, str(BUSY)), Transcript())
            raise BUSY
        return DONE

    clock = iter(range(0, 100_000, 10))
    batch = make("b", "a")
    run = batch.run(work, jobs=4, clock=lambda: float(next(clock)))
    assert tries.count("a") == 4
    assert tries.count("b") <= 2
    assert batch.states() == {"a": "failed", "b": "finished"}
    assert run.failures[0][1] is BUSY
    assert batch.shown.notes[0] == "the service has too many requests: at most 2 at once from now on"


def test_a_refusal_counts_of_an_input_that_ends_before_anybody_looks(make: Callable[..., Batch]) -> None:
    """It was tried again at once, and then took no time."""

    def work(task: BatchTask, active: ActiveInput) -> InputOutcome:
        del task
        active.handle(Reconnecting(1, 0, str(BUSY)), Transcript())
        return DONE

    batch = make("a")
    assert batch.run(work, jobs=2).finished == 1
    assert batch.shown.notes == ["the service has too many requests: at most 1 at once from now on"]


@pytest.mark.parametrize(
    ("error", "tried"),
    [
        (ServiceRefused("InvalidApiKey", "no"), 1),
        (ServiceRefused("InvalidParameter", "no"), 5),
        (BudgetReached(1.0), 1),
        (ConnectFailed("ws://x", "refused"), 3),
        (OutputError("x", "No space left on device"), 3),
        (SourceError("x", "no audio"), 5),
    ],
)
def test_what_would_fail_for_every_input_ends_the_batch(
    make: Callable[..., Batch], error: AsrError, tried: int
) -> None:
    """A wrong key is not tried ten thousand times; the inputs that were not begun are not failures."""

    def work(task: BatchTask, active: ActiveInput) -> InputOutcome:
        del task, active
        raise error

    batch = make(*"abcde")
    run = batch.run(work, jobs=1)
    assert len(batch.ledger.rows()) == tried
    assert (run.stopped_by is error) == (tried < 5)
    assert len(run.failures) == (0 if isinstance(error, BudgetReached) else tried)


def test_ctrl_c_waits_for_what_was_sent_and_the_next_run_goes_on(make: Callable[..., Batch]) -> None:
    """The input is told to stop, and no other begins. A second Ctrl-C waits for nothing."""
    stops: list[Callable[[], None]] = []

    @contextmanager
    def interruptible(stop: Callable[[], None], hurry: Callable[[], None]) -> Iterator[None]:
        stops.append(stop if len(stops) == 0 else hurry)
        yield

    class Told:
        def __init__(self) -> None:
            self.finished, self.left = Signal(), Signal()

        def finish(self) -> None:
            self.finished.set()

        def leave(self) -> None:
            self.left.set()

    def work(task: BatchTask, active: ActiveInput) -> InputOutcome:
        del task
        told = Told()
        active.attach(told)
        active.handle(Billed(Usage(), 0.25), Transcript())
        stops[-1]()
        assert told.finished.wait(60)
        late = Told()
        active.attach(late)
        assert late.finished.is_set()
        if len(stops) == 2:
            assert told.left.wait(60)
            active.attach(late)
            assert late.left.is_set()
        return InputOutcome(cost=active.cost)

    batch = make("a", "b")
    run = batch.run(work, jobs=1, interruptible=interruptible)
    assert (run.interrupted, run.finished, batch.states()) == (True, 0, {"a": "begun"})
    clock = iter(range(0, 100_000, 2))
    run = batch.run(work, jobs=1, interruptible=interruptible, clock=lambda: float(next(clock)))
    assert run.interrupted
    assert next(iter(batch.ledger.rows().values())).cost == 0.25


def test_a_ledger_that_cannot_be_written_ends_the_batch_and_its_inputs(make: Callable[..., Batch]) -> None:
    """Nothing more is paid for, and nothing hangs."""
    batch = make("a", "b")
    begun, left = Signal(), Signal()

    class Told:
        def finish(self) -> None:
            raise AssertionError

        def leave(self) -> None:
            left.set()

    def work(task: BatchTask, active: ActiveInput) -> InputOutcome:
        if task.given.file_name == "b":
            assert begun.wait(60)
            with sqlite3.connect(batch.ledger.path) as database:
                database.execute("DROP TABLE inputs")
            database.close()
            return DONE
        active.attach(Told())
        begun.set()
        assert left.wait(60)
        return DONE

    with pytest.raises(OutputError):
        batch.run(work)
    assert left.is_set()


def test_an_input_that_goes_on_is_not_begun_again(make: Callable[..., Batch]) -> None:
    """Its attempts count only beginnings, and what is kept of it stays."""
    batch = make("a", action=Action.GO_ON)
    (kept,) = batch.staging.files(batch.tasks[0].row)
    kept.parent.mkdir(parents=True)
    kept.write_text("the text so far")
    batch.run(done)
    assert next(iter(batch.ledger.rows().values())).attempts == 0
    assert (Path(batch.ledger.path).parent.parent / "a.txt").read_text() == "the text so far"


def test_a_transcript_that_cannot_be_put_in_its_place_is_a_failure(make: Callable[..., Batch]) -> None:
    """Before it was transcribed, or after, when somebody has taken the name meanwhile."""
    batch = make("a", "b")
    out = Path(batch.ledger.path).parent.parent
    (out / "a.txt").mkdir()

    def work(task: BatchTask, active: ActiveInput) -> InputOutcome:
        del active
        (staged,) = batch.staging.files(task.row)
        staged.parent.mkdir(parents=True)
        staged.write_text("text")
        (out / "b.txt").mkdir()
        return DONE

    assert len(batch.run(work).failures) == 2
    assert batch.states() == {"a": "failed", "b": "failed"}
