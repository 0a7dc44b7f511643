"""Files of one container that are joined end to end, taken apart again. Knows no decoder."""

import io
from collections.abc import Callable
from typing import IO

HEAD_BYTES = 24  # of an element: they say what it is and how long
_LOST_BYTES = 1 << 16  # read at once where the elements are damaged
_EBML = b"\x1a\x45\xdf\xa3"
_KNOWN_FLV = (8, 9, 18)  # tags: sound, pictures, data
_FORM = b"FORM"
_TO_END = 1 << 62  # the length of an element that lasts to the end of the file
_CAF = b"caff"
_W64 = b"riff\x2e\x91\xcf\x11\xa5\xd6\x28\xdb"  # of a pipe no more than 12 bytes may be known

# Returns the length of the element that begins with these bytes; None if no element does.
Step = Callable[[bytes], int | None]
_Kind = tuple[bytes, int, Step]  # how a file begins, where in it that stands, and how to step over an element


def _matroska(head: bytes) -> int | None:
    """Step over an element of Matroska. Only the head counts where the length is unknown, as in a live stream."""
    if not head or head[0] < 0x10:
        return None
    id_bytes = 9 - head[0].bit_length()
    if len(head) <= id_bytes or not head[id_bytes]:
        return None
    size_bytes = 9 - head[id_bytes].bit_length()
    end = id_bytes + size_bytes
    if len(head) < end:
        return None
    unknown = (1 << 7 * size_bytes) - 1
    size = int.from_bytes(head[id_bytes:end]) & unknown
    if size == unknown:
        return end
    return end + size


def _boxes(head: bytes) -> int | None:
    """Step over a box of MP4 and the formats like it."""
    size = int.from_bytes(head[:4])
    if len(head) < 8 or not all(0x20 <= byte < 0x7F or byte == 0xA9 for byte in head[4:8]):
        return None
    if size == 0:
        return _TO_END
    if size == 1:
        size = int.from_bytes(head[8:16])
    if size < 8:
        return None
    return size


def _flv(head: bytes) -> int | None:
    if head.startswith(b"FLV"):
        return int.from_bytes(head[5:9]) + 4
    if len(head) < 11 or head[0] & 0x1F not in _KNOWN_FLV:
        return None
    return 11 + int.from_bytes(head[1:4]) + 4


def _aiff(head: bytes) -> int | None:
    if not head.startswith(_FORM):
        return None
    size = int.from_bytes(head[4:8])
    return 8 + size + size % 2


def _caf(head: bytes) -> int | None:
    """Pass a chunk of a CAF; one of unknown size lasts to the end of the file."""
    if head.startswith(_CAF):
        return 8
    if len(head) < 12 or not all(0x20 <= byte < 0x7F for byte in head[:4]):
        return None
    size = int.from_bytes(head[4:12], signed=True)
    if size < 0:
        return _TO_END
    return 12 + size


