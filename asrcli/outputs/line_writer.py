"""Lines: where finished lines go, one at a time and at once. UTF-8 always."""

import os
import shutil
import stat
import sys
from contextlib import suppress
from errno import ELOOP
from itertools import count
from pathlib import Path
from typing import TextIO

from asrcli.core.errors import OutputClosed, OutputError

FOREIGN_LINK = "is a link that belongs to somebody else"


class LineWriter:
    """Standard output, or a file that appears under its name only when it is complete.

    A regular file is written as NAME.part (NAME1.part if that is taken) and takes its name when it is closed, so that
    an earlier transcript is never replaced by half a new one; what was written before a crash is still there. It is not
    created before the run has begun. With `append` the lines go behind what the file holds, with `onto` behind a part
    that an earlier run left, which takes the name in the end.

    What could not be written once is not tried again: whoever writes has been told.
    """

    def __init__(self, path: str | None, *, append: bool = False, onto: Path | None = None) -> None:
        self._append, self._onto = append, onto
        path = None if path == "-" else path
        self._name = path or "standard output"
        self._path = Path(path) if path else None
        self._part: Path | None = None
        self._file: TextIO | None = None
        self._failed = self._leaves = False
        self._last = 0  # where in a part what was written last begins
        if self._path is not None:
            check(self._path)

    def begin(self) -> None:
        """There will be a file, even if nothing is ever written to it."""
        self._put("")

    def write(self, line: str) -> None:
        """Put out one line, now.

        Raises:
            OutputError: it cannot be written.
            NobodyReads: the pipe is closed.
        """
        self._put(line + "\n")

    def amend(self, line: str) -> bool:
        """Write in place of what was written last; False where what is written stays so: in a pipe, say.

        Raises:
            OutputError: it cannot be written.
        """
        if self._part is None or self._file is None or self._failed:
            return False
        try:
            self._file.seek(self._last)
            self._file.truncate()
        except (OSError, ValueError):
            return False
        self._put(line + "\n")
        return True

    @property
    def amendable(self) -> bool:
        """Whether what is written last can be written anew."""
        return self._path is not None and not self._append and not _is_device(self._path)

    def supersede(self, part: Path) -> None:
        """All that an earlier run left in its part has been written here: this part takes its place."""
        if self._part is None or part == self._part:
            return
        with suppress(OSError):  # some systems rename no open file: then there are two
            self._part.replace(part)
            self._part = part

    def leave(self) -> None:
        """Whatever comes: what was written so far stays under the name of its part."""
        self._leaves = True

    @property
    def left(self) -> Path | None:
        """The part that stays, where what was written has not taken its name."""
        return self._part if self._leaves else None

    def close(self) -> None:
        """The file takes its name; a part that stays and holds nothing goes away.

        Raises:
            OutputError: it cannot.
        """
        if self._path is None or self._file is None:
            return
        try:
            self._close()
        except OSError as exc:
            self._leaves = True
            if not self._failed:
                raise OutputError(self._name, exc.strerror or str(exc)) from exc

    def _close(self) -> None:
        assert self._file is not None  # noqa: S101  the caller looked
        assert self._path is not None  # noqa: S101
        self._file.close()
        if self._part is None:
            return
        if not self._leaves:
            self._part.replace(self._path)
        elif not self._part.stat().st_size:
            self._part.unlink()
            self._part = None

    def _put(self, text: str) -> None:
        if self._failed:
            return
        try:
            if self._file is None:
                self._file = self._opened()
            if self._part is not None:
                self._last = self._file.tell()
            self._file.write(text)
            self._file.flush()
        except BrokenPipeError as exc:
            self._failed = self._leaves = True
            raise OutputClosed from exc
        except (OSError, ValueError) as exc:  # ValueError: a name that no system takes
            self._failed = self._leaves = True
            raise OutputError(self._name, getattr(exc, "strerror", None) or str(exc)) from exc

    def _opened(self) -> TextIO:
        if self._path is None:
            if sys.stdout is None:
                raise OutputError(self._name, "it is closed")
            if hasattr(sys.stdout, "reconfigure"):
                sys.stdout.reconfigure(encoding="utf-8", errors="replace", newline="\n")
            return sys.stdout
        if _is_device(self._path):
            return _appended(self._path)
        if self._append:
            _end_line(self._path)
            return _appended(self._path)
        if is_foreign_link(self._path):
            raise OSError(ELOOP, FOREIGN_LINK)
        self._path = Path(os.path.realpath(self._path))  # a link stays a link, and what it points to is replaced
        if self._onto is not None:
            self._part = self._onto
            return _appended(self._part)
        for number in count():  # what an earlier run left behind, or somebody else put there, is not ours to replace
            self._part = self._path.with_name(f"{self._path.name}{number or ''}.part")
            try:
                part = open(  # noqa: SIM115  closed at the end of the run
                    self._part, "x", encoding="utf-8", errors="replace", newline="\n", opener=self._opener
                )
            except FileExistsError:
                continue
            except OSError:
                self._part = None
                raise
            if self._path.exists():
                shutil.copymode(self._path, self._part)
            return part
        raise AssertionError

    def _opener(self, path: str, flags: int) -> int:
        """Open a part; where it is to replace a file, nobody may open it before it has that one's rights."""
        return os.open(path, flags, 0o600 if self._path is not None and self._path.exists() else 0o666)


def _appended(path: Path) -> TextIO:
    return path.open("a", encoding="utf-8", errors="replace", newline="\n")


def _end_line(path: Path) -> None:
    """A last line that nobody ended would run into ours."""
    if not path.exists() or not path.stat().st_size:
        return
    with path.open("r+b") as file:
        file.seek(-1, os.SEEK_END)
        if file.read(1) != b"\n":
            file.write(b"\n")


def _is_device(path: Path) -> bool:
    """Whether the name belongs to something that cannot be replaced: a device, a pipe, a descriptor of ours."""
    path = path.absolute()
    in_dev = path.is_relative_to("/dev") and not path.is_relative_to("/dev/shm")  # noqa: S108  files like any others
    return in_dev or (path.exists() and not path.is_file())


def is_foreign_link(path: Path) -> bool:
    """Whether there is a link that somebody else made: where it leads is not what the user named."""
    try:
        about = path.lstat()
    except (OSError, ValueError):
        return False
    return stat.S_ISLNK(about.st_mode) and hasattr(os, "geteuid") and about.st_uid not in {0, os.geteuid()}


def check(path: Path) -> None:
    """Refuse before the run what cannot work after it.

    Raises:
        OutputError: nothing can be written there.
    """
    try:
        problem = _obstacle(path)
    except (OSError, ValueError) as exc:  # in a folder that may not be entered, or no name of a file
        problem = (getattr(exc, "strerror", None) or str(exc)).lower()
    if problem:
        raise OutputError(str(path), problem)


def _obstacle(path: Path) -> str:
    if path.is_dir():
        return "is a directory"
    if is_foreign_link(path):
        return FOREIGN_LINK
    if Path(os.path.realpath(path)).is_symlink():  # what it leads to can be told of every other link
        return "is a link that leads to itself"
    folder = path.parent
    if not folder.is_dir():
        return f"there is no directory {folder}"
    return "" if os.access(path if path.exists() else folder, os.W_OK) else "permission denied"
