"""Lines: where finished lines go, one at a time and at once. UTF-8 always."""

import os
import shutil
import sys
from itertools import count
from pathlib import Path
from typing import TextIO

from asrcli.errors import NobodyReads, OutputError


class Lines:
    """Standard output, or a file that appears under its name only when it is complete.

    A regular file is written as NAME.part (NAME1.part if that is taken) and takes its name when it is closed, so that
    an earlier transcript is never replaced by half a new one; what was written before a crash is still there. It is not
    created before the run has begun. With `append` the lines go behind what the file holds.
    """

    def __init__(self, path: str | None, *, append: bool = False) -> None:
        self._append = append
        path = None if path == "-" else path
        self._name = path or "standard output"
        self._path = Path(path) if path else None
        self._part: Path | None = None
        self._file: TextIO | None = None
        if self._path is not None:
            _check(self._path)

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

    def leave(self) -> None:
        """Whatever comes: what was written so far stays under the name of its part."""
        self._part = None

    def close(self) -> None:
        """The file takes its name."""
        if self._path is None or self._file is None:
            return
        try:
            self._file.close()
            if self._part is not None:
                self._part.replace(self._path)
        except OSError as exc:
            raise OutputError(self._name, exc.strerror or str(exc)) from exc

    def _put(self, text: str) -> None:
        try:
            if self._file is None:
                self._file = self._opened()
            self._file.write(text)
            self._file.flush()
        except BrokenPipeError as exc:
            raise NobodyReads from exc
        except OSError as exc:
            self.leave()
            raise OutputError(self._name, exc.strerror or str(exc)) from exc

    def _opened(self) -> TextIO:
        if self._path is None:
            if sys.stdout is None:
                raise OutputError(self._name, "it is closed")
            if hasattr(sys.stdout, "reconfigure"):
                sys.stdout.reconfigure(encoding="utf-8", errors="replace", newline="\n")
            return sys.stdout
        if self._append or _is_device(self._path):
            return self._path.open("a", encoding="utf-8", errors="replace", newline="\n")
        self._path = self._path.resolve()  # a link stays a link, and what it points to is replaced
        for number in count():  # what an earlier run left behind, or somebody else put there, is not ours to replace
            self._part = self._path.with_name(f"{self._path.name}{number or ''}.part")
            try:
                part = self._part.open("x", encoding="utf-8", errors="replace", newline="\n")
            except FileExistsError:
                continue
            if self._path.exists():
                shutil.copymode(self._path, self._part)
            return part
        raise AssertionError


def _is_device(path: Path) -> bool:
    """Whether the name belongs to something that cannot be replaced: a device, a pipe, a descriptor of ours."""
    return path.absolute().is_relative_to("/dev") or (path.exists() and not path.is_file())


def _check(path: Path) -> None:
    """Refuse before the run what cannot work after it."""
    if path.is_dir():
        raise OutputError(str(path), "is a directory")
    folder = path.parent
    if not folder.is_dir():
        raise OutputError(str(path), f"there is no directory {folder}")
    if not os.access(path if path.exists() else folder, os.W_OK):
        raise OutputError(str(path), "permission denied")
