"""The client's part of a batch on a Dask cluster: inputs go to workers, transcripts and messages come back."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from queue import Empty, SimpleQueue
from threading import Thread
from time import monotonic, sleep
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from asrcli import __version__
from asrcli.cli.builders.batch.cluster_worker import (
    WorkerResult,
    deliver,
    task_name,
    transcribe_on_worker,
    unpacked_error,
)
from asrcli.cli.options.connection import ConnectionOptions
from asrcli.core.dataclass import dataclass
from asrcli.core.errors import BudgetReached, ClusterGone, OutputError, SourceError, UsageError, bare_url, system_reason
from asrcli.dashscope.endpoints import Endpoint
from asrcli.runs.batch.active_input import ActiveInput, BatchTask, InputOutcome
from asrcli.runs.batch.decisions import Action, Decision
from asrcli.runs.cluster.dask_cluster import CallCancelled, CallLost, DaskCluster, RemoteCall, WorkerDied, WorkersGone

if TYPE_CHECKING:
    from asrcli.cli.builders.batch.batch_setup import BatchSetup
    from asrcli.runs.batch.staging import Staging
    from asrcli.runs.cluster.cost_leases import CostLeases

LOOK_S = 2.0  # how often new workers are looked for
WORKERS_S = 30.0  # how long a batch waits for a worker when none is left
SENDERS = 8  # messages to workers that are under way at once


@dataclass(frozen=True)
class WorkerConnectionOptions(ConnectionOptions):
    """The options for the service as a worker uses them: the client's address, and the worker's own key."""

    pinned: Endpoint | None = None

    @property
    def endpoint(self) -> Endpoint:
        """The address and the region that the client has found; the environment of a worker does not change it."""
        return self.pinned or super().endpoint


def worker_setup(setup: "BatchSetup") -> "tuple[BatchSetup, str]":
    """The setup as workers get it, without anything secret, and the region of the service.

    Raises:
        UsageError: an option names something secret, or something of this machine.
    """
    options = setup.connection_options
    given = {"--api-key-file": options.api_key_file, "--proxy": options.proxy, "--ca": options.ca}
    if names := [name for name, value in given.items() if value is not None]:
        problem = f"--dask with {' and '.join(names)}: workers have their own keys and networks"
        raise UsageError(problem, "set DASHSCOPE_API_KEY, HTTPS_PROXY and SSL_CERT_FILE where they run")
    if options.local:
        return setup, ""
    pinned = options.endpoint
    if bare_url(pinned.url) != pinned.url:
        raise UsageError("--dask with a --url that may hold something secret", "leave out what follows a ?, and logins")
    values = {name: getattr(options, name) for name in ConnectionOptions.__dataclass_fields__}
    return replace(setup, connection_options=WorkerConnectionOptions(**values, pinned=pinned)), pinned.region


@dataclass
class SentInput:
    """An input that the cluster has, as the client sees it."""

    active: ActiveInput
    call: RemoteCall | None = None
    attempt: str = ""
    worker: str = ""


class RemoteRun:
    """Stops an input on its worker. Safe in a signal handler."""

    def __init__(self, send: Callable[[str], None]) -> None:
        self._send = send

    def finish(self) -> None:
        """Take no more audio and wait for the last words."""
        self._send("finish")

    def leave(self) -> None:
        """Wait for nothing more."""
        self._send("leave")


class ClusterTranscriber:
    """Transcribes an input of a batch on a worker; called in a thread for each input.

    Attributes:
        streams: How many connections all workers use at once.
        problems: Why some workers are not used.

    Raises:
        UsageError: distributed is not installed, the address is not valid, or no worker can be used.
        ClusterGone: no scheduler answers, or it has no worker.
    """

    def __init__(
        self,
        address: str,
        setup: "BatchSetup",
        staging: "Staging",
        leases: "CostLeases | None",
        jobs: int | None,
        region: str,
    ) -> None:
        self._setup = setup
        self._staging = staging
        self._leases = leases
        self._region = region if leases is not None else None
        self._topic = f"asr-{uuid4().hex[:12]}"
        self._sent: dict[str, SentInput] = {}
        self._numbers = iter(range(1 << 60))
        self._inbox: SimpleQueue[dict[str, Any] | None] = SimpleQueue()
        self._cluster = DaskCluster(address, __version__)
        self.problems = [f"worker {bare_url(one)}: {why}" for one, why in self._cluster.problems.items()]
        if not self._cluster.workers:
            self._cluster.close()
            raise ClusterGone(address, "; ".join(["no worker can be used", *self.problems]))
        self.streams = jobs or sum(self._cluster.workers.values())
        self._cluster.subscribe(self._topic, self._inbox.put)
        self._senders = ThreadPoolExecutor(SENDERS, "sender")
        Thread(target=self._listen, name="cluster", daemon=True).start()

    def close(self) -> None:
        """Leave the cluster."""
        self._inbox.put(None)
        for worker in self._cluster.workers:
            self._senders.submit(self._cluster.run_on_worker, worker, deliver, self._topic, "", "over")
        self._senders.shutdown()
        self._cluster.close()

    def __call__(self, task: BatchTask, active: ActiveInput) -> InputOutcome:
        """Transcribe the input on a worker.

        Raises:
            AsrError: it cannot be read there, the service does not take it, or the cluster is gone.
        """
        name = task_name(task)
        self._sent[name] = SentInput(active)
        active.ask(lambda: None)  # the connection that it has from its beginning is counted
        active.attach(RemoteRun(lambda kind: self._inbox.put({"kind": kind, "input": name})))
        cost = None
        try:
            result = self._result(name, _for_workers(task))
            cost = result.outcome.cost
            return self._kept(task, result)
        finally:
            self._sent.pop(name, None)
            if self._leases is not None:
                self._leases.ended(name, cost)

    def _result(self, name: str, task: BatchTask) -> WorkerResult:
        """What a worker says; an input that is lost with its worker, or with the scheduler, is sent again.

        Raises:
            ClusterGone: the scheduler or all workers are gone.
            SourceError: workers die of this input.
        """
        sent = self._sent[name]
        while not sent.active.stopped:
            arguments = (self._setup, task, self._topic, self.streams, self._region)
            try:
                sent.call = self._cluster.call(
                    transcribe_on_worker, *arguments, name=f"{self._topic}-{name}-{next(self._numbers)}"
                )
                result: WorkerResult = sent.call.result()
            except WorkersGone:
                self._wait_for_workers()
                continue
            except CallLost as exc:
                if not self._cluster.is_back():
                    raise ClusterGone(self._cluster.address, "the scheduler is gone") from exc
                continue
            except CallCancelled:
                break
            except WorkerDied as exc:
                raise SourceError(task.given.path, "every worker that started it has died") from exc
            if not result.unfit:
                return result
            self._cluster.drop(result.worker, result.unfit)
        return WorkerResult(InputOutcome())

    def _wait_for_workers(self) -> None:
        until_s = monotonic() + WORKERS_S
        while not self._cluster.workers:
            problems = [f"worker {bare_url(one)}: {why}" for one, why in self._cluster.problems.items()]
            if monotonic() > until_s or problems:
                raise ClusterGone(self._cluster.address, "; ".join(["no usable worker is left", *problems]))
            sleep(0.5)
            self._cluster.look()

    def _kept(self, task: BatchTask, result: WorkerResult) -> InputOutcome:
        """The outcome, after its transcripts were written where they wait for their names."""
        self._staging.clear(task.row.path)
        error = unpacked_error(result.error)
        if isinstance(error, BudgetReached) and self._leases is not None:
            error = BudgetReached(self._leases.limit)
        for path, content in zip(self._staging.files(task.row), result.files, strict=False):
            try:
                path.parent.mkdir(parents=True, exist_ok=True)
                Path(path).write_bytes(content)
            except OSError as exc:
                raise OutputError(str(path), system_reason(exc).lower()) from exc
        return replace(result.outcome, error=error)

    def _listen(self) -> None:
        """Take messages of workers, and look for workers from time to time: the thread of the cluster."""
        next_s = monotonic() + LOOK_S
        while True:
            try:
                message = self._inbox.get(timeout=max(0.0, next_s - monotonic()))
            except Empty:
                next_s = monotonic() + LOOK_S
                self._senders.submit(self._cluster.look)
                continue
            if message is None:
                return
            if (sent := self._sent.get(message["input"])) is not None:
                self._take(message, sent)

    def _take(self, message: dict[str, Any], sent: SentInput) -> None:
        kind, name, active = message["kind"], message["input"], sent.active
        if kind in {"finish", "leave"}:
            self._stop(sent, name, kind)
            return
        if kind == "begun":
            if sent.attempt:  # its worker has died, and another one begins it
                active.begin_again()
            sent.attempt, sent.worker = message["attempt"], message["worker"]
            if active.stopped:
                self._send(sent, name, "finish")
        if message["attempt"] != sent.attempt:
            return
        value = message["value"]
        if kind == "reached":
            active.reached_ms, active.length_ms, active.cost, active.engine, active.starts = value[:5]
            active.refusals += value[5]
        elif kind == "stream":
            active.ask(lambda: self._send(sent, name, "stream"))
        elif kind == "back":
            active.give_back()
        elif kind == "money" and self._leases is not None:
            self._send(sent, name, "money", self._leases.lease(name, value))

    def _stop(self, sent: SentInput, name: str, kind: str) -> None:
        if sent.worker:
            self._send(sent, name, kind)
        if sent.call is not None and (not sent.worker or kind == "leave"):
            self._senders.submit(sent.call.cancel)

    def _send(self, sent: SentInput, name: str, kind: str, value: float = 0.0) -> None:
        self._senders.submit(self._cluster.run_on_worker, sent.worker, deliver, self._topic, name, kind, value)


def _for_workers(task: BatchTask) -> BatchTask:
    """The task as workers get it: with a path that does not depend on a folder, from the start, nothing secret.

    Raises:
        SourceError: its address holds something secret.
    """
    path = task.given.path
    if "://" in path and path != task.given.identity:
        reason = "its address may hold something secret, which is not sent to workers: give them access in another way"
        raise SourceError(path, reason)
    if "://" not in path:
        path = str(Path(path).absolute())
    return replace(task, given=replace(task.given, path=path), decision=Decision(Action.NEW, task.decision.why))
