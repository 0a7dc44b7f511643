"""Whose messages are read next: live audio never waits, and each key has a turn as often as every other one."""

import asyncio
from collections import deque
from functools import partial

from hypothesis import given
from hypothesis import strategies as st

from asrcli.server.reading_turns import BURST, FRAME_COST, MAX_READERS, RATE_PER_S, TURN_S, ReadingTurns, SendingRate


@given(st.lists(st.tuples(st.integers(1, 20_000), st.integers(1, 16)), max_size=100), st.floats(0, 1e9))
def test_a_client_that_sends_no_faster_than_the_rate_never_waits(sent: list[tuple[int, int]], now_s: float) -> None:
    """Live audio in pieces of any size."""
    rate = SendingRate()
    for size_bytes, frames in sent:
        assert not rate.is_high(now_s)
        rate.add(size_bytes, frames, now_s)
        now_s += 1.01 * (size_bytes + frames * FRAME_COST) / RATE_PER_S + 1e-6


@given(st.integers(1, 16), st.integers(0, 20_000))
def test_a_client_that_sends_faster_waits_until_that_is_forgotten(frames: int, size_bytes: int) -> None:
    """Many bytes and many frames are both much."""
    rate = SendingRate()
    cost = size_bytes + frames * FRAME_COST
    for _ in range(BURST // cost + 1):
        assert not rate.is_high(5.0)
        rate.add(size_bytes, frames, 5.0)
    assert rate.is_high(5.0)
    assert not rate.is_high(5.0 + 1.01 * cost / RATE_PER_S)


async def _order(keys: str, steps_s: list[float]) -> list[list[str]]:
    """Who is read in each turn of the loop, where reading takes this long each time."""
    now = [0.0]
    turns, found = ReadingTurns(lambda: now[0]), list[list[str]]()
    left = deque(steps_s)

    def read(name: str) -> None:
        found[-1].append(name)
        now[0] += left.popleft()

    for number, key in enumerate(keys):
        turns.wait(key, partial(read, f"{key}{number}"))
    while sum(map(len, found)) < len(keys):
        found.append([])
        await asyncio.sleep(0)
    return found


@given(st.text("abc", min_size=1, max_size=40))
def test_keys_have_their_turns_one_after_the_other(keys: str) -> None:
    """However many connections a key has, and its own in their order; nobody is left out or read twice."""
    queues: dict[str, deque[str]] = {}
    for number, key in enumerate(keys):
        queues.setdefault(key, deque()).append(f"{key}{number}")
    expected = []
    while queues:
        key, queue = next(iter(queues.items()))
        del queues[key]
        expected.append(queue.popleft())
        if queue:
            queues[key] = queue
    found = asyncio.run(_order(keys, [0.0] * len(keys)))
    assert [name for turn in found for name in turn] == expected


def test_a_turn_is_kept_short() -> None:
    """More are read while that takes no time, and one where it takes too long already."""
    found = asyncio.run(_order("a" * 100, [0.0] * 60 + [2 * TURN_S] * 40))
    lengths = [len(turn) for turn in found if turn]
    assert max(lengths) == MAX_READERS
    assert lengths[:3] == [2, 3, 4]
    assert lengths[-5:] == [1] * 5


def test_a_client_that_waits_again_while_it_is_read_comes_after_the_others() -> None:
    """And the turns go on until nobody waits."""
    turns, found = ReadingTurns(), list[str]()

    def again() -> None:
        found.append("first")
        if len(found) < 4:
            turns.wait("a", again)

    async def run() -> None:
        turns.wait("a", again)
        turns.wait("b", lambda: found.append("other"))
        for _ in range(20):
            await asyncio.sleep(0)

    asyncio.run(run())
    assert found == ["first", "other", "first", "first"]


def test_a_client_that_cannot_be_read_costs_nobody_a_turn() -> None:
    """The others of the same turn are read, and the error is reported."""
    turns, found, errors = ReadingTurns(), list[str](), list[object]()

    def fail() -> None:
        raise ValueError("broken")

    async def run() -> None:
        asyncio.get_running_loop().set_exception_handler(lambda _, about: errors.append(about["exception"]))
        turns.wait("a", fail)
        for key in "bc":
            turns.wait(key, partial(found.append, key))
        for _ in range(5):
            await asyncio.sleep(0)

    asyncio.run(run())
    assert found == ["b", "c"]
    assert list(map(str, errors)) == ["broken"]
