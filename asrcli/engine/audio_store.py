"""The audio store of a session: a few minutes in memory, older audio in a temporary file."""

import tempfile
from typing import IO

from asrcli.core.whole_writes import write_whole
from asrcli.recovery.replay import Replay, Stored

KEPT_S = 6 * 3600  # at most so much audio waits for its text
IN_MEMORY_S = 300


class SpillFile:
    """Bytes in a temporary file. Freed places are used again, and a file without any used place is truncated.

    Where the file cannot be written the bytes stay in memory. The file has no buffer in this process: bytes that a full
    disk did not take would stay in it, and every later call would try to write them, and fail.
    """

    def __init__(self) -> None:
        self._file: IO[bytes] | None = None
        self._free: list[tuple[int, int]] = []  # places that were freed: offset and size
        self._end = 0
        self._used = 0

    def put(self, data: bytes) -> Stored:
        """Write bytes, and return what loads and frees them."""
        place = next((place for place in self._free if place[1] >= len(data)), None)
        offset = self._end
        if place is not None:
            offset = place[0]
        try:
            if self._file is None:
                self._file = tempfile.TemporaryFile(buffering=0)  # noqa: SIM115  lasts as the session does
            self._file.seek(offset)
            write_whole(self._file, data, self._end)
        except OSError:
            return _InMemory(data)
        if place is None:
            place = (offset, len(data))
            self._end += len(data)
        else:
            self._free.remove(place)
        self._used += 1
        return _OnDisk(self, place, len(data))

    @property
    def size_bytes(self) -> int:
        """The length of the file."""
        return self._end

    def get(self, offset: int, size: int) -> bytes:
        """Read bytes."""
        assert self._file is not None  # noqa: S101  something was put into it
        self._file.seek(offset)
        return self._file.read(size)

    def free(self, place: tuple[int, int]) -> None:
        """Let a place be overwritten."""
        self._used -= 1
        self._free.append(place)
        if self._used == 0 and self._file is not None:
            self._file.truncate(0)
            self._free = []
            self._end = 0

    def close(self) -> None:
        """Delete the file."""
        if self._file is not None:
            self._file.close()


class _InMemory:
    def __init__(self, data: bytes) -> None:
        self._data = data

    def load(self) -> bytes:
        return self._data

    def free(self) -> None:
        self._data = b""


class _OnDisk:
    def __init__(self, spill: SpillFile, place: tuple[int, int], size: int) -> None:
        self._spill = spill
        self._place = place
        self._size = size

    def load(self) -> bytes:
        return self._spill.get(self._place[0], self._size)

    def free(self) -> None:
        self._spill.free(self._place)


class AudioStore(Replay):
    """A Replay that keeps older audio in a temporary file."""

    def __init__(self, start: int, rate: int) -> None:
        self._spill = SpillFile()
        super().__init__(start, KEPT_S * rate, IN_MEMORY_S * rate, self._spill.put)

    def close(self) -> None:
        """Delete the temporary file."""
        self._spill.close()
