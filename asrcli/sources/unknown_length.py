"""Reads the headers of AIFF, Wave64 and AU whose writer did not know the length of the samples, or left a wrong one.

A recorder writes such a header first and fills in the length at its end, and a program that writes into a pipe never
can. Decoders believe the length. A header whose length agrees with the file is left to them.
"""

import io
import struct
from typing import IO

from asrcli.sources.exact_reader import ExactReader, Read, reader
from asrcli.sources.wav import CHANNELS_MAX, RATE_MAX, WavHeader, form

_AIFF = {b"AIFF", b"AIFC"}
_COMMON = struct.Struct(">hIh2sQ")  # channels, frames, bits, and a rate of 80 bits: exponent, mantissa
_EXPONENT = 16383 + 63
_BIG = {1: "s8", 2: "s16be", 3: "s24be", 4: "s32be"}
_KINDS = {
    b"NONE": _BIG, b"twos": _BIG, b"sowt": {1: "s8", 2: "s16le", 3: "s24le", 4: "s32le"}, b"raw ": {1: "u8"},
    b"fl32": {4: "f32be"}, b"FL32": {4: "f32be"}, b"fl64": {8: "f64be"}, b"FL64": {8: "f64be"},
    b"alaw": {1: "alaw"}, b"ALAW": {1: "alaw"}, b"ulaw": {1: "mulaw"}, b"ULAW": {1: "mulaw"},
}  # fmt: skip
_LOGARITHMIC = {b"alaw", b"ulaw"}  # the bits in the header are those of the sound, not of the samples
_AU = struct.Struct(">IIIII")  # where the samples begin, their size, encoding, rate, channels
_AU_ENCODINGS = {1: ("mulaw", 1), 2: ("s8", 1), 3: ("s16be", 2), 4: ("s24be", 3), 5: ("s32be", 4), 6: ("f32be", 4),
                 7: ("f64be", 8), 27: ("alaw", 1)}  # fmt: skip
W64 = b"riff\x2e\x91\xcf\x11\xa5\xd6\x28\xdb\x04\xc1\0\0"
_W64_HEAD = 24  # bytes of the name and the size of a chunk, which the size includes
_ENDLESS = 0x7FFF0000  # what programs write for a length that they do not know is this or more
_W64_ENDLESS = 1 << 62
_CHUNK_LIMIT = 1 << 18  # bytes of the largest chunk before the samples
_TAG_BYTES = 128  # of an ID3 tag at the end, which is no chunk


def header(read: Read, file: IO[bytes] | io.FileIO | None = None) -> WavHeader | None:
    """Read a header up to the first sample; return None where its length can be believed, or it is of another kind.

    Args:
        read: Reads the input from its beginning.
        file: The input, if one can seek in it: the length must agree with it. Else only those that cannot be true
            are found.
    """
    stream = ExactReader(read)
    start = stream.exactly(4)
    if start == b"FORM":
        return _aiff(stream, file)
    if start == b".snd":
        return _au(stream)
    if start == W64[:4] and stream.exactly(12) == W64[4:]:
        return _wave64(stream, file)
    return None


def length(file: IO[bytes] | io.FileIO, size_bytes: int) -> tuple[WavHeader, int] | None:
    """Return the header of such a file and the real length of its samples in milliseconds; None for another file."""
    file.seek(0)
    head = header(reader(file), file)
    if head is None:
        return None
    return head, head.ms(max(0, size_bytes - head.offset))


def _aiff(stream: ExactReader, file: IO[bytes] | io.FileIO | None) -> WavHeader | None:
    if stream.exactly(8)[4:] not in _AIFF:
        return None
    common = b""
    while len(head := stream.exactly(8)) == 8:
        name, size = head[:4], int.from_bytes(head[4:])
        if name == b"SSND":
            end = stream.at + size
            offset = int.from_bytes(stream.exactly(8)[:4])
            stream.skip(min(offset, _CHUNK_LIMIT))
            if 8 < size < _ENDLESS and (file is None or _ends_well(file, end)):
                return None
            return _of_aiff(common, stream.at)
        if size > _CHUNK_LIMIT:
            return None
        body = stream.exactly(size + size % 2)
        if name == b"COMM":
            common = body
    return None


