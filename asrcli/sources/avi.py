"""Finds missing sound in an AVI file: recorders write empty chunks in its place, and decoders skip them silently.

An AVI has no times. In a stream whose chunks differ in size, each chunk is one step of its clock, and an empty chunk is
a step without sound. A recorder writes them for sound that begins late, and for sound that it lost; and after a chunk
whose sound is several steps long (Vorbis), one for each step more.
"""

import io
import struct
from contextlib import suppress
from pathlib import Path
from typing import IO, TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from av import AudioStream, Packet

_HEADER = struct.Struct("<4sI")
_LISTS = {b"RIFF", b"LIST"}  # chunks that contain chunks
_FORM_BYTES = 4
_STREAM_HEADER = struct.Struct("<4s16xII16xI")  # kind, scale, rate, bytes of a sample


class AviEmptyChunks:
    """The empty chunks of one sound track of an AVI, read only as far as needed.

    After a damaged place none are found.

    Args:
        path: The file; an empty string for one that cannot be read a second time, in which none are found.
        stream: Number of the track, counted from 0 over tracks of all kinds.
    """

    def __init__(self, path: str, stream: int) -> None:
        # A pipe can be read only once. A file that has gone is reported by whoever decodes it.
        self._file: IO[bytes] = io.BytesIO()
        with suppress(OSError):
            if path:
                self._file = Path(path).open("rb")  # noqa: SIM115  `close` closes it
        self._tag = b"%02d" % stream
        self._stream = stream
        self._seen = 0
        self._step_s = 0.0  # 0 if chunks are no steps of the clock
        self._missing = 0
        self._at_end = False

    def close(self) -> None:
        """Close the file."""
        self._file.close()

    def missing_before(self, begin_s: float) -> "Callable[[Packet[AudioStream]], float]":
        """Return a function that gives the seconds missing before each packet; before the first one, `begin_s` more."""
        first_s = [begin_s]
        covered = 0  # steps after the packet before that its sound still covers

        def left_out(packet: "Packet[AudioStream]") -> float:
            nonlocal covered
            absent_s = 0.0
            if packet.pos is not None:
                absent_s += max(0.0, self.before_s(packet.pos) - covered * self._step_s)
            covered = max(0, (packet.duration or 1) - 1)
            if first_s:
                absent_s += first_s.pop()
            return absent_s

        return left_out

    def before_s(self, position: int) -> float:
        """Return the seconds of empty chunks before a byte of the file, and after the byte of the call before."""
        while not self._at_end and self._file.tell() <= position:
            self._at_end = not self._chunk()
        missing = self._missing
        self._missing = 0
        return missing * self._step_s

    def _chunk(self) -> bool:
        """Read one chunk; return False at the end of the file."""
        head = self._file.read(_HEADER.size)
        if len(head) < _HEADER.size:
            return False
        tag, size = _HEADER.unpack(head)
        if tag in _LISTS:
            return len(self._file.read(_FORM_BYTES)) == _FORM_BYTES
        if tag == b"strh":
            return self._header(size)
        if tag[:2] == self._tag and tag[2:] == b"wb" and not size:
            self._missing += 1
        self._file.seek(size + size % 2, 1)
        return True

    def _header(self, size: int) -> bool:
        data = self._file.read(size + size % 2)
        if self._seen == self._stream and len(data) >= _STREAM_HEADER.size:
            kind, scale, rate, sample_bytes = _STREAM_HEADER.unpack_from(data)
            self._step_s = 0.0
            if kind == b"auds" and rate and not sample_bytes:
                self._step_s = scale / rate
        self._seen += 1
        return True
