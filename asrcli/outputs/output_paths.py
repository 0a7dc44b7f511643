"""Whether a file can be written where the user wants it, asked before the run begins. Leaves no file behind."""

import os
import shutil
import stat
from collections.abc import Iterator
from contextlib import suppress
from errno import EINVAL, EISDIR, EOPNOTSUPP
from itertools import count
from pathlib import Path
from typing import TextIO

from asrcli.core.errors import OutputError, system_reason
from asrcli.core.lazy_pattern import lazy_pattern

FOREIGN_LINK = "is a link that belongs to somebody else"

NOT_INHERITED = "is closed: nothing was redirected to it when this command was started"
STREAMS = ("stdin", "stdout", "stderr")  # each at the place of its descriptor
_OWN_DESCRIPTOR = lazy_pattern(r"/dev/(?P<stream>stdin|stdout|stderr)|(?:/dev|/proc/self)/fd/(?P<number>[0-9]+)")

NO_UNNAMED_FILES = {EOPNOTSUPP, EISDIR, EINVAL}  # of a file system, or a kernel, without unnamed files


def part_paths(path: Path) -> Iterator[Path]:
    """Yield the names that an unfinished file can have, until it is complete: NAME.part, NAME1.part and so on."""
    for number in count():
        yield path.with_name(f"{path.name}{number or ''}.part")


def is_device(path: Path) -> bool:
    """Return whether the path cannot be replaced by a file: a device, a pipe, a descriptor of this process.

    Where the system does not say what is there, opening it reports the error.
    """
    path = path.absolute()
    if own_descriptor(path) is not None:
        return True
    in_dev = path.is_relative_to("/dev") and not path.is_relative_to("/dev/shm")  # noqa: S108  it holds regular files
    try:
        return in_dev or (path.exists() and not path.is_file())
    except OSError:
        return False


def own_descriptor(path: Path) -> int | None:
    """Return the descriptor of this process that a path names, as /dev/stdout and /dev/fd/3; None for all others.

    Opening such a path gives a regular file a second position: what the shell, or another program, writes after us
    through the first one would then overwrite our text.
    """
    names = _OWN_DESCRIPTOR.fullmatch(str(path))
    if names is None or os.name != "posix":
        return None
    if names["stream"]:
        return STREAMS.index(names["stream"])
    return int(names["number"])


def _is_inherited(descriptor: int) -> bool:
    """Return whether a descriptor is from whoever has started this program: Python passes its own ones to nobody."""
    try:
        return os.get_inheritable(descriptor)
    except (OSError, OverflowError):
        return False


def is_foreign_link(path: Path) -> bool:
    """Return whether the path is a link that another user made: it may lead to a file that this user did not mean."""
    try:
        status = path.lstat()
    except (OSError, ValueError):
        return False
    return stat.S_ISLNK(status.st_mode) and hasattr(os, "geteuid") and status.st_uid not in {0, os.geteuid()}


def check(path: Path, *, append: bool = False, has_part: bool = True) -> None:
    """Check before the run that a file can be written.

    Args:
        path: The file.
        append: It is written after what it holds.
        has_part: Until it is complete it lies beside, under the name of a part.

    Raises:
        OutputError: it cannot.
    """
    try:
        problem = _obstacle(path, append=append, has_part=has_part)
    except (OSError, ValueError) as exc:  # a folder without the right to enter it, or a name that no file can have
        problem = system_reason(exc).lower()
    if problem:
        raise OutputError(str(path), problem)


def _obstacle(path: Path, *, append: bool, has_part: bool) -> str:
    _is_there(path)  # first: what else asks whether a file is there takes a name that is too long for one that is not
    if path.is_dir():
        return "is a directory"
    if is_foreign_link(path):
        return FOREIGN_LINK
    if (descriptor := own_descriptor(path)) is not None and not _is_inherited(descriptor):
        return NOT_INHERITED
    target = Path(os.path.realpath(path))
    if target.is_symlink():  # realpath follows all other links to their end
        return "is a link that leads to itself"
    folder = path.parent
    if path.is_symlink() and not path.exists():  # the file is made where the link leads
        folder = target.parent
    if not folder.is_dir():
        return f"there is no directory {folder}"
    if path.exists() and not os.access(path, os.W_OK):
        return "permission denied"
    if is_device(path) or (append and path.exists()):
        return ""
    if has_part and not append:
        next(part for part in part_paths(target) if not _is_there(part))
    _make_file_in(target.parent)
    return ""


def _is_there(path: Path) -> bool:
    """Return whether there is a file of this name.

    Raises:
        OSError: the name, or the path, is too long.
    """
    try:
        path.lstat()
    except (FileNotFoundError, NotADirectoryError):
        return False
    return True


def _make_file_in(folder: Path) -> None:
    """Create a file without a name, which disappears at once; where the file system cannot do that, one with a name.

    Rights alone do not say whether that works: a file system may be read-only, full, or one of the kernel's own.

    Raises:
        OSError: it cannot be made.
    """
    if hasattr(os, "O_TMPFILE"):
        try:
            os.close(os.open(folder, os.O_TMPFILE | os.O_WRONLY, 0o600))
        except OSError as exc:
            if exc.errno not in NO_UNNAMED_FILES:
                raise
        else:
            return
    named = folder / f".asr-{os.getpid()}.part"
    with suppress(FileExistsError):
        os.close(os.open(named, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
        named.unlink()


def end_line(path: Path) -> None:
    """Add a line feed if the last line of the file does not end with one."""
    if not path.exists() or not path.stat().st_size:
        return
    with path.open("r+b") as file:
        file.seek(-1, os.SEEK_END)
        if file.read(1) != b"\n":
            file.write(b"\n")


def open_new(path: Path, replaced: Path) -> TextIO:
    """Open a file that does not exist yet, always as UTF-8.

    If it will replace a file, it has the rights of that file, and nobody else may open it before. Where it cannot get
    them, no file is left.
    """
    replaces = replaced.exists()
    mode = 0o666
    if replaces:
        mode = 0o600
    file = open(  # noqa: SIM115  the caller closes it
        path,
        "x",
        encoding="utf-8",
        errors="replace",
        newline="\n",
        opener=lambda name, flags: os.open(name, flags, mode),
    )
    try:
        if replaces:
            shutil.copymode(replaced, path)
    except OSError:
        with file:
            path.unlink(missing_ok=True)
        raise
    return file


def open_beside(path: Path, new: Path) -> TextIO:
    """Open a new file that will take the place of another one, with its rights."""
    new.unlink(missing_ok=True)
    return open_new(new, path)


def open_appending(path: Path) -> TextIO:
    """Open a file, a device or a descriptor of this process, to write after what it holds, always as UTF-8."""
    if (descriptor := own_descriptor(path)) is not None:
        return os.fdopen(os.dup(descriptor), "a", encoding="utf-8", errors="replace", newline="\n")
    return path.open("a", encoding="utf-8", errors="replace", newline="\n")
