"""Writes PCM to WAV, FLAC, MP3 and Opus files that can be played at any moment. Writers only append."""

import os
import struct
from errno import EFBIG
from pathlib import Path

from asrcli.core.audio import SAMPLE_BYTES, Format
from asrcli.sources.audio_file import AudioFile, AudioWriter, Coding

WAV_BYTES = 0xFFFFFFFF - 36  # what the four bytes of a RIFF size leave for samples: 37 hours at 16 kHz
_WAV_HEADER = struct.Struct("<4sI4s4sIHHIIHH4sI")
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
        """Append one piece. The samples are written before the sizes: a header must never promise what is not there.

        Raises:
            OSError: the disk is full, or the file would be longer than its header can say.
        """
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
