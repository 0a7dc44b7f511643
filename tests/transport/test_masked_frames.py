"""Frames made in one step are the frames of the library, which reads them."""

from hypothesis import given
from hypothesis import strategies as st
from websockets.frames import Frame
from websockets.streams import StreamReader

from asrcli.transport.masked_frames import DRAWN_BYTES, MASK_BYTES, MaskedFrames


def read(data: bytes) -> tuple[Frame, bool]:
    """What the library reads at the other end, and whether that was all."""
    reader = StreamReader()
    reader.feed_data(data)
    parsing = Frame.parse(reader.read_exact, mask=True)
    try:
        next(parsing)
    except StopIteration as end:
        return end.value, not reader.buffer
    raise AssertionError("the frame is not complete")


@given(sizes=st.lists(st.sampled_from([0, 1, 5, 125, 126, 127, 3200, 65535, 65536, 70001]), min_size=1, max_size=5))
def test_the_other_end_reads_what_was_written(sizes: list[int]) -> None:
    """For each form of the length, text and binary, with a mask that is another one each time."""
    frames, masks = MaskedFrames(), set[bytes]()
    for number, size in enumerate(sizes):
        data = bytes(position * 7 % 251 for position in range(size))
        first = 0x81 + number % 2
        written = frames.frame(first, data)
        frame, whole = read(written)
        assert (frame.opcode, bytes(frame.data), frame.fin, whole) == (first & 15, data, True, True)
        masks.add(written[len(written) - size - MASK_BYTES :][:MASK_BYTES])
    assert len(masks) == len(sizes)


def test_masks_are_drawn_again_before_they_run_out() -> None:
    """No mask comes twice, and none is shorter than it must be."""
    frames, count = MaskedFrames(), 3 * DRAWN_BYTES // MASK_BYTES
    assert len({frames.frame(0x82, b"")[2:] for _ in range(count)}) == count
