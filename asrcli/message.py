"""What travels on the wire: text, binary, and the end of the connection. No socket."""

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


Message = Text | Binary | Closed
