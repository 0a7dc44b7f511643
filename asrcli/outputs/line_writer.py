"""Writes finished lines to standard output or to a file, each one at once, always as UTF-8."""

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from errno import ELOOP
from pathlib import Path
from typing import TextIO

from asrcli.core.errors import OutputClosed, OutputError, system_reason
from asrcli.outputs.file_identity import CHANGED, GONE, FileIdentity, identity, is_named
from asrcli.outputs.named_pipe import UNREAD, is_named_pipe, open_named_pipe, waiting_for_room
from asrcli.outputs.output_paths import (
    FOREIGN_LINK,
    check,
    end_line,
    is_device,
    is_foreign_link,
    open_appending,
    open_beside,
    open_new,
    own_descriptor,
    part_paths,
)

STDOUT = "standard output"  # its name in errors
REWRITTEN = ".new"  # the suffix of a part that replaces another part


class LineWriter:
    """Standard output, or a file that appears under its name only when it is complete.

    A regular file is written as NAME.part (NAME1.part if that is taken) and renamed when it is closed, so that an
    earlier transcript is never replaced by half a new one, and what was written before a crash is still there. After
    the first error nothing is written any more. A file that came, or that something else changed, while this one was
    written is never replaced: the part stays.

    Args:
        path: The file; None, "-" or /dev/stdout is standard output.
        append: Write after what the file holds.
        onto: Write after the text of this part, which an earlier run left, and rename it at the end.
        onto_bytes: Cut that part, or with `append` the file, to this size first; None keeps all of it.
        rewrite: Do not continue that part, but write a new file beside it, until `supersede` puts this in its place.
        stopped: Returns whether the user has asked for the end: the reader of a named pipe is not waited for then.

    Raises:
        OutputError: nothing can be written there.
    """

    def __init__(
        self,
        path: str | None,
        *,
        append: bool = False,
        onto: Path | None = None,
        onto_bytes: int | None = None,
        rewrite: bool = False,
        stopped: Callable[[], bool] = lambda: False,
    ) -> None:
        self._append = append
        self._stopped = stopped
        self._unread = False  # the wait for a reader was ended
        self._onto = onto
        self._onto_bytes = onto_bytes
        self._rewrite = rewrite
        self._name = STDOUT
        self._path: Path | None = None
        if path and path != "-" and own_descriptor(Path(path)) != 1:
            self._name = path
            self._path = Path(path)
        self._part: Path | None = None
        self._file: TextIO | None = None
        self._failed = self._leaves = False
        self._last = 0  # where in the part the last write begins
        self._before: FileIdentity = None  # of the file when the run began
        self._held: str | None = None  # the head of a new part, as long as nothing follows it
        if self._path is not None:
            check(self._path, append=append)
            self._before = identity(self._path)

    def begin(self, head: str = "") -> None:
        """Create the file with what stands before its first sentence, even if nothing more is ever written to it.

        A part is made with the first line that follows, or at the end: a run that is ended before leaves nothing.

        Raises:
            OutputError: it cannot be created.
        """
        text = head and f"{head}\n"
        if self._held is not None:
            self._held += text
        elif self._file is None and self._onto is None and self._path is not None and self.amendable:
            self._held = text
        else:
            self._put(text)

    def write(self, line: str) -> None:
        """Write one line at once.

        Raises:
            OutputError: it cannot be written.
            OutputClosed: the pipe is closed.
        """
        self._put(line + "\n")

    def amend(self, line: str) -> bool:
        """Replace what was written last, and return whether that was possible. In a pipe it is not.

        Raises:
            OutputError: it cannot be written.
        """
        if self._part is None or self._file is None or self._failed:
            return False
        try:
            self._file.truncate(self._last)  # first: where that fails, the next line goes to the end
            self._file.seek(self._last)
        except (OSError, ValueError):
            return False
        self._put(line + "\n")
        return True

    @property
    def amendable(self) -> bool:
        """Whether `amend` can replace what is written: not in a pipe or a device, and not with `append`."""
        return self._path is not None and not self._append and not is_device(self._path)

    def supersede(self) -> None:
        """Put this file in the place of the part, once all that the part holds has been written here too."""
        if not self._rewrite or self._part is None or self._onto is None:
            return
        with suppress(OSError):  # some systems rename no open file: then there are two
            self._part.replace(self._onto)
            self._part = self._onto

    def rearrange(self, arranged: Callable[[str], str]) -> None:
        """Put the text of a file into another order, before it is closed. If that fails, the file stays as it is."""
        if self._part is None or self._file is None or self._failed:
            return
        new = self._part.with_name(f"{self._part.name}{REWRITTEN}")
        try:
            text = arranged(self._part.read_bytes().decode("utf-8", "replace"))
            with open_beside(self._part, new) as file:
                file.write(text)
            self._file.close()  # some systems replace no open file
            new.replace(self._part)
        except OSError:
            with suppress(OSError):
                new.unlink(missing_ok=True)

    def leave(self) -> None:
        """Do not rename the part at the end: what was written stays under the name of the part."""
        self._leaves = True

    @property
    def left(self) -> Path | None:
        """The part that stays; None if the file gets, or got, its own name."""
        if not self._leaves or self._part is None or not self._part.exists():
            return None
        return self._part

    @contextmanager
    def closed_after(self) -> Iterator[None]:
        """Close the file after the block, which writes its end. If the block fails or is interrupted, the part stays.

        Raises:
            OutputError: as `close`.
        """
        try:
            yield
        except BaseException:
            self.leave()
            self.close()
            raise
        self.close()

    def close(self) -> None:
        """Close the file and give it its name. A part that stays is removed if it is empty.

        Raises:
            OutputError: it cannot be renamed, its last data cannot be written, or nobody has read the pipe.
        """
        if self._unread:
            self._unread = False
            raise OutputError(self._name, UNREAD)
        if self._held is not None and not self._leaves:
            self._put("")
        if self._file is None or (self._path is None and self._failed):
            return
        try:
            self._close()
        except OSError as exc:
            self._leaves = True
            if not self._failed:
                raise OutputError(self._name, system_reason(exc)) from exc

    def _close(self) -> None:
        assert self._file is not None  # noqa: S101  the caller looked
        if self._path is None:  # standard output stays open
            self._file.flush()
            return
        is_lost = self._append and not self._file.closed and not is_named(self._file.fileno(), self._path)
        try:
            self._file.close()
        except OSError:  # its last data find no room
            self._remove_empty_part()
            raise
        if is_lost:
            raise OutputError(self._name, GONE)
        if self._part is None:
            return
        if not self._leaves:
            self._replace(self._part, self._path)
        else:
            self._remove_empty_part()

    def _remove_empty_part(self) -> None:
        if self._part is not None and not self._part.stat().st_size:
            self._part.unlink()
            self._part = None

    def _replace(self, part: Path, path: Path) -> None:
        if identity(path) != self._before:
            self._part = None  # the error says where it is
            raise OutputError(self._name, f"{CHANGED} {part}")
        part.replace(path)

    def _put(self, text: str) -> None:
        if self._failed or (self._held is not None and self._leaves):
            return
        if self._held is not None:
            held, self._held = self._held, None
            self._put(held)
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
        except (OSError, ValueError) as exc:  # ValueError: a name that no file can have
            self._failed = self._leaves = True
            raise OutputError(self._name, system_reason(exc)) from exc
        except KeyboardInterrupt:
            if self._file is None:
                self._failed = True
                self._unread = self._path is not None and is_named_pipe(self._path)
            raise

    def _opened(self) -> TextIO:
        if self._path is None:
            return self._standard_output()
        if is_named_pipe(self._path):
            return open_named_pipe(self._path, self._stopped)
        if is_device(self._path):
            return open_appending(self._path)
        if self._append:
            if self._onto_bytes is not None:
                os.truncate(self._path, self._onto_bytes)
            end_line(self._path)
            return open_appending(self._path)
        if is_foreign_link(self._path):
            raise OSError(ELOOP, FOREIGN_LINK)
        self._path = Path(os.path.realpath(self._path))  # the link stays, and the file it points to is replaced
        if self._onto is not None and self._rewrite:
            return self._rewritten(self._onto)
        if self._onto is not None:
            self._part = self._onto
            if self._onto_bytes is not None:
                os.truncate(self._part, self._onto_bytes)
            return open_appending(self._part)
        return self._new_part(self._path)

    def _standard_output(self) -> TextIO:
        if sys.stdout is None:
            raise OutputError(self._name, "it is closed")
        if hasattr(sys.stdout, "reconfigure"):
            sys.stdout.reconfigure(encoding="utf-8", errors="replace", newline="\n")
        return waiting_for_room(sys.stdout, self._stopped)

    def _new_part(self, path: Path) -> TextIO:
        for name in part_paths(path):  # never replace a part that an earlier run or somebody else left
            try:
                part = open_new(name, path)
            except FileExistsError:
                continue
            self._part = name
            return part
        raise AssertionError

    def _rewritten(self, onto: Path) -> TextIO:
        """Create a new file beside a part. Its name is always the same, so killed runs leave only one."""
        self._part = onto.with_name(f"{onto.name}{REWRITTEN}")
        return open_beside(onto, self._part)
