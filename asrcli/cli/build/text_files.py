"""Text files that options and arguments name: read whole, up to a size that no such file has."""

import errno
import os
import select
import stat
import sys
from pathlib import Path

from asrcli.core.errors import UsageError

MOST_BYTES = 16 << 20
WRITER_S = 2.0  # that a pipe without a writer is waited for
_PIECE_BYTES = 1 << 16


def read_text_file(path: str | Path, called: str) -> str:
    """What is in a text file; - is standard input.

    Raises:
        UsageError: it cannot be read, is no text, or has no end.
    """
    try:
        return data_of(path, called).decode("utf-8-sig")
    except UnicodeDecodeError:
        raise UsageError(f"{called}: is not a text file in UTF-8") from None


def data_of(path: str | Path, called: str) -> bytes:
    """What is in a file of any kind; - is standard input.

    Raises:
        UsageError: it cannot be read, or has no end.
    """
    try:
        data = _standard_input() if path == "-" else bytes_of(path, MOST_BYTES)[0]
    except (OSError, ValueError) as exc:
        raise UsageError(f"{called}: {getattr(exc, 'strerror', None) or 'no name of a file'}") from exc
    if len(data) > MOST_BYTES:
        raise UsageError(f"{called}: longer than {MOST_BYTES >> 20} MB")
    return data


def bytes_of(path: str | Path, most_bytes: int) -> tuple[bytes, os.stat_result]:
    """What is in a file or comes through a pipe, and what the system knows of it; of more than `most_bytes` one more.

    Raises:
        OSError: it cannot be read, is a directory or a disk, or a pipe that nobody writes to.
        ValueError: the name is none.
    """
    # Opening a pipe would wait for a writer, who may never come.
    fd = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0))
    try:
        about, data = os.fstat(fd), bytearray()
        if stat.S_ISDIR(about.st_mode):
            raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR))
        if stat.S_ISBLK(about.st_mode):
            raise OSError(errno.EINVAL, "is a disk, and no file")
        while len(data) <= most_bytes:
            piece = _read(fd, min(_PIECE_BYTES, most_bytes + 1 - len(data)), first=not data, about=about)
            if not piece:
                break
            data += piece
        return bytes(data), about
    finally:
        os.close(fd)


def _read(fd: int, size_bytes: int, *, first: bool, about: os.stat_result) -> bytes:
    """The next piece. A pipe that somebody has opened for writing is waited for as long as they do."""
    while True:
        try:
            piece = os.read(fd, size_bytes)
        except BlockingIOError:
            select.select([fd], [], [])
            continue
        if piece or not first or not stat.S_ISFIFO(about.st_mode):
            return piece
        if not select.select([fd], [], [], WRITER_S)[0]:
            raise OSError(errno.ENXIO, "is a pipe that nobody writes to")
        first = False


def _standard_input() -> bytes:
    if sys.stdin is None:
        raise OSError(errno.EBADF, "standard input is closed")
    return sys.stdin.buffer.read(MOST_BYTES + 1)
