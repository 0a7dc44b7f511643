"""Reads exact amounts of bytes, for the parsers of headers, and counts and keeps what was read."""

import io
from collections.abc import Callable
from typing import IO

Read = Callable[[int], bytes]  # returns at least one and at most `size` bytes; none at the end
_PIECE_BYTES = 1 << 16


def reader(file: IO[bytes] | io.RawIOBase) -> Read:
    """Return a function that reads a file and never returns None."""
    return lambda size: file.read(size) or b""


class ExactReader:
    """Reads exact amounts.

    Attributes:
        at: How many bytes were read or skipped.
        kept: The bytes that were read, without those that were skipped; empty unless `keep` is set.
    """

    def __init__(self, read: Read, *, keep: bool = False) -> None:
        self._read = read
        self._keep = keep
        self.at = 0
        self.kept = b""

    def exactly(self, size: int) -> bytes:
        """Return `size` bytes; fewer only at the end of the file."""
        parts = []
        left = size
        while left and (data := self._read(min(left, _PIECE_BYTES))):
            parts.append(data)
            left -= len(data)
        joined = b"".join(parts)
        self.at += len(joined)
        if self._keep:
            self.kept += joined
        return joined

    def skip(self, size: int) -> int:
        """Skip `size` bytes; return how many there were."""
        left = size
        while left and (data := self._read(min(left, _PIECE_BYTES))):
            left -= len(data)
        self.at += size - left
        return size - left
