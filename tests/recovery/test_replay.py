"""Audio is kept in order until it is settled, and never beyond the limit."""

from bisect import bisect_right
from itertools import accumulate

import pytest
from hypothesis import given
from hypothesis import strategies as st

from asrcli.core.audio import Chunk, Format
from asrcli.recovery.replay import Replay, StoredBlock
from asrcli.recovery.resume_point import quiet_edges, resume_point
from asrcli.recovery.spans import Spans

SPANS = st.lists(st.tuples(st.integers(0, 60), st.integers(0, 60)).map(lambda ends: (min(ends), max(ends))), max_size=8)


@given(st.integers(0, 60), st.integers(0, 60), SPANS)
def test_what_is_left_over_is_what_no_other_span_holds(begin: int, end: int, spared: list[tuple[int, int]]) -> None:
    """Compared number by number; in order, and without empty spans."""
    spans = Spans(spared).missing(begin, end)
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


def test_the_newest_is_what_goes_out_next_when_nothing_waits_before_it() -> None:
    """Not where other audio waits, where none does, and not after a jump or in the middle of a chunk."""
    assert kept(10).only_waiting == Chunk(100, bytes(20))
    assert kept(10, 10).only_waiting is None
    replay = kept(10)
    replay.cursor = 105
    assert replay.only_waiting is None
    replay.cursor = 110
    assert replay.only_waiting is None
    replay.add(Chunk(120, bytes(20)))
    assert replay.only_waiting is None
    replay.cursor = 120
    assert replay.only_waiting == Chunk(120, bytes(20))


def test_what_is_next_begins_at_the_cursor() -> None:
    """Also in the middle of a chunk."""
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
    """Audio before it is skipped and forgotten; audio after it is there again."""
    replay = kept(10, 10, 10)
    replay.cursor = 130
    replay.skip_to(115)
    assert (replay.start, replay.waiting()) == (115, [Chunk(115, bytes(10)), Chunk(120, bytes(20))])
    assert [chunk.position for chunk in replay.kept] == [110, 120]


def test_beyond_the_limit_the_oldest_is_forgotten() -> None:
    """Memory is bounded, whatever the service does."""
    replay = kept(10, 10, 10, limit=20)
    assert replay.waiting()[0].position == 110


class Shelf:
    """Stored bytes, and whether they were freed."""

    def __init__(self, data: bytes) -> None:
        self.data, self.is_free = data, False

    def load(self) -> bytes:
        """The bytes."""
        assert not self.is_free
        return self.data

    def free(self) -> None:
        """Note that they were freed."""
        self.is_free = True


@given(
    st.lists(st.integers(1, 9), min_size=1, max_size=700),
    st.integers(0, 200),
    st.integers(0, 60),
    st.booleans(),
)
def test_what_is_put_away_comes_back_as_it_was(sizes: list[int], memory: int, begin: int, spilled: bool) -> None:
    """In memory or not: the same audio at the same positions, also when it is sent again."""
    shelf: list[Shelf] = []

    def shelve(data: bytes) -> Shelf:
        shelf.append(Shelf(data))
        return shelf[-1]

    replay = Replay(0, 10_000, memory, shelve if spilled else None)
    whole, at = b"", 0
    for number, size in enumerate(sizes):
        pcm = bytes([number % 255 + 1, 0]) * size
        replay.add(Chunk(at, pcm, cut_after=number % 3 == 0, quiet=number % 2 == 0))
        whole, at = whole + pcm, at + size
    for again in (0, min(begin, at)):
        replay.cursor = again
        assert replay.backlog == at - again
        heard = b""
        while (chunk := replay.next()) is not None:
            assert chunk.position == replay.cursor
            number = bisect_right(list(accumulate(sizes)), chunk.position)
            assert (chunk.cut_after, chunk.quiet) == (number % 3 == 0, number % 2 == 0)
            heard += chunk.pcm
            replay.cursor = chunk.end
        assert heard == whole[2 * again :]
    assert (sum(len(each.data) for each in shelf) >= len(whole) - 2 * memory) or not spilled
    replay.settle(at)
    assert not replay.kept
    assert all(each.is_free for each in shelf)


