"""What a conversation needs of its connection. Knows no library; the library's own exceptions come out all the same."""

from typing import Protocol


class ConversationSocket(Protocol):
    """What a conversation needs of a WebSocket connection, faulty ones too. The library's own exceptions come out."""

    async def recv(self) -> str | bytes:
        """The next message."""
        ...

    async def send(self, data: str | bytes, /) -> None:
        """Send a message; waits while the client is behind."""
        ...

    async def close(self, code: int = 1000, reason: str = "") -> None:
        """Close."""
        ...

    def gone(self) -> bool:
        """Whether the client has gone, as far as that can be told without reading."""
        ...

    def abort(self) -> None:
        """End it now, without a word."""
        ...
