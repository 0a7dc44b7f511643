"""The messages of a connection: text, binary, and two that the transport itself creates. No socket."""

from asrcli.core.dataclass import dataclass, field, often_made


@often_made
@dataclass(frozen=True, slots=True)
class Text:
    """One text message, already decoded from UTF-8."""

    data: str


@often_made
@dataclass(frozen=True, slots=True)
class Binary:
    """One binary message."""

    data: bytes


@dataclass(frozen=True, slots=True)
class Closed:
    """The connection has ended: the WebSocket close code (1006 without a close frame) and the reason.

    Attributes:
        silent_s: For how many seconds the other end had shown no sign of life, if that is the reason; else 0.
    """

    code: int
    reason: str = ""
    silent_s: float = field(default=0.0, compare=False)  # measured: it is never the same twice


@dataclass(frozen=True, slots=True)
class Writable:
    """The transport got room for more audio: once each time that `Transport.writable` was False.

    A sender that goes on at once may have used that room before it reads this, so ask `writable` again.
    """


Message = Text | Binary | Closed
