"""A second signal ends `asr serve` at once, whatever it does then."""

import signal
import socket
import threading
import time

import pytest

from tests.bench.load_streams import handshake
from tests.support.command import serving
from tests.support.wire import INFERENCE

ANOTHER_S = 0.3  # two signals that are closer together are taken for one


@pytest.mark.parametrize("engine", ["scripted", "pocketsphinx"])
def test_while_it_waits_for_a_client_to_close(engine: str) -> None:
    """The client does not answer the close; the library's task that waits for it is cancelled with all others."""
    with serving("--engine", engine) as (address, process):
        host, port = address.removeprefix("ws://").split(":")
        with socket.create_connection((host, int(port)), timeout=60) as client:
            client.sendall(handshake(host, INFERENCE))
            assert client.recv(65536).startswith(b"HTTP/1.1 101")
            process.send_signal(signal.SIGTERM)
            first_at = time.monotonic()
            assert client.recv(65536).startswith(b"\x88")
            threading.Event().wait(max(0.0, first_at + ANOTHER_S - time.monotonic()))
            process.send_signal(signal.SIGTERM)
            assert process.wait(60) == 130
            assert process.stderr.read() == ""
