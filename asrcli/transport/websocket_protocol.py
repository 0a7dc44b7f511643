"""A WebSocket connection that hands messages on as they come, and knows when they came and why it ended."""

import sys
from collections.abc import Callable
from contextlib import suppress
from time import monotonic
from typing import Any, Protocol

from websockets.client import ClientProtocol
from websockets.frames import Close, CloseCode, Frame, Opcode
from websockets.protocol import OPEN

from asrcli.core.errors import system_reason
from asrcli.core.message import Binary, Closed, Text
from asrcli.transport.frame_scanner import FrameScanner
from asrcli.transport.masked_frames import MaskedFrames
from asrcli.transport.protocol_driver import ProtocolDriver
from asrcli.transport.whole_frames import BINARY, TEXT, next_frame

if sys.platform == "linux":
    from fcntl import ioctl
    from termios import TIOCOUTQ  # the same number as SIOCOUTQ

MOST_BYTES = 16 << 20  # of one incoming message
MOST_PARTS = 10_000  # of one incoming message: an empty part is no byte
READ_BYTES = 64 << 10  # read at once
CLOSED_HERE = "closed here"


class Listener(Protocol):
    """Receives what happens to a connection. All calls come on the I/O thread."""

    def message(self, message: Text | Binary) -> None:
        """Take a message."""
        ...

    def room(self) -> None:
        """Note that the connection takes data again after it was `full`."""
        ...

    def end(self) -> None:
        """Note that the connection is over: `close_exc` and `cause` say why."""
        ...


