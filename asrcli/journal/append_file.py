"""Files that only grow, by whole records, and a thread that sees to it that they outlive the machine's power."""

import os
from collections.abc import Callable, Sequence
from contextlib import suppress
from io import FileIO
from pathlib import Path
from queue import Empty, SimpleQueue
from threading import Thread

from asrcli.journal.owned_files import NO_SURPRISE

PRIVATE_FILE, PRIVATE_FOLDER = 0o600, 0o700
SYNC_EVERY_S = 1.0


class AppendFile:
    """A file that ends behind a whole record: what a full disk cuts short goes away again.

    No buffer of ours: what is written is the kernel's, and outlives the program.
    """

    def __init__(self, path: Path, *, whole_bytes: int | None = None) -> None:
        self._file = FileIO(path, "ab", opener=open_private)
        self.size_bytes = self._file.tell() if whole_bytes is None else whole_bytes
        if whole_bytes is not None:
            self._file.truncate(whole_bytes)

    def append(self, data: bytes) -> None:
        """Put one more record behind the others.

        Raises:
            OSError: no room, or whatever the disk says. The file ends before this record.
        """
        rest = memoryview(data)
        try:
            while rest:
                rest = rest[self._file.write(rest) :]
        except OSError:
            with suppress(OSError):
                self._file.truncate(self.size_bytes)
            raise
        self.size_bytes += len(data)

    def sync(self) -> None:
        """Wait until the disk has it.

        Raises:
            OSError: it will not.
        """
        os.fsync(self._file.fileno())

    def close(self) -> None:
        """No more of it."""
        self._file.close()


class SyncThread:
    """The thread that syncs what has grown, about once a second: a slow disk must not hold up the audio.

    Args:
        files: To be closed after `close` only.
        chore: What is to be done first, and is nobody's hurry.
    """

    def __init__(self, files: Sequence[AppendFile], chore: Callable[[], None]) -> None:
        self._files, self._chore = files, chore
        self._inbox: SimpleQueue[None] = SimpleQueue()
        self._thread = Thread(target=self._run, name="journal", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Sync once more, and end."""
        self._inbox.put(None)
        self._thread.join()

    def _run(self) -> None:
        with suppress(OSError):
            self._chore()
        synced = [-1] * len(self._files)
        over = False
        while not over:
            with suppress(Empty):
                self._inbox.get(timeout=SYNC_EVERY_S)
                over = True
            for number, file in enumerate(self._files):
                size_bytes = file.size_bytes
                if size_bytes != synced[number]:
                    with suppress(OSError):  # the next write says what is wrong
                        file.sync()
                    synced[number] = size_bytes


def sync_folder(path: Path) -> None:
    """Wait until the disk knows what is in a folder, where the system can do that."""
    with suppress(OSError):
        folder = os.open(path, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)


def open_private(path: str, flags: int) -> int:
    """Open a file that is the user's alone, and no link or pipe in its place."""
    return os.open(path, flags | NO_SURPRISE, PRIVATE_FILE)
