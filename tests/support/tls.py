"""A server's certificate that nobody has signed, made on the spot, and a server that leaves its client."""

import socket
import ssl
import subprocess
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path


def certified(folder: Path) -> tuple[ssl.SSLContext, Path, Path]:
    """What a server on 127.0.0.1 shows who it is with; its certificate and its key, as files."""
    key, certificate = folder / "key.pem", folder / "certificate.pem"
    made = "openssl req -x509 -newkey rsa:2048 -nodes -days 1 -subj /CN=here -addext subjectAltName=IP:127.0.0.1"
    subprocess.run([*made.split(), "-keyout", key, "-out", certificate], check=True, capture_output=True)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    return context, certificate, key


@contextmanager
def leaving(tls: ssl.SSLContext | None, leave: Callable[[socket.socket], None], answer: bytes = b"") -> Iterator[str]:
    """A server on 127.0.0.1 for one client: it reads a request, sends the answer, and leaves. Yields host and port."""
    listener = socket.create_server(("127.0.0.1", 0))

    def serve_one() -> None:
        line, _ = listener.accept()
        if tls is not None:
            line = tls.wrap_socket(line, server_side=True)
        with line, suppress(OSError):
            line.recv(4096)
            line.sendall(answer)
            leave(line)

    thread = threading.Thread(target=serve_one, daemon=True)
    thread.start()
    with listener:
        yield f"127.0.0.1:{listener.getsockname()[1]}"
    thread.join(60)
