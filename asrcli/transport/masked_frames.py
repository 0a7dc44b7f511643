"""WebSocket frames of a client, made in one step. Uses no socket.

The library makes them in a dozen calls, which is a tenth of what a chunk of live audio costs on the I/O thread.
"""

import os
import struct

try:
    from websockets.speedups import apply_mask
except ImportError:  # an installation without compiled code
    from websockets.utils import apply_mask

MASK_BYTES = 4
DRAWN_BYTES = 64 * MASK_BYTES  # of random masks, drawn at once: each call of the system costs as much as a frame
SHORT, MEDIUM = 126, 1 << 16  # payloads below these have a length of 7 and of 16 bits, longer ones of 64 bits


class MaskedFrames:
    """Makes the frames of one connection; no mask is used twice."""

    def __init__(self) -> None:
        self._masks = b""
        self._at = 0
        self._kind, self._head = (-1, 0), b""  # of the last frame: one chunk is as long as the next

    def frame(self, first: int, data: bytes) -> bytes:
        """Return a frame whose first byte (flags and opcode) is `first`, with a payload."""
        if self._at == len(self._masks):
            self._masks, self._at = os.urandom(DRAWN_BYTES), 0
        mask = self._masks[self._at : self._at + MASK_BYTES]
        self._at += MASK_BYTES
        kind = (first, len(data))
        if kind != self._kind:
            self._kind, self._head = kind, _head(*kind)
        return b"".join((self._head, mask, apply_mask(data, mask)))


def _head(first: int, size: int) -> bytes:
    """Return the bytes before the mask."""
    if size < SHORT:
        return struct.pack("!BB", first, 0x80 | size)
    if size < MEDIUM:
        return struct.pack("!BBH", first, 0x80 | 126, size)
    return struct.pack("!BBQ", first, 0x80 | 127, size)
