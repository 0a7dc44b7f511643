"""Writes PCM to WAV, FLAC, MP3 and Opus files that can be played at any moment. Writers only append."""

import os
import struct
from errno import EFBIG
from pathlib import Path
from typing import Protocol

from asrcli.core.audio import SAMPLE_BYTES, Format
from asrcli.core.dataclass import dataclass, field
from asrcli.core.whole_writes import write_whole

WAV_BYTES = 0xFFFFFFFF - 36  # what the four bytes of a RIFF size leave for samples: 37 hours at 16 kHz
_WAV_HEADER = struct.Struct("<4sI4s4sIHHIIHH4sI")


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


# MP3 is written without a Xing frame, whose length would be right only at the end. Without it no player removes the
# encoder's delay of 1105 samples, which are 138 ms at 8000 Hz and 46 ms at 24000 Hz.
_CODINGS = {
    ".flac": Coding("flac", "flac", 100),
    ".mp3": Coding("mp3", "libmp3lame", 200, 24000, 48_000, {"write_xing": "0"}),
    ".opus": Coding("ogg", "libopus", 500, None, 32_000, {"page_duration": "200000"}),  # in microseconds
}
SUFFIXES = (".wav", *_CODINGS)


def can_encode(suffix: str) -> bool:
    """Return whether the PyAV on this machine can write the format of a suffix such as ".mp3"."""
    coding = _CODINGS.get(suffix)
    if coding is None:
        return suffix in SUFFIXES
    from asrcli.sources.encoded_writer import has_encoder

    return has_encoder(coding.codec)


def create_writer(path: Path, suffix: str, audio_format: Format) -> AudioWriter:
    """Create a file and return the writer for the format of its suffix.

    Raises:
        OSError: the file exists already or cannot be created.
    """
    coding = _CODINGS.get(suffix)
    if coding is None:
        return WavWriter(path, audio_format)
    from asrcli.sources.encoded_writer import EncodedWriter

    return EncodedWriter(path, coding, audio_format)


class WavWriter:
    """Writes a WAV file whose header has the right sizes after each piece."""

    late_ms = 0

    def __init__(self, path: Path, audio_format: Format, limit_bytes: int = WAV_BYTES) -> None:
        self._rate = audio_format.rate
        self._limit_bytes = limit_bytes
        self._size_bytes = 0
        self._file = AudioFile(path)

    def write(self, pcm: bytes) -> None:
        """Append one piece. The samples are written before the sizes: a header must never promise what is not there."""
        size_bytes = self._size_bytes + len(pcm)
        if size_bytes > self._limit_bytes:
            raise OSError(EFBIG, os.strerror(EFBIG))
        if not self._size_bytes:
            pcm = self._header(0) + pcm
        self._file.write(pcm)
        self._file.seek(0)
        self._file.write(self._header(size_bytes))
        self._file.mark()
        self._size_bytes = size_bytes

    def close(self) -> None:
        """Close the file: everything is written already."""
        self._file.close()

    def _header(self, size_bytes: int) -> bytes:
        about = (16, 1, 1, self._rate, self._rate * SAMPLE_BYTES, SAMPLE_BYTES, SAMPLE_BYTES * 8)
        return _WAV_HEADER.pack(b"RIFF", 36 + size_bytes, b"WAVE", b"fmt ", *about, b"data", size_bytes)


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
