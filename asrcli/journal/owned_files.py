"""Which files in a journal belong to this tool and this user, and how they are opened and removed safely.

A folder of sessions may hold anything, put there by anybody. No link in it is followed, no pipe in it is waited for,
and nothing is removed that this tool did not make.
"""

import os
import re
import stat
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO

from asrcli.core.errors import system_reason
from asrcli.core.lazy_pattern import lazy_pattern

_ID = lazy_pattern(r"\d{8}-\d{6}-[0-9a-f]{4}", re.ASCII)
_OURS = lazy_pattern(r"events\.jsonl|lock|\d{1,4}\.(?:pcm|index)", re.ASCII)
# Flags for os.open: do not follow a symbolic link, do not wait at a pipe without a writer. Windows has neither.
NO_SURPRISE = getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0)


def is_id(name: str) -> bool:
    """Return whether a name has the form of a session's name."""
    return _ID.fullmatch(name) is not None


def is_folder(path: Path, *, unknown: bool = False) -> bool:
    """Return whether the path is a folder, not a link to one; `unknown` if the system does not say what it is."""
    try:
        return stat.S_ISDIR(path.lstat().st_mode)
    except (FileNotFoundError, ValueError):
        return False
    except OSError:
        return unknown


def distrust(path: Path) -> str:
    """Return why a session's folder, or a file in it, must not be used; an empty string if it may be used.

    Another user who can write to it could choose in it where the API key is sent and which files are written.
    """
    try:
        status = path.lstat()
    except OSError as exc:
        return system_reason(exc).lower()
    if not stat.S_ISDIR(status.st_mode) and not stat.S_ISREG(status.st_mode):
        return "is neither a folder nor a file"
    if not hasattr(os, "geteuid"):
        return ""
    if status.st_uid != os.geteuid():
        return "belongs to somebody else"
    if status.st_mode & 0o022:
        return "can be written by others: chmod go-w would end that"
    return ""


def opened(path: Path) -> BinaryIO:
    """Open a file of a session for reading.

    Raises:
        OSError: it does not exist, cannot be read, or is not a regular file.
    """
    fd = os.open(path, os.O_RDONLY | NO_SURPRISE | getattr(os, "O_BINARY", 0))
    if not stat.S_ISREG(os.fstat(fd).st_mode):
        os.close(fd)
        raise OSError(22, "is not a regular file", str(path))
    return os.fdopen(fd, "rb")


def size_bytes(path: Path) -> int:
    """Return the size of all regular files in a folder together."""
    statuses = [file.lstat() for file in path.iterdir()]
    return sum(status.st_size for status in statuses if stat.S_ISREG(status.st_mode))


def foreign_names(path: Path, sources: int) -> list[str]:
    """Return the names in a session's folder that this tool did not make, for a session of this many sources.

    A link or a folder counts as foreign, whatever its name.
    """
    ours = {"events.jsonl", "lock", *(f"{number}.{end}" for number in range(sources) for end in ("pcm", "index"))}
    return sorted(
        entry.name for entry in os.scandir(path) if entry.name not in ours or not entry.is_file(follow_symlinks=False)
    )


def remove_files(path: Path) -> None:
    """Remove the files that this tool makes in a session's folder, the header last, and then the empty folder.

    Raises:
        OSError: a file cannot be removed, or the folder holds something else and stays.
    """
    names = sorted((entry.name for entry in os.scandir(path) if _OURS.fullmatch(entry.name)), reverse=True)
    for name in sorted(names, key=lambda name: name.startswith("events")):
        with suppress(FileNotFoundError):
            (path / name).unlink()
    path.rmdir()
