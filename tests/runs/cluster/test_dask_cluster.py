"""A Dask cluster that a test plays: which workers are used, and what is lost with a worker or the scheduler."""

import socket
import sys
from collections.abc import Callable, Iterator
from types import SimpleNamespace
from typing import Any

import pytest

from asrcli.core.errors import ClusterGone, UsageError
from asrcli.runs.cluster import dask_cluster
from asrcli.runs.cluster.dask_cluster import CallCancelled, CallLost, DaskCluster, WorkerDied, WorkersGone


class KilledWorker(Exception):
    """What Dask raises when workers died of a task; it is known by its name."""


class FutureCancelledError(Exception):
    """What Dask raises for what was lost with the scheduler."""


class PlayedFuture:
    """A future whose end the test plays."""

    def __init__(self) -> None:
        self.status, self.value, self.callbacks = "pending", None, list[Callable[[object], None]]()

    def add_done_callback(self, callback: Callable[[object], None]) -> None:
        """Call it at the end."""
        self.callbacks.append(callback)

    def end(self, status: str, value: Any = None) -> None:
        """Come to an end."""
        self.status, self.value = status, value
        for callback in self.callbacks:
            callback(self)

    def cancel(self) -> None:
        """End so."""
        self.end("cancelled")

    def result(self, timeout: float) -> object:
        """The value, or the error."""
        assert timeout
        if isinstance(self.value, Exception):
            raise self.value
        return self.value

    def release(self) -> None:
        """Nothing."""


class PlayedClient:
    """A client of Dask whose workers have the versions that the test says."""

    versions: dict[str, object]
    refusal: Exception | None

    def __init__(self, address: str, **options: object) -> None:
        assert options
        assert address
        self.status, self.future, self.told = "running", PlayedFuture(), list[tuple[object, ...]]()
        if self.refusal is not None:
            raise self.refusal

    def nthreads(self) -> dict[str, int]:
        """Each has four."""
        if not self.versions:
            raise OSError("gone")
        return dict.fromkeys(self.versions, 4)

    def run(self, function: object, *arguments: object, workers: list[str], on_error: str) -> dict[str, object]:
        """The versions of these."""
        if on_error == "ignore":
            self.told.append((function, *arguments, workers))
            raise OSError("just gone")
        return {one: self.versions[one] for one in workers}

    def submit(self, *arguments: object, **options: object) -> PlayedFuture:
        """The one future."""
        self.told.append((*arguments, options["workers"]))
        return self.future

    def close(self, timeout: float) -> None:
        """It is over."""
        assert timeout
        self.status = "closed"


@pytest.fixture
def client(monkeypatch: pytest.MonkeyPatch) -> type[PlayedClient]:
    """The client that a cluster gets; one worker can be used at first, and nobody waits."""
    PlayedClient.versions, PlayedClient.refusal = {"tcp://good": "1.0"}, None
    monkeypatch.setitem(sys.modules, "distributed", SimpleNamespace(Client=PlayedClient))
    monkeypatch.setattr(dask_cluster, "find_spec", lambda _: True)
    monkeypatch.setattr(dask_cluster, "LOOK_S", 0.001)
    return PlayedClient


@pytest.fixture
def address() -> Iterator[str]:
    """A port at which somebody listens."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        yield f"tcp://127.0.0.1:{listening.getsockname()[1]}"


def test_only_workers_of_this_version_are_used(client: type[PlayedClient], address: str) -> None:
    """The others are named with the reason; one that comes later is used, and one that has just gone is not."""
    client.versions = {"good": "1.0", "old": "0.9", "bare": ModuleNotFoundError(), "gone": OSError()}
    cluster = DaskCluster(address, "1.0")
    assert cluster.workers == {"good": 4}
    assert cluster.problems == {"old": "it has asrcli 0.9, and this is 1.0", "bare": "asrcli is not installed there"}
    client.versions |= {"late": "1.0", "gone": "1.0"}
    cluster.look()
    assert sorted(cluster.workers) == ["gone", "good", "late"]
    cluster.drop("late", "no key")
    cluster.look()
    assert ("late" in cluster.workers, cluster.problems["late"]) == (False, "no key")


def test_a_scheduler_that_is_silent_is_gone_until_it_answers(client: type[PlayedClient], address: str) -> None:
    """A call in flight is lost with it."""
    cluster = DaskCluster(address, "1.0")
    call = cluster.call(len, "x", name="one")
    there, client.versions = client.versions, {}
    cluster.look()
    assert cluster.is_connected
    cluster.look()
    assert not cluster.is_connected
    with pytest.raises(CallLost):
        call.result()
    client.versions = there
    assert cluster.is_back()
    client.versions = {}
    cluster.look()
    cluster.look()
    cluster.close()
    assert not cluster.is_back()


def test_a_call_ends_with_its_result_or_says_what_was_lost(client: type[PlayedClient], address: str) -> None:
    """A value, an error of the function, a worker that died, a scheduler that was lost, a call that was not wanted."""
    for status, value, error in (
        ("finished", 5, None), ("error", ZeroDivisionError(), ZeroDivisionError), ("error", KilledWorker(), WorkerDied),
        ("cancelled", None, CallLost), ("finished", FutureCancelledError(), CallLost),
    ):  # fmt: skip
        cluster = DaskCluster(address, "1.0")
        call = cluster.call(len, "x", name="one")
        cluster._client.future.end(status, value)
        if error is None:
            assert call.result() == 5
            continue
        with pytest.raises(error):
            call.result()
    cluster = DaskCluster(address, "1.0")
    call = cluster.call(len, "x", name="one")
    call.cancel()
    with pytest.raises(CallCancelled):
        call.result()
    assert client.refusal is None


def test_a_call_whose_workers_are_gone_is_given_up(client: type[PlayedClient], address: str) -> None:
    """And one for which there is none is not begun; a message to a worker that has just gone is no error."""
    cluster = DaskCluster(address, "1.0")
    cluster.run_on_worker("tcp://good", len, "x")
    assert cluster._client.told == [(len, "x", ["tcp://good"])]
    call = cluster.call(len, "x", name="one")
    client.versions = {"other": "0.9"}
    cluster.look()
    with pytest.raises(WorkersGone):
        call.result()
    with pytest.raises(WorkersGone):
        cluster.call(len, "x", name="two")


def test_what_answers_must_be_a_scheduler(
    client: type[PlayedClient], address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And the package must be there."""
    client.refusal = MemoryError("3 EiB")
    with pytest.raises(ClusterGone, match="what answers there is no Dask scheduler"):
        DaskCluster(address, "1.0")
    monkeypatch.setattr(dask_cluster, "find_spec", lambda _: None)
    with pytest.raises(UsageError, match=r"pip install 'asrcli\[cluster\]'"):
        DaskCluster(address, "1.0")
