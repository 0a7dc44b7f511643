"""What travels on the wire: text, binary, and what a transport says of itself. No socket."""

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
    """The connection is over: the WebSocket close code (1006 when it broke without one) and its words."""

    code: int
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Writable:
    """The transport has room for more audio: it follows each time that `Transport.writable` was False."""


Message = Text | Binary | Closed
