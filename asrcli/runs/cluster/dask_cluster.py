"""A Dask cluster as a batch sees it: which workers can be used, calls that run on one of them, and messages."""

import logging
import pkgutil
import socket
import warnings
from collections.abc import Callable
from importlib.util import find_spec
from threading import Event
from time import monotonic, sleep
from typing import Any
from urllib.parse import urlsplit

from asrcli.core.errors import ClusterGone, UsageError, bare_url, shorten, system_reason
from asrcli.core.install_advice import install_extra
from asrcli.sources.blocking_calls import call_with_timeout

CONNECT_S = 10.0
BACK_S = 30.0  # how long a scheduler that is gone may take to come back
LOOK_S = 1.0  # how often a call looks whether its workers and the scheduler are there
SCHEMES = {"tcp", "tls", "ws", "wss"}
SILENT = 2  # this many looks without an answer, and the scheduler is gone
Task = Callable[..., Any]


class WorkersGone(Exception):
    """None of the workers that could run a call is there any more."""


class CallLost(Exception):
    """The connection to the scheduler was lost, and the call with it."""


class CallCancelled(Exception):
    """The call was cancelled before it began."""


class WorkerDied(Exception):
    """Several workers died while they ran the call."""


class DaskCluster:
    """The scheduler, and its workers that have the same version of this program.

    Attributes:
        address: That of the scheduler.
        workers: The addresses of the workers that can be used, and how many calls each runs at once.
        problems: Why other workers cannot be used, by their addresses.

    Raises:
        UsageError: distributed is not installed, or the address is not valid.
        ClusterGone: no scheduler answers.
    """

    def __init__(self, address: str, version: str) -> None:
        self.address = address
        self.workers: dict[str, int] = {}
        self.problems: dict[str, str] = {}
        self._versions: dict[str, object] = {}
        self._silent = 0  # looks in a row that nobody answered
        self._version = version
        place = _place(address)
        if find_spec("distributed") is None:
            raise UsageError("a Dask cluster needs a package", install_extra("cluster"))
        try:
            socket.create_connection(place, CONNECT_S).close()  # distributed would try for ten seconds
        except OSError as exc:
            raise ClusterGone(address, f"no Dask scheduler answers there: {system_reason(exc).lower()}") from exc
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            import distributed

            _be_quiet()
            self._client = client = distributed.Client.__new__(distributed.Client)
            try:
                call_with_timeout(
                    lambda: client.__init__(address, timeout=CONNECT_S, set_as_default=False), address, 2 * CONNECT_S
                )
            except Exception as exc:  # of what answers there: distributed believes what it reads
                self._client.status = "closed"  # otherwise it tries to sign off from the scheduler
                raise ClusterGone(address, "what answers there is no Dask scheduler of this version") from exc
        self.look()

    @property
    def is_connected(self) -> bool:
        """Whether the scheduler is there."""
        return self._client.status == "running" and self._silent < SILENT

    def look(self) -> None:
        """Look which workers are there and have this version."""
        try:
            threads = self._client.nthreads()
            if new := sorted(threads.keys() - self._versions.keys()):
                self._versions |= self._client.run(
                    pkgutil.resolve_name, "asrcli:__version__", workers=new, on_error="return"
                )
        except Exception:  # the scheduler is gone, or has trouble
            self._silent += 1
            return
        self._silent = 0
        for address in threads.keys() - self.problems.keys():
            version = self._versions[address]
            if isinstance(version, ImportError):
                self.problems[address] = "asrcli is not installed there"
            elif isinstance(version, BaseException):  # it has just gone
                del self._versions[address]
            elif version != self._version:
                self.problems[address] = f"it has asrcli {version}, and this is {self._version}"
        self.workers = {one: threads[one] for one in threads.keys() & self._versions.keys() - self.problems.keys()}

    def drop(self, address: str, reason: str) -> None:
        """Stop using a worker."""
        self.problems.setdefault(address, reason)
        self.workers.pop(address, None)

    def subscribe(self, topic: str, handle: Callable[[dict[str, Any]], None]) -> None:
        """Let `handle` take the messages of workers; it must not wait."""
        self._client.subscribe_topic(topic, lambda event: handle(event[1]))

    def call(self, function: Task, *arguments: object, name: str) -> "RemoteCall":
        """Begin a call on one of the workers.

        Raises:
            WorkersGone: there is none.
        """
        if not self.workers:
            self.look()
        workers = list(self.workers)
        if not workers:
            raise WorkersGone
        future = self._client.submit(function, *arguments, key=name, workers=workers, pure=False)
        return RemoteCall(self, future, workers)

    def run_on_worker(self, address: str, function: Task, *arguments: object) -> None:
        """Run a short function on a worker now; nothing happens if it is gone."""
        try:
            self._client.run(function, *arguments, workers=[address], on_error="ignore")
        except Exception:  # it has just gone, or the scheduler has: the calls there end for that reason
            return

    def is_back(self) -> bool:
        """Wait for a scheduler that was lost; whether it has come back."""
        until_s = monotonic() + BACK_S
        while not self.is_connected:
            if self._client.status == "closed" or monotonic() > until_s:
                return False
            sleep(LOOK_S / 4)
            self.look()
        return True

    def close(self) -> None:
        """Leave the cluster; calls that still run are cancelled."""
        self._client.close(timeout=2)


class RemoteCall:
    """A call on a worker that has begun, or waits for one."""

    def __init__(self, cluster: DaskCluster, future: Any, workers: list[str]) -> None:
        self._cluster = cluster
        self._future = future
        self._workers = set(workers)
        self._ended = Event()
        self._is_cancelled = False
        future.add_done_callback(lambda _: self._ended.set())

    def cancel(self) -> None:
        """Do not begin it; one that has begun goes on, but its result is lost."""
        self._is_cancelled = True
        self._future.cancel()

    def result(self) -> Any:
        """Wait for the end of the call, and return its result. An error of the function is raised.

        Raises:
            WorkersGone: no worker that may run it is left.
            CallLost: the connection to the scheduler was lost.
            CallCancelled: it was cancelled.
            WorkerDied: workers died while they ran it.
        """
        while not self._ended.wait(LOOK_S):
            if not self._cluster.is_connected:
                raise CallLost
            if not self._workers & self._cluster.workers.keys():
                self._future.cancel()
                raise WorkersGone
        if self._future.status == "cancelled":
            raise CallCancelled if self._is_cancelled else CallLost
        try:
            return self._future.result(timeout=BACK_S)
        except Exception as exc:
            kind = type(exc).__name__
            if kind == "KilledWorker":
                raise WorkerDied(shorten(str(exc))) from exc
            if kind in {"CancelledError", "FutureCancelledError", "CommClosedError", "TimeoutError"}:
                raise CallLost from exc
            raise
        finally:
            self._future.release()


def _place(address: str) -> tuple[str, int]:
    """The machine and the port of a scheduler.

    Raises:
        UsageError: the address names none.
    """
    try:
        parts = urlsplit(address if "://" in address else f"tcp://{address}")
        if parts.scheme in SCHEMES and parts.hostname and parts.port:
            return parts.hostname, parts.port
    except ValueError:
        pass
    raise UsageError(f"{bare_url(address)!r} is not the address of a Dask scheduler", "as in tcp://host:8786")


def _be_quiet() -> None:
    """Print nothing of what distributed logs: what matters is said by this program."""
    for name in list(logging.root.manager.loggerDict):
        if name.split(".")[0] in {"distributed", "tornado"}:
            logging.getLogger(name).setLevel(logging.CRITICAL + 1)
