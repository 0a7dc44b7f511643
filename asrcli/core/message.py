"""The messages of a connection: text, binary, and two that the transport itself creates. No socket."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Text:
    """One text message, already decoded from UTF-8."""

    data: str


@dataclass(frozen=True, slots=True)
class Binary:
    """One binary message."""

    data: bytes


@dataclass(frozen=True, slots=True)
class Closed:
    """The connection has ended: the WebSocket close code (1006 without a close frame) and the reason."""

    code: int
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Writable:
    """The transport has room for more audio. It follows each time that `Transport.writable` was False."""


Message = Text | Binary | Closed
