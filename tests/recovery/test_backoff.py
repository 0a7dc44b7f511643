"""When the next attempt comes, and when there is none: counted, doubled, capped, drawn by lot."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from asrcli.config import Retries
from asrcli.errors import AsrError, ConnectFailed, ConnectionLost, ServiceRefused
from asrcli.recovery.backoff import AT_THE_END, BUSY_FACTOR, CAP_S, Backoff

BROKEN = ConnectionLost("broke", 1006)


def waits(backoff: Backoff, times: int, *, chance: float = 1.0, error: AsrError = BROKEN) -> list[float | None]:
    """The waits of so many losses in a row."""
    return [backoff.lost(error, was_ready=True, ended=False, chance=chance) for _ in range(times)]


def test_the_wait_doubles_and_is_capped() -> None:
    """With the worst luck."""
    assert waits(Backoff(Retries(None, 0.5), live=True), 8) == [0.5, 1, 2, 4, 8, 16, CAP_S, CAP_S]


@given(st.floats(0, 1, exclude_max=True), st.integers(1, 40))
def test_full_jitter_stays_below_the_wait(chance: float, times: int) -> None:
    """A thousand clients that lose one service do not come back at one moment."""
    for number, wait_s in enumerate(waits(Backoff(Retries(None, 0.5), live=True), times, chance=chance)):
        assert wait_s is not None
        assert 0 <= wait_s <= min(CAP_S, 0.5 * 2.0**number)


@pytest.mark.parametrize(("limit", "given"), [(0, 0), (1, 1), (5, 5)])
def test_the_limit_is_counted_without_progress(limit: int, given: int) -> None:
    """Zero is never, and progress begins anew."""
    backoff = Backoff(Retries(limit, 0), live=False)
    assert waits(backoff, limit + 1) == [0.0] * given + [None]
    backoff.progress()
    assert waits(backoff, limit + 1) == [0.0] * given + [None]


def test_a_busy_service_is_asked_less_often_and_its_own_word_counts() -> None:
    """Throttling waits longer; Retry-After is a lower bound."""
    busy = ServiceRefused("Throttling", "slow down")
    assert waits(Backoff(Retries(None, 0.5), live=True), 2, error=busy) == [0.5 * BUSY_FACTOR, 1.0 * BUSY_FACTOR]
    told = ServiceRefused("Throttling", "slow down", retry_after_s=17.0)
    assert waits(Backoff(Retries(None, 0.5), live=True), 1, chance=0.0, error=told) == [17.0]
    down = ConnectFailed("ws://x", "HTTP 503", passing=True, retry_after_s=3.0)
    assert waits(Backoff(Retries(None, 0.5), live=True), 1, chance=0.0, error=down) == [3.0]


def test_when_nobody_speaks_any_more_there_is_a_limit() -> None:
    """Whoever pressed Ctrl-C wants to go home."""
    backoff = Backoff(Retries(None, 0), live=True)
    asked = [backoff.lost(BROKEN, was_ready=True, ended=True, chance=1.0) for _ in range(AT_THE_END + 1)]
    assert asked == [0.0] * AT_THE_END + [None]


@pytest.mark.parametrize(
    ("error", "tried"),
    [
        (ConnectFailed("ws://x", "unknown host"), False),
        (ConnectFailed("ws://x", "HTTP 503", passing=True), True),
        (ConnectionLost("no answer for 10 s"), True),
        (ConnectionLost("busy", 1011), True),
        (ServiceRefused("Throttling", "later"), True),
        (ServiceRefused("InvalidApiKey", "no"), False),
    ],
    ids=str,
)
def test_a_service_that_never_listened_is_tried_again_only_if_it_said_that_it_would(
    error: AsrError, tried: bool
) -> None:
    """A wrong address is told at once."""
    wait_s = Backoff(Retries(5, 0), live=False).lost(error, was_ready=False, ended=False, chance=1.0)
    assert (wait_s is not None) is tried
