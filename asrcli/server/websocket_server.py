"""The listening sockets of the server, and what becomes of a handshake. The connections are in incoming_connection.py.

The rest of the server sees ServerSocket, Refusal and SocketClosed.
"""

import asyncio
import logging
import socket
from asyncio.sslproto import SSLProtocol
from collections.abc import Awaitable, Callable, Sequence
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, cast

from websockets.asyncio.server import Server, ServerConnection, serve
from websockets.http11 import Request, Response

from asrcli import __version__
from asrcli.protocol.engine_header import ENGINE_HEADER
from asrcli.server.auth import Refusal
from asrcli.server.handshake_answers import chosen_protocol, plain_response, refusal_response, single_response
from asrcli.server.http_api import HttpApi
from asrcli.server.http_server import TURNED_AWAY, SingleRequests
from asrcli.server.incoming_connection import IncomingConnection
from asrcli.server.large_messages import LargeMessageRoom
from asrcli.server.limits import ServerLimits
from asrcli.server.listening_sockets import listen
from asrcli.server.log_filter import log
from asrcli.server.monitoring import Monitoring
from asrcli.server.pending_requests import PendingRequests
from asrcli.server.reading_turns import ReadingTurns
from asrcli.server.server_socket import ServerSocket

if TYPE_CHECKING:
    from ssl import SSLContext

    from asrcli.server.key_processes.handed_connections import HandedConnections

MAX_NEWCOMERS = 128  # connections at once that have not sent a whole request yet, where fewer may be open
MAX_QUEUED_MESSAGES = 1  # that wait to be read: each may hold much audio, and that delays the last results
BACKLOG = 1024  # connections that wait in the system; one for which there is no room is asked again after a second
TLS_BUFFER_BYTES = 32 << 10  # that a connection has for what comes; a record of TLS has 16 KB
TLS_WITHIN_S = 10  # for the handshake of TLS
BUG = "a bug in the server"
CLOSE_WITHIN_S = 2  # the time that a client has to answer a close

# The library's own log of a handshake would show keys: what matters is logged by the server.
_library_log = logging.getLogger("asrcli.server.wire")
_library_log.setLevel(logging.CRITICAL)

HandshakeCheck = Callable[[ServerSocket, str, Callable[[str], Sequence[str]]], Awaitable[Refusal | None]]


