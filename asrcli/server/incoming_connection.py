"""One connection of the server: the only file of the server that uses private parts of the WebSocket library.

It hands single HTTP requests on to http_server.py, and drops clients that do not read. What is assumed of the private
parts is checked in tests/server/test_websocket_server.py, and pyproject.toml has an upper bound for the version.

The library takes some thirty calls for a message, and copies large ones several times. So messages go past it in both
directions: frame_reader.py reads them.
"""

import asyncio
import traceback
from typing import TYPE_CHECKING, Any

from websockets.asyncio.server import ServerConnection
from websockets.exceptions import InvalidMessage
from websockets.frames import Frame, Opcode
from websockets.protocol import State

from asrcli.server.frame_reader import FrameReader
from asrcli.server.handshake_answers import log_failed_handshake
from asrcli.server.http_server import TURNED_AWAY, HttpExchange, plain_answer
from asrcli.server.large_messages import LargeMessage
from asrcli.server.log_filter import DROPPED, log
from asrcli.server.message_assembly import content
from asrcli.server.read_connection import Phase
from asrcli.server.server_socket import ServerSocket
from asrcli.transport.whole_frames import BINARY, TEXT, unmasked_frame

if TYPE_CHECKING:
    from asrcli.server.key_processes.messages import HandedOver
    from asrcli.server.pending_requests import Peer
    from asrcli.server.websocket_server import WebSocketServer

WEBSOCKET_START = b"GET "  # a WebSocket handshake begins with these bytes, and no other request that is answered here
MAX_UNREAD_BYTES = 1 << 20  # of answers that the client does not read: it may send pings and never read
READ_BYTES = 16 << 10  # of one client at once
OPCODES = {TEXT: Opcode.TEXT, BINARY: Opcode.BINARY}


