"""Large messages: the memory that one needs, and the room that all of them share. Uses no socket.

A message of megabytes is kept once, as it comes, in memory of its own that goes back to the system with it. All of them
together have `LargeMessageRoom`: who has no room there is not read until somebody has gone.
"""

import asyncio
import mmap
from codecs import getincrementaldecoder
from collections import deque
from collections.abc import Callable

LARGE_BYTES = 64 << 10  # a message of more is a large one
ROOM_BYTES = 48 << 20  # of all large messages that are there, whole or not
WITHIN_S = 30.0  # for the whole of a large message, while others wait for room


class LargeMessage:
    """The payload of one large message, as it comes.

    Args:
        size_bytes: The most that may come.
        is_text: Whether it is text, whose UTF-8 is checked.

    Attributes:
        size: Bytes that have come.
        is_valid: Whether no text was wrong so far.
        span: Where the longest part without a quotation mark begins and ends that is longer than a piece that came.
    """

    def __init__(self, size_bytes: int, *, is_text: bool) -> None:
        self._memory = mmap.mmap(-1, size_bytes)  # takes no memory before something is written there
        self._decoder = getincrementaldecoder("utf-8")()
        self.is_text = is_text
        self.size = 0
        self.is_valid = True
        self.span = (0, 0)
        self._quote_at = -1  # where the last quotation mark was

    @property
    def data(self) -> memoryview:
        """What has come."""
        return memoryview(self._memory)[: self.size]

    def whole(self) -> str | bytes:
        """Return the message at once, which takes its time and as much memory again."""
        if self.is_text:
            return str(self.data, "utf-8")
        return bytes(self.data)

    def add(self, piece: bytes) -> None:
        """Take the next piece, which is not masked any more."""
        begin = self.size
        self.size += len(piece)
        self._memory[begin : self.size] = piece
        self._note_quotes(piece, begin)
        if self.is_text:
            self._check(piece)

    def end(self) -> None:
        """Note that this is all: half a character at the end is wrong."""
        if self.is_text:
            self._check(b"", is_last=True)

    def _check(self, piece: bytes, *, is_last: bool = False) -> None:
        try:
            self._decoder.decode(piece, is_last)
        except UnicodeDecodeError:
            self.is_valid = False

    def _note_quotes(self, piece: bytes, begin: int) -> None:
        first = piece.find(b'"')
        if first >= 0:
            if begin + first - self._quote_at > self.span[1] - self.span[0]:
                self.span = (self._quote_at + 1, begin + first)
            self._quote_at = begin + piece.rfind(b'"')


class RoomReservation:
    """The room of one large message; `is_taken` once there was enough, `is_whole` once all of the message is there."""

    def __init__(self, size_bytes: int, taken: Callable[[], None], too_slow: Callable[[], None]) -> None:
        self.size_bytes = size_bytes
        self.taken = taken
        self.too_slow = too_slow
        self.since_s = 0.0
        self.is_taken = self.is_whole = False


class LargeMessageRoom:
    """The memory that all large messages share, in the order in which they came.

    Args:
        room_bytes: The limit of their sizes together. One message has room in any case.
        within_s: The time that each has to come, while others wait.
    """

    def __init__(self, room_bytes: int = ROOM_BYTES, within_s: float = WITHIN_S) -> None:
        self._room_bytes = room_bytes
        self._within_s = within_s
        self._reservations: set[RoomReservation] = set()
        self._waiting: deque[RoomReservation] = deque()
        self._timer: asyncio.TimerHandle | None = None

    def enter(self, size_bytes: int, taken: Callable[[], None], too_slow: Callable[[], None]) -> RoomReservation:
        """Reserve room for a message, or wait for it.

        Args:
            size_bytes: What the message may need.
            taken: Called when there is room, if there is none now.
            too_slow: Called when the message is not whole in time and others wait.
        """
        reservation = RoomReservation(size_bytes, taken, too_slow)
        if self._waiting or not self._has_room(reservation):
            self._waiting.append(reservation)
            self._watch()
        else:
            self._take(reservation)
        return reservation

    def leave(self, reservation: RoomReservation) -> None:
        """Give the room of a message back, or wait for it no longer."""
        self._reservations.discard(reservation)
        if not reservation.is_taken and reservation in self._waiting:
            self._waiting.remove(reservation)
        while self._waiting and self._has_room(self._waiting[0]):
            next_in_line = self._waiting.popleft()
            self._take(next_in_line)
            next_in_line.taken()

    def _has_room(self, reservation: RoomReservation) -> bool:
        used = sum(each.size_bytes for each in self._reservations)
        return not used or used + reservation.size_bytes <= self._room_bytes

    def _take(self, reservation: RoomReservation) -> None:
        reservation.is_taken = True
        reservation.since_s = asyncio.get_running_loop().time()
        self._reservations.add(reservation)

    def _watch(self) -> None:
        if self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(self._within_s, self._end_slow)

    def _end_slow(self) -> None:
        self._timer = None
        if not self._waiting:
            return
        due_s = asyncio.get_running_loop().time() - self._within_s
        for reservation in [each for each in self._reservations if not each.is_whole and each.since_s <= due_s]:
            reservation.too_slow()
        self._watch()
