"""How many bytes a frame or a block of a format without an index has, by its first bytes; 0 where none begins. Pure."""

from collections.abc import Callable, Mapping

from asrcli.core.dataclass import dataclass
from asrcli.sources.mp3_frames import LAYER_2, LAYER_3, frame_bytes

_ADTS_HEAD = 7
_AC3_HEAD = 6
_MPEG_HEAD = 4
_VOC_HEAD = 4
_VOC_TYPES = 9
_AC3_BIT_RATES = (32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 384, 448, 512, 576, 640)  # kbit/s
_AMR_BYTES = {  # by the number of the mode, with the byte of the head; 8 or 9 is a description of silence, 15 nothing
    b"#!AMR\n": (13, 14, 16, 18, 20, 21, 27, 32, 6, 0, 0, 0, 0, 0, 0, 1),
    b"#!AMR-WB\n": (18, 24, 33, 37, 41, 47, 51, 59, 61, 6, 0, 0, 0, 0, 1, 1),
}
_AMR_MODES = tuple(map(max, *_AMR_BYTES.values()))
_ZEROS = bytes(4)
_AMR_PADDING = 0x83  # bits of the head of a frame that are always 0


@dataclass(frozen=True, slots=True)
class FrameKind:
    """How the frames of a format are recognized.

    Attributes:
        size: Returns the size of the frame that begins with these bytes.
        head_bytes: How many bytes tell that size.
        begins: Whether so few bytes at the end of a file may be the beginning of a frame.
        sure: How many frames in a row are no coincidence.
    """

    size: Callable[[bytes], int]
    head_bytes: int
    begins: Callable[[bytes], bool]
    sure: int = 3


def adts_bytes(head: bytes) -> int:
    """Return the size of a frame of AAC in ADTS."""
    if len(head) < _ADTS_HEAD or not _begins_adts(head) or head[2] >> 2 & 15 > 12:
        return 0
    size = (head[3] & 3) << 11 | head[4] << 3 | head[5] >> 5
    if size < _ADTS_HEAD:
        return 0
    return size


def _begins_adts(data: bytes) -> bool:
    return data[:1] == b"\xff" and (len(data) == 1 or data[1] & 0xF6 == 0xF0)


def mpeg_bytes(head: bytes) -> int:
    """Return the size of a frame of MP3, or of MPEG layer 2."""
    return frame_bytes(head, (LAYER_2, LAYER_3))


def _begins_mpeg(data: bytes) -> bool:
    return data[:1] == b"\xff" and (len(data) == 1 or data[1] & 0xE0 == 0xE0)


def ac3_bytes(head: bytes) -> int:
    """Return the size of a frame of AC-3 or E-AC-3."""
    if len(head) < _AC3_HEAD or head[:2] != b"\x0b\x77":
        return 0
    version, rate, code = head[5] >> 3, head[4] >> 6, head[4] & 63
    if 10 < version <= 16:
        return 2 * ((head[2] & 7) << 8 | head[3]) + 2
    if version > 10 or rate == 3 or code >> 1 >= len(_AC3_BIT_RATES):
        return 0
    bit_rate = _AC3_BIT_RATES[code >> 1]
    if rate == 1:
        return 2 * (320 * bit_rate // 147 + code % 2)
    return bit_rate * {0: 4, 2: 6}[rate]


def _begins_ac3(data: bytes) -> bool:
    return b"\x0b\x77".startswith(data[:2])


def _amr(sizes: tuple[int, ...]) -> FrameKind:
    def size(head: bytes) -> int:
        if not head or head[0] & _AMR_PADDING:
            return 0
        return sizes[head[0] >> 3]

    return FrameKind(size, 1, lambda data: size(data) > 0, sure=50)


class AmrDamage:
    """Recognizes packets of AMR that nobody has written. Decoders make a sound of anything.

    A head is one byte, and one in twelve may be one by chance. So after damage, a packet counts only if its head was
    there before, or is that of the packet before it.

    Attributes:
        found: The last packet was damaged.
    """

    def __init__(self) -> None:
        self._heads: set[int] = set()  # of good packets
        self._last = 0  # the head of the last packet
        self.found = False

    def is_in(self, packet: bytes) -> bool:
        """Return whether the next packet is damaged."""
        head = packet[0]
        is_none = head & _AMR_PADDING > 0 or _AMR_MODES[head >> 3] == 0 or packet.startswith(_ZEROS)
        is_chance = self.found and self._last != head and bool(self._heads) and head not in self._heads
        self._last, self.found = head, is_none or is_chance
        if not self.found:
            self._heads.add(head)
        return self.found


def amr_damage(codec: str) -> AmrDamage | None:
    """Return what recognizes damaged packets of a codec; None unless it is AMR."""
    if "amr" in codec:
        return AmrDamage()
    return None


def voc_bytes(head: bytes) -> int:
    """Return the size of a block of VOC."""
    if len(head) < _VOC_HEAD or not 0 < head[0] <= _VOC_TYPES:
        return 0
    return _VOC_HEAD + int.from_bytes(head[1:4], "little")


KINDS: Mapping[str, FrameKind] = {
    "aac": FrameKind(adts_bytes, _ADTS_HEAD, _begins_adts),
    "mp3": FrameKind(mpeg_bytes, _MPEG_HEAD, _begins_mpeg),
    "ac3": FrameKind(ac3_bytes, _AC3_HEAD, _begins_ac3),
    "eac3": FrameKind(ac3_bytes, _AC3_HEAD, _begins_ac3),
    "voc": FrameKind(voc_bytes, _VOC_HEAD, lambda data: 0 < data[0] <= _VOC_TYPES, sure=8),
}
_AMR_KINDS = {mark: _amr(sizes) for mark, sizes in _AMR_BYTES.items()}


def frame_kind(container: str, head: bytes) -> FrameKind | None:
    """Return how the frames of a file with this beginning are recognized; None if its container is not known here."""
    if container == "amr":
        return next((kind for mark, kind in _AMR_KINDS.items() if head.startswith(mark)), None)
    return KINDS.get(container)
