"""Finds the readable gzip members of a record and unpacks them piece by piece. Opens no files.

No member is held in memory as a whole, because a file of a few megabytes may unpack to gigabytes.
"""

import zlib
from array import array
from collections.abc import Generator, Iterator
from typing import BinaryIO

from asrcli.core.errors import SourceError

MEMBER = b"\x1f\x8b\x08"  # how a gzip member begins
MOST_MEMBER_BYTES = 256 << 20  # of a member, unpacked; ours are about one megabyte
MOST_UNPACKED_BYTES = 4 << 30  # of all members; a day with its audio
MOST_DAMAGED = 10_000  # members; each costs a search for the next one
PIECE_BYTES = 1 << 16


class RecordMembers:
    """The members of a file that is open for reading, read once to know which of them are whole.

    Attributes:
        begins: Where each member begins that can be unpacked, in bytes; the last of them may be cut short.
        damaged: How many cannot be unpacked, or unpack to more than a member of ours can.
        cut: Whether the end of the file is missing.

    Raises:
        SourceError: the file cannot be read, unpacks to more than a record may, or has very many damaged members.
    """

    def __init__(self, name: str, file: BinaryIO) -> None:
        self._name = name
        self._file = file
        self._unpacked_bytes = 0
        self.begins = array("Q")
        self.damaged = 0
        self.cut = False
        at = 0
        while at >= 0 and self._read(at):
            at = self._look_at(at)

    def pieces(self, begin: int) -> Generator[bytes, None, int]:
        """Yield what the member at this place unpacks to, and return where it ends; -1 where its end is missing.

        Raises:
            zlib.error: it is damaged.
            SourceError: the file cannot be read.
        """
        unpacking = zlib.decompressobj(31)
        at = begin
        packed = b""
        while not unpacking.eof:
            if not packed:
                packed = self._read(at)
                at += len(packed)
            piece = unpacking.decompress(packed, PIECE_BYTES)
            if not piece and not packed:
                return -1
            packed = unpacking.unconsumed_tail
            if piece:
                yield piece
        return at - len(unpacking.unused_data)

    def _look_at(self, begin: int) -> int:
        """Take the member at this place into account; returns where to go on, -1 at the end."""
        try:
            end = self._end_of(begin)
        except zlib.error:
            return self._after_damage(self._find(MEMBER, begin + 1))
        if end is None:
            return self._after_damage(self._find(MEMBER + b"\0", begin + 1))
        if end < 0:
            following = self._find(MEMBER + b"\0", begin + 1)
            if following >= 0:
                return self._after_damage(following)
            self.cut = True
        self.begins.append(begin)
        return end

    def _end_of(self, begin: int) -> int | None:
        """Where a member ends; -1 where its end is missing, None if it is too long."""
        pieces: Iterator[bytes] = self.pieces(begin)
        size_bytes = 0
        while True:
            try:
                piece = next(pieces)
            except StopIteration as stop:
                end: int = stop.value
                return end
            size_bytes += len(piece)
            self._unpacked_bytes += len(piece)
            if self._unpacked_bytes > MOST_UNPACKED_BYTES:
                limit = f"{MOST_UNPACKED_BYTES >> 30} GB"
                raise SourceError(self._name, f"unpacks to more than {limit}, and is not read; record a shorter run")
            if size_bytes > MOST_MEMBER_BYTES:
                return None

    def _after_damage(self, following: int) -> int:
        self.damaged += 1
        if self.damaged > MOST_DAMAGED:
            raise SourceError(
                self._name, f"has more than {MOST_DAMAGED:,} damaged parts; copy it again, or record again"
            )
        return following

    def _read(self, at: int) -> bytes:
        try:
            self._file.seek(at)
            return self._file.read(PIECE_BYTES)
        except OSError as exc:
            raise SourceError(self._name, exc.strerror or "cannot be read") from exc

    def _find(self, sought: bytes, begin: int) -> int:
        """Where these bytes come next; -1 where they do not."""
        while True:
            piece = self._read(begin)
            found = piece.find(sought)
            if found >= 0:
                return begin + found
            if len(piece) < PIECE_BYTES:
                return -1
            begin += len(piece) - len(sought) + 1
