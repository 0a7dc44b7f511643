"""Splits Ogg files that are joined end to end: libav reads only one, and stops where the format changes."""

import zlib
from collections.abc import Callable

MAGIC = b"OggS"
_HEAD_BYTES = 27  # size of the head of a page, before the table of its segments
_FIRST = 2  # flag of the first page of a stream
_LAST = 4  # flag of the last page of a stream
# How much sound is taken to be lost in a page that is not whole: from one packet up to a full page.
_CUT_LEAST_S = 0.02
_CUT_MOST_S = 10.0
# How far the clock may go in one page, at 48 kHz; further only where the checksum of the page is right. The first page
# of a recording ends within this time too; a clock that is further on belongs to a broadcast.
_PAGE_MOST_STEPS = 480_000
_PASSED_ON_BYTES = 1 << 14  # of the bytes between two pages
_REVERSED = bytes(int(f"{byte:08b}"[::-1], 2) for byte in range(256))
DAMAGED_END = "is damaged at its end, and may have been longer"
UNMARKED = "has no mark of its end: it may be cut short"


class OggLinks:
    """Reads a chained Ogg file once, as one file a link.

    Bytes between pages are passed on, but only the first ones of very many: libav gives up after 64 KB. Pages of
    headers get the checksum of what they contain: libav would refuse the whole file for a damaged title.

    Args:
        read: Takes a size; returns at most this many bytes of the file, and none at its end.

    Attributes:
        ended: Nothing follows the link that was read.
        cut: The file ends in the middle of a page.
        cut_steps: How much longer the sound would be with that page, in steps of the clock of its stream; 0 if unknown.
        unmarked: A stream of a link that was read has no last page.
        stated_steps: How long the link is that was read last, by the clock of its pages, in steps of that clock; 0 if
            unknown, as with several streams. Where its sound is shorter, pages were damaged that no decoder has read.
        damaged_end: The last page of the link that was read last is not as it was written.
        intact_granule: The granule position of the last page whose checksum is right; 0 if there is none.
    """

    def __init__(self, read: Callable[[int], bytes]) -> None:
        self._read = read
        self._buffer = bytearray()  # bytes that were read and not returned yet
        self._ready = 0  # how many bytes of it belong to this link
        # A page of this link was read that is not the first of a stream: the next such page begins a new link.
        self._inside = False
        self._at_end = False  # of this link
        self._passed_on = 0  # bytes since the last page that were passed on
        self.ended = self.cut = self.unmarked = False
        self.cut_steps = 0
        self._until: dict[int, int] = {}  # streams that have not ended, and the last time of their clocks
        self._clocks: dict[int, tuple[int, int]] = {}  # the first and last time of the clocks of this link
        self.stated_steps = 0
        self.damaged_end = self._is_damaged = False  # the latter of the last page so far
        self.intact_granule = 0

    def read(self, size: int) -> bytes:
        """Return at least one and at most `size` bytes of this link; none at its end."""
        while not self._ready and not self._at_end:
            self._find_ready()
        size = min(size, self._ready)
        data = bytes(self._buffer[:size])
        del self._buffer[:size]
        self._ready -= size
        return data

    def lost_s(self, rate: int) -> float:
        """Return how much sound is lost where the file is cut, in seconds, by the clock of its stream in Hz."""
        return min(max(self.cut_steps / rate, _CUT_LEAST_S), _CUT_MOST_S)

    def next_link(self) -> bool:
        """Go to the next link, and return whether there is one."""
        while self.read(1 << 16):
            pass  # a decoder may leave bytes unread at the end
        self.unmarked = self.unmarked or bool(self._until)
        self._until.clear()
        self.stated_steps = self._stated()
        self._clocks.clear()
        self.damaged_end, self._is_damaged = self._is_damaged, False
        self._at_end = self._inside = False
        self.intact_granule = 0
        return not self.ended

    def _stated(self) -> int:
        if len(self._clocks) != 1:
            return 0
        ((first, last),) = self._clocks.values()
        if first <= _PAGE_MOST_STEPS:
            return last
        return last - first  # a broadcast that was recorded from its middle on

    def _find_ready(self) -> None:
        """Find out how many of the next bytes belong to this link."""
        if not self._fill_buffer(_HEAD_BYTES):
            self._ready = len(self._buffer)
            self.cut = self.cut or self._buffer.startswith(MAGIC)
            self._at_end = self.ended = not self._ready
            return
        if not self._buffer.startswith(MAGIC):
            at = self._buffer.find(MAGIC)
            if at < 0:
                at = len(self._buffer) - len(MAGIC) + 1  # the last bytes may be a part of the next MAGIC
            self._ready = min(at, _PASSED_ON_BYTES - self._passed_on)
            self._passed_on += self._ready
            if not self._ready:
                del self._buffer[:at]
            return
        self._passed_on = 0
        first = bool(self._buffer[5] & _FIRST) and not any(self._buffer[18:22])
        if first and self._inside:
            self._at_end = True
            return
        self._inside = self._inside or not first
        segments = self._buffer[26]
        self._fill_buffer(_HEAD_BYTES + segments)
        length = _HEAD_BYTES + segments + sum(self._buffer[_HEAD_BYTES : _HEAD_BYTES + segments])
        self.cut = not self._fill_buffer(length)
        self._follow_clock()
        # Its clock stands at 0. After a page with sound, such a clock is damaged, and libav must not believe it.
        is_header = not any(self._buffer[6:14]) and not self.intact_granule
        if is_header and not first and not self.cut:
            self._buffer[22:26] = self._checksum()
        self._ready = min(length, len(self._buffer))

    def _follow_clock(self) -> None:
        """Follow the clock of a stream by the head of the page at the beginning of the buffer."""
        stream = int.from_bytes(self._buffer[14:18])
        clock = int.from_bytes(self._buffer[6:14], "little", signed=True)
        before = self._until.get(stream, 0)
        if not self.cut:
            self._note_page(stream, clock)
        if self.cut:
            self.cut_steps = 0
            if before and len(self._until) == 1:
                self.cut_steps = max(0, clock - before)
        elif self._buffer[5] & _LAST:
            self._until.pop(stream, None)
        else:
            self._until[stream] = max(before, clock)

    def _note_page(self, stream: int, clock: int) -> None:
        self._is_damaged = self._buffer[22:26] != self._checksum()
        if clock > 0 and not self._is_damaged:
            self.intact_granule = clock
        first, last = self._clocks.get(stream, (clock, clock))
        if clock <= 0:  # a header, or no packet ends on this page
            self._clocks.setdefault(stream, (0, 0))
        elif first == 0 or last <= clock <= last + _PAGE_MOST_STEPS or not self._is_damaged:
            self._clocks[stream] = first or clock, max(last, clock)

    def _checksum(self) -> bytes:
        """Return the checksum that the page at the beginning of the buffer must have to be believed."""
        segments = self._buffer[26]
        length = _HEAD_BYTES + segments + sum(self._buffer[_HEAD_BYTES : _HEAD_BYTES + segments])
        page = self._buffer[:length]
        page[22:26] = bytes(4)
        # The checksum of Ogg begins with 0, ends as it is, and takes the bits of a byte in the other order than zlib.
        found = zlib.crc32(page.translate(_REVERSED), 0xFFFFFFFF) ^ 0xFFFFFFFF
        return found.to_bytes(4, "big").translate(_REVERSED)

    def _fill_buffer(self, size: int) -> bool:
        """Read until `size` bytes are in the buffer, and return False if the file ends before."""
        while len(self._buffer) < size:
            data = self._read(1 << 16)
            if not data:
                return False
            self._buffer += data
        return True
