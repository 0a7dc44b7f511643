"""A web server on this machine that sends one answer."""

import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from threading import Thread


@contextmanager
def serving(answer: Callable[[socket.socket], None]) -> Iterator[int]:
    """The port of a server on this machine that hands each connection to `answer`, and hangs up at the end."""
    open_ones: list[socket.socket] = []
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve() -> None:
            with suppress(OSError):
                while True:
                    connection, _ = listener.accept()
                    open_ones.append(connection)
                    Thread(target=answering, args=(connection,), daemon=True).start()

        def answering(connection: socket.socket) -> None:
            with suppress(OSError):
                answer(connection)

        thread = Thread(target=serve, daemon=True)
        thread.start()
        try:
            yield listener.getsockname()[1]
        finally:
            listener.shutdown(socket.SHUT_RDWR)  # `accept` would go on for one more client after `close`
            thread.join()
            for connection in open_ones:
                connection.close()


def answer_with(data: bytes, *headers: str, length: bool = True, hang: bool = False) -> Callable[[socket.socket], None]:
    """An HTTP server's answer to anything: this body."""

    def answer(connection: socket.socket) -> None:
        connection.recv(1 << 16)
        lines = ["HTTP/1.1 200 OK", "Content-Type: audio/flac", "Connection: close", *headers]
        lines += [f"Content-Length: {len(data)}"] if length else []
        connection.sendall("\r\n".join([*lines, "", ""]).encode())
        with suppress(OSError):
            connection.sendall(data)
        if not hang:
            connection.shutdown(socket.SHUT_WR)

    return answer