class WebSocketProtocol(ProtocolDriver):
    """A connection that gives each message to a listener as it comes. Times are those of the loop.

    The library reads a frame in five generators. So messages that come whole, as nearly all do, go past it.

    Attributes:
        data_at: When data of any kind came last.
        message_at: When a message, or the beginning of one, came last.
        goodbye: The close of the other end; None until it comes.
    """

    def __init__(self, protocol: ClientProtocol) -> None:
        super().__init__(protocol)
        self.data_at = self.message_at = self.loop.time()
        self.goodbye: Closed | None = None
        self._listener: Listener | None = None
        self._early: list[Text | Binary] = []  # messages that came before there was a listener
        self._parts: list[bytes] = []  # of a message that is not complete
        self._text = False
        self._masks = MaskedFrames()
        self._scanner = FrameScanner()  # of what the library reads
        self._pings: dict[bytes, Callable[[], object]] = {}  # what to call for each unanswered ping, oldest first
        self._ping_number = 0

    def listen(self, listener: Listener) -> None:
        """Tell this listener of everything, also of what happened before."""
        self._listener = listener
        for message in self._early:
            listener.message(message)
        self._early.clear()
        if self.lost:
            listener.end()

    def connection_made(self, transport: Any) -> None:
        """Note the transport."""
        super().connection_made(transport)
        if hasattr(transport, "max_size"):  # asyncio reads into a fresh buffer of 256 KB, which costs four system calls
            transport.max_size = READ_BYTES

    def data_received(self, data: bytes) -> None:
        """Take whole messages, give the rest to the library, and bound the close once the other end has to close."""
        self.data_at = monotonic()
        # How many frames may begin in what the library gets before this class looks again: one, then more and more,
        # so that thousands of pings in one piece are not read one by one.
        most = 1
        while data:
            is_between_frames = self._scanner.is_between_frames
            if is_between_frames and self.protocol.state is OPEN and not self._parts:
                data = self._take_messages(data)
                if not data:
                    return
            end = self._scanner.end_of(data, most * is_between_frames)
            most += most * is_between_frames
            super().data_received(data[:end])
            data = data[end:]

    def _take_messages(self, data: bytes) -> bytes:
        """Take whole messages at the beginning of some data; returns the rest."""
        at, size = 0, len(data)
        while at < size and (found := next_frame(data, at, MOST_BYTES, masked=False)):
            self.message_at = self.data_at
            is_text = data[at] == TEXT
            payload, at = found
            self._hand_on(payload, text=is_text)
        return data[at:]

    def process_event(self, event: Any) -> None:
        """Take a frame; what belongs to the handshake is the library's."""
        if not isinstance(event, Frame):
            super().process_event(event)
        elif event.opcode is Opcode.TEXT or event.opcode is Opcode.BINARY:
            self._text = event.opcode is Opcode.TEXT
            self.message_at = self.data_at
            self._take_part(event)
        elif event.opcode is Opcode.CONT:
            self._take_part(event)
        elif event.opcode is Opcode.PONG:
            self._answered(bytes(event.data))
        elif event.opcode is Opcode.CLOSE and self.protocol.close_rcvd is not None:
            self.goodbye = _closed_by(self.protocol.close_rcvd)

    def connection_lost(self, exc: Exception | None) -> None:
        """Note the end."""
        super().connection_lost(exc)
        if self._listener is not None:
            self._listener.end()

    def resume_writing(self) -> None:
        """Note that there is room again."""
        super().resume_writing()
        if self._listener is not None:
            self._listener.room()

    @property
    def pings(self) -> int:
        """How many pings are unanswered."""
        return len(self._pings)

    def write(self, data: bytes, *, text: bool) -> None:
        """Write a message at once, if the connection is open; else its end has been, or will be, reported."""
        if self.is_open:
            self.transport.write(self._masks.frame(TEXT if text else BINARY, data))

    def write_ping(self, answered: Callable[[], object]) -> None:
        """Write a ping at once, and call a function when this one or a later one is answered."""
        if not self.is_open:
            return
        self._ping_number = (self._ping_number + 1) % (1 << 32)
        data = self._ping_number.to_bytes(4, "big")
        self._pings[data] = answered
        self.protocol.send_ping(data)
        self.send_data()

    def _answered(self, data: bytes) -> None:
        if data not in self._pings:
            return  # nobody asked for it
        for earlier in list(self._pings):
            self._pings.pop(earlier)()
            if earlier == data:
                return

    def _take_part(self, frame: Frame) -> None:
        """Take a message, or a part of one."""
        if not frame.fin or self._parts:
            self._parts.append(bytes(frame.data))
            if len(self._parts) > MOST_PARTS:
                self._parts.clear()
                self.protocol.fail(CloseCode.MESSAGE_TOO_BIG, "too many fragments")
                self.send_data()
                self.bound_close()
            if not frame.fin or not self._parts:
                return
            data = b"".join(self._parts)
            self._parts.clear()
        else:
            data = bytes(frame.data)
        self._hand_on(data, text=self._text)

    def _hand_on(self, data: bytes, *, text: bool) -> None:
        message: Text | Binary = Text(str(data, "utf-8", "replace")) if text else Binary(data)
        if self._listener is None:
            self._early.append(message)
        else:
            self._listener.message(message)

    def unsent(self) -> int:
        """Return how many written bytes the other end has not taken, as far as the system knows."""
        unsent = self.transport.get_write_buffer_size()
        if sys.platform == "linux":
            with suppress(OSError, ValueError):  # the socket is closed
                in_system = ioctl(self.transport.get_extra_info("socket").fileno(), TIOCOUTQ, bytes(4))
                unsent += int.from_bytes(in_system, sys.byteorder)
        return unsent


def _closed_by(close: Close) -> Closed:
    return Closed(close.code, close.reason or "closed by the server")


def ended(client: WebSocketProtocol, ours: str, silent_s: float) -> Closed:
    """Return why a connection ended; `ours` is the reason if this end closed it, else empty.

    `silent_s` is for how long the other end had shown no sign of life when it was given up for that; else 0.
    """
    exc = client.protocol.close_exc
    if ours == CLOSED_HERE:
        return Closed(1000, ours)
    if ours:
        return Closed(1006, ours, silent_s)
    if exc.rcvd is not None and exc.rcvd_then_sent is not False:
        return _closed_by(exc.rcvd)
    if exc.sent is not None and exc.sent.code == CloseCode.MESSAGE_TOO_BIG:
        return Closed(1006, f"closed here: a message of more than {MOST_BYTES >> 20} MB, or in too many parts")
    if exc.sent is not None:
        return Closed(1006, f"closed here: the other end breaks the WebSocket protocol: {exc.sent.reason}")
    why = "the other end hung up"
    if isinstance(client.cause, OSError):
        why = system_reason(client.cause)
    return Closed(1006, f"the connection broke: {why[:1].lower()}{why[1:]}")
