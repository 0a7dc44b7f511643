"""Finds out by its last bytes and its size whether an input ends in the middle of something. Pure.

For AAC in ADTS and MPEG-TS, which do not say how long they are, so that nothing else shows that they were cut; and for
ASF, whose header says where its packets end.
"""

from asrcli.core.dataclass import dataclass
from asrcli.sources.asf import asf_length

NOT_WHOLE = "is cut short: its last packet is not whole, and nothing says how much is missing"
EXAMINED = {"aac", "mpegts", "asf"}  # the containers that are known here
ROUNDING_MS = 100  # how far the length of the sound may be from that of its header where the size proves a cut
_SURE = 3  # frames or packets in a row that are no coincidence
_ADTS_HEAD = 7
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


def cut_end(container: str, stream: int, head: bytes, tail: bytes, size_bytes: int) -> CutEnd | None:
    """Return what is known of the end of an input that was cut; None if nothing shows that it was.

    Args:
        container: As libav calls it.
        stream: In MPEG-TS the number of the stream that is heard.
        head: Its first bytes.
        tail: Its last bytes.
        size_bytes: How many it has in all.
    """
    if container == "asf":
        stated = asf_length(head)
        if stated is not None and size_bytes < stated.end_bytes:
            return CutEnd(promised_ms=stated.length_ms)
    elif ends_in_packet(container, tail, whole=len(tail) == size_bytes, stream=stream):
        return CutEnd(NOT_WHOLE)
    return None


def ends_in_packet(container: str, tail: bytes, *, whole: bool, stream: int) -> bool:
    """Return whether the last packet of a file is not whole; False for containers that are not known here.

    Args:
        container: As libav calls it.
        tail: The last bytes of the file.
        whole: Whether these are all of its bytes.
        stream: In MPEG-TS the number of the stream that is heard.
    """
    if container == "aac":
        return _ends_in_adts_frame(tail, whole=whole)
    if container == "mpegts":
        return _ends_in_ts_packet(tail, stream)
    return False


def _ends_in_adts_frame(tail: bytes, *, whole: bool) -> bool:
    at = 0
    while (at := tail.find(b"\xff", at)) >= 0:
        sure = _SURE
        if whole and at == 0:
            sure = 1
        end, frames = _behind_adts_frames(tail, at)
        if frames < sure:
            at += 1
            continue
        if end > len(tail) or (len(tail) - end < _ADTS_HEAD and _begins_adts_frame(tail[end:])):
            return True
        at = max(end, at + 1)
    return False


def _behind_adts_frames(data: bytes, at: int) -> tuple[int, int]:
    """Return where the frames end that begin there, and how many they are; the last may end after the data."""
    frames = 0
    while at < len(data) and (size := _adts_bytes(data[at : at + _ADTS_HEAD])):
        at += size
        frames += 1
    return at, frames


def _adts_bytes(head: bytes) -> int:
    """Return the size of the frame with this head; 0 if it is none."""
    if len(head) < _ADTS_HEAD or not _begins_adts_frame(head) or head[2] >> 2 & 15 > 12:
        return 0
    size = (head[3] & 3) << 11 | head[4] << 3 | head[5] >> 5
    if size < _ADTS_HEAD:
        return 0
    return size


def _begins_adts_frame(data: bytes) -> bool:
    return data[:1] == b"\xff" and (len(data) == 1 or data[1] & 0xF6 == 0xF0)


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
