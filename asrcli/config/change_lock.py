"""A lock on a file of the user, so that only one program at a time reads, changes and writes it."""

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

from asrcli.core.errors import OutputError
from asrcli.core.lazy_module import LazyModule

if TYPE_CHECKING:
    from asrcli.core import whole_writes
else:  # most runs make no folder
    whole_writes = LazyModule("asrcli.core.whole_writes")

WAIT_S = 10.0  # a change takes milliseconds; a program that was stopped in it must not hold up others forever
PAUSE_S = 0.01
PRIVATE_FILE = 0o600


@contextmanager
def changing(path: Path) -> Iterator[None]:
    """Hold the lock of this file, which is that of its folder. The system frees it when the process ends.

    Where no lock can be made, in a folder that can only be read or on a file system without locks, nothing is locked.

    Raises:
        OutputError: another program has held it for WAIT_S.
    """
    fd = _opened(path)
    if fd is None:
        yield
        return
    try:
        deadline = time.monotonic() + WAIT_S
        while not _try_lock(fd):
            if time.monotonic() > deadline:
                raise OutputError(str(path), "another asr is changing it; try again when that one has ended")
            time.sleep(PAUSE_S)
        yield
    finally:
        with suppress(OSError):  # it holds no data, and is closed even so
            os.close(fd)


def _opened(path: Path) -> int | None:
    target = path
    try:
        if path.is_symlink():  # a program that changes the file under its other name must wait too
            target = Path(os.path.realpath(path))
        whole_writes.make_private(target.parent)
        if os.name == "posix":
            return os.open(target.parent, os.O_RDONLY)  # nothing is left behind
        return os.open(target.with_name(f".{target.name}.lock"), os.O_RDWR | os.O_CREAT, PRIVATE_FILE)
    except OSError:  # writing the file itself reports the reason
        return None


def _try_lock(fd: int) -> bool:
    from filelock import lock_descriptor

    try:
        return lock_descriptor(fd, blocking=False)
    except OSError:  # this file system has no locks
        return True
