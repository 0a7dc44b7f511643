"""The connections of the server: a WebSocket, or a single request; none that takes nothing of what it is sent."""

import asyncio
import select
from typing import TYPE_CHECKING, Any

from websockets.asyncio.server import ServerConnection
from websockets.exceptions import InvalidMessage

from asrcli.server.http_api import HttpApi
from asrcli.server.http_server import HttpExchange, plain_answer
from asrcli.server.log_filter import log

if TYPE_CHECKING:
    from collections.abc import Callable

HANDSHAKE = b"GET "  # of all HTTP only that begins a WebSocket
MOST_UNREAD_BYTES = 1 << 20  # of answers that nobody waits for: a client may ping and never read
MOST_NEWCOMERS = 128  # connections at once that have not asked for anything yet


class ConnectionFactory:
    """What the connections of a server share: whom they ask, and how many of them there are."""

    def __init__(self, http_api: HttpApi, unread_s: float) -> None:
        self.http_api, self.unread_s = http_api, unread_s
        self.requests: set[HttpExchange] = set()
        self.newcomers: set[IncomingConnection] = set()

    @property
    def open(self) -> "Callable[..., IncomingConnection]":
        """What makes a connection."""
        return lambda *args, **kwargs: IncomingConnection(*args, doorways=self, **kwargs)


class IncomingConnection(ServerConnection):
    """A connection to the server, handed on to an Exchange as soon as its first bytes are none of a handshake."""

    def __init__(self, *args: Any, doorways: ConnectionFactory, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._factory = doorways
        self._first = b""
        self._exchange: HttpExchange | None = None
        self._told = False
        self._patience: asyncio.TimerHandle | None = None  # with a client that takes nothing

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Somebody is there; of too many who say nothing the last has to go."""
        super().connection_made(transport)
        if len(self._factory.newcomers) >= MOST_NEWCOMERS:
            log.warning("clients are turned away: %d others have connected and asked for nothing", MOST_NEWCOMERS)
            self.abort()
        self._factory.newcomers.add(self)

    def data_received(self, data: bytes) -> None:
        """What comes before it is clear for whom is kept for them."""
        if self._exchange is not None:
            self._exchange.data_received(data)
            return
        if len(self._first) < len(HANDSHAKE):
            data, self._first = self._first + data, (self._first + data)[: len(HANDSHAKE)]
            if not HANDSHAKE.startswith(self._first):
                self._factory.newcomers.discard(self)
                self._exchange = HttpExchange(self.transport, self._factory.http_api, self._factory.requests)
                self._exchange.data_received(data)
                return
            if len(self._first) < len(HANDSHAKE):
                return
        super().data_received(data)
        if self.transport.get_write_buffer_size() > MOST_UNREAD_BYTES:
            self._drop()

    def eof_received(self) -> None:
        """Half a connection is enough to hear an answer."""
        if self._exchange is None:
            super().eof_received()
        else:
            self._exchange.eof_received()

    def connection_lost(self, exc: Exception | None) -> None:
        """The handshake that never was ends here too."""
        self._factory.newcomers.discard(self)
        self._end_watch()
        if self._exchange is not None:
            self._exchange.connection_lost(exc)
        super().connection_lost(exc)

    def known(self) -> None:
        """The handshake is done: this is a client like any other."""
        self._factory.newcomers.discard(self)

    def send_data(self) -> None:
        """Write what is due. What cannot be read as a request is told so before the connection ends."""
        if isinstance(self.protocol.handshake_exc, InvalidMessage) and not self._told:
            self._told = True
            code, body = self._factory.http_api.refusal("InvalidParameter", "That is no HTTP request that can be read.")
            self.transport.write(plain_answer(code, body))
        super().send_data()

    def pause_writing(self) -> None:
        """The client takes what it is sent more slowly than it comes; that is its right, as long as it takes any."""
        super().pause_writing()
        self._watch()

    def resume_writing(self) -> None:
        """The client has taken most of it."""
        super().resume_writing()
        self._end_watch()

    def _watch(self) -> None:
        unread = self.transport.get_write_buffer_size()
        self._patience = self.loop.call_later(self._factory.unread_s, self._look_again, unread)

    def _look_again(self, unread: int) -> None:
        if self.transport.get_write_buffer_size() < unread:
            self._watch()
        else:
            self._drop()

    def _end_watch(self) -> None:
        if self._patience is not None:
            self._patience.cancel()

    async def close(self, code: int = 1000, reason: str = "") -> None:
        """Close; behind a message that the client does not take there is no room for a goodbye."""
        try:
            async with asyncio.timeout(self._factory.unread_s):
                await super().close(code, reason)
        except TimeoutError:
            self._drop()

    def gone(self) -> bool:
        """Whether the client has gone, also where what it sent before is not read yet."""
        line = self.transport.get_extra_info("socket")
        if self.transport.is_closing() or line is None or line.fileno() < 0:
            return True
        if not hasattr(select, "POLLRDHUP"):  # what the system does not tell is noticed when we read on
            return False
        watch = select.poll()
        watch.register(line.fileno(), select.POLLRDHUP | select.POLLHUP | select.POLLERR)
        return bool(watch.poll(0))

    def abort(self) -> None:
        """End it now, without a word."""
        self.transport.abort()

    def _drop(self) -> None:
        if not self.transport.is_closing():
            log.info("dropped a client that does not read")
        self.abort()