def _ends_well(file: IO[bytes] | io.FileIO, at: int) -> bool:
    """Whether a chunk, a tag or the end of the file is where samples should end."""
    size_bytes = file.seek(0, io.SEEK_END)
    file.seek(at + at % 2)
    head = file.read(8)
    left = size_bytes - at
    if len(head) < 8 or left <= _TAG_BYTES + 1 or head.startswith((b"ID3", b"APETAGEX", b"FORM")):
        return True
    return all(32 <= byte < 127 for byte in head[:4]) and int.from_bytes(head[4:]) <= left


def _of_aiff(common: bytes, offset: int) -> WavHeader | None:
    if len(common) < _COMMON.size:
        return None
    channels, _, bits, exponent, mantissa = _COMMON.unpack_from(common)
    rate = round(mantissa * 2.0 ** min(0, int.from_bytes(exponent) - _EXPONENT))  # higher ones are no rate
    width = (bits + 7) // 8
    kind = common[_COMMON.size : _COMMON.size + 4] or b"NONE"
    if kind.lower() in _LOGARITHMIC:
        width = 1
    encoding = _KINDS.get(kind, {}).get(width, "")
    return _header(encoding, rate, channels, width, offset)


def _au(stream: ExactReader) -> WavHeader | None:
    head = stream.exactly(_AU.size)
    if len(head) < _AU.size:
        return None
    begin, size, code, rate, channels = _AU.unpack(head)
    if 0 < size < _ENDLESS:  # decoders read on after such a length
        return None
    stream.skip(max(0, min(begin, _CHUNK_LIMIT) - 4 - _AU.size))
    encoding, width = _AU_ENCODINGS.get(code, ("", 0))
    return _header(encoding, rate, channels, width, stream.at)


def _wave64(stream: ExactReader, file: IO[bytes] | io.FileIO | None) -> WavHeader | None:
    stream.exactly(24)  # the size of the file, and the name of its kind
    found = None
    while len(head := stream.exactly(_W64_HEAD)) == _W64_HEAD:
        name, size = head[:4], int.from_bytes(head[16:], "little")
        if name == b"data":
            end = stream.at - _W64_HEAD + size
            known = _W64_HEAD < size < _W64_ENDLESS and (file is None or _wave64_ends_well(file, end))
            if known or found is None:
                return None
            encoding, rate, channels, frame_bytes, _ = found
            return _header(encoding, rate, channels, frame_bytes // max(1, channels), stream.at)
        if not _W64_HEAD <= size <= _CHUNK_LIMIT:
            return None
        body = stream.exactly(-(-(size - _W64_HEAD) // 8) * 8)
        if name == b"fmt ":
            found = form(body)
    return None


def _wave64_ends_well(file: IO[bytes] | io.FileIO, at: int) -> bool:
    """Whether a chunk, a joined file, a tag or the end of the file is where samples should end."""
    at += -at % 8
    left = file.seek(0, io.SEEK_END) - at
    if left <= _TAG_BYTES:
        return True
    file.seek(at)
    head = file.read(_W64_HEAD)
    is_chunk = all(32 <= byte < 127 for byte in head[:4]) and int.from_bytes(head[16:], "little") <= left
    return is_chunk or head.startswith(W64[:4])


def _header(encoding: str, rate: int, channels: int, width: int, offset: int) -> WavHeader | None:
    """The header of samples without a length; None if only a decoder can read them."""
    if not encoding or not 0 < rate <= RATE_MAX or not 0 < channels <= CHANNELS_MAX:
        return None
    return WavHeader(encoding, rate, channels, width * channels, 0, offset, None)
