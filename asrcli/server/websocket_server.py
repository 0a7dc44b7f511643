"""The WebSocket library under the server: the server's only file that uses its private parts.

It accepts connections, hands single HTTP requests on to http_server.py, and drops clients that do not read. The rest of
the server sees ServerSocket, Refusal and SocketClosed. What is assumed of the library's private parts is checked in
tests/server/test_websocket_server.py, and pyproject.toml has an upper bound for its version.
"""

import asyncio
import logging
import socket
import traceback
from collections.abc import Awaitable, Callable, Iterable, Sequence
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, cast

from websockets.asyncio.server import Server, ServerConnection, serve
from websockets.exceptions import InvalidMessage
from websockets.frames import DATA_OPCODES, Frame
from websockets.http11 import Request, Response
from websockets.protocol import Event

from asrcli import __version__
from asrcli.protocol.engine_header import ENGINE_HEADER
from asrcli.server.auth import Refusal
from asrcli.server.handshake_answers import chosen_protocol, plain_response, refusal_response, single_response
from asrcli.server.http_api import HttpApi
from asrcli.server.http_server import HttpExchange, plain_answer
from asrcli.server.limits import ServerLimits
from asrcli.server.log_filter import log
from asrcli.server.monitoring import Monitoring
from asrcli.server.server_socket import ServerSocket

if TYPE_CHECKING:
    from ssl import SSLContext

WEBSOCKET_START = b"GET "  # a WebSocket handshake begins with these bytes, and no other request that is answered here
MAX_UNREAD_BYTES = 1 << 20  # of answers that the client does not read: it may send pings and never read
MAX_NEWCOMERS = 128  # connections at once that have not sent a whole request yet, where fewer may be open
MAX_QUEUED_MESSAGES = 1  # that wait to be read: each may hold much audio, and that delays the last results
MAX_FRAGMENTS = 16_384  # of a message: empty ones cost memory and have no size that would be bounded
READ_BYTES = 16 << 10  # of one client at once: so much holds thousands of tiny frames, and the others wait meanwhile
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
        max_newcomers: How many of them there may be at once.
        open_requests: The single requests that are being read or answered.
        newcomers: The connections that have not sent a whole handshake yet.
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
        self.max_newcomers = max(MAX_NEWCOMERS, limits.connections)  # all clients may come at once
        self.open_requests: set[HttpExchange] = set()
        self.newcomers: set[IncomingConnection] = set()
        self._message_bytes = limits.message_bytes
        self._check = check
        self._converse = converse
        self._engine = engine
        self._monitoring = monitoring
        self._tls = tls
        self._servers: list[Server] = []

    async def listen(self, sockets: Iterable[socket.socket]) -> None:
        """Accept connections on these listening sockets."""
        for listening in sockets:
            server = await serve(
                self._on_connected,
                sock=listening,
                ssl=self._tls,
                backlog=self.max_newcomers,
                create_connection=cast("type[ServerConnection]", self._new_connection),
                process_request=self._on_request,
                process_response=self._on_response,
                select_subprotocol=chosen_protocol,
                compression=None,
                max_size=self._message_bytes,
                max_queue=MAX_QUEUED_MESSAGES,
                close_timeout=CLOSE_WITHIN_S,
                ping_interval=None,  # the official SDK answers no ping while its user is silent
                server_header=f"asrcli/{__version__}",
                logger=_library_log,
            )
            self._servers.append(server)

    @property
    def address(self) -> tuple[str, int]:
        """The host and port of the first listening socket."""
        host, port = next(iter(self._servers[0].sockets)).getsockname()[:2]
        return host, port

    def close(self) -> None:
        """Stop listening, say goodbye to every client, and end single requests."""
        for server in self._servers:
            server.close(code=1001, reason="the server stops")
        for exchange in tuple(self.open_requests):
            exchange.abandon()

    def abort_newcomers(self) -> None:
        """End every connection that has not become a WebSocket."""
        for newcomer in tuple(self.newcomers):
            newcomer.abort()

    async def wait_closed(self) -> None:
        """Wait until all connections have ended."""
        for server in self._servers:
            await server.wait_closed()

    def _new_connection(self, *args: Any, **kwargs: Any) -> "IncomingConnection":
        return IncomingConnection(*args, websocket_server=self, **kwargs)

    async def _on_request(self, connection: ServerConnection, request: Request) -> Response | None:
        assert isinstance(connection, IncomingConnection)  # noqa: S101  `_new_connection` made it
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
        finally:
            connection.forget_messages()


