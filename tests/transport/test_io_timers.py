"""Timers fire once, in their order, never early, and a crowd a few at a time. The loop and its clock are the test's."""

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial

import pytest
from hypothesis import given
from hypothesis import strategies as st

from asrcli.transport.io_timers import LATE_S, MOST_AT_ONCE, IoTimer, IoTimers


@dataclass(eq=False)
class Call:
    """A call that the loop has promised."""

    due: float
    act: Callable[[], object]
    cancelled: bool = False

    def cancel(self) -> None:
        """Break the promise."""
        self.cancelled = True


@dataclass
class Turns:
    """A loop whose time the test sets."""

    now: float = 0.0
    calls: list[Call] = field(default_factory=list)

    def time(self) -> float:
        """The time."""
        return self.now

    def call_at(self, when: float, callback: Callable[[], object]) -> Call:
        """Call it in the first turn from then on."""
        self.calls.append(Call(when, callback))
        return self.calls[-1]

    def call_soon(self, callback: Callable[[], object]) -> Call:
        """Call it in the next turn."""
        return self.call_at(self.now, callback)

    def turn(self) -> None:
        """Call what is due by now, and nothing that is asked for meanwhile."""
        due = [call for call in self.calls if call.due <= self.now and not call.cancelled]
        self.calls = [call for call in self.calls if call not in due and not call.cancelled]
        for call in due:
            call.act()


def until_quiet(loop: Turns) -> None:
    """Turn until nothing is due."""
    while any(call.due <= loop.now and not call.cancelled for call in loop.calls):
        loop.turn()


@given(st.lists(st.tuples(st.integers(0, 30), st.booleans()), max_size=60), st.lists(st.integers(1, 9), max_size=12))
def test_each_fires_once_in_its_order_and_never_early(timers: list[tuple[int, bool]], steps: list[int]) -> None:
    """Those that are cancelled do not; and the loop is never woken for nothing but these."""
    loop, fired = Turns(), list[tuple[int, int]]()
    made = IoTimers(loop)
    running: list[IoTimer] = []
    for number, (due, _) in enumerate(timers):
        running.append(made.later(float(due), partial(fired.append, (due, number))))
    for timer, (_, cancelled) in zip(running, timers, strict=True):
        if cancelled:
            timer.cancel()
    expected = sorted((due, number) for number, (due, cancelled) in enumerate(timers) if not cancelled)
    for step in [*steps, 40]:
        until_quiet(loop)
        assert fired == [each for each in expected if each[0] <= loop.now]
        loop.now += step
    until_quiet(loop)
    assert fired == expected
    assert loop.calls == []


def test_one_that_is_due_sooner_wakes_the_loop_sooner() -> None:
    """Also one that another one makes when it fires."""
    loop, fired = Turns(), list[str]()
    timers = IoTimers(loop)
    timers.later(5.0, lambda: fired.append("late"))
    timers.later(1.0, lambda: timers.later(1.0, lambda: fired.append("made")))
    for loop.now in (1.0, 2.0):
        loop.turn()
    assert fired == ["made"]
    assert [call.due for call in loop.calls] == [5.0]


def test_a_crowd_leaves_turns_to_others_until_it_is_late() -> None:
    """Hundreds of streams send at the same moment: their results are read meanwhile, but no audio waits for long."""
    loop, fired = Turns(), list[float]()
    timers = IoTimers(loop)
    for _ in range(10 * MOST_AT_ONCE):
        timers.later(1.0, lambda: fired.append(loop.now))
    loop.now = 1.0
    loop.turn()
    loop.turn()
    assert len(fired) == 2 * MOST_AT_ONCE
    loop.now = 1.0 + LATE_S
    loop.turn()
    assert len(fired) == 10 * MOST_AT_ONCE


def test_a_function_that_fails_stops_no_other() -> None:
    """The loop gets its exception."""
    loop, fired = Turns(), list[str]()
    timers = IoTimers(loop)
    timers.later(1.0, lambda: 1 // 0)
    timers.later(1.0, lambda: fired.append("second"))
    loop.now = 1.0
    with pytest.raises(ZeroDivisionError):
        loop.turn()
    until_quiet(loop)
    assert fired == ["second"]
