"""The buffer between a callback and a reader: it is bounded, and what comes out accounts for what went in."""

from threading import Thread

import pytest
from hypothesis import given
from hypothesis import strategies as st

from asrcli.sources.backends.capture_buffer import CaptureBuffer
from tests.support.device import PATIENCE_S


@given(st.lists(st.one_of(st.binary(min_size=1, max_size=30), st.none())), st.integers(20, 60))
def test_what_comes_out_is_what_went_in_less_what_is_counted(steps: list[bytes | None], limit: int) -> None:
    """Bytes are put; None is a read. A count stands where bytes are missing; never more waits than the limit."""
    buffer, given_in, at = CaptureBuffer(limit), b"", 0
    for step in [*steps, *[None] * len(steps)]:
        if step is not None:
            buffer.put(step)
            given_in += step
            continue
        out = buffer.get(0)
        if isinstance(out, bytes):
            assert len(given_in) - at <= limit
            assert given_in[at : at + len(out)] == out
            at += len(out)
        elif out is not None:
            at += out
            assert len(given_in) - at <= limit
    assert buffer.get(0) is None
    assert at == len(given_in)


def test_the_end_comes_after_what_was_heard() -> None:
    """Then every read says so."""
    buffer = CaptureBuffer(10)
    buffer.put(b"ab")
    buffer.end()
    assert buffer.get(0) == b"ab"
    for _ in range(2):
        with pytest.raises(EOFError):
            buffer.get(0)


def test_a_reader_that_waits_is_woken() -> None:
    """By a piece, from another thread."""
    buffer = CaptureBuffer(10)
    thread = Thread(target=lambda: buffer.put(b"ab"))
    thread.start()
    assert buffer.get(PATIENCE_S) == b"ab"
    thread.join()
