"""What a FrameReader needs of its connection."""

from enum import Enum
from typing import Protocol

from asrcli.server.large_messages import LargeMessage


class Phase(Enum):
    """Where a connection stands: its handshake is not answered, it is open, it closes, nothing is read any more."""

    HANDSHAKE = "handshake"
    OPEN = "open"
    CLOSING = "closing"
    OVER = "over"


class ReadConnection(Protocol):
    """What a FrameReader needs of its connection."""

    @property
    def phase(self) -> Phase:
        """Where the connection stands."""
        ...

    def hand_on(self, data: bytes, message_size: int | None = None) -> None:
        """Give data to the library; `message_size` are the bytes so far of a message that is in parts."""
        ...

    def send_frames(self, frames: bytes) -> None:
        """Send whole frames."""
        ...

    def deliver(self, first: int, payload: bytes) -> None:
        """Take a message; `first` is TEXT or BINARY."""
        ...

    def deliver_large(self, message: LargeMessage) -> bool:
        """Take a large message; returns False if nobody waits for it now."""
        ...

    def pause_reading(self) -> None:
        """Receive nothing for now."""
        ...

    def resume_reading(self) -> None:
        """Receive again, where nothing else is against it."""
        ...

    def drop(self, why: str = ..., /) -> None:
        """End the connection now."""
        ...
