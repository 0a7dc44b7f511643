"""Reads WAV without a decoder: the header, where the samples lie, and where they really end.

The size of the file in the header is ignored, and the size of the samples is believed only if the file agrees: some
recorders never fill them in, and both wrap at 4 GiB.
"""

import io
import struct
from collections.abc import Iterator
from dataclasses import replace
from typing import IO, Any

from asrcli.core.dataclass import dataclass
from asrcli.core.errors import SourceError
from asrcli.sources.exact_reader import ExactReader, Read, reader

_Form = tuple[str, int, int, int, int]  # encoding, rate, channels, bytes of a frame, channel mask

CHANNELS_MAX = 64
RATE_MAX = 768_000  # Hz
CHUNK_LIMIT = 1 << 20  # bytes; a larger chunk after the samples is not examined
UNKNOWN_BYTES = 1 << 62  # no file is so large; a program that does not know the size writes -1, all bits set
HEADER_LIMIT = 64 << 20  # bytes of the largest chunk before the samples: album pictures
_CHUNKS = {
    b"LIST", b"id3 ", b"ID3 ", b"bext", b"cue ", b"smpl", b"fact", b"PAD ", b"JUNK", b"junk", b"iXML", b"_PMX", b"afsp",
    b"DISP", b"INFO", b"acid", b"inst", b"minf", b"elm1", b"regn", b"umid", b"cart", b"PEAK", b"plst", b"FLLR", b"axml",
    b"chna", b"levl", b"mext", b"qlty", b"LGWV", b"ResU", b"SAUR", b"strc", b"note", b"labl", b"ltxt",
}  # fmt: skip
_TAGS = (b"TAG", b"ID3", b"APETAGEX")  # tags that some files have after the samples
_WIDTHS = {1: {1: "u8", 2: "s16le", 3: "s24le", 4: "s32le", 8: "s64le"}, 3: {4: "f32le", 8: "f64le"},
           6: {1: "alaw"}, 7: {1: "mulaw"}}  # fmt: skip
_FULL_BITS = {8, 16, 32, 64}  # bits of a sample that can only be stored in as many bytes
_GUID = b"\x00\x00\x00\x00\x10\x00\x80\x00\x00\xaa\x00\x38\x9b\x71"


@dataclass(frozen=True, slots=True)
class WavHeader:
    """The header of a WAV.

    Attributes:
        encoding: Name of such raw PCM in ffmpeg; empty if only a decoder can read them.
        rate: Sample rate in Hz.
        channels: Number of channels.
        frame_bytes: Size of one sample of all channels.
        mask: Channel mask, which names the speakers; 0 if there is none.
        offset: Where in the file the samples begin, in bytes.
        size_bytes: How many bytes of samples it promises; None if its writer could not know.
    """

    encoding: str
    rate: int
    channels: int
    frame_bytes: int
    mask: int
    offset: int
    size_bytes: int | None

    @property
    def demuxer(self) -> dict[str, Any]:
        """The options with which PyAV reads the samples without their header."""
        if self.mask:
            layout = hex(self.mask)
        else:
            layout = {1: "mono", 2: "stereo"}.get(self.channels, f"{self.channels} channels")
        return {"format": self.encoding, "options": {"sample_rate": str(self.rate), "ch_layout": layout}}

    def can_be_sent_unchanged(self, rate: int) -> bool:
        """Return whether the samples are PCM of the wire at this rate, in Hz."""
        return (self.encoding, self.channels, self.rate) == ("s16le", 1, rate)

    def has_same_format(self, other: "WavHeader") -> bool:
        """Return whether the samples of both have the same format."""
        return replace(other, offset=self.offset, size_bytes=self.size_bytes, mask=self.mask) == self

    def ms(self, size_bytes: int) -> int:
        """Return the length of `size_bytes` of samples in milliseconds."""
        return size_bytes // self.frame_bytes * 1000 // self.rate