def _w64(head: bytes) -> int | None:
    """Pass a chunk of a Wave64, whose sizes include their head; one of unknown size lasts to the end of the file."""
    if head.startswith(_W64):
        return 40
    if len(head) < 24 or not all(0x20 <= byte < 0x7F for byte in head[:4]):
        return None
    size = int.from_bytes(head[16:24], "little", signed=True)
    if size < 24:
        return _TO_END
    return -(-size // 8) * 8


_KINDS: tuple[_Kind, ...] = (
    (_EBML, 0, _matroska),
    (b"ftyp", 4, _boxes),
    (b"FLV\x01", 0, _flv),
    (_FORM, 0, _aiff),
    (_CAF, 0, _caf),
    (_W64, 0, _w64),
)


class Links:
    """Files that are joined end to end, called links, each read once, one after the other. `links_of` makes one.

    Between two elements another file may begin. Where there is no element, the next beginning is searched for.

    Attributes:
        ended: Nothing follows this link.
    """

    def __init__(self, read: Callable[[int], bytes], kind: _Kind) -> None:
        self._read = read
        self._magic, self._at, self._step = kind
        self._buffer = bytearray()
        self._left = 0  # bytes of the current element that were not returned yet
        self._has_element = False  # an element of this link was found
        self._at_end = False  # of this link
        self.ended = False

    def read(self, size: int) -> bytes:
        """Return at least one and at most `size` bytes of this link; none at its end."""
        if not self._left and not self._at_end:
            self._look()
        if not self._left:
            return b""
        size = min(size, self._left)
        data = bytes(self._buffer[:size]) or self._read(size)
        del self._buffer[: len(data)]
        self._left -= len(data)
        if not data:
            self._left = 0
            self._at_end = self.ended = True
        return data

    def go_on(self) -> bool:
        """Go to the next link; return False if there is none."""
        while self.read(_LOST_BYTES):
            pass  # a decoder may leave bytes unread at the end
        self._at_end = self._has_element = False
        return not self.ended

    def _look(self) -> None:
        """Find out how many of the next bytes belong to this link."""
        self._fill(HEAD_BYTES)
        head = bytes(self._buffer[:HEAD_BYTES])
        if not head:
            self._at_end = self.ended = True
        elif self._has_element and self._begins(head):
            self._at_end = True
        elif length := self._step(head):
            self._left = length
        else:
            self._fill(_LOST_BYTES)
            # The last bytes may be a part of the beginning of another file.
            self._left = max(1, len(self._buffer) - self._at - len(self._magic))
            position = self._buffer.find(self._magic, self._at + 1)
            if position > 0:
                self._left = position - self._at
        self._has_element = True

    def _begins(self, head: bytes) -> bool:
        return head[self._at :].startswith(self._magic)

    def _fill(self, size: int) -> None:
        while len(self._buffer) < size and (data := self._read(size - len(self._buffer))):
            self._buffer += data


def links_of(read: Callable[[int], bytes], head: bytes) -> Links | None:
    """Return the files in a pipe that begins with `head`; None where their kind is not known."""
    kind = _kind(head)
    if kind is None:
        return None
    return Links(read, kind)


def file_spans(file: IO[bytes]) -> list[tuple[int, int]]:
    """Return where each of the files that are joined in a file begins and ends; one where their kind is not known.

    Raises:
        OSError: the file cannot be read.
    """
    size = file.seek(0, io.SEEK_END)
    file.seek(0)
    head = file.read(HEAD_BYTES)
    kind = _kind(head)
    if kind is None:
        file.seek(0)
        return [(0, size)]
    magic, at, step = kind
    begins = [0]
    position = 0
    while position < size:
        file.seek(position)
        head = file.read(HEAD_BYTES)
        if position and head[at:].startswith(magic):
            begins.append(position)
        if length := step(head):
            position += length
        else:
            position = _next(file, position + 1, magic, at, size)
    file.seek(0)
    return list(zip(begins, [*begins[1:], size], strict=True))


def _next(file: IO[bytes], position: int, magic: bytes, at: int, size: int) -> int:
    """Return where the next file begins after damaged bytes; the size of the whole where none does."""
    file.seek(position)
    kept = b""
    while data := file.read(1 << 20):
        kept += data
        if (index := kept.find(magic, at)) >= 0:
            return position + index - at
        passed = max(0, len(kept) - len(magic) - at)
        kept = kept[passed:]
        position += passed
    return size


def _kind(head: bytes) -> _Kind | None:
    return next((kind for kind in _KINDS if head[kind[1] :].startswith(kind[0])), None)


class Window(io.RawIOBase):
    """A part of a file as a file of its own."""

    def __init__(self, file: IO[bytes], begin: int, end: int) -> None:
        self._file = file
        self._begin = self._position = begin
        self._end = end

    def readable(self) -> bool:
        """Return True."""
        return True

    def seekable(self) -> bool:
        """Return True."""
        return True

    def read(self, size: int = -1) -> bytes:
        """Return `size` bytes; fewer at the end of the part, all that are left if `size` is below 0."""
        left = max(0, self._end - self._position)
        self._file.seek(self._position)
        if size < 0 or size > left:
            size = left
        data = self._file.read(size)
        self._position += len(data)
        return data

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """Set the position of the next byte, and return it; a negative position counts as 0."""
        base = {io.SEEK_SET: self._begin, io.SEEK_CUR: self._position}.get(whence, self._end)
        self._position = max(self._begin, base + offset)
        return self.tell()

    def tell(self) -> int:
        """Return the position of the next byte, counted from the beginning of the part."""
        return self._position - self._begin
