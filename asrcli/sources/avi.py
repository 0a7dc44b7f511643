"""Where sound is left out of an AVI: empty chunks stand for it, which a decoder passes without a word. Reads one file.

An AVI has no times. Of a stream whose chunks differ in size each chunk is one step of its clock, and an empty one is a
step without sound: so a recorder writes sound that begins late, or that it lost.
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
_LISTS = {b"RIFF", b"LIST"}  # what they hold are chunks again
_FORM_BYTES = 4
_STREAM_HEADER = struct.Struct("<4s16xII16xI")  # kind, scale, rate, bytes of a sample


class Empty:
    """The empty chunks of a sound track of an AVI, read no further than is asked for.

    A file that is damaged has none from there on.

    Args:
        path: Of the file; "" is one that cannot be read a second time, and has none.
        stream: The number of the track, counted from 0 over tracks of all kinds.
    """

    def __init__(self, path: str, stream: int) -> None:
        # A pipe is read only once, and what is no file any more is found out elsewhere.
        self._file: IO[bytes] = io.BytesIO()
        with suppress(OSError):
            self._file = Path(path).open("rb") if path else self._file  # noqa: SIM115  `close` closes it
        self._tag = b"%02d" % stream
        self._stream, self._seen = stream, 0
        self._step_s = 0.0  # 0 where chunks are no steps
        self._missing = 0
        self._over = False

    def close(self) -> None:
        """Close the file."""
        self._file.close()

    def teller(self, begin_s: float) -> "Callable[[Packet[AudioStream]], float]":
        """What tells how much is left out before each packet; before the first one, `begin_s` more."""
        first_s = [begin_s]

        def left_out(packet: "Packet[AudioStream]") -> float:
            empty_s = 0.0 if packet.pos is None else self.before_s(packet.pos)
            return empty_s + (first_s.pop() if first_s else 0.0)

        return left_out

    def before_s(self, position: int) -> float:
        """How long the empty chunks are that stand before a byte of the file, and behind the byte asked for before."""
        while not self._over and self._file.tell() <= position:
            self._over = not self._chunk()
        missing, self._missing = self._missing, 0
        return missing * self._step_s

    def _chunk(self) -> bool:
        """Look at one chunk; False at the end."""
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
            self._step_s = scale / rate if kind == b"auds" and rate and not sample_bytes else 0.0
        self._seen += 1
        return True
