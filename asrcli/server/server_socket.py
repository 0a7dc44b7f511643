"""A client's WebSocket as the server sees it, without the library: messages, the end, and what faults do to it."""

import asyncio
import select
import socket
import sys
from typing import TYPE_CHECKING

from websockets.exceptions import ConnectionClosed

from asrcli.server.large_messages import LargeMessage
from asrcli.server.socket_interface import SocketClosed

if TYPE_CHECKING:
    from asrcli.server.incoming_connection import IncomingConnection
    from asrcli.server.key_processes.messages import HandedOver


class ServerSocket:
    """A client's WebSocket without the library: a ConversationSocket, and what injected faults do to a connection."""

    def __init__(self, connection: "IncomingConnection") -> None:
        self._connection = connection

    @property
    def handed(self) -> "HandedOver | None":
        """What came with a connection that another process has accepted; None for others."""
        return self._connection.handed

    @property
    def received(self) -> bytes:
        """What the client has sent before its handshake is answered."""
        return bytes(self._connection.received)

    async def leave(self) -> None:
        """End the connection in this process, where another one has it: the client notices nothing."""
        self._connection.abort()
        await self._connection.wait_closed()

    @property
    def descriptor(self) -> int:
        """The file descriptor of the connection."""
        descriptor: int = self._connection.transport.get_extra_info("socket").fileno()
        return descriptor

    async def recv(self) -> str | bytes | LargeMessage:
        """Wait for the next message; raises SocketClosed."""
        try:
            return await self._connection.receive()
        except ConnectionClosed as exc:
            raise SocketClosed(str(exc)) from exc

    async def send(self, data: str | bytes, /) -> None:
        """Send a message, which waits while the client is behind; raises SocketClosed."""
        try:
            await self._connection.send_message(data)
        except ConnectionClosed as exc:
            raise SocketClosed(str(exc)) from exc

    async def close(self, code: int = 1000, reason: str = "") -> None:
        """Close the connection."""
        await self._connection.close(code, reason)

    def gone(self) -> bool:
        """Return whether the client has gone, also when its last messages are not read yet."""
        transport = self._connection.transport
        system_socket = transport.get_extra_info("socket")
        if transport.is_closing() or system_socket is None or system_socket.fileno() < 0:
            return True
        if sys.platform == "win32" or not hasattr(
            select, "POLLRDHUP"
        ):  # on such a system it is noticed when the next message is read
            return False
        poll = select.poll()
        poll.register(system_socket.fileno(), select.POLLRDHUP | select.POLLHUP | select.POLLERR)
        return bool(poll.poll(0))

    def abort(self) -> None:
        """End the connection now, without a close frame."""
        self._connection.transport.abort()

    def share_turns(self, key_name: str) -> None:
        """Let all connections with this key be read in turns, where they send much."""
        self._connection.share_turns(key_name)

    async def wait_closed(self) -> None:
        """Wait until the connection has ended."""
        await self._connection.wait_closed()

    def shrink_receive_buffer(self, size_bytes: int) -> None:
        """Make the system's buffer small, so that a client notices soon that it is not read."""
        system_socket = self._connection.transport.get_extra_info("socket")
        system_socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, size_bytes)

    def pause_reading(self) -> None:
        """Read nothing any more; pings are not answered either."""
        self._connection.stop_reading()

    def end_after(self, data: bytes) -> None:
        """Write bytes as they are, and end the connection after them."""
        self._connection.transport.write(data)
        self._connection.transport.close()

    def half_close(self) -> None:
        """Say that nothing will be sent any more (FIN), and discard what comes."""
        self._connection.transport.set_protocol(_DiscardingProtocol(self._connection))
        self._connection.transport.write_eof()


class _DiscardingProtocol(asyncio.Protocol):
    """Discards what comes; the connection that it replaces gets only the end."""

    def __init__(self, connection: "IncomingConnection") -> None:
        self._connection = connection

    def connection_lost(self, exc: Exception | None) -> None:
        """Hand the end on: the client has gone, or the connection was cut."""
        self._connection.connection_lost(exc)
