"""What has been written reaches the disk while the run goes on, not only when it ends."""

import os
from errno import EDQUOT, EIO, ENOSPC
from queue import SimpleQueue
from typing import cast

import pytest

from asrcli.journal import append_file
from asrcli.journal.append_file import AppendFile, SyncThread

WAIT_S = 60  # no test needs it; a file that is not synced shall fail the test and not hang it


class GrowingFile:
    """A file that reports which size it had when it was synced. Its disk may be broken."""

    def __init__(self, *, broken: bool = False, error: int = EIO, at_close: int = 0) -> None:
        self.size_bytes = 0
        self.synced = SimpleQueue[int]()
        self.is_closed = False
        self._error = error if broken else 0
        self._at_close = at_close

    def sync(self) -> None:
        """Report the size, and fail if the disk is broken."""
        self.synced.put(self.size_bytes)
        if self._error:
            raise OSError(self._error, os.strerror(self._error))

    def close(self) -> None:
        """Close the file, and fail if the disk says only now that it is full."""
        self.is_closed = True
        if self._at_close:
            raise OSError(self._at_close, os.strerror(self._at_close))


def syncing(*files: GrowingFile, chore: type[OSError] | None = None, warnings: list[str] | None = None) -> SyncThread:
    """The thread that syncs these files, after a chore that may fail."""

    def do_chore() -> None:
        if chore is not None:
            raise chore

    told = [] if warnings is None else warnings
    return SyncThread(cast("list[AppendFile]", list(files)), do_chore, told.append)


@pytest.mark.parametrize("chore", [None, PermissionError])
def test_files_that_grow_are_synced_without_an_end(
    monkeypatch: pytest.MonkeyPatch, chore: type[OSError] | None
) -> None:
    """A power failure costs a second of a long recording. Neither a failed chore nor a broken disk changes that."""
    monkeypatch.setattr(append_file, "SYNC_EVERY_S", 0.001)
    file, broken = GrowingFile(), GrowingFile(broken=True)
    thread = syncing(broken, file, chore=chore)
    for size_bytes in (0, 10, 20):
        file.size_bytes = broken.size_bytes = size_bytes
        while file.synced.get(timeout=WAIT_S) < size_bytes:
            pass
        while broken.synced.get(timeout=WAIT_S) < size_bytes:
            pass
    thread.close()


def test_the_last_record_is_synced_before_the_files_are_closed() -> None:
    """It may be written just before the end, and a file that has not grown since is not synced again."""
    file, still = GrowingFile(), GrowingFile()
    thread = syncing(file, still)
    file.size_bytes = 10
    thread.close()
    sizes = [file.synced.get_nowait() for _ in range(file.synced.qsize())]
    assert sizes[-1] == 10
    assert sizes == sorted(set(sizes))
    assert still.synced.qsize() == 1


@pytest.mark.parametrize("error", [EIO, ENOSPC, EDQUOT])
def test_data_that_the_disk_refuses_later_is_reported_once(error: int) -> None:
    """The system says it only once, and what is written next succeeds. A disk in the network is full only then."""
    warnings: list[str] = []
    broken, others = GrowingFile(broken=True, error=error, at_close=error), GrowingFile(at_close=error)
    thread = syncing(broken, others, warnings=warnings)
    broken.size_bytes = 10
    thread.close()
    assert warnings == [f"the disk may lack the end of the journal: {os.strerror(error).lower()}"]
    assert broken.is_closed
    assert others.is_closed


def test_a_disk_that_says_only_at_the_end_that_it_is_full_is_reported() -> None:
    """The files are closed even so."""
    warnings: list[str] = []
    full, other = GrowingFile(at_close=ENOSPC), GrowingFile()
    syncing(full, other, warnings=warnings).close()
    assert warnings == [f"the disk may lack the end of the journal: {os.strerror(ENOSPC).lower()}"]
    assert other.is_closed
