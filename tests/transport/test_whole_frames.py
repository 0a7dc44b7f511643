"""Heads of frames, and what the library gets of a frame that is wrong."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from asrcli.transport.whole_frames import FrameHead, frame_head, unmasked_frame

MASK = b"abcd"
TEXT, CONTINUED, CLOSE, PING = 0x81, 0x80, 0x88, 0x89


@given(
    st.sampled_from([TEXT, CONTINUED, CLOSE, PING, 0x83, 0xC1]),
    st.sampled_from([0, 5, 125, 126, 65_535, 65_536]),
    st.booleans(),
)
def test_a_wrong_frame_is_as_wrong_without_its_payload(first: int, size: int, is_masked: bool) -> None:
    """The library finds the same mistake in it, and need not be given what may be megabytes."""
    wrong = FrameHead(first, size, MASK if is_masked else b"", 0)
    short = wrong.without_payload()
    head = frame_head(short)
    assert head is not None
    assert (head.first, bool(head.mask)) == (first, is_masked)
    assert len(short) == head.end + head.size <= 2 + 2 + len(MASK) + 126
    if is_masked and first in {CLOSE, PING}:
        assert not head.is_control  # its payload is too long for a control frame


@pytest.mark.parametrize("size", [0, 125, 126, 65_535, 65_536])
def test_a_frame_of_a_server_has_the_shortest_length_that_holds_it(size: int) -> None:
    """And no mask."""
    frame = unmasked_frame(TEXT, bytes(size))
    head = frame_head(frame)
    assert head == FrameHead(TEXT, size, b"", len(frame) - size)
    assert head.end == 2 + 2 * (126 <= size < 65_536) + 8 * (size >= 65_536)


@pytest.mark.parametrize(("size", "is_control"), [(0, True), (125, True), (126, False)])
def test_a_control_frame_holds_at_most_125_bytes(size: int, is_control: bool) -> None:
    """And is masked, where a client sends it."""
    assert FrameHead(PING, size, MASK, 0).is_control is is_control
    assert not FrameHead(PING, size, b"", 0).is_control
    assert not FrameHead(TEXT, size, MASK, 0).is_control
