"""Answers of an HTTP service that never become complete."""

import shutil
import threading
from contextlib import suppress
from pathlib import Path
from socketserver import StreamRequestHandler, ThreadingTCPServer
from typing import Any

import pytest

from asrcli.core.errors import ConnectFailed
from asrcli.core.settings import ConnectionSettings
from asrcli.transport.http_client import HttpClient
from tests.support.tls import certified


@pytest.mark.parametrize("tls", [False, True])
@pytest.mark.parametrize("place", ["status", "header", "body"])
def test_an_answer_that_comes_byte_by_byte_is_not_awaited_for_hours(tmp_path: Path, place: str, *, tls: bool) -> None:
    """Each byte comes in time, and the whole answer does not; after a thousand bytes it would be a good one."""
    if tls and shutil.which("openssl") is None:
        pytest.skip("openssl is not installed")
    head = {"status": "HTTP/1.1 200 ", "header": "HTTP/1.1 200 OK\r\nx: "}.get(place, "HTTP/1.1 200 OK\r\n\r\n")
    tail = {"body": "{}"}.get(place, "\r\n\r\n{}")
    ended = threading.Event()

    class Dripping(StreamRequestHandler):
        def handle(self) -> None:
            with suppress(OSError):
                self.request.recv(65536)
                self.wfile.write(head.encode())
                for _ in range(1000):
                    self.wfile.write(b" ")
                    ended.wait(0.01)
                self.wfile.write(tail.encode())

    certificate, more = tmp_path, dict[str, Any]()
    with ThreadingTCPServer(("127.0.0.1", 0), Dripping) as server:
        server.daemon_threads = True
        if tls:
            context, certificate, _ = certified(tmp_path)
            server.socket = context.wrap_socket(server.socket, server_side=True)
            more["ca"] = str(certificate)
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        url = f"{'wss' if tls else 'ws'}://127.0.0.1:{server.server_address[1]}"
        waited = list[float]()
        client = HttpClient(ConnectionSettings(url, connect_timeout_s=0.5, **more), waited.append)
        with pytest.raises(ConnectFailed, match="no answer in time"):
            client.post("/api/v1/tokens")
        ended.set()
        server.shutdown()
    assert waited == []
