"""Who uses a session: a lock that ends with the program that holds it, however that ends."""

import os
import sys
import time
from errno import EACCES, EAGAIN, EDEADLK
from pathlib import Path

from asrcli.journal.owned_files import NO_SURPRISE

LOCK = "lock"
TRIES, PAUSE_S = 5, 0.02  # whoever only looks has it for a moment
_TAKEN = {EACCES, EAGAIN, EDEADLK}


class JournalLock:
    """The lock of a session's folder. A file system that knows no locks locks nobody out."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / LOCK
        self._fd: int | None = None

    def take(self) -> bool:
        """Whether it is ours now.

        Raises:
            OSError: there can be no lock in this folder.
        """
        self._fd = os.open(self._path, os.O_RDWR | os.O_CREAT | NO_SURPRISE, 0o600)
        for _ in range(TRIES):
            if _locked(self._fd):
                return True
            time.sleep(PAUSE_S)
        self.release()
        return False

    def release(self) -> None:
        """Let others have it."""
        fd, self._fd = self._fd, None
        if fd is not None:
            os.close(fd)


def in_use(folder: Path) -> bool:
    """Whether somebody has the lock at this moment. Leaves nothing behind."""
    try:
        fd = os.open(folder / LOCK, os.O_RDWR | NO_SURPRISE)
    except OSError:
        return False
    try:
        return not _locked(fd)
    finally:
        os.close(fd)


def _locked(fd: int) -> bool:
    try:
        if sys.platform == "win32":
            import msvcrt

            msvcrt.locking(fd, msvcrt.LK_NBLCK, 1)
        else:
            import fcntl

            fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as exc:
        return exc.errno not in _TAKEN
    return True
