"""Files that only grow, record by record, and the thread that syncs them to the disk."""

import os
from collections.abc import Callable, Sequence
from contextlib import suppress
from errno import EWOULDBLOCK
from io import FileIO
from pathlib import Path
from queue import Empty, SimpleQueue
from threading import Thread

from asrcli.core.errors import AsrError, system_reason
from asrcli.core.whole_writes import sync, write_whole
from asrcli.journal.lock import try_lock
from asrcli.journal.owned_files import NO_SURPRISE

PRIVATE_FILE = 0o600
PRIVATE_FOLDER = 0o700
SYNC_EVERY_S = 1.0


class AppendFile:
    """A file that always ends with a whole record. A record that a full disk cuts short is removed again.

    The file has no buffer in this process: what is written belongs to the kernel and survives the end of the program.

    Args:
        path: Where it is. It is created if it does not exist, readable by its owner only.
        whole_bytes: Cut an existing file to this size first; None keeps all of it.
        alone: Lock the file, where its file system can do that; it is not cut where another program holds the lock.

    Attributes:
        path: Where it is.
        size_bytes: Size of the whole records.

    Raises:
        BlockingIOError: with `alone`, another program writes the file.
        OSError: it cannot be opened.
    """

    def __init__(self, path: Path, *, whole_bytes: int | None = None, alone: bool = False) -> None:
        self.path = path
        self._file = FileIO(path, "ab", opener=open_private)
        if alone and not try_lock(self._file.fileno()):
            self._file.close()
            raise BlockingIOError(EWOULDBLOCK, "another program writes it")
        if whole_bytes is None:
            self.size_bytes = self._file.tell()
        else:
            self.size_bytes = whole_bytes
            self._file.truncate(whole_bytes)

    def append(self, data: bytes) -> None:
        """Write one more record at the end.

        Raises:
            OSError: the disk is full, or another error of the system. The file ends before this record.
        """
        write_whole(self._file, data, self.size_bytes)
        self.size_bytes += len(data)

    def sync(self) -> None:
        """Wait until the data is on the disk.

        Raises:
            OSError: it cannot be written there.
        """
        sync(os.fsync, self._file.fileno())

    def close(self) -> None:
        """Close the file.

        Raises:
            OSError: data cannot be written: a disk in the network may say only now that it is full.
        """
        self._file.close()


class SyncThread:
    """The thread that syncs files which have grown, about once a second: a slow disk must not hold up the audio.

    Args:
        files: `close` closes them.
        chore: A task that is not urgent and that the thread does first, such as removing old sessions.
        warn: Called once, in that thread or in that of `close`, if the disk refuses data that was written before. The
            system reports that only once, and further writes work: nothing else would report it.
    """

    def __init__(self, files: Sequence[AppendFile], chore: Callable[[], None], warn: Callable[[str], None]) -> None:
        self._files = files
        self._chore = chore
        self._warn = warn
        self._has_warned = False
        self._inbox: SimpleQueue[None] = SimpleQueue()
        self._thread = Thread(target=self._run, name="journal", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Sync a last time, end the thread, and close the files."""
        self._inbox.put(None)
        self._thread.join()
        for file in self._files:
            self._reporting(file.close)

    def _run(self) -> None:
        with suppress(OSError, AsrError):
            self._chore()
        synced_bytes = [-1] * len(self._files)
        closing = False
        while not closing:
            with suppress(Empty):
                self._inbox.get(timeout=SYNC_EVERY_S)
                closing = True
            for number, file in enumerate(self._files):
                size_bytes = file.size_bytes
                if size_bytes != synced_bytes[number]:
                    self._reporting(file.sync)
                    synced_bytes[number] = size_bytes

    def _reporting(self, write: Callable[[], None]) -> None:
        try:
            write()
        except OSError as exc:
            if not self._has_warned:
                self._has_warned = True
                self._warn(f"the disk may lack the end of the journal: {system_reason(exc).lower()}")


def sync_folder(path: Path) -> None:
    """Wait until the names in a folder are on the disk, where the system can do that."""
    with suppress(OSError):
        folder = os.open(path, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)


def open_private(path: str, flags: int) -> int:
    """Open a file that only its owner may read, and return its descriptor. An opener for `open`.

    Raises:
        OSError: as os.open; also where the path is a symbolic link.
    """
    return os.open(path, flags | NO_SURPRISE, PRIVATE_FILE)
