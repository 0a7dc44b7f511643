"""What all writers of audio files have in common: their interface, the file itself, and how PyAV writes a format."""

import os
from pathlib import Path
from typing import Protocol

from asrcli.core.dataclass import dataclass, field
from asrcli.core.whole_writes import write_whole


class AudioWriter(Protocol):
    """Writes one audio file. Even if the program is killed, it plays up to `late_ms` before what was written."""

    late_ms: int

    def write(self, pcm: bytes) -> None:
        """Append one piece.

        Raises:
            OSError: the disk is full, or another error of the system. The file ends before this piece; only `close`
                may be called then.
        """
        ...

    def close(self) -> None:
        """Write what is still held, and the length if the format has a place for it. Close the file.

        Raises:
            OSError: this could not be written. The file is closed in this case too.
        """
        ...


@dataclass(frozen=True, slots=True)
class Coding:
    """How PyAV writes a format.

    Attributes:
        container: The name of the container format.
        codec: The name of the encoder.
        late_ms: How much audio encoder and container hold at most, measured and rounded up.
        rate: Sample rate of the file; None is that of the audio.
        bit_rate: In bits a second; None if the codec has none.
        options: Options of the container.
    """

    container: str
    codec: str
    late_ms: int
    rate: int | None = None
    bit_rate: int | None = None
    options: dict[str, str] = field(default_factory=dict)


class AudioFile:
    """A new file that always ends with a whole piece. A piece that a full disk cuts short is removed again.

    The file has no buffer in this process: what is written belongs to the kernel and survives the end of the program.
    PyAV calls `write`, `seek` and `tell`.

    Attributes:
        error: The last error of a write.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._file = path.open("xb", buffering=0)
        self._whole_bytes = 0
        self.error: OSError | None = None

    def write(self, data: bytes) -> int:
        """Write all of the data. PyAV does not call again once this has failed."""
        try:
            write_whole(self._file, data, self._whole_bytes)
        except OSError as exc:
            self.error = exc
            raise
        return len(data)

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        """Move as io.IOBase.seek does."""
        return self._file.seek(offset, whence)

    def tell(self) -> int:
        """Return the position in bytes."""
        return self._file.tell()

    def mark(self) -> None:
        """Declare the file whole as it is now, and go to its end."""
        self._whole_bytes = self._file.seek(0, os.SEEK_END)

    def close(self) -> None:
        """Close the file, and remove it if nothing whole is in it."""
        self._file.close()
        if not self._whole_bytes:
            self._path.unlink(missing_ok=True)
