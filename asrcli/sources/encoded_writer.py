"""Writes the formats that PyAV encodes, for sources/encoder.py, which imports it when one is asked for."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, cast

import av
from av import AudioFrame
from av.codec.codec import Codec, UnknownCodecError
from av.error import FFmpegError

from asrcli.core.audio import SAMPLE_BYTES, Format
from asrcli.core.errors import system_reason
from asrcli.sources.audio_file import AudioFile, Coding


class EncodedWriter:
    """Writes a format that PyAV encodes; each packet is on the disk as soon as it exists."""

    def __init__(self, path: Path, coding: Coding, audio_format: Format) -> None:
        self.late_ms = coding.late_ms
        self._rate = audio_format.rate
        self._position = 0
        self._file = AudioFile(path)
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

    def _mux(self, frame: AudioFrame | None) -> None:
        with self._os_errors():
            for packet in self._stream.encode(frame):
                self._container.mux(packet)
                self._file.mark()

    def _frame(self, pcm: bytes) -> AudioFrame:
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
        try:
            yield
        except FFmpegError as exc:
            raise self._file.error or OSError(exc.errno, system_reason(exc)) from exc


def has_encoder(codec: str) -> bool:
    """Return whether the PyAV on this machine has an encoder of that name."""
    try:
        Codec(cast("Any", codec), "w")
    except UnknownCodecError:
        return False
    return True
