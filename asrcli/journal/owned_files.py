"""What on a disk is ours: names, owners, and files that are opened only where they are files.

A folder of sessions may hold anything, put there by anybody: nothing of it is followed, waited for or removed that this
tool did not make.
"""

import os
import re
import stat
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO

from asrcli.core.errors import system_reason

_ID = re.compile(r"\d{8}-\d{6}-[0-9a-f]{4}", re.ASCII)
_OURS = re.compile(r"events\.jsonl|lock|\d{1,4}\.(?:pcm|index)", re.ASCII)
# A symbolic link is not followed, a pipe without a writer is not waited for. Windows knows neither flag.
NO_SURPRISE = getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0)


def is_id(name: str) -> bool:
    """Whether a name is one that sessions get."""
    return _ID.fullmatch(name) is not None


def is_folder(path: Path) -> bool:
    """Whether there is a real folder, and no link to one."""
    try:
        return stat.S_ISDIR(path.lstat().st_mode)
    except (OSError, ValueError):
        return False


def distrust(path: Path) -> str:
    """Why a session's folder, or a file in it, is not to be used; empty where it may be.

    Whoever else can write to it can say in it where a key is sent and which files are written.
    """
    try:
        about = path.lstat()
    except OSError as exc:
        return system_reason(exc).lower()
    if not stat.S_ISDIR(about.st_mode) and not stat.S_ISREG(about.st_mode):
        return "is neither a folder nor a file"
    if not hasattr(os, "geteuid"):
        return ""
    if about.st_uid != os.geteuid():
        return "belongs to somebody else"
    return "can be written by others: chmod go-w would end that" if about.st_mode & 0o022 else ""


def opened(path: Path) -> BinaryIO:
    """A file of a session for reading.

    Raises:
        OSError: it is not there, or no regular file.
    """
    fd = os.open(path, os.O_RDONLY | NO_SURPRISE | getattr(os, "O_BINARY", 0))
    if not stat.S_ISREG(os.fstat(fd).st_mode):
        os.close(fd)
        raise OSError(22, "is no regular file", str(path))
    return os.fdopen(fd, "rb")


def size_bytes(path: Path) -> int:
    """What the files of a folder take of the disk."""
    sizes = [about.st_size for file in path.iterdir() if stat.S_ISREG((about := file.lstat()).st_mode)]
    return sum(sizes)


def strangers(path: Path, sources: int) -> list[str]:
    """What is in the folder of a session with so many sources and was not made by this tool: a link, a folder, more."""
    ours = {"events.jsonl", "lock", *(f"{number}.{end}" for number in range(sources) for end in ("pcm", "index"))}
    return sorted(
        entry.name for entry in os.scandir(path) if entry.name not in ours or not entry.is_file(follow_symlinks=False)
    )


def remove_files(path: Path) -> None:
    """Remove what this tool makes in a session's folder, the header last, and the folder if that leaves it empty.

    Raises:
        OSError: something cannot be removed, or stays.
    """
    names = sorted((entry.name for entry in os.scandir(path) if _OURS.fullmatch(entry.name)), reverse=True)
    for name in sorted(names, key=lambda name: name.startswith("events")):
        with suppress(FileNotFoundError):
            (path / name).unlink()
    path.rmdir()
