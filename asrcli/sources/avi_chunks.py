"""Finds missing sound in an AVI file: recorders write empty chunks in its place, and decoders skip damage silently.

An AVI has no times. In a stream whose chunks differ in size, each chunk is one step of its clock, and an empty chunk is
a step without sound. A recorder writes them for sound that begins late, and for sound that it lost; and after a chunk
whose sound is several steps long (Vorbis), one for each step more. How much sound was in a damaged place is said by the
index at the end of the file; without one it is estimated by the bytes.
"""

import io
import re
import struct
from typing import IO, TYPE_CHECKING

from asrcli.sources.avi_index import AviIndex, read_index
from asrcli.sources.second_reader import opened_again

if TYPE_CHECKING:
    from collections.abc import Callable

    from av import AudioStream, Packet

_HEADER = struct.Struct("<4sI")
_LISTS = {b"RIFF", b"LIST"}  # chunks that contain chunks
_FORM_BYTES = 4
_TAG = re.compile(rb"[ -~]{4}")
_ENOUGH_CHUNKS = 8  # show how far they are from each other
_STREAM_HEADER = struct.Struct("<4s16xII16xI")  # kind, scale, rate, bytes of a sample


class AviChunks:
    """The chunks of one sound track of an AVI, read only as far as needed.

    Args:
        path: The file; an empty string for one that cannot be read a second time, in which nothing is found.
        stream: Number of the track, counted from 0 over tracks of all kinds.

    Attributes:
        is_damaged: Sound was missing in a damaged place.
    """

    def __init__(self, path: str, stream: int) -> None:
        file = opened_again(path)
        self._can_read = file is not None
        self._file: IO[bytes] = file or io.BytesIO()
        self.is_damaged = False
        self._tag = b"%02dwb" % stream
        self._stream = stream
        self._seen = 0
        self._tick_s = 0.0  # in which packets state their duration
        self._step_s = 0.0  # 0 if chunks are no steps of the clock
        self._sample_bytes = 0
        self._movi = self._movi_end = 0  # positions of the word before the first chunk, and after the last one
        self._index: AviIndex | None = None
        self._first: int | None = None  # where the first chunk of the track begins
        self._begin = self._end = 0  # of the data of the last chunk of the track
        self._widest = 0  # bytes between two of its chunks
        self._chunks = 0
        self._seconds = 0.0  # of packets and of what is missing so far
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
                before_s = self.before_s(packet.pos)
                if self._can_read and not self._is_in_chunk(packet.pos):
                    before_s = self._damage_before_s(packet.pos)
                absent_s += max(0.0, before_s - covered * self._step_s)
            self._seconds += absent_s + (packet.duration or 0) * self._tick_s
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

    def _is_in_chunk(self, position: int) -> bool:
        """Return whether a packet is in the last known chunk; where another one begins, the size of that is wrong."""
        if not self._begin < position < self._end:
            return position == self._begin
        at = self._file.tell()
        self._file.seek(position - _HEADER.size)
        begins_there = self._file.read(len(self._tag)) == self._tag
        self._file.seek(at)
        return not begins_there

    def _damage_before_s(self, position: int) -> float:
        """Return the seconds of sound between the last known chunk and the packet there; go on after that one."""
        missing_s = self._indexed_s(position)
        if missing_s is None:
            missing_s = self._estimated_s(position)
        self.is_damaged = self.is_damaged or missing_s > 0
        widest = self._widest
        self._file.seek(position - _HEADER.size)
        self._at_end = not self._chunk()
        self._missing, self._widest = 0, widest
        return missing_s

    def _indexed_s(self, position: int) -> float | None:
        """Return how much is missing by the index; None if it does not say it."""
        if self._index is None:
            in_bytes = self._sample_bytes > 0
            self._index = read_index(self._file, self._movi, self._movi_end, self._tag, in_bytes=in_bytes)
        before = self._index.span(self._begin - _HEADER.size)
        after = self._index.span(position - _HEADER.size)
        if before is None or after is None:
            return None
        return max(0, after[0] - before[1]) * self._seconds / before[1]

    def _estimated_s(self, position: int) -> float:
        """Return how much is missing by the bytes; 0 for no more of them than elsewhere between two chunks."""
        between = position - _HEADER.size - self._end
        if self._first is None or self._chunks < _ENOUGH_CHUNKS or between <= 2 * self._widest:
            return 0.0
        return between * self._seconds / (self._end - self._first)

    def _chunk(self) -> bool:
        """Read one chunk; return False at the end of the file, and where there is none."""
        begin = self._file.tell()
        head = self._file.read(_HEADER.size)
        if len(head) < _HEADER.size:
            return False
        tag, size = _HEADER.unpack(head)
        if not _TAG.fullmatch(tag):  # zeros would lead on for as long as there are some
            return False
        if tag in _LISTS:
            form = self._file.read(_FORM_BYTES)
            if form == b"movi" and not self._movi:
                self._movi, self._movi_end = begin + _HEADER.size, begin + _HEADER.size + size + size % 2
            return len(form) == _FORM_BYTES
        if tag == b"strh":
            return self._header(size)
        if tag == self._tag and not size:
            self._missing += 1
        elif tag == self._tag:
            self._follow(begin, size)
        self._file.seek(size + size % 2, io.SEEK_CUR)
        return True

    def _follow(self, begin: int, size: int) -> None:
        """Note where a chunk of the track is; what is between two of them is wider only where something is damaged."""
        if self._first is None:
            self._first = begin
        elif begin >= self._end:
            self._widest = max(self._widest, begin - self._end)
        self._chunks += 1
        self._begin, self._end = begin + _HEADER.size, begin + _HEADER.size + size

    def _header(self, size: int) -> bool:
        data = self._file.read(min(size, _STREAM_HEADER.size))  # a damaged size may be that of the whole file
        self._file.seek(size + size % 2 - len(data), io.SEEK_CUR)
        if self._seen == self._stream and len(data) >= _STREAM_HEADER.size:
            kind, scale, rate, sample_bytes = _STREAM_HEADER.unpack_from(data)
            self._tick_s = self._step_s = 0.0
            self._sample_bytes = sample_bytes
            if kind == b"auds" and rate:
                self._tick_s = scale / rate
            if not sample_bytes:
                self._step_s = self._tick_s
        self._seen += 1
        return True
