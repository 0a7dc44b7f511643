"""Reads pipes, which cannot seek, and remembers their beginning for a second decoder, and their end."""

import io
import os
import tempfile
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import IO, TYPE_CHECKING

from asrcli.core.errors import TMPDIR, SourceError, system_reason
from asrcli.sources.exact_reader import HEAD_BYTES, TAIL_BYTES

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

_BEFORE_SAMPLES = {b"ftyp", b"free", b"skip", b"wide", b"uuid"}
UNKNOWN_BYTES = 1 << 28  # a pipe that no decoder knows by its beginning is copied up to here: it may be endless
INDEX_BYTES = 4096  # how much of an MP4 in a pipe tells where its index is
HEAD_LIMIT = 64 << 20  # how much of a pipe is remembered


def index_at_end(head: bytes) -> bool:
    """Return whether this is the head of an MP4 whose index follows its samples: no decoder can read that from a pipe.

    An MP4 is a row of boxes, each with its size and its name in front.
    """
    at = 0
    while (name := head[at + 4 : at + 8]) in _BEFORE_SAMPLES:
        at += max(8, int.from_bytes(head[at : at + 4], "big"))
    return name == b"mdat"


class PipeReader(io.RawIOBase):
    """A pipe as a file: it returns what is there without waiting for more, and remembers it.

    Attributes:
        head: The bytes that were read so far; None if they are not remembered.
        size_bytes: How many bytes came out of it.
    """

    def __init__(self, fd: int) -> None:
        self._fd = fd
        self._remembered = b""  # bytes that are to be returned once more
        self.head: bytearray | None = bytearray()
        self.size_bytes = 0
        self._last: deque[bytes] = deque()
        self._last_bytes = 0

    @property
    def start(self) -> bytes:
        """The first bytes, as far as they were read; none if they are not remembered."""
        return bytes((self.head or b"")[:HEAD_BYTES])

    @property
    def tail(self) -> bytes:
        """The last bytes that were read: TAIL_BYTES, or all there were."""
        return b"".join(self._last)[-TAIL_BYTES:]

    def readable(self) -> bool:
        """Return True."""
        return True

    def readinto(self, buffer: "WriteableBuffer") -> int:
        """Read at least one byte, unless the pipe has ended. Return how many."""
        room = memoryview(buffer)
        if self._remembered:
            data = self._remembered[: len(room)]
            self._remembered = self._remembered[len(room) :]
        else:
            data = os.read(self._fd, len(room))
            self._remember_last(data)
            if self.head is not None:
                self.head += data
                if len(self.head) > HEAD_LIMIT:
                    self.head = None
        room[: len(data)] = data
        return len(data)

    def _remember_last(self, data: bytes) -> None:
        self.size_bytes += len(data)
        self._last.append(data)
        self._last_bytes += len(data)
        while self._last_bytes - len(self._last[0]) >= TAIL_BYTES:
            self._last_bytes -= len(self._last.popleft())

    def fill(self, size: int) -> None:
        """Read until `size` bytes are remembered, or the pipe has ended."""
        while self.head is not None and len(self.head) < size and self.read(size):
            pass

    def rewind(self) -> None:
        """Let the next reads return the remembered bytes again."""
        self._remembered = bytes(self.head or b"")

    def forget(self) -> None:
        """Remember nothing more: a decoder can read the pipe."""
        self.head = None

    def spooled(self, name: str, limit_bytes: int | None = None) -> IO[bytes] | None:
        """Copy all of the pipe to a temporary file and return it. The file is deleted when it is closed.

        None if the pipe holds more than `limit_bytes`: it may be endless.

        Raises:
            SourceError: the copy cannot be written; `name` is what the user calls the pipe.
            OSError: the pipe cannot be read.
        """
        with _copying(name):
            spool = tempfile.TemporaryFile()  # noqa: SIM115  its reader closes it
            size = spool.write(self.head or b"")
        try:
            while data := os.read(self._fd, 1 << 16):
                with _copying(name):
                    size += spool.write(data)
                if limit_bytes is not None and size > limit_bytes:
                    break
            else:
                with _copying(name):
                    spool.seek(0)
                return spool
        except BaseException:
            _discard(spool)
            raise
        _discard(spool)
        return None


@contextmanager
def _copying(name: str) -> Iterator[None]:
    """Say where there is no room for a copy of the pipe, and what to do: the pipe itself can be read."""
    try:
        yield
    except OSError as exc:
        folder = tempfile.tempdir or "a temporary folder"
        reason = f"has to be copied to {folder}, which cannot be written: {system_reason(exc).lower()}"
        raise SourceError(name, f"{reason}; {TMPDIR}") from exc


def _discard(spool: IO[bytes]) -> None:
    with suppress(OSError):  # what its buffer holds finds no room either
        spool.close()
