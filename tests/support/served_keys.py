"""A server with a keys file, where the paying key has a process of its own."""

import json
import signal
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.request import ProxyHandler, Request, build_opener

import psutil

from tests.support.command import Running, serving
from tests.support.raw_websocket import frame, handshake
from tests.support.wire import INFERENCE, Wire, finish_task, run_task, wait_until, wire

KEYS = "paying sk-paying reserved=4 connections=8\nother sk-other\n"
SECOND = bytes(32_000)


class Served:
    """A server with a keys file."""

    def __init__(self, address: str, process: Running, keys: Path) -> None:
        self.address = address
        self.process = process
        self.keys = keys
        self.server = psutil.Process(process.pid)

    @contextmanager
    def client(self, key: str = "sk-paying", path: str = INFERENCE) -> Iterator[Wire]:
        """A client with a key."""
        with wire(self.address, path, Authorization=f"Bearer {key}") as client:
            yield client

    def child(self) -> psutil.Process:
        """The process of the key."""
        (child,) = self.server.children()
        return child

    def serves_itself(self, key: str = "sk-paying") -> bool:
        """Whether the server keeps a new connection with this key."""
        with self.client(key) as client:
            begin(client)
            return not any(connections(child) for child in self.server.children())

    def asking(self, key: str = "sk-paying") -> socket.socket:
        """A client that has sent its handshake."""
        host, port = self.address.removeprefix("ws://").split(":")
        line = socket.create_connection((host, int(port)), timeout=60)
        line.sendall(handshake(host, INFERENCE, f"Authorization: Bearer {key}"))
        return line

    def hears_within_s(self, within_s: float) -> bool:
        """Whether a new client gets an answer so soon, and its sentence."""
        with self.asking() as line:
            line.settimeout(within_s)
            try:
                if not line.recv(65536).startswith(b"HTTP/1.1 101 "):
                    return False
            except TimeoutError:
                return False
            line.settimeout(60)
            for message in (run_task(), finish_task()):
                line.sendall(frame(json.dumps(message).encode(), 1))
            return b"task-started" in line.recv(65536)

    def wait_for_child(self) -> None:
        """Wait until the process of the key takes connections."""
        wait_until(lambda: not self.serves_itself())

    def answer(self, path: str, body: bytes | None = None, key: str = "sk-paying") -> str:
        """What the server answers to a single request."""
        headers = {"Authorization": f"Bearer {key}", "Content-Type": "application/json"}
        request = Request(self.address.replace("ws://", "http://") + path, body, headers)  # noqa: S310  loopback
        with build_opener(ProxyHandler({})).open(request, timeout=60) as answer:
            said: str = answer.read().decode()
        return said

    def figures(self) -> dict[str, float]:
        """The figures of the server."""
        text = self.answer("/metrics", key="sk-other")
        lines = [line.rsplit(" ", 1) for line in text.splitlines() if not line.startswith("#")]
        return {name: float(value) for name, value in lines}

    def reload(self, keys: str) -> None:
        """Write other keys, and let the server read them."""
        self.keys.write_text(keys)
        self.process.send_signal(signal.SIGHUP)
        assert "keys: " in self.process.stderr.readline()


def begin(client: Wire, task_id: str = "t", **parameters: object) -> None:
    """Begin a task."""
    client.say(run_task(task_id, **parameters))
    client.handle("task-started")


def finals(messages: list[dict[str, Any]]) -> int:
    """How many sentences have ended."""
    sentences = [message["payload"].get("output", {}).get("sentence", {}) for message in messages]
    return sum(1 for sentence in sentences if sentence.get("sentence_end"))


def connections(process: psutil.Process) -> int:
    """The connections of clients that a process has."""
    return sum(1 for each in process.net_connections("inet") if each.status == psutil.CONN_ESTABLISHED)


@contextmanager
def served_by(engine: str, folder: Path) -> Iterator[Served]:
    """A server whose paying key has a process, which takes connections."""
    keys = folder / "keys"
    keys.write_text(KEYS)
    keys.chmod(0o600)
    with serving("--engine", engine, "--keys", keys) as (address, process):
        served = Served(address, process, keys)
        served.wait_for_child()
        yield served
