"""Follows where frames begin in what a service sends, whoever reads them. Looks at no payload, and uses no socket."""

from asrcli.transport.whole_frames import RequestEnd, frame_head

MOST_HEAD_BYTES = 14


class FrameScanner:
    """All that comes goes through `end_of`, from the answer to the handshake on, but whole frames taken elsewhere."""

    def __init__(self) -> None:
        self._handshake = RequestEnd()
        self._head = b""  # of a frame whose head is not all there
        self._left = 0  # bytes of the payload of a frame that are still to come

    @property
    def is_between_frames(self) -> bool:
        """Whether the next byte begins a frame."""
        return not self._left and not self._head and self._handshake.is_found

    def end_of(self, data: bytes, most: int) -> int:
        """Return up to where the next data may be taken so that at most this many frames begin in it."""
        at = begun = 0
        if not self._handshake.is_found:
            at = self._handshake.end_of(data)
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
            begin = self._head + data[at : at + MOST_HEAD_BYTES]
            head = frame_head(begin)
            if head is None:
                self._head = begin
                return len(data)
            at += head.end - len(self._head)
            self._head = b""
            self._left = head.size
        return at
