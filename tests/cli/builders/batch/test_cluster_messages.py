"""What the client of a cluster does about messages, stops and losses; the cluster is played."""

from collections.abc import Callable
from pathlib import Path
from queue import SimpleQueue
from typing import Any

import pytest

from asrcli.cli.builders.batch import cluster_batch
from asrcli.cli.builders.batch.cluster_batch import ClusterTranscriber, SentInput
from asrcli.cli.builders.batch.cluster_worker import WorkerResult, deliver
from asrcli.core.errors import ClusterGone, SourceError
from asrcli.runs.batch.active_input import ActiveInput, BatchTask, InputOutcome
from asrcli.runs.batch.decisions import Action, Decision, LedgerRow
from asrcli.runs.batch.manifest import BatchInput
from asrcli.runs.batch.staging import Staging
from asrcli.runs.cluster.cost_leases import CostLeases
from asrcli.runs.cluster.dask_cluster import CallCancelled, CallLost, WorkerDied, WorkersGone

TASK = BatchTask(
    BatchInput("/in/a.wav", "/in/a.wav", "a.wav"), LedgerRow("/in/a.wav", files=("a.txt",)), Decision(Action.NEW, "new")
)
DONE = WorkerResult(InputOutcome(whole=True, cost=0.5), files=(b"words",))


class PlayedCall:
    """A call that ends as the test says."""

    def __init__(self, end: object) -> None:
        self.end = end
        self.cancelled = SimpleQueue[bool]()

    def result(self) -> Any:
        """The result, or the loss; a call without an end waits until it is cancelled."""
        if self.end is None:
            self.cancelled.get(timeout=60)
            raise CallCancelled
        if isinstance(self.end, Exception):
            raise self.end
        return self.end

    def cancel(self) -> None:
        """End so."""
        self.cancelled.put(True)


class PlayedCluster:
    """A cluster whose calls end one after the other as the test says."""

    def __init__(self, address: str, version: str) -> None:
        assert version
        self.address = address
        self.workers, self.problems, self.back = {"w": 2}, dict[str, str](), True
        self.ends: list[object] = []
        self.told = SimpleQueue[tuple[object, ...]]()

    def subscribe(self, topic: str, handle: Callable[[dict[str, Any]], None]) -> None:
        """Nobody speaks."""

    def look(self) -> None:
        """A worker comes."""
        self.workers = {"w": 2}

    def call(self, function: object, *arguments: object, name: str) -> PlayedCall:
        """The next one."""
        assert function
        assert arguments
        assert name
        end = self.ends.pop(0)
        if isinstance(end, WorkersGone):
            raise end
        return PlayedCall(end)

    def run_on_worker(self, *arguments: object) -> None:
        """Keep it."""
        self.told.put(arguments)

    def is_back(self) -> bool:
        """As the test says."""
        return self.back

    def drop(self, address: str, reason: str) -> None:
        """Use it no more."""
        self.problems[address] = reason
        self.workers.pop(address)

    def close(self) -> None:
        """Nothing."""


