"""Writers of PCM to WAV, FLAC, MP3 and Opus files that are playable at any moment. They append, and nothing else."""

import os
import struct
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from errno import EFBIG
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, cast

from asrcli.core.audio import SAMPLE_BYTES, Format
from asrcli.core.errors import system_reason
from asrcli.core.whole_writes import write_whole

if TYPE_CHECKING:
    from av import AudioFrame

WAV_BYTES = 0xFFFFFFFF - 36  # what the four bytes of a RIFF size leave for samples: 37 hours at 16 kHz
_WAV_HEADER = struct.Struct("<4sI4s4sIHHIIHH4sI")


class AudioWriter(Protocol):
    """A file in the making. Whatever happens to the program, it plays up to `late_ms` before what was written."""

    late_ms: int

    def write(self, pcm: bytes) -> None:
        """Put one more piece behind the others.

        Raises:
            OSError: no room, or whatever the disk says. The file ends before this piece, and only `close` is left.
        """
        ...

    def close(self) -> None:
        """Write what is held, and the length where the format has a place for it.

        Raises:
            OSError: it could not be written. The file is closed all the same.
        """
        ...


@dataclass(frozen=True, slots=True)
class _Coding:
    """How PyAV writes a format. `late_ms` is what encoder and container hold at most, measured and rounded up."""

    container: str
    codec: str
    late_ms: int
    rate: int | None = None  # None is that of the audio
    bit_rate: int | None = None
    options: dict[str, str] = field(default_factory=dict)


# MP3 is written without a Xing frame: its length would be right at the end only. Without it nobody takes the encoder's
# delay of 1105 samples away again, which are 138 ms at 8000 Hz and 46 ms at 24000.
_CODINGS = {
    ".flac": _Coding("flac", "flac", 100),
    ".mp3": _Coding("mp3", "libmp3lame", 200, 24000, 48_000, {"write_xing": "0"}),
    ".opus": _Coding("ogg", "libopus", 500, None, 32_000, {"page_duration": "200000"}),  # in microseconds
}
SUFFIXES = (".wav", *_CODINGS)


def can_encode(suffix: str) -> bool:
    """Whether the PyAV of this machine has what this format needs."""
    coding = _CODINGS.get(suffix)
    return suffix in SUFFIXES if coding is None else _has(coding.codec)


def create_writer(path: Path, suffix: str, audio_format: Format) -> AudioWriter:
    """A writer of the suffix's format to a new file.

    Raises:
        OSError: there is such a file already, or it cannot be made.
    """
    coding = _CODINGS.get(suffix)
    return WavWriter(path, audio_format) if coding is None else _Coded(path, coding, audio_format)


class WavWriter:
    """WAV whose sizes are right behind every piece."""

    late_ms = 0

    def __init__(self, path: Path, audio_format: Format, limit_bytes: int = WAV_BYTES) -> None:
        self._rate, self._limit_bytes, self._size_bytes = audio_format.rate, limit_bytes, 0
        self._file = _AudioFile(path)

    def write(self, pcm: bytes) -> None:
        """The samples first, then the sizes: a header must never promise what is not there."""
        size_bytes = self._size_bytes + len(pcm)
        if size_bytes > self._limit_bytes:
            raise OSError(EFBIG, os.strerror(EFBIG))
        self._file.write(pcm if self._size_bytes else self._header(0) + pcm)
        self._file.seek(0)
        self._file.write(self._header(size_bytes))
        self._file.mark()
        self._size_bytes = size_bytes

    def close(self) -> None:
        """All is written."""
        self._file.close()

    def _header(self, size_bytes: int) -> bytes:
        about = (16, 1, 1, self._rate, self._rate * SAMPLE_BYTES, SAMPLE_BYTES, SAMPLE_BYTES * 8)
        return _WAV_HEADER.pack(b"RIFF", 36 + size_bytes, b"WAVE", b"fmt ", *about, b"data", size_bytes)


class _Coded:
    """A format of PyAV's, each packet on the disk as soon as there is one."""

    def __init__(self, path: Path, coding: _Coding, audio_format: Format) -> None:
        import av

        self.late_ms, self._rate, self._position = coding.late_ms, audio_format.rate, 0
        self._file = _AudioFile(path)
        try:
            with self._os_errors():
                options = {"flush_packets": "1", **coding.options}
                self._container = av.open(cast("Any", self._file), "w", format=coding.container, options=options)
                rate = coding.rate or audio_format.rate
                self._stream: Any = self._container.add_stream(cast("Any", coding.codec), rate=rate, layout="mono")
                if coding.bit_rate is not None:
                    self._stream.bit_rate = coding.bit_rate
        except BaseException:
            self._file.close()
            raise

    def write(self, pcm: bytes) -> None:
        """Encode one more piece."""
        self._mux(self._frame(pcm))

    def close(self) -> None:
        """Flush the encoder and end the container."""
        try:
            self._mux(None)
        finally:
            try:
                with self._os_errors():
                    self._container.close()
            finally:
                self._file.close()

    def _mux(self, frame: "AudioFrame | None") -> None:
        with self._os_errors():
            for packet in self._stream.encode(frame):
                self._container.mux(packet)
                self._file.mark()

    def _frame(self, pcm: bytes) -> "AudioFrame":
        from av import AudioFrame

        frame = AudioFrame(format="s16", layout="mono", samples=len(pcm) // SAMPLE_BYTES)
        (plane,) = frame.planes
        plane.update(pcm + bytes(plane.buffer_size - len(pcm)))  # a plane may be padded
        frame.sample_rate, frame.pts = self._rate, self._position
        self._position += frame.samples
        return frame

    @contextmanager
    def _os_errors(self) -> Iterator[None]:
        """One kind of error: what was wrong with the file, not what PyAV makes of it afterwards."""
        from av.error import FFmpegError

        try:
            yield
        except FFmpegError as exc:
            raise self._file.error or OSError(exc.errno, system_reason(exc)) from exc


class _AudioFile:
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


def _has(codec: str) -> bool:
    from av.codec.codec import Codec, UnknownCodecError

    try:
        Codec(cast("Any", codec), "w")
    except UnknownCodecError:
        return False
    return True
