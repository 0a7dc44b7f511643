"""Drives the protocol of the WebSocket library over a transport of asyncio: handshake, answers, close. No messages."""

import asyncio
from collections.abc import Callable, Iterable
from contextlib import suppress
from typing import Any

from websockets.client import ClientProtocol
from websockets.frames import CloseCode
from websockets.http11 import Request, Response
from websockets.protocol import OPEN

CLOSE_TIMEOUT_S = 1.0  # how long the other end may take to answer a close
WRITE_LIMIT = 64 << 10  # bytes in the buffer of the transport; more wait in WebSocket


class ProtocolDriver(asyncio.Protocol):
    """A connection of a client, without messages: `process_event` takes the frames.

    Args:
        protocol: The protocol of the library.

    Attributes:
        transport: That of asyncio, once it is connected.
        request: What was sent to open the connection.
        response: What was answered to it, also if it is a refusal.
        cause: The exception that ended the connection, if there was one.
        lost: Whether the connection has ended.
        full: Whether more than the write limit waits in the buffer of the transport.
    """

    transport: asyncio.Transport

    def __init__(self, protocol: ClientProtocol) -> None:
        self.protocol = protocol
        self.loop = asyncio.get_running_loop()
        self.request: Request | None = None
        self.response: Response | None = None
        self.cause: BaseException | None = None
        self.lost = self.full = False
        self._close_is_bounded = False
        self._waiters: list[asyncio.Future[None]] = []

    async def handshake(self, headers: Iterable[tuple[str, str]], user_agent: str) -> None:
        """Send the request, and wait for the answer to it.

        Raises:
            InvalidHandshake: the answer is a refusal or invalid, or the other end hung up before it.
            OSError: the connection broke before the answer, as by a reset or an error of TLS.
        """
        self.request = self.protocol.connect()
        self.request.headers.update(headers)
        self.request.headers.setdefault("User-Agent", user_agent)
        self.protocol.send_request(self.request)
        self.send_data()
        await self._until(lambda: self.response is not None or self.protocol.handshake_exc is not None)
        if self.protocol.handshake_exc is not None:
            if self.response is None and isinstance(self.cause, OSError):
                raise self.cause  # the library only knows that no answer came
            raise self.protocol.handshake_exc

    def start_keepalive(self) -> None:
        """Do nothing: WebSocket decides about pings. The library's connector calls this."""

    async def close(self) -> None:
        """Send a close if the connection is open, and wait for its end, at most CLOSE_TIMEOUT_S."""
        if self.is_open:
            self.protocol.send_close(CloseCode.NORMAL_CLOSURE)
            self.send_data()
        self.bound_close()
        await self._until(lambda: False)

    def bound_close(self) -> None:
        """Abort the connection if it has not ended after CLOSE_TIMEOUT_S."""
        if not self._close_is_bounded:
            self._close_is_bounded = True
            self.loop.call_later(CLOSE_TIMEOUT_S, self.transport.abort)

    @property
    def is_open(self) -> bool:
        """Whether something may be written."""
        # asyncio logs a write to a transport that has failed.
        return self.protocol.state is OPEN and not self.transport.is_closing()

    def connection_made(self, transport: Any) -> None:
        """Note the transport."""
        self.transport = transport
        transport.set_write_buffer_limits(WRITE_LIMIT)

    def data_received(self, data: bytes) -> None:
        """Give data to the protocol."""
        self.protocol.receive_data(data)
        self._react()

    def eof_received(self) -> None:
        """Tell the protocol that the other end sends nothing more. asyncio then closes the transport."""
        self.protocol.receive_eof()
        self._react()

    def connection_lost(self, exc: Exception | None) -> None:
        """Note the end."""
        self.protocol.receive_eof()
        self.cause = self.cause or exc
        self.lost = True
        self._wake()

    def pause_writing(self) -> None:
        """Note that the transport has enough to write."""
        self.full = True

    def resume_writing(self) -> None:
        """Note that there is room again."""
        self.full = False

    def process_event(self, event: Any) -> None:
        """Take what has come: the answer to the handshake, or a frame."""
        if isinstance(event, Response):
            self.response = event

    def send_data(self) -> None:
        """Write what the protocol wants to be written."""
        for data in self.protocol.data_to_send():
            if data:
                self.transport.write(data)
            elif self.transport.can_write_eof():
                with suppress(OSError, RuntimeError):  # the connection is lost: `connection_lost` will say so
                    self.transport.write_eof()
            else:
                self.transport.close()  # with TLS there is no end of one direction alone

    def _react(self) -> None:
        """Write what the protocol answers to what it was given, and take what it has made of that."""
        events = self.protocol.events_received()
        self.send_data()
        if self.protocol.close_expected():
            self.bound_close()
        for event in events:
            self.process_event(event)
        self._wake()

    async def _until(self, has_come: Callable[[], bool]) -> None:
        """Wait until something has come from the other end, or until the connection is lost."""
        while not self.lost and not has_come():
            waiter = self.loop.create_future()
            self._waiters.append(waiter)
            await waiter

    def _wake(self) -> None:
        for waiter in self._waiters:
            if not waiter.done():  # it is, where whoever waited was cancelled
                waiter.set_result(None)
        self._waiters.clear()
