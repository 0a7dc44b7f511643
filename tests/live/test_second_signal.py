"""A second signal ends `asr serve` at once, whatever it does then."""

import signal
import socket
import time

import pytest

from asrcli.terminal.interrupts import TWICE_S
from tests.support.command import serving, stopped
from tests.support.raw_websocket import handshake
from tests.support.requirements import needs_pocketsphinx
from tests.support.wire import INFERENCE


@pytest.mark.parametrize("engine", ["scripted", pytest.param("pocketsphinx", marks=needs_pocketsphinx)])
def test_while_it_waits_for_a_client_to_close(engine: str) -> None:
    """The client does not answer the close; the library's task that waits for it is cancelled with all others."""
    with serving("--engine", engine) as (address, process):
        host, port = address.removeprefix("ws://").split(":")
        with socket.create_connection((host, int(port)), timeout=60) as client:
            client.sendall(handshake(host, INFERENCE))
            assert client.recv(65536).startswith(b"HTTP/1.1 101")
            process.send_signal(signal.SIGTERM)
            assert client.recv(65536).startswith(b"\x88")  # the first signal has been handled
            with stopped(process):  # or a busy machine may let it wait to the end, which is after two seconds
                time.sleep(1.2 * TWICE_S)  # two signals so close together are one
                process.send_signal(signal.SIGTERM)
            assert process.wait(60) == 130
            assert process.stderr.read() == ""
