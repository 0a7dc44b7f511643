"""A piece is written whole or not at all."""

from errno import ENOSPC

import pytest

from asrcli.core.whole_writes import write_whole


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
