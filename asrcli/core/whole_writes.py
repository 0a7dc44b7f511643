"""Writes to a file that is given: a piece is on the disk whole, or not at all. Opens nothing."""

from contextlib import suppress
from typing import Protocol


class UnbufferedFile(Protocol):
    """A file whose `write` may take only a part of the data, as io.FileIO does."""

    def write(self, data: memoryview, /) -> int | None:
        """Write the beginning of the data and return how many bytes that was."""
        ...

    def truncate(self, size: int, /) -> int:
        """Cut the file to a size in bytes."""
        ...


def write_whole(file: UnbufferedFile, data: bytes, whole_bytes: int) -> None:
    """Write all of the data, or cut the file back to its first `whole_bytes` bytes.

    Raises:
        OSError: the disk is full, or another error of the system. The part that was written is gone again.
    """
    rest = memoryview(data)
    try:
        while rest:
            rest = rest[file.write(rest) :]
    except OSError:
        with suppress(OSError):  # the first error is the one to report
            file.truncate(whole_bytes)
        raise
