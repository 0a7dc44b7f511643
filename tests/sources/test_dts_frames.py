"""What is lost after a frame of DTS is told from what belongs to it."""

from types import SimpleNamespace
from typing import Any

import pytest

from asrcli.sources.dts_frames import lost_behind

TICK_S = 1 / 90_000
FRAME_S = 960 * TICK_S


class Packet(SimpleNamespace):
    """A packet of one frame with these bytes."""

    def __bytes__(self) -> bytes:
        return bytes(self.data)


def packet(size: int, frame_bytes: int = 0, behind: bytes = b"") -> Any:
    """A packet of this size; its head says how long its frame is, if that is not 0."""
    head = b""
    if frame_bytes:
        head = b"\x7f\xfe\x80\x01" + (frame_bytes - 1 << 4).to_bytes(4, "big")
    data = (head.ljust(frame_bytes, b"\1") + behind).ljust(size, b"\0")
    return Packet(size=size, data=data, duration=960)


def lost(*packets: Any) -> list[float]:
    """Frames that are lost after each packet."""
    behind = lost_behind("dts", TICK_S)
    assert behind is not None
    return [behind(each) / FRAME_S for each in packets]


def test_a_packet_that_is_longer_than_its_frame_holds_lost_ones() -> None:
    """By the packets before it; the first one by its own head."""
    assert lost(packet(1024, 1024), packet(4096, 1024), packet(1024, 1024)) == pytest.approx([0, 3, 0])
    assert lost(packet(5120, 1024), packet(1024, 1024), packet(2048, 1024)) == pytest.approx([4, 0, 1])
    assert lost(packet(1024), packet(3072), packet(1024)) == pytest.approx([0, 2, 0])  # in another order of bytes


def test_what_belongs_to_a_frame_is_not_lost() -> None:
    """Padding that each has, and further sound of the same time, whose size changes."""
    assert lost(packet(2000, 1006), packet(2000, 1006), packet(4000, 1006)) == pytest.approx([0, 0, 1])
    assert lost(*[packet(2048, 1006)] * 3, packet(6144, 1006)) == pytest.approx([0, 0, 0, 2])
    assert lost(packet(300, 300), *[packet(700, 300)] * 3) == pytest.approx([0, 4 / 3, 0, 0])  # the first was another
    more = b"\x64\x58\x20\x25"
    assert lost(packet(1100, 1006, more), packet(9000, 1006, more), packet(1100, 1006, more)) == [0, 0, 0]


def test_other_streams_are_not_looked_at() -> None:
    """Each has its own way to lose something."""
    assert lost_behind("mp3", TICK_S) is None
