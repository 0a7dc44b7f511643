"""The other end of a WebSocket, written frame by frame without a library, so that it can break every rule."""

import base64
import hashlib
import socket
import ssl
import struct
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from asrcli.core.message import Binary, Closed, Text
from asrcli.core.settings import ConnectionSettings
from asrcli.transport.websocket import dial
from asrcli.transport.websocket_connection import WebSocket

TEXT, BINARY, CLOSE, PING, PONG = 1, 2, 8, 9, 10
PATIENCE_S = 60
CHUNK = Binary(bytes(3200))
_MAGIC = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"


class Peer:
    """One accepted connection, after its handshake."""

    def __init__(self, line: socket.socket) -> None:
        self.line = line
        self._read = line.makefile("rb")
        head = b""
        while not head.endswith(b"\r\n\r\n"):
            head += self._read.readline()
        key = next(row.split(b": ")[1] for row in head.split(b"\r\n") if row.lower().startswith(b"sec-websocket-key"))
        accept = base64.b64encode(hashlib.sha1(key + _MAGIC, usedforsecurity=False).digest())
        line.sendall(
            b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            b"Sec-WebSocket-Accept: " + accept + b"\r\n\r\n"
        )

    def frame(self) -> tuple[int, bytes]:
        """The next frame of the client: its kind and what is in it; raises EOFError at the end."""
        head = self._exactly(2)
        size = head[1] & 127
        if size > 125:
            size = int.from_bytes(self._exactly(2 if size == 126 else 8), "big")
        mask = self._exactly(4)
        data = self._exactly(size)
        whole = (mask * (size // 4 + 1))[:size]
        return head[0] & 15, (int.from_bytes(data, "big") ^ int.from_bytes(whole, "big")).to_bytes(size, "big")

    def message(self, *, pongs: bool = True) -> bytes:
        """The next message; pings before it are answered, or not."""
        while True:
            kind, data = self.frame()
            if kind in {TEXT, BINARY}:
                return data
            if kind == PING and pongs:
                self.say(PONG, data)

    def say(self, kind: int, data: bytes = b"") -> None:
        """Send a frame."""
        size = bytes([len(data)]) if len(data) < 126 else struct.pack("!BQ", 127, len(data))
        self.line.sendall(bytes([0x80 | kind]) + size + data)

    def rest(self, *, pongs: bool = True) -> int:
        """Read to the end; how many bytes of messages there were."""
        size = 0
        with suppress(EOFError, OSError):
            while True:
                size += len(self.message(pongs=pongs))
        return size

    def hang_up(self) -> None:
        """Read up to the close of the client, then end the connection: a client waits a second for a peer to do so."""
        while self.frame()[0] != CLOSE:
            pass
        self.line.shutdown(socket.SHUT_RDWR)

    def _exactly(self, size: int) -> bytes:
        data = self._read.read(size)
        if len(data) < size:
            raise EOFError
        return data


@contextmanager
def meeting(
    act: Callable[[Peer], object],
    stall_s: float = PATIENCE_S,
    buffer: int = 0,
    tls: tuple[ssl.SSLContext, Path] | None = None,
) -> Iterator[WebSocket]:
    """A connection to a peer that acts so, in a thread of its own; its receive buffer may be small.

    `tls` is what it shows who it is with, and the certificate that is trusted.
    """
    listener = socket.create_server(("127.0.0.1", 0))
    if buffer:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, buffer)
    failures: list[BaseException] = []
    done = threading.Event()

    def serve() -> None:
        line, _ = listener.accept()
        try:
            with tls[0].wrap_socket(line, server_side=True) if tls else line as spoken:
                act(Peer(spoken))
                done.wait(PATIENCE_S)
        except (EOFError, OSError):
            pass  # the client has left
        except BaseException as exc:  # so that the test fails
            failures.append(exc)

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    ca = str(tls[1]) if tls else None
    asked = ConnectionSettings(ca=ca, connect_timeout_s=PATIENCE_S, stall_timeout_s=stall_s, keepalive_s=stall_s / 2)
    with listener:
        opened = dial(f"{'wss' if tls else 'ws'}://127.0.0.1:{listener.getsockname()[1]}", asked)
        try:
            yield opened
        finally:
            opened.close()
            done.set()
            thread.join(PATIENCE_S)
    assert not thread.is_alive()
    assert failures == []


def last(opened: WebSocket) -> Closed:
    """Return the Closed of a connection."""
    while True:
        message = opened.recv()
        if isinstance(message, Closed):
            return message


def answered(opened: WebSocket) -> None:
    """Wait for the greeting of the peer, which follows its first answer to a ping."""
    assert opened.recv() == Text("hello")


def greet(peer: Peer) -> None:
    """Answer the first ping, and send a greeting."""
    kind, data = peer.frame()
    assert kind == PING
    peer.say(PONG, data)
    peer.say(TEXT, b"hello")
