"""The audio between a callback of a sound library and the thread that reads it: bounded, with a count of its losses."""

from collections import deque
from threading import Condition


class CaptureBuffer:
    """A bounded queue of pieces of audio. When it is full it drops its oldest piece, so the callback never waits.

    Args:
        limit_bytes: How much it holds at most.
    """

    def __init__(self, limit_bytes: int) -> None:
        self._limit_bytes = limit_bytes
        self._pieces: deque[bytes] = deque()
        self._held_bytes = 0
        self._dropped_bytes = 0
        self._ended = False
        self._changed = Condition()

    def put(self, piece: bytes) -> None:
        """Add a piece. For the callback."""
        with self._changed:
            self._pieces.append(piece)
            self._held_bytes += len(piece)
            while self._held_bytes > self._limit_bytes:
                oldest = len(self._pieces.popleft())
                self._held_bytes -= oldest
                self._dropped_bytes += oldest
            self._changed.notify()

    def end(self) -> None:
        """Say that no more pieces come. For the callback."""
        with self._changed:
            self._ended = True
            self._changed.notify()

    def get(self, timeout_s: float) -> bytes | int | None:
        """Return the next piece, or how many bytes were dropped before it, or None if nothing came in time.

        Raises:
            EOFError: no more pieces come.
        """
        with self._changed:
            self._changed.wait_for(lambda: self._pieces or self._dropped_bytes or self._ended, timeout_s)
            if self._dropped_bytes:
                dropped, self._dropped_bytes = self._dropped_bytes, 0
                return dropped
            if self._pieces:
                piece = self._pieces.popleft()
                self._held_bytes -= len(piece)
                return piece
            if self._ended:
                raise EOFError
            return None
