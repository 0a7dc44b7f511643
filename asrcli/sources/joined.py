"""Files of one container that are joined end to end, taken apart again. Knows no decoder."""

import io
from collections.abc import Callable
from typing import IO

HEAD_BYTES = 24  # of an element: so much tells what it is and how long
_LOST_BYTES = 1 << 16  # read at once where the elements are damaged
_EBML = b"\x1a\x45\xdf\xa3"
_KNOWN_FLV = (8, 9, 18)  # tags: sound, pictures, data
_FORM = b"FORM"
_BOX = 1 << 62  # a box that lasts to the end of the file
_CAF = b"caff"
_W64 = b"riff\x2e\x91\xcf\x11\xa5\xd6\x28\xdb"  # of a pipe no more than 12 bytes may be known

# The length of the element that begins so; None where none does.
Step = Callable[[bytes], int | None]


def _matroska(head: bytes) -> int | None:
    """Segments and clusters of what was live have no length: only their heads are passed then."""
    if not head or head[0] < 0x10:
        return None
    id_bytes = 9 - head[0].bit_length()
    if len(head) <= id_bytes or not head[id_bytes]:
        return None
    size_bytes = 9 - head[id_bytes].bit_length()
    end = id_bytes + size_bytes
    if len(head) < end:
        return None
    size = int.from_bytes(head[id_bytes:end]) & ((1 << 7 * size_bytes) - 1)
    return end if size == (1 << 7 * size_bytes) - 1 else end + size


def _boxes(head: bytes) -> int | None:
    """MP4 and its kin."""
    size = int.from_bytes(head[:4])
    if len(head) < 8 or not all(0x20 <= byte < 0x7F or byte == 0xA9 for byte in head[4:8]):
        return None
    size = _BOX if size == 0 else int.from_bytes(head[8:16]) if size == 1 else size
    return size if size >= 8 else None


def _flv(head: bytes) -> int | None:
    if head.startswith(b"FLV"):
        return int.from_bytes(head[5:9]) + 4
    if len(head) < 11 or head[0] & 0x1F not in _KNOWN_FLV:
        return None
    return 11 + int.from_bytes(head[1:4]) + 4


def _aiff(head: bytes) -> int | None:
    size = int.from_bytes(head[4:8])
    return 8 + size + size % 2 if head.startswith(_FORM) else None


def _caf(head: bytes) -> int | None:
    """Pass a chunk of a CAF; one of unknown size lasts to the end of the file."""
    if head.startswith(_CAF):
        return 8
    if len(head) < 12 or not all(0x20 <= byte < 0x7F for byte in head[:4]):
        return None
    size = int.from_bytes(head[4:12], signed=True)
    return _BOX if size < 0 else 12 + size


