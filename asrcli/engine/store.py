"""The audio store of a session: a few minutes in memory, and what waits longer in a temporary file."""

import tempfile
from collections.abc import Callable
from functools import partial
from typing import IO

from asrcli.recovery.replay import Replay

KEPT_S = 6 * 3600  # audio that is kept until a final covers it
IN_MEMORY_S = 300


class Spill:
    """Bytes put away and brought back; where there is no room on the disk they stay in memory."""

    def __init__(self) -> None:
        self._file: IO[bytes] | None = None

    def put(self, data: bytes) -> Callable[[], bytes]:
        """Put bytes away; what brings them back."""
        try:
            if self._file is None:
                self._file = tempfile.TemporaryFile()  # noqa: SIM115  it lasts as long as the session
            at = self._file.seek(0, 2)
            self._file.write(data)
            self._file.flush()
        except OSError:
            return lambda: data
        return partial(self._get, at, len(data))

    def close(self) -> None:
        """Nothing of it is wanted any more."""
        if self._file is not None:
            self._file.close()

    def _get(self, at: int, size: int) -> bytes:
        assert self._file is not None  # noqa: S101  something was put into it
        self._file.seek(at)
        return self._file.read(size)


class Store(Replay):
    """A Replay that spills."""

    def __init__(self, start: int, rate: int) -> None:
        self._spill = Spill()
        super().__init__(start, KEPT_S * rate, IN_MEMORY_S * rate, self._spill.put)

    def close(self) -> None:
        """Nothing of it is wanted any more."""
        self._spill.close()