@given(st.lists(st.integers(1, 9), min_size=1, max_size=30), st.integers(0, 30))
def test_what_was_never_sent_can_be_dropped(sizes: list[int], sent: int) -> None:
    """Audio that was sent stays, because it may be sent again."""
    replay, sent = kept(*sizes), min(sent, len(sizes))
    ends = [100, *(100 + size for size in accumulate(sizes))]
    replay.cursor = replay.sent = ends[sent]
    replay.drop_unsent()
    assert not replay.pending
    assert [chunk.end for chunk in replay.kept] == ends[1 : sent + 1]


def test_blocks_are_moved_out_after_the_cursor_and_what_is_next_stays_next() -> None:
    """A microphone that waits in an outage moves out audio that was sent, while other audio is still to be."""
    replay = Replay(0, 10_000, 100, Shelf)
    for at in range(0, 400, 10):
        replay.add(Chunk(at, bytes([at // 10, 0]) * 10))
        replay.cursor = at  # the newest chunk waits
    assert replay.kept[0].samples > 10
    following = replay.next()
    assert following is not None
    assert (following.position, following.pcm[0]) == (390, 39)


@given(st.integers(0, 60), st.integers(0, 30), st.integers(1, 700))
def test_audio_that_waits_in_an_outage_goes_out_whole_wherever_the_outage_began(
    sent: int, lag: int, waiting: int
) -> None:
    """Blocks that are moved out hold the end of what was sent and the beginning of what waits: nothing comes twice."""
    replay, count = Replay(0, 10_000, 100, Shelf), sent + lag + waiting
    pcm = [bytes([number % 255 + 1, 0]) * 10 for number in range(count)]
    for number in range(count):
        replay.add(Chunk(10 * number, pcm[number]))
        replay.cursor = 10 * min(sent, max(0, number - lag))
    position = replay.cursor
    assert replay.backlog == 10 * count - position
    assert replay.waiting()[0].position <= position
    while (chunk := replay.next()) is not None:
        assert (chunk.position, chunk.pcm) == (position, b"".join(pcm)[2 * position : 2 * chunk.end])
        position = replay.cursor = chunk.end
    assert position == 10 * count


def test_a_block_has_nothing_behind_its_end() -> None:
    """Whoever asks for it has lost count."""
    block = StoredBlock([Chunk(100, bytes(20))], Shelf)
    assert block.since(105) == Chunk(105, bytes(10))
    with pytest.raises(ValueError, match="110"):
        block.since(110)


def test_kept_audio_is_found_at_any_position_in_memory_or_out_of_it() -> None:
    """Whoever reads it in between, as the recognizer of this machine does, leaves no samples of a block in memory."""
    replay = Replay(0, 10_000, 100, Shelf)
    for at in range(0, 400, 10):
        replay.add(Chunk(at, bytes([at // 10, 0]) * 10))
    assert isinstance(block := replay.kept[0], StoredBlock)
    position = 0
    while (part := replay.since(position)) is not None:
        assert part == Chunk(position, bytes([position // 10, 0]) * 10, quiet=part.quiet)
        position = part.end
    assert position == 400
    assert block._loaded is None


@given(
    st.lists(st.tuples(st.integers(0, 2), st.booleans()), min_size=1, max_size=30),
    st.integers(0, 2000),
    st.integers(0, 400),
)
def test_neither_sound_nor_what_is_missing_is_found_quiet(
    pieces: list[tuple[int, bool]], memory: int, steps: int
) -> None:
    """In memory or not: pieces of 100 ms, some loud, with jumps before some of them."""
    replay, quiet, position = Replay(0, 10**6, memory, Shelf), Spans(), 0
    for jump, loud in pieces:
        position += 100 * jump
        replay.add(chunk := Chunk(position, bytes([0, 64 * loud]) * 100, quiet=not loud))
        position = chunk.end
        if not loud:
            quiet.add(chunk.position, chunk.end)
    rate, at = Format(1000), min(10 * steps, position)
    assert quiet.missing(resume_point(replay.kept, at, rate), at) == []
    for begin, end in quiet_edges(replay.kept, 0, at, 10):
        assert quiet.missing(begin, end) == []
