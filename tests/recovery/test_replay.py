"""What is kept: in order, from the cursor on, until it settles, and never beyond the limit."""

from hypothesis import given
from hypothesis import strategies as st

from asrcli.audio import Chunk
from asrcli.recovery.replay import Replay, left_over

SPANS = st.lists(st.tuples(st.integers(0, 60), st.integers(0, 60)).map(lambda ends: (min(ends), max(ends))), max_size=8)


@given(st.integers(0, 60), st.integers(0, 60), SPANS)
def test_what_is_left_over_is_what_no_other_span_holds(begin: int, end: int, spared: list[tuple[int, int]]) -> None:
    """Number by number, in order, without empty spans."""
    spans = left_over(begin, end, spared)
    held = {number for spared_begin, spared_end in spared for number in range(spared_begin, spared_end)}
    assert [number for left, right in spans for number in range(left, right)] == [
        number for number in range(begin, end) if number not in held
    ]
    assert all(left < right for left, right in spans)


def kept(*sizes: int, limit: int = 1000) -> Replay:
    """A replay that holds chunks of these sizes from position 100 on."""
    replay, at = Replay(100, limit), 100
    for size in sizes:
        replay.add(Chunk(at, bytes(2 * size)))
        at += size
    return replay


def test_what_is_next_begins_at_the_cursor() -> None:
    """In the middle of a chunk too."""
    replay = kept(10, 10)
    assert replay.next() == Chunk(100, bytes(20))
    replay.cursor = 114
    assert replay.next() == Chunk(114, bytes(12))
    replay.cursor = 120
    assert replay.next() is None


def test_what_was_not_sent_never_settles() -> None:
    """A service that names times from the future costs no audio."""
    replay = kept(10, 10)
    replay.cursor = 110
    replay.settle(10_000)
    assert replay.waiting() == [Chunk(110, bytes(20))]


def test_a_task_may_begin_where_the_last_one_was_heard_to_or_before_its_end() -> None:
    """What lies before is passed over; what lies behind is there again."""
    replay = kept(10, 10, 10)
    replay.cursor = 130
    assert replay.pass_over(115) == (100, 115)
    assert (replay.start, replay.waiting()) == (115, [Chunk(115, bytes(10)), Chunk(120, bytes(20))])


def test_beyond_the_limit_the_oldest_is_forgotten() -> None:
    """Memory is bounded, whatever the service does."""
    replay = kept(10, 10, 10, limit=20)
    assert replay.waiting()[0].position == 110
