"""Finds what a raw DTS stream has lost after a frame: its parser joins everything up to the next frame to one packet.

The decoder reads the frame at the beginning of such a packet and says nothing of the rest.
"""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from av import AudioStream, Packet

_CORE = b"\x7f\xfe\x80\x01"  # how a frame begins, in the usual order of bytes
_EXTENSION = b"\x64\x58\x20\x25"  # after a frame: more sound of the same time, of any size
_HEAD_BYTES = 8
_MOST_PADDED = 4  # how many times as long as its frame a packet with padding may be
_SIZE_SHIFT, _SIZE_MASK = 4, 0x3FFF  # where the size of a frame, less one, is in its head


def lost_behind(container: str, time_base: float) -> "Callable[[Packet[AudioStream]], float] | None":
    """Return a function that gives the seconds lost after a packet that was decoded; None for other containers.

    Args:
        container: As libav calls it.
        time_base: Seconds of a step in which packets state their duration.
    """
    if container != "dts":
        return None
    return _DtsPackets(time_base).lost_s


class _DtsPackets:
    """The packets of a stream, in order: one that is much longer than those before it has swallowed lost frames."""

    def __init__(self, time_base: float) -> None:
        self._time_base = time_base
        # Sizes of packets, each of which may hold padding after its frame.
        self._usual = self._before = 0

    def lost_s(self, packet: "Packet[AudioStream]") -> float:
        """Return the seconds that are lost after the frame of the next packet."""
        size = packet.size
        is_usual = size < 2 * self._usual or size == self._before
        self._before = size
        if is_usual:
            self._usual = size
            return 0.0
        head = bytes(packet)
        frame_bytes = _frame_bytes(head)
        if head[frame_bytes : frame_bytes + len(_EXTENSION)] == _EXTENSION:
            return 0.0
        if not self._usual and size < _MOST_PADDED * frame_bytes:
            frame_bytes = size
        self._usual = self._usual or frame_bytes or size
        return (size - self._usual) / self._usual * (packet.duration or 0) * self._time_base


def _frame_bytes(head: bytes) -> int:
    """Return the size of the frame at the beginning of a packet; 0 if it does not say it in the usual way."""
    if not head.startswith(_CORE):
        return 0
    return (int.from_bytes(head[:_HEAD_BYTES], "big") >> _SIZE_SHIFT & _SIZE_MASK) + 1
