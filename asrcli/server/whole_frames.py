"""Takes whole messages out of what a client has sent, each in one step. Uses no socket."""

try:
    from websockets.speedups import apply_mask
except ImportError:  # an installation without compiled code
    from websockets.utils import apply_mask

TEXT, BINARY = 0x81, 0x82  # the first byte of a message that is one frame and has no extension
MASKED = 0x80  # in the second byte; a client masks all that it sends
TWO_BYTES, EIGHT_BYTES = 126, 127  # the lengths that say where the real length stands


def next_frame(data: bytes, at: int, most_bytes: int) -> tuple[bytes, int] | None:
    """Return the payload of the message that begins at `at`, and where it ends.

    Returns None for what is not all there, is longer than `most_bytes`, or is anything but one masked frame with text
    or with bytes: the library takes that, and finds its errors.
    """
    if len(data) < at + 2 or data[at] not in (TEXT, BINARY):
        return None
    size = data[at + 1] - MASKED
    at += 2
    if size == TWO_BYTES:
        size = int.from_bytes(data[at : at + 2], "big")
        at += 2
    elif size == EIGHT_BYTES:
        size = int.from_bytes(data[at : at + 8], "big")
        at += 8
    begin, end = at + 4, at + 4 + size
    if size < 0 or size > most_bytes or end > len(data):
        return None
    return apply_mask(data[begin:end], data[at:begin]), end