class WebSocketServer:
    """The listening sockets of one server, and the connections that came in by them.

    Args:
        http_api: What answers single requests.
        monitoring: What answers questions about the server itself.
        limits: The limits of the server.
        check: Called at a handshake with the socket, the target of the request and the values of its headers by name.
        converse: Called after the handshake with the socket and the target of the request.
        engine: The name of the recognizer, for the answer to a handshake.
        tls: The certificate of the server; None for plain connections.

    Attributes:
        unread_s: A client that takes nothing of what it is sent for this time is dropped.
        message_bytes: The largest message.
        large_messages: The room that the large messages of all connections share.
        reading_turns: The turns of all clients that send much.
        single_requests: The single requests that are being read or answered.
        pending: The connections whose request is not whole yet.
        newcomers: The connections that are not answered yet.
        handed: Brings the connections that another process has accepted; None if this one listens.
    """

    def __init__(
        self,
        http_api: HttpApi,
        monitoring: Monitoring,
        limits: ServerLimits,
        check: HandshakeCheck,
        converse: Callable[[ServerSocket, str], Awaitable[None]],
        engine: str,
        tls: "SSLContext | None" = None,
    ) -> None:
        self.http_api = http_api
        self.unread_s = limits.unread_s
        self.pending = PendingRequests(max(MAX_NEWCOMERS, limits.connections))  # all clients may come at once
        self.single_requests = SingleRequests()
        self.reading_turns = ReadingTurns()
        self.newcomers: set[IncomingConnection] = set()
        self.handed: HandedConnections | None = None
        self.message_bytes = limits.message_bytes
        self.large_messages = LargeMessageRoom()
        self._check = check
        self._converse = converse
        self._engine = engine
        self._monitoring = monitoring
        self._tls = tls
        self._servers: list[Server] = []

    async def listen(self, host: str, port: int) -> None:
        """Accept connections at all addresses of a host; port 0 takes a free one.

        Raises:
            OSError: the host has no address, or cannot be listened at.
        """
        timeouts: dict[str, Any] = {}
        answer = TURNED_AWAY
        if self._tls is not None:
            timeouts = {"ssl_handshake_timeout": TLS_WITHIN_S, "ssl_shutdown_timeout": CLOSE_WITHIN_S}
            answer = b""
            # The event loop would take 256 KB for each connection, also for one that is slow with its handshake.
            SSLProtocol.max_size = TLS_BUFFER_BYTES
        for listening in await listen(host, port, self.pending, answer):
            await self._serve(listening, timeouts)

    async def listen_handed(self, connections: "HandedConnections") -> None:
        """Take the connections that another process accepts."""
        self.handed = connections
        await self._serve(connections, {})

    async def _serve(self, listening: socket.socket, timeouts: dict[str, Any]) -> None:
        server = await serve(
            self._on_connected,
            sock=listening,
            ssl=self._tls,
            backlog=BACKLOG,
            create_connection=cast("type[ServerConnection]", self._new_connection),
            process_request=self._on_request,
            process_response=self._on_response,
            select_subprotocol=chosen_protocol,
            compression=None,
            max_size=self.message_bytes,
            max_queue=MAX_QUEUED_MESSAGES,
            close_timeout=CLOSE_WITHIN_S,
            ping_interval=None,  # the official SDK answers no ping while its user is silent
            server_header=f"asrcli/{__version__}",
            logger=_library_log,
            **timeouts,
        )
        self._servers.append(server)

    @property
    def address(self) -> tuple[str, int]:
        """The host and port of the first listening socket."""
        bound = next(iter(self._servers[0].sockets)).getsockname()
        host, _ = socket.getnameinfo(
            bound, socket.NI_NUMERICHOST | socket.NI_NUMERICSERV
        )  # names the interface of a link-local address
        return host, bound[1]

    def close(self) -> None:
        """Stop listening, close the connections of all clients, and end single requests."""
        for server in self._servers:
            server.close(code=1001, reason="the server stops")
        for exchange in tuple(self.single_requests.exchanges):
            exchange.abandon()

    def abort_newcomers(self) -> None:
        """End every connection that has not become a WebSocket."""
        for newcomer in tuple(self.newcomers):
            newcomer.abort()
        while self.pending.turn_one_away():  # those of whom only the TLS handshake has begun
            pass

    async def wait_closed(self) -> None:
        """Wait until all connections have ended.

        The library's own `wait_closed` waits forever where a second signal has cancelled every task, also the one that
        closes.
        """
        closing = [server.close_task for server in self._servers if server.close_task is not None]
        if closing:
            await asyncio.wait(closing)

    def _new_connection(self, *args: Any, **kwargs: Any) -> "IncomingConnection":
        return IncomingConnection(*args, websocket_server=self, **kwargs)

    async def _on_request(self, connection: ServerConnection, request: Request) -> Response | None:
        assert isinstance(connection, IncomingConnection)  # noqa: S101  `_new_connection` made it
        try:
            return await self._answer_to(connection, request)
        except Exception:  # the library would answer it too, and log it where nobody reads
            log.exception(BUG)
            refusal = Refusal(HTTPStatus.INTERNAL_SERVER_ERROR, "InternalError", BUG)
            return refusal_response(connection, refusal)

    async def _answer_to(self, connection: IncomingConnection, request: Request) -> Response | None:
        answer = self._monitoring.answer(request.path, request.headers.get_all)
        if answer is not None:
            return plain_response(connection, answer)
        if self.http_api.takes_get(request.path):
            return single_response(connection, request, self.http_api)
        refusal = await self._check(connection.socket, request.path, request.headers.get_all)
        if refusal is None:
            return None
        return refusal_response(connection, refusal)

    def _on_response(self, connection: ServerConnection, request: Request, response: Response) -> None:
        del connection, request
        if response.status_code == HTTPStatus.SWITCHING_PROTOCOLS:
            response.headers[ENGINE_HEADER] = self._engine

    async def _on_connected(self, connection: ServerConnection) -> None:
        assert isinstance(connection, IncomingConnection)  # noqa: S101  `_new_connection` made it
        assert connection.request is not None  # noqa: S101  the handshake is done
        self.newcomers.discard(connection)
        try:
            await self._converse(connection.socket, connection.request.path)
        except Exception:
            log.exception(BUG)
            await connection.close(1011, "InternalError")
        finally:
            connection.forget_messages()
