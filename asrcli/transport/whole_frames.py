"""Takes whole messages out of what the other end has sent, each in one step, and counts frames. Uses no socket."""

try:
    from websockets.speedups import apply_mask
except ImportError:  # an installation without compiled code
    from websockets.utils import apply_mask

TEXT, BINARY = 0x81, 0x82  # the first byte of a message that is one frame and has no extension
MASKED = 0x80  # in the second byte; a client masks all that it sends, and a server nothing
TWO_BYTES, EIGHT_BYTES = 126, 127  # the lengths that say where the real length stands
LENGTH_BYTES = {TWO_BYTES: 2, EIGHT_BYTES: 8}
MASK_BYTES = 4
HANDSHAKE_END = b"\r\n\r\n"


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


class FrameScanner:
    """Follows where frames begin in what the other end sends, behind its part of the handshake. Looks at no payload."""

    def __init__(self) -> None:
        self._handshake: bytes | None = b""  # its last bytes; None behind it
        self._head = b""  # of a frame whose head is not all there
        self._left = 0  # bytes of the payload of a frame that are still to come

    @property
    def is_between_frames(self) -> bool:
        """Whether the next byte begins a frame."""
        return self._handshake is None and not self._left and not self._head

    def end_of(self, data: bytes, most: int) -> int:
        """Return up to where the next data may be taken so that at most so many frames begin in it."""
        at = begun = 0
        if self._handshake is not None:
            at = self._end_of_handshake(self._handshake, data)
        while at < len(data):
            if self._left:
                step = min(self._left, len(data) - at)
                self._left -= step
                at += step
                continue
            if not self._head:
                if begun == most:
                    break
                begun += 1
            lacking = _head_bytes(self._head) - len(self._head)
            self._head += data[at : at + lacking]
            at = min(at + lacking, len(data))
            if len(self._head) == _head_bytes(self._head):
                self._left = _payload_bytes(self._head)
                self._head = b""
        return at

    def _end_of_handshake(self, last: bytes, data: bytes) -> int:
        found = (last + data).find(HANDSHAKE_END)
        if found < 0:
            self._handshake = (last + data)[1 - len(HANDSHAKE_END) :]
            return len(data)
        self._handshake = None
        return found + len(HANDSHAKE_END) - len(last)


def _head_bytes(head: bytes) -> int:
    """Return how long the head of a frame is, as far as its first bytes say."""
    if len(head) < 2:
        return 2
    size = 2 + LENGTH_BYTES.get(head[1] & ~MASKED, 0)
    if head[1] & MASKED:
        size += MASK_BYTES
    return size


def _payload_bytes(head: bytes) -> int:
    size = head[1] & ~MASKED
    if size in LENGTH_BYTES:
        size = int.from_bytes(head[2 : 2 + LENGTH_BYTES[size]], "big")
    return size
