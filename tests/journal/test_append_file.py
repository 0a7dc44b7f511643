"""What has been written reaches the disk while the run goes on, not only when it ends."""

from queue import SimpleQueue
from typing import cast

import pytest

from asrcli.journal import append_file
from asrcli.journal.append_file import AppendFile, SyncThread

WAIT_S = 60  # no test needs it; a file that is not synced shall fail the test and not hang it


class GrowingFile:
    """A file that reports which size it had when it was synced. Its disk may be broken."""

    def __init__(self, *, broken: bool = False) -> None:
        self.size_bytes = 0
        self.synced = SimpleQueue[int]()
        self._broken = broken

    def sync(self) -> None:
        """Report the size, and fail if the disk is broken."""
        self.synced.put(self.size_bytes)
        if self._broken:
            raise OSError(5, "Input/output error")


def syncing(*files: GrowingFile, chore: type[OSError] | None = None) -> SyncThread:
    """The thread that syncs these files, after a chore that may fail."""

    def do_chore() -> None:
        if chore is not None:
            raise chore

    return SyncThread(cast("list[AppendFile]", list(files)), do_chore)


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
