"""Writes a file whose text can be made again, such as an export: all of it gets the name, or nothing is left of it."""

import os
import shutil
from collections.abc import Callable
from contextlib import suppress
from errno import EWOULDBLOCK
from pathlib import Path
from typing import TextIO

from asrcli.core.errors import OutputError, system_reason
from asrcli.core.whole_writes import sync
from asrcli.journal.lock import try_lock
from asrcli.journal.owned_files import NO_SURPRISE
from asrcli.outputs.file_identity import identity, is_named
from asrcli.outputs.line_writer import LineWriter

UNFINISHED = ".asr-export"  # after a dot and the name of the file, until it is whole
CHANGED = "something else has written to it meanwhile; nothing was replaced"
BUSY = "another program is writing it"


class AtomicFile(LineWriter):
    """A line writer that keeps nothing of a text that did not get to its end.

    Its part has a fixed name and a lock. What a killed program has left there is written over by the next one, and two
    that write the same file at the same time do not share a part.
    """

    def _new_part(self, path: Path) -> TextIO:
        part = path.with_name(f".{path.name}{UNFINISHED}")
        descriptor = _locked(part)
        try:
            os.ftruncate(descriptor, 0)
            if path.exists():
                shutil.copymode(path, part)
            file = open(descriptor, "w", encoding="utf-8", errors="replace", newline="\n")  # noqa: PTH123, SIM115
        except BaseException:
            _remove(part)
            os.close(descriptor)
            raise
        self._part = part
        return file

    def rearrange(self, arranged: Callable[[str], str]) -> None:
        """Put the text of a file into another order, in the part that is locked: if that fails, nothing is left of it.

        Raises:
            OutputError: it cannot be written.
        """
        if self._part is None or self._file is None or self._failed:
            return
        try:
            text = arranged(self._part.read_bytes().decode("utf-8", "replace"))
            self._file.seek(0)
            self._file.truncate()
        except OSError as exc:
            self._failed = self._leaves = True
            raise OutputError(self._name, system_reason(exc)) from exc
        self._put(text)

    def _close(self) -> None:
        file, part, path = self._file, self._part, self._path
        if file is None or part is None or path is None or file.closed:
            super()._close()
            return
        with file:  # which holds the lock until the file has its name
            try:
                file.flush()
                if os.name == "nt":  # which renames no open file
                    file.close()
                if not self._leaves:
                    if not file.closed:
                        sync(os.fsync, file.fileno())
                    self._replace(part, path)
                    return
            except BaseException:  # also Ctrl-C
                _remove(part)
                raise
            _remove(part)
        self._part = None

    def _replace(self, part: Path, path: Path) -> None:
        if identity(path) != self._before:
            raise OutputError(self._name, CHANGED)
        part.replace(path)


def _locked(part: Path) -> int:
    """Return a descriptor of the part, which no other program has now.

    Raises:
        OSError: another program writes it, or it cannot be made.
    """
    while True:
        descriptor = os.open(part, os.O_RDWR | os.O_CREAT | NO_SURPRISE | getattr(os, "O_BINARY", 0), 0o666)
        try:
            if not try_lock(descriptor):
                raise BlockingIOError(EWOULDBLOCK, BUSY)
            if is_named(descriptor, part):  # the program that had it has not given it its name just now
                return descriptor
        except BaseException:
            os.close(descriptor)
            raise
        os.close(descriptor)


def _remove(part: Path) -> None:
    with suppress(OSError):
        part.unlink()
