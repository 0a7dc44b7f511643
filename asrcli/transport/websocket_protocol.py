"""The library's end of a WebSocket, which also remembers what the library does not tell, and says why it ended."""

import sys
from collections import deque
from contextlib import suppress
from typing import Any

from websockets.asyncio.client import ClientConnection
from websockets.exceptions import ConnectionClosed
from websockets.frames import Close, CloseCode, Frame, Opcode

from asrcli.core.message import Closed

if sys.platform == "linux":
    from fcntl import ioctl
    from termios import TIOCOUTQ  # the same number as SIOCOUTQ

MOST_BYTES = 16 << 20  # of one message that arrives
CLOSE_TIMEOUT_S = 1.0  # so long the other end may take to answer a close
OURS = "closed here"


class WebSocketProtocol(ClientConnection):
    """The library's connection, which also remembers what it does not tell.

    Attributes:
        heard_at: When data of any kind came last.
        message_at: When a message, or the beginning of one, came last.
        texts: Of each message that is not read yet: whether it is a text.
        goodbye: The close of the other end, once it came.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.heard_at = self.message_at = self.loop.time()
        self.texts: deque[bool] = deque()
        self.goodbye: Closed | None = None
        self._bounded = False

    def data_received(self, data: bytes) -> None:
        """Note the time, and wait for the end of the connection no longer than allowed once it is due."""
        self.heard_at = self.loop.time()
        super().data_received(data)
        if self.protocol.close_expected():
            self.bound_close()

    def bound_close(self) -> None:
        """Break the connection if it has not ended in time."""
        if not self._bounded:
            self._bounded = True
            self.loop.call_later(CLOSE_TIMEOUT_S, self.transport.abort)

    def process_event(self, event: Any) -> None:
        """Note what kind of frame it is."""
        if isinstance(event, Frame):
            if event.opcode in {Opcode.TEXT, Opcode.BINARY}:
                self.texts.append(event.opcode is Opcode.TEXT)
                self.message_at = self.heard_at
            elif event.opcode is Opcode.CLOSE and self.protocol.close_rcvd is not None:
                self.goodbye = _said(self.protocol.close_rcvd)
        super().process_event(event)

    def unsent(self) -> int:
        """Return how many bytes the other end has not taken, as far as the system tells."""
        here = self.transport.get_write_buffer_size()
        if sys.platform == "linux":
            with suppress(OSError, ValueError):  # it is closed
                there = ioctl(self.transport.get_extra_info("socket").fileno(), TIOCOUTQ, bytes(4))
                here += int.from_bytes(there, sys.byteorder)
        return here


def _said(close: Close) -> Closed:
    return Closed(close.code, close.reason or "closed by the other end")


def ended(exc: ConnectionClosed, ours: str) -> Closed:
    """Say who ended the connection, and why; a code is that of the other end."""
    if ours:
        return Closed(1000 if ours == OURS else 1006, ours)
    if exc.rcvd is not None and exc.rcvd_then_sent is not False:
        return _said(exc.rcvd)
    if exc.sent is not None and exc.sent.code == CloseCode.MESSAGE_TOO_BIG:
        return Closed(1006, f"closed here: a message of more than {MOST_BYTES >> 20} MB, or in too many parts")
    if exc.sent is not None:
        return Closed(1006, f"closed here: the other end breaks the WebSocket protocol: {exc.sent.reason}")
    cause = exc.__cause__
    why = (cause.strerror or str(cause)) if isinstance(cause, OSError) else "the other end hung up"
    return Closed(1006, f"the connection broke: {why[:1].lower()}{why[1:]}")
