"""A rotating log file that reports lines lost to a full disk, both in the file and to the user of the program."""

import logging
import os
import sys
from collections.abc import Callable
from io import SEEK_SET, FileIO, RawIOBase, TextIOWrapper
from logging.handlers import RotatingFileHandler
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO

from asrcli.core.errors import system_reason
from asrcli.core.printable import quantity
from asrcli.core.whole_writes import write_whole

if TYPE_CHECKING:
    from typing_extensions import Buffer

LOST = "%s lost here: %s"


class RotatingLog(RotatingFileHandler):
    """A handler whose file has whole lines only. A line that finds no room is counted, and the program goes on.

    Args:
        path: The file.
        limit_bytes: A file that would become longer is renamed to NAME.1, and so on.
        files: How many older files are kept.
        failed: Called with a sentence when lines begin to be lost.
        ended: Called with a sentence when the log is closed and lines were lost.

    Raises:
        OSError: the file cannot be opened.
    """

    def __init__(
        self,
        path: Path,
        limit_bytes: int,
        files: int,
        failed: Callable[[str], object],
        ended: Callable[[str], object],
    ) -> None:
        self._failed = failed
        self._ended = ended
        self._reason = ""  # why the last line was lost
        self._lost = 0
        self._unsaid = 0  # how many of them the file does not mention yet
        self._notes = logging.Formatter()
        if path.exists() and not path.is_file():
            limit_bytes = 0  # a pipe or a device cannot be renamed, and Python 3.13 would ask it for its position
        super().__init__(path, maxBytes=limit_bytes, backupCount=files, encoding="utf-8")

    def setFormatter(self, fmt: logging.Formatter | None) -> None:  # noqa: N802  the name that logging has for it
        """Use a formatter; without one, lines come complete, and only notes about lost lines are still formatted."""
        self._notes = fmt or self._notes
        super().setFormatter(fmt)

    def emit(self, record: logging.LogRecord) -> None:
        """Write a line, after a note about those that were lost before it."""
        if unsaid := self._unsaid:
            self._unsaid = 0
            self._write_note(unsaid)
            if self._unsaid:  # there is still no room, and so this line is lost too
                self._unsaid += unsaid
                return
        super().emit(record)

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802  the name that logging has for it
        """Count a line that the system did not take."""
        error = sys.exc_info()[1]
        if not isinstance(error, OSError):
            super().handleError(record)
            return
        self._reason = system_reason(error).lower()
        self._lost += 1
        self._unsaid += 1
        if self._lost == 1:
            self._failed(f"cannot write {self.baseFilename}: {self._reason}; lines of this log are lost")

    def close(self) -> None:
        """Close the file, and report the lines that it lacks."""
        super().close()
        lost, self._lost = self._lost, 0
        if lost:
            self._ended(f"cannot write {self.baseFilename}: {self._reason}; it lacks {quantity(lost, 'line')}")

    def _open(self) -> TextIO:  # type: ignore[override]  # a stream of text, as the class says it is
        stream: Any = _WholeLines(FileIO(self.baseFilename, "a"))
        return TextIOWrapper(stream, "utf-8", "backslashreplace", write_through=True)

    def _write_note(self, unsaid: int) -> None:
        lines = f"{quantity(unsaid, 'line')} of this log"
        text = self._notes.format(
            logging.LogRecord("asrcli", logging.WARNING, __file__, 0, LOST, (lines, self._reason), None)
        )
        formatter, self.formatter = self.formatter, None
        try:
            super().emit(logging.makeLogRecord({"msg": text}))
        finally:
            self.formatter = formatter


class _WholeLines(RawIOBase):
    """An open file that is only appended to. It takes all of what is written to it, or nothing."""

    def __init__(self, file: FileIO) -> None:
        super().__init__()
        self._file = file

    def writable(self) -> bool:
        """Return True."""
        return True

    def seekable(self) -> bool:
        """Return whether the file has a position, which a pipe does not have."""
        return self._file.seekable()

    def seek(self, offset: int, whence: int = SEEK_SET) -> int:
        """Move as io.IOBase.seek does."""
        return self._file.seek(offset, whence)

    def write(self, data: "Buffer") -> int:
        """Write all of it, or nothing.

        Raises:
            OSError: the disk is full, or another error of the system.
        """
        written: Any = bytes(data)
        write_whole(self._file, written, os.fstat(self._file.fileno()).st_size)
        return len(written)

    def close(self) -> None:
        """Close the file."""
        if not self.closed:
            self._file.close()
        super().close()
