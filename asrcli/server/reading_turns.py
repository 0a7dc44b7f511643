"""Decides whose messages are read next: clients that send much wait for their turn, others are read at once.

Live audio is not much. Of all clients that send more, a turn of the loop reads only as many as keep it short. The keys
take turns: many connections with one key wait for each other, and nobody else waits for them. Uses no socket.
"""

import asyncio
import time
from collections import OrderedDict, deque
from collections.abc import Callable

RATE_PER_S = 256 << 10  # eight times live audio at 16 kHz
BURST = 128 << 10  # what a client may send beyond this rate
TURN_S = 0.001  # how long a turn of the loop should take, with everything that is done in it
MAX_READERS = 8  # clients that are read in a turn
FRAME_COST = 512  # each frame counts as this many bytes more: many small ones take as long to read as a few large ones


class SendingRate:
    """How much one client has sent lately, in bytes: what is below RATE_PER_S is forgotten as it comes."""

    def __init__(self) -> None:
        self._level = 0.0
        self._at_s = 0.0

    def add(self, size_bytes: int, frames: int, now_s: float) -> None:
        """Count what was read."""
        self._level = self._level_at(now_s) + size_bytes + frames * FRAME_COST
        self._at_s = now_s

    def is_high(self, now_s: float) -> bool:
        """Whether the client has to wait for its turn."""
        return self._level > BURST and self._level_at(now_s) > BURST

    def _level_at(self, now_s: float) -> float:
        return max(0.0, self._level - (now_s - self._at_s) * RATE_PER_S)


class ReadingTurns:
    """Those who wait for their turn, by key.

    Args:
        clock: Seconds.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._began_s = 0.0  # when the last turn began
        self._readers = 1  # how many are read in a turn
        self._waiting: OrderedDict[str, deque[Callable[[], None]]] = OrderedDict()

    def wait(self, key_name: str, read: Callable[[], None]) -> None:
        """Call `read` in a later turn of the loop, after those of the same key, and in turn with other keys."""
        if not self._waiting:
            self._began_s = self._clock()
            asyncio.get_running_loop().call_soon(self._take_turn)
        self._waiting.setdefault(key_name, deque()).append(read)

    def _take_turn(self) -> None:
        began_s, self._began_s = self._began_s, self._clock()
        self._readers = min(self._readers + 1, MAX_READERS)
        if self._began_s - began_s > TURN_S:
            self._readers = max(1, self._readers // 2)
        chosen = [self._next() for _ in range(min(self._readers, sum(map(len, self._waiting.values()))))]
        loop = asyncio.get_running_loop()
        if self._waiting:
            loop.call_soon(self._take_turn)
        for read in chosen:
            try:
                read()
            except Exception as exc:  # one client must not cost the others their turn
                loop.call_exception_handler({"message": "a client could not be read", "exception": exc})

    def _next(self) -> Callable[[], None]:
        key_name, readers = self._waiting.popitem(last=False)
        read = readers.popleft()
        if readers:
            self._waiting[key_name] = readers
        return read
