"""Puts a message together that comes in several reads or in several frames. Uses no socket."""

from asrcli.server.large_messages import LARGE_BYTES, LargeMessage
from asrcli.transport.whole_frames import CONTINUED, OPCODE, TEXT, FrameHead, unmasked

MAX_FRAGMENTS = 16_384  # of a message: empty ones cost memory and have no size that would be bounded


class MessageAssembly:
    """The message that one client is sending.

    Args:
        message_bytes: The largest message.

    Attributes:
        size: Bytes of the message so far, with all of the frame that has begun.
        is_in_message: Frames of a message have come, and its last one has not.
        fragments: The frames of this message so far.
    """

    def __init__(self, message_bytes: int) -> None:
        self._message_bytes = message_bytes
        self._large: LargeMessage | None = None
        self._small = bytearray()
        self._is_text = self._is_last = self._is_unwanted = False
        self._mask = b""
        self._left = 0  # bytes of the frame that are still to come
        self._is_in_frame = False
        self.is_in_message = False
        self.size = 0
        self.fragments = 0

    @property
    def is_between_frames(self) -> bool:
        """Whether the next byte begins a frame."""
        return not self._is_in_frame

    def accepts(self, head: FrameHead) -> bool:
        """Whether a frame of a message may come here that begins so."""
        if not head.is_data or (head.first & OPCODE == CONTINUED) != self.is_in_message:
            return False
        return self.size + head.size <= self._message_bytes

    def room_for(self, head: FrameHead) -> int:
        """Return how much memory the message needs with this frame, as a large one; 0 for a small message."""
        if self._large is not None or self.size + head.size <= LARGE_BYTES:
            return 0
        if head.is_last:
            return self.size + head.size
        return self._message_bytes

    def begin(self, head: FrameHead, *, is_unwanted: bool = False) -> None:
        """Begin a frame. Nothing is kept of a message that is unwanted."""
        if not self.is_in_message:
            self._is_text = head.first & OPCODE == TEXT & OPCODE
            self._is_unwanted = is_unwanted
        room_bytes = self.room_for(head)
        if room_bytes and not self._is_unwanted:
            self._large = LargeMessage(room_bytes, is_text=self._is_text)
            self._large.add(bytes(self._small))
            self._small.clear()
        self._mask, self._left, self._is_last = head.mask, head.size, head.is_last
        self._is_in_frame = self.is_in_message = True
        self.size += head.size
        self.fragments += 1

    def add(self, data: bytes) -> bytes:
        """Take what belongs to the frame; returns what follows it."""
        payload = data[: self._left]
        self._left -= len(payload)
        if not self._is_unwanted:
            self._keep(unmasked(payload, self._mask))
            turn = len(payload) % len(self._mask)
            self._mask = self._mask[turn:] + self._mask[:turn]
        self._is_in_frame = bool(self._left)
        return data[len(payload) :]

    def taken(self) -> tuple[bool, bytes | LargeMessage] | None:
        """Return whether the message is text, and the message, once it is whole; None before, and if it is unwanted."""
        if self._is_in_frame or not self._is_last:
            return None
        message: bytes | LargeMessage = bytes(self._small)
        if self._large is not None:
            self._large.end()
            message = self._large
        is_unwanted = self._is_unwanted
        self.clear()
        if is_unwanted:
            return None
        return self._is_text, message

    def discard(self) -> None:
        """Keep nothing of the message that has begun, if one has."""
        self._is_unwanted = True
        self._large = None
        self._small.clear()

    def clear(self) -> None:
        """Forget the message."""
        self._large = None
        self._small = bytearray()
        self._is_in_frame = self.is_in_message = self._is_last = False
        self.size = self.fragments = 0

    def _keep(self, piece: bytes) -> None:
        if self._large is None:
            self._small += piece
        else:
            self._large.add(piece)


def content(payload: bytes, *, is_text: bool) -> str | bytes | None:
    """Return what a message holds; None for text that is no UTF-8: the library ends the connection for it."""
    if not is_text:
        return payload
    try:
        return payload.decode()
    except UnicodeDecodeError:
        return None
