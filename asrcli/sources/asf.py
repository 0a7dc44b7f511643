"""What an ASF (WMA, WMV) says of itself: how long its sound is, and where its packets end. Pure.

libav believes this length only where the size of the file is the one that the header names, and guesses one for a cut
file.
"""

from asrcli.core.dataclass import dataclass

_HEADER = bytes.fromhex("3026b2758e66cf11a6d900aa0062ce6c")
_PROPERTIES = bytes.fromhex("a1dcab8c47a9cf118ee400c00c205365")
_PROPERTIES_BYTES = 104
_DATA_HEAD_BYTES = 50  # what is between the header and the first packet
_BROADCAST = 1  # the flag of a file that was written while it was sent: its lengths were never filled in


@dataclass(frozen=True, slots=True)
class AsfLength:
    """The lengths in the header of an ASF.

    Attributes:
        length_ms: How long the file plays, the longest of its tracks.
        end_bytes: How many bytes of the file its packets need; an index may follow.
    """

    length_ms: int
    end_bytes: int


def asf_length(head: bytes) -> AsfLength | None:
    """Return the lengths in the header at the beginning of these bytes; None if they are not there or unknown."""
    at = head.find(_PROPERTIES)
    if not head.startswith(_HEADER) or at < 0 or len(head) < at + _PROPERTIES_BYTES:
        return None

    def number(offset: int, size: int) -> int:
        return int.from_bytes(head[at + offset : at + offset + size], "little")

    packets, play, preroll_ms, flags = number(56, 8), number(64, 8), number(80, 8), number(88, 4)
    packet_bytes = number(92, 4)
    length_ms = play // 10_000 - preroll_ms
    if flags & _BROADCAST or length_ms <= 0:
        return None
    end_bytes = 0
    if packet_bytes == number(96, 4):  # the smallest and the largest
        end_bytes = int.from_bytes(head[16:24], "little") + _DATA_HEAD_BYTES + packets * packet_bytes
    return AsfLength(length_ms, end_bytes)