def header(read: Read) -> WavHeader | None:
    """Read the header of a WAV up to the first sample; return None if it is no WAV, or has no audio format.

    Raises:
        SourceError: the header cannot be true, or its samples cannot be used. The path of the error is empty.
    """
    stream = ExactReader(read)
    start = stream.after_tag(12)
    if start[:4] not in {b"RIFF", b"RF64", b"BW64"} or start[8:] != b"WAVE":
        return None
    found: _Form | None = None
    long_size: int | None = None
    before = 0
    while len(head := stream.exactly(8)) == 8:
        if before % 2 and head[0] == 0:  # most writers pad a chunk of odd size, some do not
            head = head[1:] + stream.exactly(1)
        name, size = head[:4], int.from_bytes(head[4:], "little")
        if name == b"data":
            return _complete(found, stream.at, size, long_size)
        if size > HEADER_LIMIT:
            return None
        body = stream.exactly(size)
        if name == b"fmt ":
            found = form(body)
        elif name == b"ds64" and size >= 16:
            long_size = int.from_bytes(body[8:16], "little")
        before = size
    return None


def _complete(found: _Form | None, offset: int, size: int, long_size: int | None) -> WavHeader | None:
    if found is None or 0 in found[1:4]:
        return None
    encoding, rate, channels, frame_bytes, mask = found
    if rate > RATE_MAX:
        raise SourceError("", f"claims {rate} samples a second: its header is damaged")
    if channels > CHANNELS_MAX:
        raise SourceError("", f"has {channels} channels, but at most {CHANNELS_MAX} are supported")
    promised: int | None = size
    if size == 0xFFFFFFFF and long_size:
        promised = long_size
        if long_size >= UNKNOWN_BYTES:
            promised = None
    elif size == 0 or size >= 0xFFFF0000 or 0x7FFF0000 <= size <= 0x80000000:
        promised = None  # 0 was never filled in; the others are what programs write into a pipe
    if mask.bit_count() != channels:
        mask = 0
    return WavHeader(encoding, rate, channels, frame_bytes, mask, offset, promised)


def form(body: bytes) -> _Form | None:
    """Read the description of samples in a format chunk; None if it is too short."""
    if len(body) < 16:
        return None
    tag, channels, rate, _, align, bits = struct.unpack("<HHIIHH", body[:16])
    mask = 0
    if tag == 0xFFFE and len(body) >= 40:
        mask = int.from_bytes(body[20:24], "little")
        if body[26:40] == _GUID:
            tag = int.from_bytes(body[24:26], "little")
    width = (bits + 7) // 8
    # The size of a frame tells how many bytes 20 or 24 bits take. That of a sample of full bytes is known without it,
    # and players ignore it there: some writers state it for another number of channels.
    if channels and align and align % channels == 0 and (tag not in {1, 3} or bits not in _FULL_BITS):
        width = align // channels
    return _WIDTHS.get(tag, {}).get(width, ""), rate, channels, width * channels, mask


class WavSamples:
    """Reads the samples of a WAV once, from the end of its header to where they really end.

    Attributes:
        promised_bytes: How many bytes all headers promise; None if one does not know, or was found to be wrong.
        problem: What is wrong with the headers, as a sentence; empty if nothing is.
    """

    def __init__(self, read: Read, head: WavHeader) -> None:
        self._read = read
        self._head = head
        self._unread = b""  # bytes that were read ahead and turned out to be samples
        self.promised_bytes: int | None = head.size_bytes
        self.problem = ""
        # Bytes until the samples should end; None if all the rest is samples.
        self._left: int | None = head.size_bytes or 0

    def read(self, size: int) -> bytes:
        """Return at least one and at most `size` bytes of samples; none at their end."""
        while self._left == 0:
            if not self._finds_more():
                return b""
        if self._unread:
            data = self._unread[:size]
            self._unread = self._unread[size:]
        else:
            if self._left is not None:
                size = min(size, self._left)
            data = self._read(size)
        if self._left is not None:
            self._left -= len(data)
        return data

    def pieces(self, size: int) -> Iterator[bytes]:
        """Yield all samples, at most `size` bytes at a time."""
        return iter(lambda: self.read(size), b"")

    def _finds_more(self) -> bool:
        """Return whether samples follow where they should end: the header is wrong, or another WAV is joined there."""
        seen, more = examine_end(self._read)
        if more is not None and self._head.has_same_format(more):
            if self.promised_bytes is not None and more.size_bytes is not None:
                self.promised_bytes += more.size_bytes
            else:
                self.promised_bytes = None
            self._left = more.size_bytes or 0
            self._head = more
            return True
        if more is not None:
            self.problem = "another WAV with another format is joined to its end, and was not read"
        elif seen:
            if self._head.size_bytes is not None:
                self.problem = (
                    f"its header promises {self._head.ms(self._head.size_bytes) / 1000:.2f} s, and there is more"
                )
            self._unread = seen
            self._left = None
            self.promised_bytes = None
        return bool(seen)