class IncomingConnection(ServerConnection):
    """The library's connection, with an HttpExchange in its place when its first bytes are not those of a handshake.

    A client that takes nothing of what it is sent for `unread_s` is dropped.
    """

    def __init__(self, *args: Any, websocket_server: WebSocketServer, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.socket = ServerSocket(self)
        self._websocket_server = websocket_server
        self._first_bytes = b""
        self._exchange: HttpExchange | None = None
        self._answered_invalid = False
        self._is_over = False
        self._fragments = 0  # of the message that is being read
        self._unread_timer: asyncio.TimerHandle | None = None  # runs while the client does not read

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Count the newcomer; when there are too many that have sent nothing, this one is turned away."""
        super().connection_made(transport)
        if hasattr(transport, "max_size"):  # not with TLS, which decrypts 16 KB at a time
            transport.max_size = READ_BYTES
        newcomers = self._websocket_server.newcomers
        if len(newcomers) >= self._websocket_server.max_newcomers:
            log.warning("clients are turned away: %d others have connected and asked for nothing", len(newcomers))
            self.abort()
        newcomers.add(self)

    def data_received(self, data: bytes) -> None:
        """Hand data on to the library or to an HttpExchange; the first bytes wait until it is clear to which."""
        if self._exchange is not None:
            self._exchange.data_received(data)
            return
        if len(self._first_bytes) < len(WEBSOCKET_START):
            data = self._first_bytes + data
            self._first_bytes = data[: len(WEBSOCKET_START)]
            if not WEBSOCKET_START.startswith(self._first_bytes):
                self._websocket_server.newcomers.discard(self)
                self._exchange = self._new_exchange()
                self._exchange.data_received(data)
                return
            if len(self._first_bytes) < len(WEBSOCKET_START):
                return
        super().data_received(data)
        if self.transport.get_write_buffer_size() > MAX_UNREAD_BYTES:
            self._drop()

    def process_event(self, event: Event) -> None:
        """Count fragments: a client that sends too many for one message is dropped."""
        if isinstance(event, Frame) and event.opcode in DATA_OPCODES:
            self._fragments = 0 if event.fin else self._fragments + 1
            if self._fragments > MAX_FRAGMENTS:
                self._drop()
        super().process_event(event)

    def _new_exchange(self) -> HttpExchange:
        server = self._websocket_server
        return HttpExchange(self.transport, server.http_api, server.open_requests)

    def eof_received(self) -> None:
        """Note that the client sends no more; it may still read an answer."""
        if self._exchange is None:
            super().eof_received()
        else:
            self._exchange.eof_received()

    def connection_lost(self, exc: Exception | None) -> None:
        """Clean up, also when there was no handshake."""
        self._websocket_server.newcomers.discard(self)
        self._stop_unread_timer()
        if self._exchange is not None:
            self._exchange.connection_lost(exc)
        super().connection_lost(exc)
        # The library holds the last message in a cycle with its parser, which is freed late.
        self.protocol.parser.close()
        if self.protocol.parser_exc is not None:
            traceback.clear_frames(self.protocol.parser_exc.__traceback__)
        self.protocol.reader.buffer.clear()
        if self._is_over:
            self.forget_messages()

    def forget_messages(self) -> None:
        """Free the messages that nobody will read any more: the conversation is over."""
        self._is_over = True
        self.recv_messages.frames.queue.clear()

    def send_data(self) -> None:
        """Write what the library has to send; before it ends a connection whose request it cannot read, answer that."""
        if isinstance(self.protocol.handshake_exc, InvalidMessage) and not self._answered_invalid:
            self._answered_invalid = True
            problem = "That is no HTTP request that can be read."
            self.transport.write(plain_answer(*self._websocket_server.http_api.refusal("InvalidParameter", problem)))
        super().send_data()

    def pause_writing(self) -> None:
        """Start the timer: a client may read slowly, but it must read something."""
        super().pause_writing()
        self._start_unread_timer()

    def resume_writing(self) -> None:
        """Stop the timer: the client has read most of what it was sent."""
        super().resume_writing()
        self._stop_unread_timer()

    async def close(self, code: int = 1000, reason: str = "") -> None:
        """Close; a client that does not read gets no close frame, because its unread messages leave no room for one."""
        try:
            async with asyncio.timeout(self._websocket_server.unread_s):
                await super().close(code, reason)
        except TimeoutError:
            self._drop()

    def abort(self) -> None:
        """End the connection now, without a close frame."""
        self.transport.abort()

    def _start_unread_timer(self) -> None:
        unread = self.transport.get_write_buffer_size()
        self._unread_timer = self.loop.call_later(self._websocket_server.unread_s, self._check_progress, unread)

    def _check_progress(self, unread: int) -> None:
        if self.transport.get_write_buffer_size() < unread:
            self._start_unread_timer()
        else:
            self._drop()

    def _stop_unread_timer(self) -> None:
        if self._unread_timer is not None:
            self._unread_timer.cancel()

    def _drop(self) -> None:
        if not self.transport.is_closing():
            log.info("dropped a client that does not read")
        self.abort()
