"""What a server does while an engine computes: it answers pings on that connection, and serves the others."""

import socket
from pathlib import Path

import pytest

from asrcli.recognizers.pool import WorkerPool
from asrcli.recognizers.registry import RecognizerOptions
from asrcli.server.local_server import in_background
from tests.support.held_recognizer import HELD, PORT
from tests.support.wire import PATIENCE_S, finish_task, run_task, wire

ROOT = Path(__file__).parent.parent.parent
SILENCE, SPEECH = bytes(3200), bytes([1]) * 3200


def test_pings_and_other_clients_are_answered_while_an_engine_computes(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is let go only after the pong and after the whole task of the other client, so neither waited for it."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(PATIENCE_S)
        monkeypatch.setenv(PORT, str(listener.getsockname()[1]))
        monkeypatch.setenv("PYTHONPATH", str(ROOT))  # a worker process does not look into the current folder
        pool = WorkerPool(HELD, RecognizerOptions(), max_sessions=2)
        with in_background(pool) as address, wire(address) as client:
            client.say(run_task("busy"), SPEECH)
            client.handle("task-started")
            gate, _ = listener.accept()
            with gate:
                assert gate.recv(100) == b"computing"
                client.say(*[SILENCE] * 8)
                assert client.socket.ping().wait(PATIENCE_S)
                with wire(address) as other:
                    other.say(run_task("other"), SILENCE, finish_task("other"))
                    results = other.hear_all("task-finished")
                    assert results[-2]["payload"]["output"]["sentence"]["text"] == "100 milliseconds"
                assert client.socket.ping().wait(PATIENCE_S)
                gate.sendall(b"!")
            client.say(finish_task("busy"))
            results = client.hear_all("task-finished")
            assert results[-2]["payload"]["output"]["sentence"]["text"] == "900 milliseconds"
