"""A WebSocket client on a bare socket: a frame as bytes, and a connection from which nothing is read."""

import socket
from collections.abc import Iterator
from contextlib import contextmanager

from tests.support.wire import INFERENCE


@contextmanager
def deaf(address: str, path: str = INFERENCE, buffer: int = 4096) -> Iterator[socket.socket]:
    """A client that has done its handshake and will read nothing of its own accord."""
    host, port = address.removeprefix("ws://").split(":")
    with socket.socket() as line:
        line.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, buffer)
        line.connect((host, int(port)))
        line.sendall(handshake(host, path))
        assert line.recv(12) == b"HTTP/1.1 101"
        line.settimeout(0.2)
        yield line


def handshake(host: str, path: str = INFERENCE, *headers: str) -> bytes:
    """The request of a WebSocket client."""
    lines = [f"GET {path} HTTP/1.1", f"Host: {host}", "Upgrade: websocket", "Connection: Upgrade"]
    lines += ["Sec-WebSocket-Version: 13", f"Sec-WebSocket-Key: {'A' * 22}==", *headers]
    return ("\r\n".join(lines) + "\r\n\r\n").encode()


def frame(data: bytes, opcode: int = 1) -> bytes:
    """A masked frame whose mask changes nothing; of text, unless the opcode says otherwise."""
    if len(data) < 126:
        size = bytes([0x80 | len(data)])
    elif len(data) < 1 << 16:
        size = b"\xfe" + len(data).to_bytes(2, "big")
    else:
        size = b"\xff" + len(data).to_bytes(8, "big")
    return bytes([0x80 | opcode]) + size + bytes(4) + data
