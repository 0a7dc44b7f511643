"""Files that options and arguments name, read with limits on size and waiting time."""

import errno
import os
import select
import stat
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, cast

from asrcli.core.errors import UsageError

MOST_BYTES = 16 << 20
WAIT_FOR_WRITER_S = 2.0  # how long to wait for a writer of a pipe
_PIECE_BYTES = 1 << 16
UTF_16_MARKS = (b"\xff\xfe", b"\xfe\xff")


def read_text_file(path: str | Path, called: str) -> str:
    """The text of a UTF-8 file; - is standard input. `called` names the file in messages.

    Raises:
        UsageError: it cannot be read, is not text, or is too long.
    """
    data = data_of(path, called)
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise undecodable(data, called) from None


def undecodable(data: bytes, called: str) -> UsageError:
    """The error of a file that is not UTF-8. If it may be text, the advice is to save it as UTF-8."""
    if b"\0" in data and not data.startswith(UTF_16_MARKS):
        return UsageError(f"{called}: is not a text file")
    return UsageError(f"{called}: is not text in UTF-8", "save the file as UTF-8")


def names_existing_file(text: str) -> bool:
    """Whether a text is the name of an existing file with a suffix: then the user has forgotten the @ before it."""
    try:
        return bool(Path(text).suffix) and Path(text).is_file()
    except (OSError, ValueError):  # a text that no file can have as its name
        return False


def data_of(path: str | Path, called: str) -> bytes:
    """The bytes of a file; - is standard input. `called` names the file in messages.

    Raises:
        UsageError: it cannot be read, or is too long.
    """
    try:
        data = _standard_input() if path == "-" else bytes_of(path, MOST_BYTES)[0]
    except (OSError, ValueError) as exc:
        raise UsageError(f"{called}: {getattr(exc, 'strerror', None) or 'not a valid file name'}") from exc
    if len(data) > MOST_BYTES:
        raise UsageError(f"{called}: longer than {MOST_BYTES >> 20} MB")
    return data


def bytes_of(path: str | Path, most_bytes: int) -> tuple[bytes, os.stat_result]:
    """The bytes of a file or pipe, and its status; of a longer file the first `most_bytes` + 1 bytes.

    Raises:
        OSError: it cannot be read, is a directory or a disk, or a pipe that nobody writes to.
        ValueError: no file can have this name.
    """
    fd, about = _opened(path)
    try:
        return b"".join(_pieces(fd, about, most_bytes + 1)), about
    finally:
        os.close(fd)


def opened_file(path: str | Path, most_bytes: int) -> BinaryIO | None:
    """A file for reading at any place, for the caller to close; None if it is longer. A pipe is copied into one.

    Raises:
        OSError: it cannot be read, is a directory or a disk, or a pipe that nobody writes to.
        ValueError: no file can have this name.
    """
    fd, about = _opened(path)
    with os.fdopen(fd, "rb") as given:
        if stat.S_ISREG(about.st_mode):
            if about.st_size > most_bytes:
                return None
            return os.fdopen(os.dup(fd), "rb")
        copy = tempfile.TemporaryFile()  # noqa: SIM115  the caller closes it
        for piece in _pieces(given.fileno(), about, most_bytes + 1):
            copy.write(piece)
        if copy.tell() <= most_bytes:
            copy.seek(0)
            return cast("BinaryIO", copy)
    copy.close()
    return None


def _opened(path: str | Path) -> tuple[int, os.stat_result]:
    # Without O_NONBLOCK, opening a pipe would wait for a writer, which may never come.
    fd = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0))
    about = os.fstat(fd)
    try:
        if stat.S_ISDIR(about.st_mode):
            raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR))
        if stat.S_ISBLK(about.st_mode):
            raise OSError(errno.EINVAL, "is a disk, not a file")
    except OSError:
        os.close(fd)
        raise
    return fd, about


def _pieces(fd: int, about: os.stat_result, most_bytes: int) -> Iterator[bytes]:
    """The first bytes of a file or pipe."""
    size_bytes = 0
    while size_bytes < most_bytes:
        piece = _read(fd, min(_PIECE_BYTES, most_bytes - size_bytes), first=size_bytes == 0, about=about)
        if not piece:
            return
        yield piece
        size_bytes += len(piece)


def _read(fd: int, size_bytes: int, *, first: bool, about: os.stat_result) -> bytes:
    """The next piece; empty at the end. While a pipe has a writer, wait for it as long as it takes."""
    while True:
        try:
            piece = os.read(fd, size_bytes)
        except BlockingIOError:
            select.select([fd], [], [])
            continue
        # Windows waits for no pipe by `select`, and opening one there waits for its writer.
        if piece or not first or not stat.S_ISFIFO(about.st_mode) or sys.platform == "win32":
            return piece
        if not select.select([fd], [], [], WAIT_FOR_WRITER_S)[0]:
            raise OSError(errno.ENXIO, "is a pipe that nobody writes to")
        first = False


def _standard_input() -> bytes:
    if sys.stdin is None:
        raise OSError(errno.EBADF, "standard input is closed")
    return sys.stdin.buffer.read(MOST_BYTES + 1)
