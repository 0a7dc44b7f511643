"""A client without a codec: raw messages to the server and back, for what a codec of ours would never send."""

import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection, connect

INFERENCE, REALTIME = "/api-ws/v1/inference", "/api-ws/v1/realtime"
PATIENCE_S = 60  # a hung test fails; a passing one never waits for it


def run_task(task_id: str = "t", **parameters: object) -> dict[str, Any]:
    """A run-task as the reference shows it."""
    asked = {"format": "pcm", "sample_rate": 16000} | parameters
    payload = {"task_group": "audio", "task": "asr", "function": "recognition", "model": "m", "parameters": asked}
    return {
        "header": {"action": "run-task", "task_id": task_id, "streaming": "duplex"},
        "payload": payload | {"input": {}},
    }


def finish_task(task_id: str = "t") -> dict[str, Any]:
    """A finish-task as the reference shows it."""
    return {"header": {"action": "finish-task", "task_id": task_id, "streaming": "duplex"}, "payload": {"input": {}}}


class Wire:
    """One raw connection."""

    def __init__(self, socket: ClientConnection) -> None:
        self.socket = socket

    def say(self, *messages: dict[str, Any] | bytes | str) -> None:
        """Send messages: objects as JSON, text and bytes as they are."""
        for message in messages:
            self.socket.send(json.dumps(message) if isinstance(message, dict) else message)

    def hear_next(self) -> dict[str, Any]:
        """The next message, whatever it is."""
        value: dict[str, Any] = json.loads(self.socket.recv(PATIENCE_S))
        return value

    def handle(self, name: str) -> dict[str, Any]:
        """The next message of that name; what comes before it is passed over."""
        while True:
            value = self.hear_next()
            if name in {value.get("type"), value.get("header", {}).get("event")}:
                return value

    def hear_all(self, last: str) -> list[dict[str, Any]]:
        """All messages to the one of that name."""
        heard: list[dict[str, Any]] = []
        while not heard or last not in {heard[-1].get("type"), heard[-1].get("header", {}).get("event")}:
            heard.append(self.hear_next())
        return heard

    def closed(self) -> int:
        """The close code, once the server has closed."""
        try:
            while True:
                self.socket.recv(PATIENCE_S)
        except ConnectionClosed as exc:
            return exc.rcvd.code if exc.rcvd else 1006


@contextmanager
def wire(address: str, path: str = INFERENCE, **headers: str) -> Iterator[Wire]:
    """A raw connection to a server."""
    with connect(address + path, additional_headers=headers, proxy=None, compression=None, close_timeout=1) as socket:
        yield Wire(socket)


def status(address: str, path: str, **headers: str) -> tuple[int, dict[str, Any]]:
    """How the server refuses a handshake: HTTP status and JSON body; 101 where it does not."""
    from websockets.exceptions import InvalidStatus

    try:
        with wire(address, path, **headers):
            return 101, {}
    except InvalidStatus as exc:
        return exc.response.status_code, json.loads(exc.response.body or b"{}")


def wait_until(happened: Callable[[], bool], within_s: float = PATIENCE_S) -> None:
    """Ask again until it is so."""
    end = time.monotonic() + within_s
    while not happened():
        assert time.monotonic() < end
        threading.Event().wait(0.02)