def examine_end(read: Read) -> tuple[bytes, WavHeader | None]:
    """Examine what lies where samples should end.

    Return the bytes read so far if they are samples after all, and the header of another WAV if one is joined there.
    Chunks are recognized by known names, or by a row of names and sizes that reaches to the end.
    """
    stream = ExactReader(read, keep=True)
    known = False
    while True:
        head = stream.exactly(8)
        if len(head) == 8 and head[0] == 0 and head[1:5] in {*_CHUNKS, b"RIFF"}:  # the padding of the chunk before
            head = head[1:] + stream.exactly(1)
        name, size = head[:4], int.from_bytes(head[4:8], "little")
        if name == b"RIFF":
            joined = _joined(read, head)
            if joined is not None:
                return b"", joined
            return stream.kept, None
        known = known or name in _CHUNKS or head.startswith(_TAGS)
        if len(head) < 8:  # the end of the file: half a sample does not matter
            return b"", None
        chunk = all(32 <= byte < 127 for byte in name) and (known or size <= CHUNK_LIMIT)
        if not chunk or len(stream.kept) > 2 * CHUNK_LIMIT or not _has_body(stream, size):
            if known:
                return b"", None
            return stream.kept, None


def _has_body(stream: ExactReader, size: int) -> bool:
    """Read past the body of a chunk; return False if it is cut short. Of a large one CHUNK_LIMIT bytes are enough."""
    if size <= CHUNK_LIMIT:
        return len(stream.exactly(size)) == size
    return stream.skip(size) >= CHUNK_LIMIT


def _joined(read: Read, start: bytes) -> WavHeader | None:
    """Read the header of a WAV of which `start` was read already."""
    pending = [start]

    def read_on(size: int) -> bytes:
        if pending:
            return pending.pop()
        return read(size)

    return header(read_on)


def length(file: IO[bytes] | io.RawIOBase, size_bytes: int) -> tuple[WavHeader, int, int | None] | None:
    """Return the header of a WAV file, the real length of its samples and the length by its headers, in milliseconds.

    Return None if it is no WAV, or only a decoder can read its samples. The length by the headers is None if a header
    does not know it, or is wrong.

    Raises:
        SourceError: as `header`.
    """
    read = reader(file)
    file.seek(0)
    head = header(read)
    if head is None or not head.encoding:
        return None
    real = 0
    promised = 0
    known = True
    now = head
    while True:
        at = file.tell()
        stated = now.size_bytes or 0
        rest = max(0, size_bytes - at)
        known = known and now.size_bytes is not None
        promised += stated
        more = None
        if now.size_bytes is not None and stated >= rest:
            real += rest
        else:
            file.seek(at + stated)
            seen, more = examine_end(read)
            if seen:
                real += rest
                known = False
            else:
                real += stated
        if more is None or not head.has_same_format(more):
            break
        now = more
    if not known:
        return head, head.ms(real), None
    return head, head.ms(real), head.ms(promised)
