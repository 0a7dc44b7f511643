"""Tells whether something else has written, replaced or removed a file while a run was writing its transcript."""

import os
import stat
from pathlib import Path

CHANGED = "something else has written to it during this run; the transcript of this run is in"
GONE = "it was removed or replaced during this run, and does not hold the text of this run"

FileIdentity = tuple[int, int, int, int] | None


def identity(path: Path) -> FileIdentity:
    """Return a value that changes when the file is written or replaced; None if there is no file.

    Raises:
        OSError: the system does not say what is there.
    """
    try:
        status = path.stat()
    except (FileNotFoundError, NotADirectoryError, ValueError):
        return None
    return status.st_dev, status.st_ino, status.st_mtime_ns, status.st_size


def is_named(descriptor: int, path: Path) -> bool:
    """Return whether an open file still has this name. True for pipes and devices, which this program never renames."""
    opened = os.fstat(descriptor)
    if not stat.S_ISREG(opened.st_mode):
        return True
    try:
        return os.path.samestat(opened, path.stat())
    except OSError:
        return False
