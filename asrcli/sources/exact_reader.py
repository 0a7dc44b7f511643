"""Reads exact amounts of bytes, for the parsers of headers, and what stands after a tag."""

import io
from collections.abc import Callable
from typing import IO

Read = Callable[[int], bytes]  # returns at least one and at most `size` bytes; none at the end
_PIECE_BYTES = 1 << 16
HEAD_BYTES = 1 << 16  # how much of a file is searched for a header that tells its length
TAG_LIMIT = 16 << 20  # bytes of the largest tag that is passed over: album pictures
TAIL_BYTES = 1 << 18  # how much of its end is looked at: more than is between two packets of its sound


def reader(file: IO[bytes] | io.RawIOBase) -> Read:
    """Return a function that reads a file and never returns None."""
    return lambda size: file.read(size) or b""


def start_after_tag(file: io.FileIO) -> tuple[bytes, int]:
    """Return the beginning of a file after its ID3 tag, which may hold a picture, and the size of the tag.

    Raises:
        OSError: the file cannot be read.
    """
    start = file.read(HEAD_BYTES)
    size = tag_bytes(start)
    if not size:
        return start, 0
    file.seek(size)
    return file.read(HEAD_BYTES), size


def tag_bytes(start: bytes) -> int:
    """Return the size of the ID3 tag with which a file begins; 0 if it has none."""
    if not start.startswith(b"ID3") or len(start) < 10:
        return 0
    return 10 + sum((byte & 0x7F) << shift for byte, shift in zip(start[6:10], (21, 14, 7, 0), strict=True))


def edges(file: io.FileIO) -> tuple[bytes, bytes, int]:
    """Return the first bytes of a file, its last ones, and its size in bytes.

    Raises:
        OSError: the file cannot be read.
    """
    file.seek(0)
    head = file.read(HEAD_BYTES)
    size = file.seek(0, io.SEEK_END)
    file.seek(max(0, size - TAIL_BYTES))
    return head, file.read(TAIL_BYTES), size


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

    def after_tag(self, size: int) -> bytes:
        """Return the first `size` bytes behind an ID3 tag, or of a file without one. At least ten can be asked for."""
        start = self.exactly(size)
        tag = tag_bytes(start)
        if not 0 < tag <= TAG_LIMIT:
            return start
        if tag < size:
            return start[tag:] + self.exactly(tag)
        self.skip(tag - size)
        return self.exactly(size)
