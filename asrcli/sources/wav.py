"""WAV as the world writes it: what its header says, where its samples lie, and where they really end. No decoder.

The size of the whole file that stands in the header is not believed at all, and the size of the samples only where
the file agrees: recorders leave both as they were at first, and both wrap at 4 GiB.
"""

import io
import struct
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import IO, Any

from asrcli.core.errors import SourceError

Read = Callable[[int], bytes]  # at least one byte, at most so many, none at the end
_Form = tuple[str, int, int, int, int]  # encoding, rate, channels, bytes of a frame, mask

CHANNELS_MAX = 64
RATE_MAX = 768_000
CHUNK_LIMIT = 1 << 20  # what may be a chunk behind the samples is looked at up to this size
HEADER_LIMIT = 64 << 20  # and so much may stand before them: album pictures
_CHUNKS = {
    b"LIST", b"id3 ", b"ID3 ", b"bext", b"cue ", b"smpl", b"fact", b"PAD ", b"JUNK", b"junk", b"iXML", b"_PMX", b"afsp",
    b"DISP", b"INFO", b"acid", b"inst", b"minf", b"elm1", b"regn", b"umid", b"cart", b"PEAK", b"plst", b"FLLR", b"axml",
    b"chna", b"levl", b"mext", b"qlty", b"LGWV", b"ResU", b"SAUR", b"strc", b"note", b"labl", b"ltxt",
}  # fmt: skip
_TAGS = (b"TAG", b"ID3", b"APETAGEX")  # behind the samples of some: not RIFF, and no sound either
_WIDTHS = {1: {1: "u8", 2: "s16le", 3: "s24le", 4: "s32le", 8: "s64le"}, 3: {4: "f32le", 8: "f64le"},
           6: {1: "alaw"}, 7: {1: "mulaw"}}  # fmt: skip
_GUID = b"\x00\x00\x00\x00\x10\x00\x80\x00\x00\xaa\x00\x38\x9b\x71"


