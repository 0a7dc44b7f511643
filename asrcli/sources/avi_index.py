"""The index at the end of an AVI file: where each chunk of a sound track begins, and how much sound comes before it."""

import struct
from array import array
from bisect import bisect_left
from contextlib import suppress
from typing import IO

_HEADER = struct.Struct("<4sI")
_ENTRY = struct.Struct("<4s4xII")  # tag, offset, size
_MOST_BYTES = 1 << 26  # of an index; one of two days of sound and pictures is not larger
_MOST_CHUNKS = 4  # between the sound and the index
_TRIED = 3  # entries at either end that may show where offsets count from


class AviIndex:
    """The index of one sound track. Sound is counted in bytes, or in chunks where each is a step of the clock."""

    def __init__(self) -> None:
        self._begins = array("Q")  # the positions of its chunks in the file, in order
        self._units = array("Q")  # how much sound comes before each
        self._lengths = array("Q")  # how much is in each
        self._total = 0

    def add(self, begin: int, length: int) -> bool:
        """Add the next chunk; return False if it does not lie after the one before."""
        if self._begins and begin <= self._begins[-1]:
            return False
        self._begins.append(begin)
        self._units.append(self._total)
        self._lengths.append(length)
        self._total += length
        return True

    def skip(self) -> None:
        """Count an empty chunk, which is a step without sound."""
        self._total += 1

    def span(self, begin: int) -> tuple[int, int] | None:
        """Return where the sound of the chunk that begins there begins and ends; None if there is no such chunk."""
        place = bisect_left(self._begins, begin)
        if place == len(self._begins) or self._begins[place] != begin:
            return None
        return self._units[place], self._units[place] + self._lengths[place]


def read_index(file: IO[bytes], movi: int, movi_end: int, tag: bytes, *, in_bytes: bool) -> AviIndex:
    """Read the index that follows the chunks of a file; it is empty if there is none, or one that is damaged.

    Args:
        file: The file; its position is changed.
        movi: Position of the word `movi`, from which most offsets count.
        movi_end: Position after the last chunk.
        tag: That of the chunks of the track.
        in_bytes: Sound is counted in bytes and not in chunks.
    """
    written = _written_index(file, movi_end)
    base = _base(file, movi, written)
    index = AviIndex()
    for each, offset, size in _ENTRY.iter_unpack(written):  # not as a list: two days of entries would take 700 MB
        if each != tag or base is None:
            continue
        length = 1
        if in_bytes:
            length = size
        if not size and not in_bytes:
            index.skip()
        elif size and not index.add(base + offset, length):
            return AviIndex()
    return index


def _written_index(file: IO[bytes], movi_end: int) -> bytes:
    """Return the entries of the index as they are written; empty if there is none."""
    at = movi_end
    with suppress(OSError, ValueError):
        for _ in range(_MOST_CHUNKS):
            file.seek(at)
            head = file.read(_HEADER.size)
            if len(head) < _HEADER.size:
                return b""
            tag, size = _HEADER.unpack(head)
            if tag == b"idx1":
                data = file.read(min(size, _MOST_BYTES))
                return data[: len(data) // _ENTRY.size * _ENTRY.size]
            at += _HEADER.size + size + size % 2
    return b""


def _base(file: IO[bytes], movi: int, written: bytes) -> int | None:
    """Return where offsets count from: the word `movi`, or the beginning of the file; None if neither fits."""
    tried = _TRIED * _ENTRY.size
    for tag, offset, _ in _ENTRY.iter_unpack(written[:tried] + written[-tried:]):
        for base in (movi, 0):
            file.seek(base + offset)
            if file.read(len(tag)) == tag:
                return base
    return None
