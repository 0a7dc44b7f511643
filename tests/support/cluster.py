"""A Dask cluster on this machine: in this process, or as processes whose every byte to the scheduler is kept."""

import json
import signal
import socket
import subprocess
import sys
import threading
import time
import warnings
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from tests.support.command import environment
from tests.support.relay import join

PATIENCE_S = 120.0


@contextmanager
def cluster_here(threads: int = 2) -> "Iterator[str]":
    """The address of a scheduler with one worker, both in this process."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from distributed import LocalCluster

        with LocalCluster(
            n_workers=1, threads_per_worker=threads, processes=False, host="127.0.0.1", protocol="tcp",
            dashboard_address=None, silence_logs=60,
        ) as cluster:  # fmt: skip
            yield cluster.scheduler_address


@dataclass
class Wire:
    """A relay to the scheduler that records both directions."""

    address: str = ""
    said: list[bytes] = field(default_factory=list)


@contextmanager
def kept_wire(port: int) -> Iterator[Wire]:
    """A recording relay to a port of this machine."""
    wire = Wire()
    listener = socket.create_server(("127.0.0.1", 0))
    wire.address = f"tcp://127.0.0.1:{listener.getsockname()[1]}"

    class Kept:
        """A socket that records what is read from it."""

        def __init__(self, inner: socket.socket) -> None:
            self.inner = inner
            self.sendall, self.shutdown = inner.sendall, inner.shutdown

        def recv(self, size: int) -> bytes:
            data = self.inner.recv(size)
            wire.said.append(data)
            return data

    def lead(inside: socket.socket) -> None:
        with suppress(OSError), inside, socket.create_connection(("127.0.0.1", port)) as outside:
            join(Kept(inside), Kept(outside))  # type: ignore[arg-type]

    def accept() -> None:
        with suppress(OSError):  # it is closed
            while True:
                threading.Thread(target=lead, args=(listener.accept()[0],), daemon=True).start()

    threading.Thread(target=accept, daemon=True).start()
    with listener:
        yield wire


class ClusterProcesses:
    """A scheduler and its workers as processes, with their logs in a folder."""

    def __init__(self, folder: Path, stack: ExitStack) -> None:
        self._folder = folder
        self._stack = stack
        file = folder / "scheduler.json"
        self._start("scheduler", "dask_scheduler", "--port", "0", "--scheduler-file", file)
        port = int(json.loads(_wait_for(file))["address"].rpartition(":")[2])
        self.wire = stack.enter_context(kept_wire(port))

    def worker(self, name: str, **env: str) -> "subprocess.Popen[bytes]":
        """Start a worker, and wait until the scheduler knows it."""
        process = self._start(name, "dask_worker", self.wire.address, "--nthreads", "2", "--no-nanny", **env)
        _wait_for(self._folder / f"{name}.log", "Registered to:")
        return process

    def _start(self, name: str, module: str, *arguments: object, **env: str) -> "subprocess.Popen[bytes]":
        with (self._folder / f"{name}.log").open("wb") as log:
            process = self._stack.enter_context(
                subprocess.Popen(
                    [sys.executable, "-m", f"distributed.cli.{module}", *map(str, arguments), "--host", "127.0.0.1",
                     "--no-dashboard"],
                    stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd=self._folder,
                    env=environment(PYTHONWARNINGS="ignore", **env),
                )
            )  # fmt: skip
        self._stack.callback(process.send_signal, signal.SIGKILL)
        return process


@contextmanager
def cluster_processes(folder: Path) -> Iterator[ClusterProcesses]:
    """A scheduler as a process; its workers are killed with it when the block ends."""
    pytest.importorskip("distributed")
    with ExitStack() as stack:
        yield ClusterProcesses(folder, stack)


def _wait_for(file: Path, part: str = "}") -> str:
    """Return the text of a file as soon as it contains a part."""
    until_s = time.monotonic() + PATIENCE_S
    while not file.exists() or part not in (text := file.read_text("utf-8", "replace")):
        assert time.monotonic() < until_s, file
        time.sleep(0.02)
    return text
