"""Pipes that are written to: a reader may come late, never, or stop reading, and must not hold up the end of a run."""

import errno
import io
import os
import select
import stat
import sys
from collections.abc import Callable
from pathlib import Path
from time import monotonic, sleep
from typing import TYPE_CHECKING, TextIO

if TYPE_CHECKING:
    from typing_extensions import Buffer

POLL_S = 0.05  # how often the wait for a reader looks again
GRACE_S = 5.0  # after the end was asked for, a reader that takes nothing is waited for no longer
LEAVE_S = 0.5  # the same, after an interrupt has ended a wait for it
PIECE_BYTES = getattr(select, "PIPE_BUF", 512)  # what a pipe with room takes at once
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
    if sys.platform == "win32":  # where `is_named_pipe` finds none
        raise OSError(errno.ENXIO, UNREAD)
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
            return _writer(fd, stopped)


def pipe_of(stream: TextIO) -> int | None:
    """Return the descriptor of a stream that is a pipe or a socket; None if it is neither, or cannot be waited for."""
    try:
        fd = stream.fileno()
        mode = os.fstat(fd).st_mode
    except (OSError, ValueError):  # it has no descriptor, or is closed
        return None
    if hasattr(os, "O_NONBLOCK") and (stat.S_ISFIFO(mode) or stat.S_ISSOCK(mode)):
        return fd
    return None


def waiting_for_room(stream: TextIO, stopped: Callable[[], bool]) -> TextIO:
    """Return a stream that writes to the same pipe or terminal as this one, and waits as `PipeRoom`.

    A stream to neither is returned itself, and so is a terminal that cannot be opened once more.
    """
    pipe = pipe_of(stream)
    fd = _opened_terminal(stream)
    if pipe is not None:
        fd = os.dup(pipe)
    if fd is None:
        return stream
    stream.flush()
    return _writer(fd, stopped, stream.encoding)


def _opened_terminal(stream: TextIO) -> int | None:
    """Open the terminal of a stream once more, so that writes do not wait: the first opening is also that of others."""
    if sys.platform == "win32":  # whose console has no name
        return None
    try:
        if not stream.isatty():
            return None
        return os.open(os.ttyname(stream.fileno()), os.O_WRONLY | os.O_NONBLOCK | os.O_NOCTTY)
    except (OSError, ValueError):  # it is closed, or has no name here
        return None


def _writer(fd: int, stopped: Callable[[], bool], encoding: str = "utf-8") -> TextIO:
    raw = PipeWriter(fd, stopped)
    return io.TextIOWrapper(raw, encoding=encoding, errors="replace", newline="\n", write_through=True)  # type: ignore[type-var]


class PipeRoom:
    """Waits for room in a pipe or terminal, but not forever once the run is to end; also where a write would wait.

    Args:
        fd: The writing end.
        stopped: Returns whether the user has asked for the end. It is called again and again while there is no room,
            and may raise KeyboardInterrupt.
    """

    def __init__(self, fd: int, stopped: Callable[[], bool]) -> None:
        self._fd = fd
        self._stopped = stopped
        self._interrupted = self._given_up = False

    def wait(self) -> bool:
        """Wait until the pipe has room for PIECE_BYTES; return False if its reader is waited for no longer.

        Raises:
            KeyboardInterrupt: the user leaves at once; later waits last LEAVE_S at most.
        """
        asked_at = None  # when the end was asked for
        wait_s = 0.0
        while not self._given_up:
            try:
                if select.select([], [self._fd], [], wait_s)[1]:
                    return True
                wait_s = POLL_S
                if (self._interrupted or self._stopped()) and asked_at is None:
                    asked_at = monotonic()
                grace_s = GRACE_S
                if self._interrupted:
                    grace_s = LEAVE_S
                self._given_up = asked_at is not None and monotonic() - asked_at > grace_s
            except KeyboardInterrupt:
                self._interrupted = True
                raise
        return False


class PipeWriter(io.RawIOBase):
    """The writing end of a pipe, or a terminal. A write waits for room as `PipeRoom` does."""

    def __init__(self, fd: int, stopped: Callable[[], bool]) -> None:
        self._fd = fd
        self._room = PipeRoom(fd, stopped)
        self._piece_bytes: int | None = None  # a write that does not wait takes what there is room for
        if sys.platform != "win32" and os.get_blocking(fd):
            self._piece_bytes = PIECE_BYTES
        self._left = b""  # of a write that was interrupted: the next one begins with it, so that no line is cut

    def writable(self) -> bool:
        """Return True."""
        return True

    def fileno(self) -> int:
        """Return the descriptor."""
        return self._fd

    def isatty(self) -> bool:
        """Return whether it is a terminal."""
        return os.isatty(self._fd)

    def write(self, data: "Buffer") -> int:
        """Write all of the data; return its length.

        Raises:
            BrokenPipeError: the reader has closed the pipe.
            TimeoutError: the end was asked for, and the reader has taken nothing since then for GRACE_S.
        """
        given = bytes(data)
        self._left += given
        while self._left:
            if not self._room.wait():
                self._left = b""
                raise TimeoutError(errno.ETIMEDOUT, UNREAD)
            try:
                self._left = self._left[os.write(self._fd, self._left[: self._piece_bytes]) :]
            except BlockingIOError:
                continue
            except OSError:
                self._left = b""  # nobody reads it any more; whoever closes the stream has no error of its own
                raise
        return len(given)

    def flush(self) -> None:
        """Write what an interrupted write has left; raises as `write` does."""
        if self._left and not self.closed:
            self.write(b"")

    def close(self) -> None:
        """Close the pipe; its reader gets to the end."""
        if not self.closed:
            self._left = b""
            os.close(self._fd)
        super().close()