class IncomingConnection(ServerConnection):
    """The library's connection, with an HttpExchange in its place when its first bytes are not those of a handshake.

    A client that takes nothing of what it is sent for `unread_s` is dropped.
    """

    def __init__(self, *args: Any, websocket_server: "WebSocketServer", **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.socket = ServerSocket(self)
        self._websocket_server = websocket_server
        self._first_bytes = b""
        self._exchange: HttpExchange | None = None
        self._answered_invalid = False
        self._is_answered = self._is_over = False  # the handshake is answered; the conversation is over
        self._is_pending = True  # its request is not whole
        self._peer: Peer = ()
        self.handed: HandedOver | None = None
        self.received = bytearray()  # until the handshake is answered: another process may have to read it
        self._stopped = False
        self._unread_timer: asyncio.TimerHandle | None = None  # runs while the client does not read
        self._reader = FrameReader(
            self, websocket_server.message_bytes, websocket_server.large_messages, websocket_server.reading_turns
        )
        self._receiver: asyncio.Future[str | bytes | LargeMessage | None] | None = None  # None: ask the library

    async def receive(self) -> str | bytes | LargeMessage:
        """Wait for the next message. The one before is over: if it was a large one, others may have its room.

        Raises:
            ConnectionClosed: the connection has ended.
        """
        self._reader.end_message()
        if self.recv_messages.frames:
            return await self.recv()
        if (large := self._reader.large_message()) is not None:
            return large
        if self.protocol.state is State.OPEN:
            self._receiver = self.loop.create_future()
            try:
                message = await self._receiver
            finally:
                self._receiver = None
            if message is not None:
                return message
        return await self.recv()

    async def send_message(self, data: str | bytes) -> None:
        """Send a message in one frame; waits while the client is behind. Half characters become question marks.

        Raises:
            ConnectionClosed: the connection has ended.
        """
        first = BINARY
        if isinstance(data, str):
            first, data = TEXT, data.encode("utf-8", "replace")
        if self.protocol.state is not State.OPEN or self.transport.is_closing():
            await self.send(data, text=first == TEXT)
            return
        self.transport.write(unmasked_frame(first, data))
        if self.paused:
            try:
                await self.drain()
            except OSError as exc:  # what ended the connection while this waited for room
                raise self.protocol.close_exc from exc

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Count the newcomer: where there are too many, the slowest of them is turned away."""
        super().connection_made(transport)
        self.recv_messages.resume = self.resume_reading
        if hasattr(transport, "max_size"):  # not with TLS, which decrypts 16 KB at a time
            transport.max_size = READ_BYTES
        self._peer = transport.get_extra_info("peername")
        self._websocket_server.newcomers.add(self)
        self._websocket_server.pending.enter(self._peer, self._turn_away)
        if self._websocket_server.handed is not None:
            self.handed = self._websocket_server.handed.taken(self.socket.descriptor)
            self.loop.call_soon(self.data_received, self.handed.received)

    def data_received(self, data: bytes) -> None:
        """Hand data on to the library or to an HttpExchange; the first bytes wait until it is clear to which."""
        if self._exchange is not None:
            self._exchange.data_received(data)
            return
        if len(self._first_bytes) < len(WEBSOCKET_START):
            data = self._first_bytes + data
            self._first_bytes = data[: len(WEBSOCKET_START)]
            if not WEBSOCKET_START.startswith(self._first_bytes):
                self._leave_pending()
                server = self._websocket_server
                server.newcomers.discard(self)
                self._exchange = HttpExchange(self.transport, server.http_api, server.single_requests, self._peer)
                self._exchange.data_received(data)
                return
            if len(self._first_bytes) < len(WEBSOCKET_START):
                return
        if not self._is_answered:
            self.received += data
        self._reader.receive(data)
        if self._is_pending and self._reader.has_request:
            self._leave_pending()
        if self.transport.get_write_buffer_size() > MAX_UNREAD_BYTES:
            self.drop()

    @property
    def phase(self) -> Phase:
        """Where the connection stands, for the FrameReader."""
        if self.protocol.state is State.OPEN:
            return Phase.OPEN
        if self.protocol.eof_sent or self.transport.is_closing():  # the library discards what comes
            return Phase.OVER
        if self.protocol.state is State.CONNECTING:
            return Phase.HANDSHAKE
        return Phase.CLOSING

    def hand_on(self, data: bytes, message_size: int | None = None) -> None:
        """Give data to the library."""
        self.protocol.current_size = message_size
        super().data_received(data)

    def send_frames(self, frames: bytes) -> None:
        """Send whole frames, after those that were sent before."""
        self.transport.write(frames)

    def deliver(self, first: int, payload: bytes) -> None:
        """Give a message to the caller that waits for one, or to the library's queue."""
        if not self._wake_receiver(content(payload, is_text=first == TEXT)):
            self.recv_messages.put(Frame(OPCODES[first], payload))

    def deliver_large(self, message: LargeMessage) -> bool:
        """Give a large message to the caller that waits for one; returns False if none does."""
        return self._wake_receiver(message)

    def pause_reading(self) -> None:
        """Receive nothing for now."""
        self.transport.pause_reading()

    def resume_reading(self) -> None:
        """Receive again, unless there is something that has to be read first, or nothing may be read any more."""
        if not self._reader.is_waiting and not self._stopped and not self.recv_messages.paused:
            self.transport.resume_reading()

    def _wake_receiver(self, message: str | bytes | LargeMessage | None) -> bool:
        """Give a message to the caller that waits, or None if the library has it; returns False if it was not taken."""
        if self._receiver is None or self._receiver.done():
            return False
        self._receiver.set_result(message)
        return message is not None

    def share_turns(self, key_name: str) -> None:
        """Let all connections with this key be read in turns, where they send much."""
        self._reader.key_name = key_name

    def _leave_pending(self) -> None:
        self._is_pending = False
        self._websocket_server.pending.leave(self._peer)

    def _turn_away(self) -> None:
        """Answer that there are too many connections, and end this one: its request is not whole."""
        self.transport.write(TURNED_AWAY)
        self.abort()  # what was written is on its way; a close would wait for a client of TLS

    def eof_received(self) -> None:
        """Note that the client sends no more; it may still read an answer."""
        if self._exchange is not None:
            self._exchange.eof_received()
            return
        self._reader.take_rest()  # with TLS the end may be known before all is read
        super().eof_received()

    def connection_lost(self, exc: Exception | None) -> None:
        """Clean up, also when there was no handshake."""
        self._websocket_server.newcomers.discard(self)
        self._leave_pending()
        self._stop_unread_timer()
        if self._exchange is not None:
            self._exchange.connection_lost(exc)
        super().connection_lost(exc)
        self._wake_receiver(None)
        # The library holds the last message in a cycle with its parser, which is freed late.
        self.protocol.parser.close()
        if self.protocol.parser_exc is not None:
            traceback.clear_frames(self.protocol.parser_exc.__traceback__)
        self.protocol.reader.buffer.clear()
        self._reader.clear()
        if self._is_over:
            self.forget_messages()

    def forget_messages(self) -> None:
        """Free the messages that nobody will read any more: the conversation is over."""
        self._is_over = True
        self.recv_messages.frames.queue.clear()
        self._reader.clear()
        self._reader.end_message()

    def send_data(self) -> None:
        """Write what the library has to send; where it ends a connection whose request it cannot read, answer that."""
        if isinstance(self.protocol.handshake_exc, InvalidMessage) and not self._answered_invalid:
            self._answered_invalid = True
            problem = "That is no HTTP request that can be read."
            self.transport.write(plain_answer(*self._websocket_server.http_api.refusal("InvalidParameter", problem)))
        super().send_data()
        if self.phase is Phase.CLOSING:  # nobody takes messages any more, and the client's close comes after them
            self.recv_messages.frames.queue.clear()
            self.recv_messages.maybe_resume()
            self._reader.discard_messages()
        if not self._is_answered and self.phase is not Phase.HANDSHAKE:
            self._is_answered = True
            if self.received:  # a probe that only connects sends no request
                log_failed_handshake(self.protocol.handshake_exc)
            self.received.clear()
            if self.phase is not Phase.OPEN and not self.transport.is_closing():
                # It is refused, so it may go before those who are not answered.
                self._websocket_server.pending.enter(self._peer, self.abort)
            self._reader.handshake_answered()

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
            self.drop()

    def stop_reading(self) -> None:
        """Receive nothing any more; pings are not answered either."""
        self._stopped = True
        self.transport.pause_reading()

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
            self.drop()

    def _stop_unread_timer(self) -> None:
        if self._unread_timer is not None:
            self._unread_timer.cancel()

    def drop(self, why: str = DROPPED, /) -> None:
        """End the connection of a client that does what no client may, and log `why`."""
        if not self.transport.is_closing():
            log.info(why)
        self.abort()
