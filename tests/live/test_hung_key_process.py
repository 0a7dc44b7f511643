"""The process of a key that hangs: its clients are told, and others are served meanwhile."""

import signal
import sys
from pathlib import Path

import pytest
from websockets.exceptions import ConnectionClosed

from tests.support.served_keys import begin, served_by
from tests.support.wire import wait_until

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="a connection cannot be handed over there")


@pytest.mark.slow  # it is ten seconds until a process is taken for one that hangs
def test_a_process_that_hangs_is_killed_and_its_clients_are_told(tmp_path: Path) -> None:
    """Each gets an answer; new clients have the server meanwhile, and then another process."""
    with served_by("scripted", tmp_path) as served:
        first = served.child()
        with served.client() as client:
            begin(client)
            first.send_signal(signal.SIGSTOP)
            with served.asking() as line:
                wait_until(lambda: served.hears_within_s(1))
                with pytest.raises(ConnectionClosed, match=r"1011 .*the process of this key hung"):
                    client.socket.recv(60)
                assert line.recv(65536).startswith(b"HTTP/1.1 503 Service Unavailable\r\n")
        lines = [served.process.stderr.readline() for _ in range(2)]
        assert any("the process of the key paying says nothing for 10 s" in line for line in lines), lines
        served.wait_for_child()
        assert served.child().pid != first.pid
        wait_until(lambda: served.figures()["asr_connections"] == 0)
