"""A server on this machine that gives one answer."""

import contextlib
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Thread

from tests.support.tls import certified


@contextmanager
def answering(*rows: str, folder: Path | None = None) -> Iterator[tuple[str, list[bytes], Path | None]]:
    """A server that answers each request with these rows, by TLS if there is a folder for its certificate."""
    asked: list[bytes] = []
    context, certificate, _ = certified(folder) if folder else (None, None, None)
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve() -> None:
            with contextlib.suppress(OSError):  # the listener is closed
                while True:
                    answer(listener.accept()[0])

        def answer(line: socket.socket) -> None:
            # A client that does not trust the certificate hangs up.
            with line, contextlib.suppress(OSError):
                plain = context.wrap_socket(line, server_side=True) if context else line
                asked.append(plain.recv(65536))
                plain.sendall("\r\n".join([*rows, "", ""]).encode())
                plain.close()

        Thread(target=serve, daemon=True).start()
        scheme = "wss" if folder else "ws"
        yield f"{scheme}://127.0.0.1:{listener.getsockname()[1]}/api-ws/v1/inference", asked, certificate
