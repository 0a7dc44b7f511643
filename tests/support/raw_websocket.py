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
        asked = f"GET {path} HTTP/1.1\r\nHost: {host}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        line.sendall(f"{asked}Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: {'A' * 22}==\r\n\r\n".encode())
        assert line.recv(12) == b"HTTP/1.1 101"
        line.settimeout(0.2)
        yield line


def frame(data: bytes, opcode: int = 1) -> bytes:
    """A masked frame."""
    if len(data) < 126:
        size = bytes([0x80 | len(data)])
    elif len(data) < 1 << 16:
        size = b"\xfe" + len(data).to_bytes(2, "big")
    else:
        size = b"\xff" + len(data).to_bytes(8, "big")
    return bytes([0x80 | opcode]) + size + bytes(4) + data