@dataclass(frozen=True, slots=True)
class WavHeader:
    """What a WAV says of its samples.

    Attributes:
        encoding: ffmpeg's name of bare samples like these; empty where only a decoder can read them.
        mask: Where the speakers of the channels stand; 0 where it does not say.
        offset: Where in the file the samples begin.
        size_bytes: How many bytes of samples it promises; None where whoever wrote it could not know.
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
        """The options that make PyAV read the samples without their header."""
        if self.mask:
            layout = hex(self.mask)
        else:
            layout = {1: "mono", 2: "stereo"}.get(self.channels, f"{self.channels} channels")
        return {"format": self.encoding, "options": {"sample_rate": str(self.rate), "ch_layout": layout}}

    def plain(self, rate: int) -> bool:
        """Whether the samples can be sent as they are at this rate."""
        return (self.encoding, self.channels, self.rate) == ("s16le", 1, rate)

    def same(self, other: "WavHeader") -> bool:
        """Whether both hold samples of one kind."""
        return replace(other, offset=self.offset, size_bytes=self.size_bytes, mask=self.mask) == self

    def ms(self, size_bytes: int) -> int:
        """How long so many bytes of samples last."""
        return size_bytes // self.frame_bytes * 1000 // self.rate


def header(read: Read) -> WavHeader | None:
    """The header of a WAV, read up to the first sample; None for what is none, or no audio at all.

    Raises:
        SourceError: without a name: what its header says cannot be true, or cannot be heard.
    """
    stream = _Stream(read)
    start = stream.exactly(12)
    if start[:4] not in {b"RIFF", b"RF64", b"BW64"} or start[8:] != b"WAVE":
        return None
    form: _Form | None = None
    long_size: int | None = None
    before = 0
    while len(head := stream.exactly(8)) == 8:
        if before % 2 and head[0] == 0:  # most pad a chunk of odd size, some do not
            head = head[1:] + stream.exactly(1)
        name, size = head[:4], int.from_bytes(head[4:], "little")
        if name == b"data":
            return _complete(form, stream.at, size, long_size)
        if size > HEADER_LIMIT:
            return None
        body = stream.exactly(size)
        if name == b"fmt ":
            form = _form(body)
        elif name == b"ds64" and size >= 16:
            long_size = int.from_bytes(body[8:16], "little")
        before = size
    return None


def _complete(form: _Form | None, offset: int, size: int, long_size: int | None) -> WavHeader | None:
    if form is None or 0 in form[1:4]:
        return None
    encoding, rate, channels, frame_bytes, mask = form
    if rate > RATE_MAX:
        raise SourceError("", f"claims {rate} samples a second: its header is damaged")
    if channels > CHANNELS_MAX:
        raise SourceError("", f"has {channels} channels, and at most {CHANNELS_MAX} can be heard")
    if size == 0xFFFFFFFF and long_size:
        promised: int | None = long_size
    else:  # 0 was never filled in; the others are what programs write into a pipe
        promised = None if size == 0 or size >= 0xFFFF0000 or 0x7FFF0000 <= size <= 0x80000000 else size
    return WavHeader(
        encoding, rate, channels, frame_bytes, mask if mask.bit_count() == channels else 0, offset, promised
    )


def _form(body: bytes) -> _Form | None:
    if len(body) < 16:
        return None
    tag, channels, rate, _, align, bits = struct.unpack("<HHIIHH", body[:16])
    mask = 0
    if tag == 0xFFFE and len(body) >= 40:
        mask = int.from_bytes(body[20:24], "little")
        tag = int.from_bytes(body[24:26], "little") if body[26:40] == _GUID else tag
    width = align // channels if channels and align and align % channels == 0 else (bits + 7) // 8
    return _WIDTHS.get(tag, {}).get(width, ""), rate, channels, width * channels, mask


class WavSamples:
    """The samples of a WAV as a file that is read once: from behind its header to where they really end.

    Attributes:
        taken_bytes: How many bytes of samples have been read.
        promised_bytes: How many the headers promise together; None where one does not know, or was found to be wrong.
        said: What is to be said about headers that are wrong.
    """

    def __init__(self, read: Read, head: WavHeader) -> None:
        self._read, self._head = read, head
        self._again = b""
        self.taken_bytes = 0
        self.promised_bytes: int | None = head.size_bytes
        self.said = ""
        self._left: int | None = head.size_bytes or 0  # until they should end; None: all is samples

    def read(self, size: int) -> bytes:
        """At least one byte of samples, at most so many; none at their end."""
        while self._left == 0:
            if not self._goes_on():
                return b""
        if self._again:
            data, self._again = self._again[:size], self._again[size:]
        else:
            data = self._read(size if self._left is None else min(size, self._left))
        self.taken_bytes += len(data)
        if self._left is not None:
            self._left -= len(data)
        return data

    def pieces(self, size: int) -> Iterator[bytes]:
        """All of it, so many bytes at a time."""
        return iter(lambda: self.read(size), b"")

    def _goes_on(self) -> bool:
        """Whether there are samples where they should end: the header is wrong, or another WAV is joined there."""
        seen, more = behind(self._read)
        if more is not None and self._head.same(more):
            whole = self.promised_bytes is not None and more.size_bytes is not None
            self.promised_bytes = (self.promised_bytes or 0) + (more.size_bytes or 0) if whole else None
            self._left, self._head = more.size_bytes or 0, more
            return True
        if more is not None:
            self.said = "another WAV of another form is joined behind it, and was not read"
        elif seen:
            if self._head.size_bytes is not None:
                self.said = (
                    f"its header promises {self._head.ms(self._head.size_bytes) / 1000:.2f} s, and there is more"
                )
            self._again, self._left, self.promised_bytes = seen, None, None
        return bool(seen)


def behind(read: Read) -> tuple[bytes, WavHeader | None]:
    """What lies where samples should end: samples after all, as far as they were read; or another header; or neither.

    Chunks are told from samples by names that are known, or by a row of names and sizes that reaches to the end.
    """
    stream = _Stream(read, keep=True)
    known = False
    while True:
        head = stream.exactly(8)
        if len(head) == 8 and head[0] == 0 and head[1:5] in {*_CHUNKS, b"RIFF"}:  # the padding of what lies before
            head = head[1:] + stream.exactly(1)
        name, size = head[:4], int.from_bytes(head[4:8], "little")
        if name == b"RIFF":
            joined = _joined(read, head)
            return (b"", joined) if joined is not None else (stream.kept, None)
        known = known or name in _CHUNKS or head.startswith(_TAGS)
        if len(head) < 8:  # the end of the file: a dangling sample is no sound worth a mention
            return b"", None
        chunk = all(32 <= byte < 127 for byte in name) and (known or size <= CHUNK_LIMIT)
        if not chunk or len(stream.kept) > 2 * CHUNK_LIMIT:
            return (b"" if known else stream.kept), None
        if len(stream.exactly(size) if size <= CHUNK_LIMIT else stream.skipped(size)) < min(size, CHUNK_LIMIT):
            return (b"" if known else stream.kept), None


def _joined(read: Read, start: bytes) -> WavHeader | None:
    given = [start]
    return header(lambda size: given.pop() if given else read(size))


def length(file: IO[bytes] | io.RawIOBase, size_bytes: int) -> tuple[WavHeader, int, int | None] | None:
    """Of a WAV file of so many bytes: its header, how long its samples last really, and by its header, in ms.

    None for what is no WAV, or holds samples that only a decoder can read.

    Raises:
        SourceError: without a name.
    """
    read = reader(file)
    file.seek(0)
    head = header(read)
    if head is None or not head.encoding:
        return None
    real, promised, now = 0, 0, head
    known = True
    while True:
        at, said = file.tell(), now.size_bytes
        there = max(0, size_bytes - at)
        known, promised = known and said is not None, promised + (said or 0)
        more = None
        if said is not None and said >= there:
            real += there
        else:
            file.seek(at + (said or 0))
            seen, more = behind(read)
            real, known = real + (there if seen else said or 0), known and not seen
        if more is None or not head.same(more):
            return head, head.ms(real), head.ms(promised) if known else None
        now = more


def reader(file: IO[bytes] | io.RawIOBase) -> Read:
    """What reads a file as it is wanted here."""
    return lambda size: file.read(size) or b""


class _Stream:
    """Reads exactly so much, and knows how far it has come."""

    def __init__(self, read: Read, *, keep: bool = False) -> None:
        self._read, self._keep = read, keep
        self.at, self.kept = 0, b""

    def exactly(self, size: int) -> bytes:
        """So many bytes; fewer at the end of the file only."""
        parts, left = [], size
        while left and (data := self._read(min(left, 1 << 16))):
            parts.append(data)
            left -= len(data)
        joined = b"".join(parts)
        self.at += len(joined)
        if self._keep:
            self.kept += joined
        return joined

    def skipped(self, size: int) -> bytes:
        """Pass over so many bytes and keep none of them; a part stands for how far that went."""
        left = size
        while left and (data := self._read(min(left, 1 << 16))):
            left -= len(data)
        self.at += size - left
        return bytes(min(size - left, CHUNK_LIMIT))
