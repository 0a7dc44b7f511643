"""Finds out by its last bytes and its size whether an input ends in the middle of something. Pure.

For MP3, AAC in ADTS, AC-3, AMR, VOC and MPEG-TS, which do not say how long they are, so that nothing else shows that
they were cut; for ASF, whose header says where its packets end; and for MP4 in fragments, each of which says when it
begins: libav ends where one of them is damaged.
"""

from asrcli.core.dataclass import dataclass
from asrcli.sources.asf import asf_length
from asrcli.sources.frame_sizes import FrameKind, frame_kind, voc_bytes
from asrcli.sources.mp4_fragments import last_fragment

NOT_WHOLE = "is cut short: its last packet is not whole, and nothing says how much is missing"
MP4 = "mov,mp4,m4a,3gp,3g2,mj2"
EXAMINED = {MP4, "aac", "mp3", "ac3", "eac3", "amr", "voc", "mpegts", "asf"}  # the containers that are known here
ROUNDING_MS = 100  # how far the length of the sound may be from that of its header where the size proves a cut
_SURE = 3  # frames or packets in a row that are no coincidence
_VOC_BEGIN = 20  # where the header of a VOC says where its first block begins
_VOC_HEAD = 4
_TS_BYTES = 188
_TS_LOOKED_AT = 64  # packets at the end that must be in step
_TS_LAYOUTS = ((_TS_BYTES, 0), (192, 4), (204, 0))  # the step from packet to packet, and what is before each
_PES_HEAD = 6


@dataclass(frozen=True, slots=True)
class CutEnd:
    """What is known of an input that ends too early.

    Attributes:
        problem: What to say about it; empty if its length says more.
        promised_ms: Its length by its header; None if it has none.
    """

    problem: str = ""
    promised_ms: int | None = None


PADDED = CutEnd("ends with zeros in place of sound: it may have been longer")


def cut_end(
    container: str, stream: int, head: bytes, tail: bytes, size_bytes: int, step_s: float = 1.0
) -> CutEnd | None:
    """Return what is known of the end of an input that was cut; None if nothing shows that it was.

    Args:
        container: As libav calls it.
        stream: In MPEG-TS and MP4 the number of the stream that is heard.
        head: Its first bytes.
        tail: Its last bytes.
        size_bytes: How many it has in all.
        step_s: Seconds of a step in which the times of the stream are.
    """
    if container == MP4:
        begin = last_fragment(tail, stream)
        if begin is not None:
            return CutEnd(promised_ms=round(begin * step_s * 1000))
    elif container == "asf":
        stated = asf_length(head)
        if stated is not None and size_bytes < stated.end_bytes:
            return CutEnd(promised_ms=stated.length_ms)
    elif ends_in_packet(container, head, tail, size_bytes, stream):
        return CutEnd(NOT_WHOLE)
    return None


def ends_in_packet(container: str, head: bytes, tail: bytes, size_bytes: int, stream: int) -> bool:
    """Return whether the last packet of a file is not whole; False for containers that are not known here.

    Args:
        container: As libav calls it.
        head: Its first bytes.
        tail: Its last bytes.
        size_bytes: How many it has in all.
        stream: In MPEG-TS the number of the stream that is heard.
    """
    if container == "mpegts":
        return _ends_in_ts_packet(tail, stream)
    kind = frame_kind(container, head)
    if kind is None:
        return False
    begin = _first_frame(container, head, size_bytes) - (size_bytes - len(tail))
    if begin > len(tail):  # a single block of VOC is longer than the file
        return True
    if begin >= 0:
        return _ends_in_frame(kind, tail, begin)
    return _ends_in_frame(kind, tail, None)


def _first_frame(container: str, head: bytes, size_bytes: int) -> int:
    """Return where the first frame begins; of VOC, whose blocks may be longer than the tail, the last that is known."""
    if container == "amr":
        return head.index(b"\n") + 1
    if container != "voc":
        return 0
    at = int.from_bytes(head[_VOC_BEGIN : _VOC_BEGIN + 2], "little")
    while at + _VOC_HEAD <= min(len(head), size_bytes) and (size := voc_bytes(head[at : at + _VOC_HEAD])):
        at += size
    return at


def _ends_in_frame(kind: FrameKind, tail: bytes, first: int | None) -> bool:
    """Return whether the last frame is not whole. `first`: where the first frame begins, if that is in the tail."""
    at = first or 0
    while at < len(tail):
        end, frames = _behind_frames(kind, tail, at)
        if frames < kind.sure and not (frames and at == first):
            at += 1
            continue
        if end > len(tail) or (0 < len(tail) - end < kind.head_bytes and kind.begins(tail[end:])):
            return True
        at = max(end, at + 1)
    return False


def _behind_frames(kind: FrameKind, data: bytes, at: int) -> tuple[int, int]:
    """Return where the frames end that begin there, and how many they are; the last may end after the data."""
    frames = 0
    while at < len(data) and (size := kind.size(data[at : at + kind.head_bytes])):
        at += size
        frames += 1
    return at, frames


def _ends_in_ts_packet(tail: bytes, stream: int) -> bool:
    for step, before in _TS_LAYOUTS:
        looked_at = tail[-step * _TS_LOOKED_AT :]
        for offset in range(min(step, len(looked_at))):
            marks = looked_at[offset + before :: step]
            if len(marks) < _SURE or marks.strip(b"G"):
                continue
            if (len(looked_at) - offset) % step:
                return True
            first = (len(tail) - len(looked_at) + offset) % step
            packets = [tail[at + before : at + before + _TS_BYTES] for at in range(first, len(tail), step)]
            return _ends_in_pes_packet(packets, stream)
    return False


def _ends_in_pes_packet(packets: list[bytes], stream: int) -> bool:
    """Return whether the last packet of a stream, which is spread over packets of the transport, is not whole."""
    found = 0
    for packet in reversed(packets):
        if packet[:1] != b"G" or int.from_bytes(packet[1:3]) & 0x1FFF != stream:
            continue
        control = packet[3] >> 4 & 3
        if not control & 1:  # it holds no part of the stream
            continue
        begin = 4
        if control & 2:
            begin += 1 + packet[4]
        payload = packet[begin:]
        found += len(payload)
        if packet[1] & 0x40:  # the packet of the stream begins here
            size = int.from_bytes(payload[4:_PES_HEAD])
            return payload[:3] == b"\0\0\1" and size > 0 and found < size + _PES_HEAD
    return False
