"""What a conversation needs of its connection. Knows no WebSocket library."""

from typing import Protocol

from asrcli.server.large_messages import LargeMessage


class SocketClosed(Exception):
    """The connection has ended: nothing can be sent or received any more."""


class ConversationSocket(Protocol):
    """What a conversation needs of a WebSocket connection, with or without injected faults."""

    async def recv(self) -> str | bytes | LargeMessage:
        """Wait for the next message; the one before is done with.

        Raises:
            SocketClosed: the connection has ended.
        """
        ...

    async def send(self, data: str | bytes, /) -> None:
        """Send a message; waits while the client is behind.

        Raises:
            SocketClosed: the connection has ended.
        """
        ...

    async def close(self, code: int = 1000, reason: str = "") -> None:
        """Close the connection."""
        ...

    def gone(self) -> bool:
        """Return whether the client has gone, as far as that is known without reading."""
        ...

    def abort(self) -> None:
        """End the connection now, without a close frame."""
        ...
