"""The part of a batch that runs in a worker of a Dask cluster: one input, and what the client says meanwhile."""

from contextlib import ExitStack, closing
from dataclasses import replace
from pathlib import Path
from queue import Empty, SimpleQueue
from tempfile import TemporaryDirectory
from threading import Lock, Thread
from time import monotonic
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from asrcli.cli.advice import described
from asrcli.cli.options.library import NO_LIBRARY
from asrcli.core.dataclass import dataclass, field
from asrcli.core.errors import AsrError, EngineUnavailable, UsageError
from asrcli.engine.connection_pool import ConnectionPool
from asrcli.runs.batch.active_input import ActiveInput, BatchTask, InputOutcome
from asrcli.runs.batch.staging import Staging
from asrcli.runs.cluster.cost_leases import LeasedBudget
from asrcli.runs.cluster.worker_link import WorkerLink, own_address

if TYPE_CHECKING:
    from collections.abc import Callable

    from asrcli.cli.builders.batch.batch_setup import BatchSetup
    from asrcli.core.events import Event
    from asrcli.core.transcript import Transcript
    from asrcli.runs.plan import RunPlan

REPORT_S = 1.0
UNUSED_S = 60.0  # a batch without an input for this long is over: its client has gone without notice
MONEY_S = 60.0  # how long the client may take to answer

PackedError = tuple[type[AsrError], tuple[Any, ...], dict[str, Any]]


@dataclass(frozen=True)
class WorkerResult:
    """The result of an input on a worker.

    Attributes:
        outcome: Without its error.
        error: Its parts: not every error can be made again from its arguments alone.
        files: The transcripts, in the order of the row; none unless all of it is there.
        unfit: Why this worker cannot transcribe anything; empty if it can.
        worker: The address of the worker.
    """

    outcome: InputOutcome
    error: PackedError | None = None
    files: tuple[bytes, ...] = ()
    unfit: str = ""
    worker: str = ""


def packed_error(error: AsrError | None) -> PackedError | None:
    """The parts of an error."""
    return None if error is None else (type(error), error.args, dict(vars(error)))


def unpacked_error(parts: PackedError | None) -> AsrError | None:
    """The error of these parts."""
    if parts is None:
        return None
    kind, arguments, fields = parts
    error = kind.__new__(kind, *arguments)
    vars(error).update(fields)
    return error


@dataclass
class WorkerInput(ActiveInput):
    """An input that this worker transcribes; it reports to the client."""

    name: str = ""
    link: WorkerLink = None  # type: ignore[assignment]  # each is made with one
    money: "SimpleQueue[float]" = field(default_factory=SimpleQueue)
    held: int = 0
    attempt: str = field(default_factory=lambda: uuid4().hex)
    _next_s: float = 0.0
    _held_lock: Lock = field(default_factory=Lock)

    def say(self, kind: str, value: object = None) -> None:
        """Send a message to the client."""
        self.link.say({"kind": kind, "input": self.name, "attempt": self.attempt, "value": value})

    def handle(self, event: "Event", transcript: "Transcript") -> None:
        """Take what an event says about the progress, and report it from time to time."""
        super().handle(event, transcript)
        if monotonic() >= self._next_s or self.refusals:
            self._next_s = monotonic() + REPORT_S
            refusals, self.refusals = self.refusals, 0
            self.say("reached", [self.reached_ms, self.length_ms, self.cost, self.engine, self.starts, refusals])

    def ask(self, granted: "Callable[[], None]") -> None:
        """Ask for one more connection: the client grants it, and then another worker must give one back."""
        before = len(self._wanted)
        super().ask(granted)
        if len(self._wanted) > before:
            self.say("stream")

    def give_back(self) -> None:
        """Give one connection back."""
        super().give_back()
        self.release()
        self.say("back")

    def take(self) -> bool:
        """Wait for a connection that this worker may use; False if the input was stopped meanwhile."""
        if not self.link.take(lambda: self.stopped):
            return False
        with self._held_lock:
            self.held += 1
        return True

    def release(self) -> None:
        """Give a connection back to the other workers."""
        with self._held_lock:
            if not self.held:
                return
            self.held -= 1
        self.link.give_back()

    def may_begin(self) -> None:
        """Let a part begin that the client has granted a connection; in a thread of its own, because it waits."""
        if self.take():
            self.grant()

    def lease(self, amount: float) -> float:
        """Ask the client for money, and return what it leases."""
        self.say("money", amount)
        try:
            return self.money.get(timeout=MONEY_S)
        except Empty:
            return 0.0


