"""A named pipe that is written to: its reader may come late, or never, and must not hold up the end of a run."""

import errno
import io
import os
import select
import stat
from collections.abc import Callable
from pathlib import Path
from time import monotonic, sleep
from typing import TYPE_CHECKING, TextIO

if TYPE_CHECKING:
    from typing_extensions import Buffer

POLL_S = 0.05  # how often the wait for a reader looks again
GRACE_S = 5.0  # after the end was asked for, a reader that takes nothing is waited for no longer
UNREAD = "is a pipe that nobody reads"


def is_named_pipe(path: Path) -> bool:
    """Return whether the path leads to a pipe on a system where it can be opened without waiting."""
    try:
        return hasattr(os, "O_NONBLOCK") and stat.S_ISFIFO(path.stat().st_mode)
    except (OSError, ValueError):
        return False


def open_named_pipe(path: Path, stopped: Callable[[], bool]) -> TextIO:
    """Wait for a reader of a pipe, and return the pipe as a text file.

    Args:
        path: The pipe.
        stopped: Returns whether the user has asked for the end: then nothing is waited for any more.

    Raises:
        KeyboardInterrupt: the user has asked for the end before there was a reader.
        OSError: the pipe cannot be opened.
    """
    while True:
        try:
            fd = os.open(path, os.O_WRONLY | os.O_NONBLOCK)
        except OSError as exc:
            if exc.errno != errno.ENXIO:  # that is: nobody reads
                raise
            if stopped():
                raise KeyboardInterrupt from None
            sleep(POLL_S)  # a signal interrupts it, where a blocking open would go on
        else:
            raw = PipeWriter(fd, stopped)
            return io.TextIOWrapper(raw, encoding="utf-8", errors="replace", newline="\n", write_through=True)  # type: ignore[type-var]


class PipeWriter(io.RawIOBase):
    """The writing end of a pipe. A write waits until the reader has room, but not forever once the run is to end."""

    def __init__(self, fd: int, stopped: Callable[[], bool]) -> None:
        self._fd = fd
        self._stopped = stopped
        self._given_up = False

    def writable(self) -> bool:
        """Return True."""
        return True

    def write(self, data: "Buffer") -> int:
        """Write all of the data; return its length.

        Raises:
            BrokenPipeError: the reader has closed the pipe.
            TimeoutError: the end was asked for, and the reader has taken nothing for GRACE_S.
        """
        left = memoryview(data).cast("B")
        size_bytes = len(left)
        taken_at = monotonic()
        while left and not self._given_up:
            try:
                left = left[os.write(self._fd, left) :]
                taken_at = monotonic()
            except BlockingIOError:
                select.select([], [self._fd], [], POLL_S)
                self._given_up = self._stopped() and monotonic() - taken_at > GRACE_S
        if left:
            raise TimeoutError(errno.ETIMEDOUT, UNREAD)
        return size_bytes

    def close(self) -> None:
        """Close the pipe; its reader gets to the end."""
        if not self.closed:
            os.close(self._fd)
        super().close()
