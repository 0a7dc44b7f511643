"""The library's WebSocket connection with more facts: when data came, kinds of messages, and why it ended."""

import sys
from collections import deque
from contextlib import suppress
from typing import Any

from websockets.asyncio.client import ClientConnection
from websockets.exceptions import ConnectionClosed
from websockets.frames import Close, CloseCode, Frame, Opcode

from asrcli.core.errors import system_reason
from asrcli.core.message import Closed

if sys.platform == "linux":
    from fcntl import ioctl
    from termios import TIOCOUTQ  # the same number as SIOCOUTQ

MOST_BYTES = 16 << 20  # of one incoming message
CLOSE_TIMEOUT_S = 1.0  # how long the other end may take to answer a close
CLOSED_HERE = "closed here"


class WebSocketProtocol(ClientConnection):
    """The library's connection with facts that it does not offer. Times are those of the loop.

    Attributes:
        data_at: When data of any kind came last.
        message_at: When a message, or the beginning of one, came last.
        texts: For each message that is not read yet, whether it is a text.
        goodbye: The close of the other end; None until it comes.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.data_at = self.message_at = self.loop.time()
        self.texts: deque[bool] = deque()
        self.goodbye: Closed | None = None
        self._close_is_bounded = False

    def data_received(self, data: bytes) -> None:
        """Note the time of the data, and bound the close once the other end has to close."""
        self.data_at = self.loop.time()
        super().data_received(data)
        if self.protocol.close_expected():
            self.bound_close()

    def bound_close(self) -> None:
        """Abort the connection if it has not ended after CLOSE_TIMEOUT_S."""
        if not self._close_is_bounded:
            self._close_is_bounded = True
            self.loop.call_later(CLOSE_TIMEOUT_S, self.transport.abort)

    def process_event(self, event: Any) -> None:
        """Note the kind and time of a frame."""
        if isinstance(event, Frame):
            if event.opcode in {Opcode.TEXT, Opcode.BINARY}:
                self.texts.append(event.opcode is Opcode.TEXT)
                self.message_at = self.data_at
            elif event.opcode is Opcode.CLOSE and self.protocol.close_rcvd is not None:
                self.goodbye = _closed_by(self.protocol.close_rcvd)
        super().process_event(event)

    def unsent(self) -> int:
        """Return how many written bytes the other end has not taken, as far as the system knows."""
        unsent = self.transport.get_write_buffer_size()
        if sys.platform == "linux":
            with suppress(OSError, ValueError):  # the socket is closed
                in_system = ioctl(self.transport.get_extra_info("socket").fileno(), TIOCOUTQ, bytes(4))
                unsent += int.from_bytes(in_system, sys.byteorder)
        return unsent


def _closed_by(close: Close) -> Closed:
    return Closed(close.code, close.reason or "closed by the other end")


def ended(exc: ConnectionClosed, ours: str) -> Closed:
    """Return why the connection ended; `ours` is the reason if this end closed it, else empty."""
    if ours == CLOSED_HERE:
        return Closed(1000, ours)
    if ours:
        return Closed(1006, ours)
    if exc.rcvd is not None and exc.rcvd_then_sent is not False:
        return _closed_by(exc.rcvd)
    if exc.sent is not None and exc.sent.code == CloseCode.MESSAGE_TOO_BIG:
        return Closed(1006, f"closed here: a message of more than {MOST_BYTES >> 20} MB, or in too many parts")
    if exc.sent is not None:
        return Closed(1006, f"closed here: the other end breaks the WebSocket protocol: {exc.sent.reason}")
    cause = exc.__cause__
    why = "the other end hung up"
    if isinstance(cause, OSError):
        why = system_reason(cause)
    return Closed(1006, f"the connection broke: {why[:1].lower()}{why[1:]}")
