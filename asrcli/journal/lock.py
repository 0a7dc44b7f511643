"""The lock of a journal session's folder: held by one program at a time, and free as soon as that program is gone."""

import os
import time
from contextlib import suppress
from pathlib import Path

from asrcli.journal.owned_files import NO_SURPRISE

LOCK = "lock"
TRIES = 5
PAUSE_S = 0.02  # a program that only looks whether the lock is free holds it for a moment


class JournalLock:
    """An exclusive lock on one session's folder. The operating system releases it when the process ends.

    On a file system without locks `take` always succeeds: nobody is locked out.
    """

    def __init__(self, folder: Path) -> None:
        self._path = folder / LOCK
        self._fd: int | None = None

    def take(self) -> bool:
        """Try to take the lock for a tenth of a second, and return whether it was free.

        Raises:
            OSError: the lock file cannot be created or opened in this folder.
        """
        self._fd = os.open(self._path, os.O_RDWR | os.O_CREAT | NO_SURPRISE, 0o600)
        for _ in range(TRIES):
            if try_lock(self._fd):
                return True
            time.sleep(PAUSE_S)
        self.release()
        return False

    def release(self) -> None:
        """Release the lock; do nothing if it is not held."""
        fd = self._fd
        self._fd = None
        if fd is not None:
            _close(fd)


def in_use(folder: Path) -> bool:
    """Return whether another program holds the lock of this folder now. Creates no file."""
    try:
        fd = os.open(folder / LOCK, os.O_RDWR | NO_SURPRISE)
    except OSError:
        return False
    try:
        return not try_lock(fd)
    finally:
        _close(fd)


def try_lock(fd: int) -> bool:
    """Lock an open file without waiting, and return False if another program holds it.

    filelock's classes open the file themselves: they would follow a link, leave a file behind where somebody only
    looks, and on a file system without locks they keep a marker that outlives its process. Its function for a
    descriptor does none of this.
    """
    from filelock import lock_descriptor

    try:
        return lock_descriptor(fd, blocking=False)
    except OSError:  # this file system has no locks
        return True


def _close(fd: int) -> None:
    with suppress(OSError):  # it holds no data, and is closed even so
        os.close(fd)
