"""Writes PCM to WAV, FLAC, MP3 and Opus files that can be played at any moment. Writers only append."""

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
class _Coding:
    """How PyAV writes a format.

    Attributes:
        container: The name of the container format.
        codec: The name of the encoder.
        late_ms: How much audio encoder and container hold at most, measured and rounded up.
        rate: Sample rate of the file; None is that of the audio.
        bit_rate: In bits a second; None where the codec has none.
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
    ".flac": _Coding("flac", "flac", 100),
    ".mp3": _Coding("mp3", "libmp3lame", 200, 24000, 48_000, {"write_xing": "0"}),
    ".opus": _Coding("ogg", "libopus", 500, None, 32_000, {"page_duration": "200000"}),  # in microseconds
}
SUFFIXES = (".wav", *_CODINGS)


def can_encode(suffix: str) -> bool:
    """Return whether the PyAV on this machine can write the format of a suffix such as ".mp3"."""
    coding = _CODINGS.get(suffix)
    if coding is None:
        return suffix in SUFFIXES
    return _has_encoder(coding.codec)


def create_writer(path: Path, suffix: str, audio_format: Format) -> AudioWriter:
    """Create a file and return the writer for the format of its suffix.

    Raises:
        OSError: the file exists already or cannot be created.
    """
    coding = _CODINGS.get(suffix)
    if coding is None:
        return WavWriter(path, audio_format)
    return _EncodedWriter(path, coding, audio_format)


class WavWriter:
    """Writes a WAV file whose header has the right sizes after each piece."""

    late_ms = 0

    def __init__(self, path: Path, audio_format: Format, limit_bytes: int = WAV_BYTES) -> None:
        self._rate = audio_format.rate
        self._limit_bytes = limit_bytes
        self._size_bytes = 0
        self._file = _AudioFile(path)

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


class _EncodedWriter:
    """Writes a format that PyAV encodes; each packet is on the disk as soon as it exists."""

    def __init__(self, path: Path, coding: _Coding, audio_format: Format) -> None:
        import av

        self.late_ms = coding.late_ms
        self._rate = audio_format.rate
        self._position = 0
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
        """Encode and append one piece."""
        self._mux(self._frame(pcm))

    def close(self) -> None:
        """Flush the encoder, end the container and close the file."""
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
        frame.sample_rate = self._rate
        frame.pts = self._position
        self._position += frame.samples
        return frame

    @contextmanager
    def _os_errors(self) -> Iterator[None]:
        """Raise errors of PyAV as OSError: the error of the file, if there was one, not what PyAV makes of it."""
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


def _has_encoder(codec: str) -> bool:
    from av.codec.codec import Codec, UnknownCodecError

    try:
        Codec(cast("Any", codec), "w")
    except UnknownCodecError:
        return False
    return True