@pytest.fixture
def client(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ClusterTranscriber:
    """A client with a budget of 5 CNY."""
    monkeypatch.setattr(cluster_batch, "DaskCluster", PlayedCluster)
    return ClusterTranscriber("tcp://h:1", None, Staging(tmp_path), CostLeases(5, 0), None, "r")  # type: ignore[arg-type]


def played(client: ClusterTranscriber) -> PlayedCluster:
    """Its cluster."""
    cluster: Any = client._cluster
    assert isinstance(cluster, PlayedCluster)
    return cluster


def test_what_is_lost_is_sent_again(client: ClusterTranscriber, tmp_path: Path) -> None:
    """With a scheduler that comes back, with workers of which others come, from a worker that cannot transcribe."""
    played(client).ends = [CallLost(), WorkersGone(), DONE]
    assert client(TASK, ActiveInput(TASK)) == DONE.outcome
    assert [path.read_bytes() for path in Staging(tmp_path).files(TASK.row)] == [b"words"]
    played(client).ends = [WorkerResult(InputOutcome(), unfit="no key", worker="w"), DONE]
    assert client(TASK, ActiveInput(TASK)).whole
    assert (played(client).problems, client.streams) == ({"w": "no key"}, 2)
    client.close()


def test_what_cannot_go_on_says_why(client: ClusterTranscriber, monkeypatch: pytest.MonkeyPatch) -> None:
    """The scheduler stays away, no worker is left, or workers die of the input."""
    played(client).back = False
    played(client).ends = [CallLost()]
    with pytest.raises(ClusterGone, match="the scheduler is gone"):
        client(TASK, ActiveInput(TASK))
    played(client).ends = [WorkerDied()]
    with pytest.raises(SourceError, match="every worker that started it has died"):
        client(TASK, ActiveInput(TASK))
    monkeypatch.setattr(cluster_batch, "WORKERS_S", -1.0)
    played(client).workers = {}
    played(client).ends = [WorkersGone()]
    with pytest.raises(ClusterGone, match="no usable worker is left"):
        client(TASK, ActiveInput(TASK))
    client.close()


def test_an_input_that_is_stopped_ends_on_its_worker(client: ClusterTranscriber) -> None:
    """One that no worker has begun is cancelled; of one that was begun the last words are waited for."""
    active = ActiveInput(TASK)
    active.stop()
    assert client(TASK, active) == InputOutcome()
    waiting = PlayedCall(None)
    client._take({"kind": "finish", "input": "a"}, SentInput(ActiveInput(TASK), waiting))  # type: ignore[arg-type]
    assert waiting.cancelled.get(timeout=60)
    sent = SentInput(ActiveInput(TASK), PlayedCall(None), "1", "w")  # type: ignore[arg-type]
    client._take({"kind": "finish", "input": "a"}, sent)
    told: tuple[object, ...] = ()
    while told[-2:] != ("finish", 0.0):
        told = played(client).told.get(timeout=60)
    assert told == ("w", deliver, client._topic, "a", "finish", 0.0)
    assert sent.call is not None
    assert sent.call.cancelled.empty()  # type: ignore[attr-defined]
    client._take({"kind": "leave", "input": "a"}, sent)
    assert sent.call.cancelled.get(timeout=60)  # type: ignore[attr-defined]
    client.close()


def test_messages_of_a_worker_become_figures_and_leases(client: ClusterTranscriber) -> None:
    """Those of a worker that has died are left alone, and what it had counts no more."""
    active = ActiveInput(TASK)
    active.ask(lambda: None)
    sent = SentInput(active)

    def say(kind: str, attempt: str, value: object = None) -> None:
        client._take({"kind": kind, "input": "a", "attempt": attempt, "value": value, "worker": "w"}, sent)

    say("begun", "1")
    say("reached", "1", [500, 9000, 0.25, "counting", 2, 1])
    assert (active.reached_ms, active.length_ms, active.cost, active.engine, active.starts, active.refusals) == (
        500, 9000, 0.25, "counting", 2, 1,
    )  # fmt: skip
    say("stream", "1")
    assert active.wants_stream
    active.grant()
    assert (active.streams, played(client).told.get(timeout=60)[-2:]) == (2, ("stream", 0.0))
    say("stream", "1")
    say("back", "1")
    assert (active.streams, active.wants_stream) == (1, True)
    say("money", "1", 4.0)
    assert played(client).told.get(timeout=60)[-2:] == ("money", 4.0)
    say("money", "1", 4.0)
    assert played(client).told.get(timeout=60)[-2:] == ("money", 1.0)
    active.stop()
    say("begun", "2")
    assert (active.streams, active.wants_stream) == (1, False)
    assert played(client).told.get(timeout=60)[-2:] == ("finish", 0.0)
    say("reached", "1", [0, 0, 0, "", 0, 0])
    assert active.reached_ms == 500
    client.close()
