"""Writes data to a file as a whole or not at all, and makes folders for one user only. Opens nothing."""

from collections.abc import Callable
from contextlib import suppress
from errno import EINVAL, ENOSYS, EOPNOTSUPP
from typing import Protocol, Self

CANNOT_SYNC = {EINVAL, ENOSYS, EOPNOTSUPP}  # of a file system that has no way to do it


class Folder(Protocol):
    """A folder that may be missing, as pathlib.Path is one."""

    @property
    def parent(self) -> Self:
        """The folder that contains this one; a root contains itself."""
        ...

    def mkdir(self, mode: int, parents: bool, exist_ok: bool) -> None:
        """Create the folder."""
        ...

    def exists(self) -> bool:
        """Whether the folder exists."""
        ...


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


def sync(fsync: Callable[[int], None], descriptor: int) -> None:
    """Wait until the data of an open file is on the disk, where its file system can do that.

    A disk in the network may say only now that it is full: do this before a file takes the place of another one.

    Args:
        fsync: What waits for it: os.fsync.
        descriptor: The open file.

    Raises:
        OSError: the disk does not take the data.
    """
    try:
        fsync(descriptor)
    except OSError as exc:
        if exc.errno not in CANNOT_SYNC:
            raise


def make_private(folder: Folder) -> None:
    """Make a folder for one user, and the folders that it is in, where they are missing.

    A umask of 0 would else let everybody rename what is in those.

    Raises:
        OSError: it cannot be made, or it is a file.
    """
    missing = [folder]
    while not missing[-1].parent.exists() and missing[-1].parent != missing[-1]:
        missing.append(missing[-1].parent)
    for each in reversed(missing):
        each.mkdir(mode=0o700, parents=False, exist_ok=True)
