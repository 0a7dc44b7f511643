"""A TCP relay on this machine, which keeps the first bytes of each connection."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress


@contextmanager
def relayed(address: str) -> Iterator[tuple[str, list[bytes]]]:
    """The address of a relay to a WebSocket address, and the head of each connection that was made over it."""
    host, port = address.removeprefix("ws://").rsplit(":", 1)
    heads: list[bytes] = []
    listener = socket.create_server(("127.0.0.1", 0))

    def accept() -> None:
        with suppress(OSError):  # it is closed
            while True:
                inside, _ = listener.accept()
                threading.Thread(target=lead, args=(inside,), daemon=True).start()

    def lead(inside: socket.socket) -> None:
        with inside, socket.create_connection((host, int(port))) as outside:
            heads.append(inside.recv(65536))
            outside.sendall(heads[-1])
            join(inside, outside)

    threading.Thread(target=accept, daemon=True).start()
    with listener:
        yield f"ws://127.0.0.1:{listener.getsockname()[1]}", heads


def join(one: socket.socket, other: socket.socket) -> None:
    """Copy each socket into the other one, until both have ended."""
    back = threading.Thread(target=pour, args=(other, one), daemon=True)
    back.start()
    pour(one, other)
    back.join()


def pour(source: socket.socket, target: socket.socket) -> None:
    """Copy one socket into another one, including its end."""
    with suppress(OSError):
        while data := source.recv(65536):
            target.sendall(data)
    with suppress(OSError):
        target.shutdown(socket.SHUT_WR)
