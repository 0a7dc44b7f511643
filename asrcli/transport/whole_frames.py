"""Takes whole messages out of what the other end has sent, each in one step, and reads heads of frames. No socket."""

import struct
from typing import NamedTuple

try:
    from websockets.speedups import apply_mask
except ImportError:  # an installation without compiled code
    from websockets.utils import apply_mask

TEXT, BINARY = 0x81, 0x82  # the first byte of a message that is one frame and has no extension
MASKED = 0x80  # in the second byte; a client masks all that it sends, and a server nothing
TWO_BYTES, EIGHT_BYTES = 126, 127  # the lengths that say where the real length stands
SHORT_OF_EIGHT_BYTES = 1 << 16  # longer payloads have a length of eight bytes
LENGTH_BYTES = {TWO_BYTES: 2, EIGHT_BYTES: 8}
MASK_BYTES = 4
REQUEST_END = b"\r\n\r\n"
CONTINUED = 0x00  # the opcode of a frame that goes on with a message
DATA = (0x01, 0x02, CONTINUED)
CLOSE, PING, PONG = 0x88, 0x89, 0x8A
CONTROL = (CLOSE, PING, PONG)  # these are never in parts
MOST_CONTROL_BYTES = 125
IS_LAST = 0x80  # in the first byte
OPCODE = 0x0F


def next_frame(data: bytes, at: int, most_bytes: int, *, masked: bool) -> tuple[bytes, int] | None:
    """Return the payload of the message that begins at `at`, and where it ends.

    Returns None for what is not all there, is longer than `most_bytes`, or is anything but one frame with text or with
    bytes, `masked` or not: the library takes that, and finds its errors.
    """
    if len(data) < at + 2 or data[at] not in (TEXT, BINARY):
        return None
    size = data[at + 1]
    if masked:
        size -= MASKED
    if not 0 <= size < MASKED:
        return None
    at += 2
    if size == TWO_BYTES:
        size = int.from_bytes(data[at : at + 2], "big")
        at += 2
    elif size == EIGHT_BYTES:
        size = int.from_bytes(data[at : at + 8], "big")
        at += 8
    begin = at
    if masked:
        begin += MASK_BYTES
    end = begin + size
    if size > most_bytes or end > len(data):
        return None
    payload = data[begin:end]
    if masked:
        payload = apply_mask(payload, data[at:begin])
    return payload, end


def unmasked_frame(first: int, payload: bytes) -> bytes:
    """Return a frame as a server sends it; `first` is TEXT, BINARY or CLOSE."""
    size = len(payload)
    if size < TWO_BYTES:
        return bytes((first, size)) + payload
    if size < SHORT_OF_EIGHT_BYTES:
        return struct.pack("!BBH", first, TWO_BYTES, size) + payload
    return struct.pack("!BBQ", first, EIGHT_BYTES, size) + payload


def unmasked(payload: bytes, mask: bytes) -> bytes:
    """Return the payload of a frame, or the next part of it, as the client meant it."""
    return bytes(apply_mask(payload, mask))


class FrameHead(NamedTuple):
    """The head of a frame: its first byte, the bytes of its payload, the mask (empty without one), where it ends."""

    first: int
    size: int
    mask: bytes
    end: int

    @property
    def is_control(self) -> bool:
        """Whether this is a close, a ping or a pong as it should be."""
        return self.first in CONTROL and self.size <= MOST_CONTROL_BYTES and bool(self.mask)

    @property
    def is_data(self) -> bool:
        """Whether this is a message, or a part of one, as a client sends it."""
        return self.first & ~IS_LAST in DATA and bool(self.mask)

    @property
    def is_last(self) -> bool:
        """Whether the message ends with this frame."""
        return bool(self.first & IS_LAST)

    def without_payload(self) -> bytes:
        """Return a frame that is wrong for the same reason as this one, but has no payload to wait for."""
        if not self.mask:
            return bytes([self.first, 0])
        if self.first in CONTROL:
            return bytes([self.first, MASKED | TWO_BYTES, 0, TWO_BYTES]) + self.mask + bytes(TWO_BYTES)
        return bytes([self.first, MASKED]) + self.mask


def frame_head(data: bytes) -> FrameHead | None:
    """Return the head of the frame that begins with this data; None if it is not all there."""
    if len(data) < 2:
        return None
    size, end = data[1] & ~MASKED, 2
    if more := LENGTH_BYTES.get(size, 0):
        end += more
        size = int.from_bytes(data[2:end], "big")
    mask = b""
    if data[1] & MASKED:
        mask = data[end : end + MASK_BYTES]
        end += MASK_BYTES
    if len(data) < end:
        return None
    return FrameHead(data[0], size, mask, end)


class RequestEnd:
    """Finds the end of a client's request, or of the answer to it, however it is cut."""

    def __init__(self) -> None:
        self._last = b""
        self.is_found = False

    def end_of(self, data: bytes) -> int:
        """Return up to where the next data belongs to it."""
        found = (self._last + data).find(REQUEST_END)
        if found < 0:
            self._last = (self._last + data)[1 - len(REQUEST_END) :]
            return len(data)
        self.is_found = True
        return found + len(REQUEST_END) - len(self._last)