def _w64(head: bytes) -> int | None:
    """Pass a chunk of a Wave64, whose sizes include their head; one of unknown size lasts to the end of the file."""
    if head.startswith(_W64):
        return 40
    if len(head) < 24 or not all(0x20 <= byte < 0x7F for byte in head[:4]):
        return None
    size = int.from_bytes(head[16:24], "little", signed=True)
    return _BOX if size < 24 else -(-size // 8) * 8


# How a file begins, and where in it that stands.
_KINDS: tuple[tuple[bytes, int, Step], ...] = (
    (_EBML, 0, _matroska),
    (b"ftyp", 4, _boxes),
    (b"FLV\x01", 0, _flv),
    (_FORM, 0, _aiff),
    (_CAF, 0, _caf),
    (_W64, 0, _w64),
)


class Links:
    """A file as a row of files that are read once, one after the other; see `of` for the kinds that are known.

    Between two elements another file may begin. Where there is no element, the next beginning is looked for.
    """

    def __init__(self, read: Callable[[int], bytes], head: bytes) -> None:
        self._read = read
        self._magic, self._at, self._step = _kind(head)
        self._buffer = bytearray()
        self._left = 0  # of the element that is being given out
        self._begun = self._over = False  # an element of this link was given out; and this link is at its end
        self.ended = False

    def read(self, size: int) -> bytes:
        """At least one byte of this link, at most so many; none at its end."""
        if not self._left and not self._over:
            self._look()
        if not self._left:
            return b""
        size = min(size, self._left)
        data = bytes(self._buffer[:size]) or self._read(size)
        del self._buffer[: len(data)]
        self._left -= len(data)
        if not data:
            self._left, self._over, self.ended = 0, True, True
        return data

    def go_on(self) -> bool:
        """Pass to the next link; False where there is none."""
        while self.read(_LOST_BYTES):
            pass  # a decoder may leave something at the end
        self._over = self._begun = False
        return not self.ended

    def _look(self) -> None:
        """Find out how much of what comes next belongs to this link."""
        self._fill(HEAD_BYTES)
        head = bytes(self._buffer[:HEAD_BYTES])
        if not head:
            self._over = self.ended = True
        elif self._begun and self._begins(head):
            self._over = True
        elif length := self._step(head):
            self._left = length
        else:
            self._fill(_LOST_BYTES)
            found = self._buffer.find(self._magic, self._at + 1)
            least = max(1, len(self._buffer) - self._at - len(self._magic))  # a beginning may be in part there
            self._left = found - self._at if found > 0 else least
        self._begun = True

    def _begins(self, head: bytes) -> bool:
        return head[self._at :].startswith(self._magic)

    def _fill(self, size: int) -> None:
        while len(self._buffer) < size and (data := self._read(size - len(self._buffer))):
            self._buffer += data


def of(read: Callable[[int], bytes], head: bytes) -> Links | None:
    """The files in a pipe that begins so; None where it is of no kind that is known."""
    return Links(read, head) if any(head[at:].startswith(magic) for magic, at, _ in _KINDS) else None


def parts(file: IO[bytes]) -> list[tuple[int, int]]:
    """Where each file of a file on a disk begins and ends; one where it is of no kind that is known.

    Raises:
        OSError: it cannot be read.
    """
    size = file.seek(0, io.SEEK_END)
    file.seek(0)
    head = file.read(HEAD_BYTES)
    if not any(head[at:].startswith(magic) for magic, at, _ in _KINDS):
        file.seek(0)
        return [(0, size)]
    magic, at, step = _kind(head)
    begins, position = [0], 0
    while position < size:
        file.seek(position)
        head = file.read(HEAD_BYTES)
        if position and head[at:].startswith(magic):
            begins.append(position)
        length = step(head)
        position = position + length if length else _next(file, position + 1, magic, at, size)
    file.seek(0)
    return list(zip(begins, [*begins[1:], size], strict=True))


def _next(file: IO[bytes], position: int, magic: bytes, at: int, size: int) -> int:
    """Where the next file begins behind what is damaged, or the end."""
    file.seek(position)
    kept = b""
    while data := file.read(1 << 20):
        kept += data
        if (found := kept.find(magic, at)) >= 0:
            return position + found - at
        passed = max(0, len(kept) - len(magic) - at)
        kept, position = kept[passed:], position + passed
    return size


def _kind(head: bytes) -> tuple[bytes, int, Step]:
    return next(kind for kind in _KINDS if head[kind[1] :].startswith(kind[0]))


class Window(io.RawIOBase):
    """A part of a file as a file of its own."""

    def __init__(self, file: IO[bytes], begin: int, end: int) -> None:
        self._file, self._begin, self._end, self._position = file, begin, end, begin

    def readable(self) -> bool:
        """It is."""
        return True

    def seekable(self) -> bool:
        """It is."""
        return True

    def read(self, size: int = -1) -> bytes:
        """So many bytes, or what is left."""
        left = max(0, self._end - self._position)
        self._file.seek(self._position)
        data = self._file.read(left if size < 0 else min(size, left))
        self._position += len(data)
        return data

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """Go there; negative places are the beginning."""
        base = {io.SEEK_SET: self._begin, io.SEEK_CUR: self._position}.get(whence, self._end)
        self._position = max(self._begin, base + offset)
        return self.tell()

    def tell(self) -> int:
        """Where the next byte is read."""
        return self._position - self._begin
