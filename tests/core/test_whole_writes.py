"""A piece is written whole or not at all."""

import os
import re
import stat
from errno import EINVAL, EIO, ENOSPC, ENOSYS, EOPNOTSUPP
from pathlib import Path

import pytest

import asrcli
from asrcli.core.whole_writes import make_private, sync, write_whole


class Disk:
    """A file that takes a few bytes at a time, and no more than it has room for."""

    def __init__(self, room: int) -> None:
        self.data, self._room = b"", room

    def write(self, data: memoryview, /) -> int:
        """Take three bytes at most."""
        piece = bytes(data[: min(3, self._room - len(self.data))])
        if not piece:
            raise OSError(ENOSPC, "No space left on device")
        self.data += piece
        return len(piece)

    def truncate(self, size: int, /) -> int:
        """Cut it."""
        self.data = self.data[:size]
        return size


def test_a_piece_is_written_in_as_many_writes_as_it_takes() -> None:
    """The system may take a part only."""
    disk = Disk(room=100)
    write_whole(disk, b"0123456789", 0)
    assert disk.data == b"0123456789"


def test_a_full_disk_keeps_no_part_of_a_piece() -> None:
    """What was whole before stays."""
    disk = Disk(room=8)
    write_whole(disk, b"01234", 0)
    with pytest.raises(OSError, match="No space"):
        write_whole(disk, b"56789", 5)
    assert disk.data == b"01234"


@pytest.mark.skipif(os.name != "posix", reason="rights are others there")
def test_a_private_folder_is_in_private_folders(tmp_path: Path) -> None:
    """With a umask of 0 everybody could else put another one in its place. What is there stays as it is."""
    shared = tmp_path / "shared"
    shared.mkdir()
    shared.chmod(0o755)
    before = os.umask(0)
    try:
        for _ in range(2):
            make_private(shared / "a" / "b" / "c")
    finally:
        os.umask(before)
    made = [shared, shared / "a", shared / "a" / "b", shared / "a" / "b" / "c"]
    assert [stat.S_IMODE(each.stat().st_mode) for each in made] == [0o755, 0o700, 0o700, 0o700]
    (shared / "file").touch()
    with pytest.raises(OSError, match=r"exists|[Nn]ot a directory"):
        make_private(shared / "file")
    with pytest.raises(OSError, match=r"[Nn]ot a directory|exists"):
        make_private(shared / "file" / "in")


def test_no_private_folder_is_made_with_open_ones_around_it() -> None:
    """`mkdir` of pathlib gives its mode to the last folder alone."""
    for path in Path(asrcli.__file__).parent.rglob("*.py"):
        for call in re.findall(r"mkdir\([^)]*\)", path.read_text("utf-8")):
            assert not ("parents=True" in call and re.search("mode=(0o700|PRIVATE)", call)), f"{path}: {call}"


@pytest.mark.parametrize(
    ("error", "is_raised"), [(EINVAL, False), (ENOSYS, False), (EOPNOTSUPP, False), (EIO, True), (ENOSPC, True)]
)
def test_a_file_system_that_cannot_sync_is_no_trouble(error: int, is_raised: bool) -> None:
    """What is written is as safe there as it can be. A disk that refuses the data is an error."""

    def refused(descriptor: int) -> None:
        raise OSError(error, os.strerror(error), descriptor)

    raised = 0
    try:
        sync(refused, 1)
    except OSError as exc:
        raised = exc.errno or 0
    assert raised == (error if is_raised else 0)