@dataclass
class WorkerBatch:
    """What the inputs of one batch share in this process: the connections, the recognizer, the link to the client."""

    plan: "RunPlan"
    idle: ConnectionPool
    link: WorkerLink
    stack: ExitStack
    inputs: dict[str, WorkerInput] = field(default_factory=dict)
    used_s: float = 0.0


_batches: dict[str, WorkerBatch] = {}
_lock = Lock()


def transcribe_on_worker(
    setup: "BatchSetup", task: BatchTask, topic: str, streams: int, region: str | None
) -> WorkerResult:
    """Transcribe one input; called by Dask in a thread of a worker.

    Args:
        setup: How inputs are transcribed.
        task: The input.
        topic: The name of the batch in the cluster.
        streams: How many connections all workers may use at once.
        region: The region whose prices a budget is kept by; None without a budget.
    """
    try:
        batch = _batch(setup, topic, streams)
    except (UsageError, EngineUnavailable) as exc:
        return WorkerResult(InputOutcome(), unfit=described(exc), worker=own_address())
    name = task_name(task)
    active = WorkerInput(task, name=name, link=batch.link)
    active.say("begun")
    batch.inputs[name] = active
    try:
        with TemporaryDirectory(prefix="asr-batch-", ignore_cleanup_errors=True) as folder:
            return _transcribed(setup, batch, active, Staging(Path(folder)), region)
    finally:
        batch.inputs.pop(name, None)
        batch.used_s = monotonic()
        while active.held:
            active.release()


def _transcribed(
    setup: "BatchSetup", batch: WorkerBatch, active: WorkerInput, staging: Staging, region: str | None
) -> WorkerResult:
    if not active.take():
        return WorkerResult(InputOutcome(), worker=batch.link.address)
    try:
        library = NO_LIBRARY.keeping()  # that of the client is not here
        budget = _budget(setup, active, region)
        outcome = setup.transcriber(batch.plan, batch.idle, staging, library, budget)(active.task, active)
    except AsrError as exc:
        outcome = InputOutcome(exc, cost=active.cost, engine=active.engine)
    files = tuple(path.read_bytes() for path in staging.files(active.task.row)) if outcome.whole else ()
    error = packed_error(outcome.error)
    return WorkerResult(replace(outcome, error=None), error, files, worker=batch.link.address)


def _budget(setup: "BatchSetup", active: WorkerInput, region: str | None) -> LeasedBudget | None:
    if region is None:
        return None
    price, asked = setup.price(region), setup.source_builder.recognition
    return LeasedBudget(
        lambda usage: price.cost(usage, asked),
        lambda s: price.forecast(s, asked)[1],
        active.lease,
        resends=setup.resends,
    )


def task_name(task: BatchTask) -> str:
    """A name for an input that tells nothing of it."""
    return Staging(Path()).folder(task.row.path).name


def deliver(topic: str, name: str, kind: str, value: float = 0.0) -> None:
    """Take a message of the client; called by Dask in the loop of the worker, so it must not wait."""
    batch = _batches.get(topic)
    if kind == "over":
        end_batch(topic)
    if batch is None or (active := batch.inputs.get(name)) is None:
        return
    if kind == "money":
        active.money.put(value)
    elif kind == "stream":
        Thread(target=active.may_begin, name="stream", daemon=True).start()
    elif kind == "finish":
        active.stop()
    elif kind == "leave":
        active.leave()


def end_batch(topic: str) -> None:
    """Close what the inputs of a batch shared."""
    with _lock:
        batch = _batches.pop(topic, None)
    if batch is not None:
        Thread(target=batch.stack.close, name="end", daemon=True).start()


def _batch(setup: "BatchSetup", topic: str, streams: int) -> WorkerBatch:
    """What this process has for a batch, made for its first input. Batches whose clients are gone are closed then."""
    with _lock:
        if topic in _batches:
            _batches[topic].used_s = monotonic()
            return _batches[topic]
        unused = [name for name, one in _batches.items() if not one.inputs and monotonic() - one.used_s > UNUSED_S]
    for other in unused:
        end_batch(other)
    with _lock:
        if topic not in _batches:
            with ExitStack() as stack:
                connection = setup.connection(stack)
                idle = stack.enter_context(closing(ConnectionPool()))
                link = WorkerLink(topic, streams)
                _batches[topic] = WorkerBatch(setup.plan(connection), idle, link, stack.pop_all(), used_s=monotonic())
        return _batches[topic]
