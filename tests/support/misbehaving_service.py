"""A service on this machine that behaves as a test says."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from http import HTTPStatus
from threading import Thread

from websockets.exceptions import ConnectionClosed
from websockets.http11 import Request, Response
from websockets.sync.server import ServerConnection, serve

Play = Callable[[ServerConnection], None]


@contextmanager
def service(play: Play, refuse: Callable[[ServerConnection, Request], Response | None] | None = None) -> Iterator[str]:
    """A WebSocket server with one part to play for each connection."""

    def handle(connection: ServerConnection) -> None:
        with suppress(ConnectionClosed):
            play(connection)

    with serve(handle, "127.0.0.1", 0, process_request=refuse, compression=None) as server:
        thread = Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"ws://127.0.0.1:{server.socket.getsockname()[1]}"
        finally:
            server.shutdown()
            thread.join()


def answering(status: HTTPStatus, body: str) -> Callable[[ServerConnection, Request], Response | None]:
    """A handshake that is answered so."""
    return lambda connection, _: connection.respond(status, body)
