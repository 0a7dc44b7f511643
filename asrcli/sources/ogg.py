"""Ogg files that are joined end to end, taken apart again: a decoder reads one, and stops where the form changes."""

from collections.abc import Callable

MAGIC = b"OggS"
_HEAD_BYTES = 27  # of a page, before the table of its segments
_FIRST = 2  # flag of the first page of a stream
_LAST = 4  # flag of its last page
CUT, UNMARKED = "the file is cut short here", "has no mark of its end: it may be cut short"


class OggLinks:
    """An Ogg file as a row of files that are read once, one after the other. Bytes that are no page go through.

    Attributes:
        ended: There is nothing behind the link that was read.
        cut: The file ends in the middle of a page.
        cut_steps: How much longer the sound would be with that page, in steps of its stream's clock; 0 is not known.
        unmarked: A stream of a link that was read has no last page.
    """

    def __init__(self, read: Callable[[int], bytes]) -> None:
        self._read = read
        self._buffer = bytearray()  # what was read and not given out
        self._ready = 0  # so much of it belongs to this link
        self._inside = False  # a page was given out that is not the first of a stream: the next first one is a new link
        self._over = False  # this link is at its end
        self.ended = self.cut = self.unmarked = False
        self.cut_steps = 0
        self._until: dict[int, int] = {}  # streams that have not ended, and how far their clocks are

    def read(self, size: int) -> bytes:
        """At least one byte of this link, at most so many; none at its end."""
        if not self._ready and not self._over:
            self._look()
        size = min(size, self._ready)
        data = bytes(self._buffer[:size])
        del self._buffer[:size]
        self._ready -= size
        return data

    def go_on(self) -> bool:
        """Pass to the next link; False where there is none."""
        while self.read(1 << 16):
            pass  # a decoder may leave something at the end
        self.unmarked = self.unmarked or bool(self._until)
        self._until.clear()
        self._over = self._inside = False
        return not self.ended

    def _look(self) -> None:
        """Find out how much of what comes next belongs to this link."""
        if not self._has(_HEAD_BYTES):
            self._ready = len(self._buffer)
            self.cut = self.cut or self._buffer.startswith(MAGIC)
            self._over = self.ended = not self._ready
            return
        if not self._buffer.startswith(MAGIC):
            at = self._buffer.find(MAGIC)
            self._ready = at if at > 0 else len(self._buffer) - len(MAGIC) + 1
            return
        first = bool(self._buffer[5] & _FIRST) and not any(self._buffer[18:22])
        if first and self._inside:
            self._over = True
            return
        self._inside = self._inside or not first
        segments = self._buffer[26]
        self._has(_HEAD_BYTES + segments)
        length = _HEAD_BYTES + segments + sum(self._buffer[_HEAD_BYTES : _HEAD_BYTES + segments])
        self.cut = not self._has(length)
        self._follow()
        self._ready = min(length, len(self._buffer))

    def _follow(self) -> None:
        """Take what the head of a page says of its stream."""
        stream, clock = int.from_bytes(self._buffer[14:18]), int.from_bytes(self._buffer[6:14], "little", signed=True)
        before = self._until.get(stream, 0)
        if self.cut:
            self.cut_steps = max(0, clock - before) if before and len(self._until) == 1 else 0
        elif self._buffer[5] & _LAST:
            self._until.pop(stream, None)
        else:
            self._until[stream] = max(before, clock)

    def _has(self, size: int) -> bool:
        """Read until so much is in the buffer; False where the file ends before."""
        while len(self._buffer) < size:
            data = self._read(1 << 16)
            if not data:
                return False
            self._buffer += data
        return True
