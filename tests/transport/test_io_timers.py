"""Timers fire once, in their order, never early, and a crowd a few at a time. The clock is the test's."""

from dataclasses import dataclass, field
from functools import partial

from hypothesis import given
from hypothesis import strategies as st

from asrcli.transport.io_timers import LATE_S, MOST_AT_ONCE, IoTimer, IoTimers


@dataclass
class Clock:
    """Timers at a time that the test sets."""

    now: float = 0.0
    failures: list[Exception] = field(default_factory=list)

    def timers(self) -> IoTimers:
        """The timers."""
        return IoTimers(lambda: self.now, self.failures.append)


def fire_all(timers: IoTimers) -> float | None:
    """Call what is due; for how long nothing is then."""
    while (wait_s := timers.fire()) == 0.0:
        pass
    return wait_s


@given(st.lists(st.tuples(st.integers(0, 30), st.booleans()), max_size=60), st.lists(st.integers(1, 9), max_size=12))
def test_each_fires_once_in_its_order_and_never_early(timers: list[tuple[int, bool]], steps: list[int]) -> None:
    """Those that are cancelled do not. Nobody waits beyond the next one, or for one when there is none."""
    clock, fired = Clock(), list[tuple[int, int]]()
    made = clock.timers()
    running: list[IoTimer] = []
    for number, (due, _) in enumerate(timers):
        running.append(made.later(float(due), partial(fired.append, (due, number))))
    for timer, (_, cancelled) in zip(running, timers, strict=True):
        if cancelled:
            timer.cancel()
    expected = sorted((due, number) for number, (due, cancelled) in enumerate(timers) if not cancelled)
    for step in [*steps, 40]:
        wait_s = fire_all(made)
        assert fired == [each for each in expected if each[0] <= clock.now]
        left = [due for due, _ in timers if due > clock.now]
        assert wait_s == min((due - clock.now for due in left), default=None)
        clock.now += step
    assert fire_all(made) is None
    assert fired == expected


def test_one_that_is_due_sooner_is_waited_for_less() -> None:
    """Also one that another one makes when it fires."""
    clock, fired = Clock(), list[str]()
    timers = clock.timers()
    timers.later(5.0, lambda: fired.append("late"))
    assert timers.fire() == 5.0
    timers.later(1.0, lambda: timers.later(1.0, lambda: fired.append("made")))
    assert timers.fire() == 1.0
    clock.now = 1.0
    assert timers.fire() == 1.0
    clock.now = 2.0
    assert timers.fire() == 3.0
    assert fired == ["made"]


def test_a_crowd_leaves_turns_to_others_until_it_is_late() -> None:
    """Hundreds of streams send at the same moment: their results are read meanwhile, but no audio waits for long."""
    clock, fired = Clock(), list[int]()
    timers = clock.timers()
    for number in range(10 * MOST_AT_ONCE):
        timers.later(1.0, partial(fired.append, number))
    clock.now = 1.0
    assert [timers.fire(), timers.fire()] == [0.0, 0.0]
    assert len(fired) == 2 * MOST_AT_ONCE
    clock.now = 1.0 + LATE_S
    assert timers.fire() is None
    assert len(fired) == 10 * MOST_AT_ONCE


def test_a_function_that_fails_stops_no_other() -> None:
    """Its exception is reported."""
    clock, fired = Clock(), list[str]()
    timers = clock.timers()
    timers.later(1.0, lambda: 1 // 0)
    timers.later(1.0, lambda: fired.append("second"))
    clock.now = 1.0
    assert timers.fire() is None
    assert fired == ["second"]
    assert [type(failure) for failure in clock.failures] == [ZeroDivisionError]
