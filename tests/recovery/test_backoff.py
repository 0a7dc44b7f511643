"""When the next attempt comes, and when there is none: counted, doubled, capped, and spread by jitter."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from asrcli.core.errors import NOT_LOADED, AsrError, ConnectFailed, ConnectionLost, ServiceRefused
from asrcli.core.settings import FILE_RETRY_FOR_S, RetrySettings
from asrcli.recovery.backoff import (
    BUSY_FACTOR,
    DROPS_CAP_S,
    RETRY_AFTER_CAP_S,
    SILENT_STARTS,
    STOPPED_S,
    UNREACHABLE_CAP_S,
    Attempt,
    Backoff,
    Loss,
)

BROKEN = ConnectionLost("broke", 1006)
AWAY = ConnectFailed("ws://x", "connection refused")


def loss(error: AsrError = BROKEN, *, reach: int | None = None, unanswered: bool = False, ended: bool = False) -> Loss:
    """A loss of a service that has listened before."""
    return Loss(error, was_ready=True, input_ended=ended, reach=reach, unanswered=unanswered)


def waits(backoff: Backoff, times: int, *, jitter: float = 1.0, error: AsrError = BROKEN) -> list[float | None]:
    """The waits after this many losses in a row, none of which took audio."""
    attempts = [backoff.lost(loss(error), 0.0, jitter) for _ in range(times)]
    return [None if attempt is None else attempt.wait_s for attempt in attempts]


@pytest.mark.parametrize(("error", "cap_s"), [(BROKEN, DROPS_CAP_S), (AWAY, UNREACHABLE_CAP_S)])
def test_the_wait_doubles_and_is_capped(error: AsrError, cap_s: float) -> None:
    """With the longest random waits; an unreachable service is dialled often, so that its return is noticed soon."""
    expected = [min(cap_s, 0.5 * 2**number) for number in range(8)]
    assert waits(Backoff(RetrySettings(None, 0.5), realtime=True), 8, error=error) == expected


@given(st.floats(0, 1, exclude_max=True), st.integers(1, 40))
def test_full_jitter_stays_below_the_wait(jitter: float, times: int) -> None:
    """A thousand clients that lose one service do not all reconnect at the same moment."""
    for number, wait_s in enumerate(waits(Backoff(RetrySettings(None, 0.5), realtime=True), times, jitter=jitter)):
        assert wait_s is not None
        assert 0 <= wait_s <= min(DROPS_CAP_S, 0.5 * 2.0**number)


@pytest.mark.parametrize("limit", [1, 5])
def test_the_same_audio_is_sent_again_so_often_and_no_more(limit: int) -> None:
    """Progress resets the count."""
    backoff = Backoff(RetrySettings(limit, 0), realtime=False)
    for _ in range(2):
        attempts = [backoff.lost(loss(reach=100), 0.0, 1.0) for _ in range(limit + 1)]
        assert attempts == [*[Attempt(0.0)] * limit, None]
        backoff.progress()


def test_quiet_that_settles_is_progress_for_what_lies_before_it_alone() -> None:
    """Speech after long quiet is not sent forever although a little more of the quiet is settled each time."""
    backoff = Backoff(RetrySettings(2, 0), realtime=False)
    for position in (10, 20):
        assert backoff.lost(loss(reach=100), 0.0, 1.0) is not None
        backoff.settled(position)
    assert backoff.lost(loss(reach=100), 0.0, 1.0) is None
    backoff.settled(100)
    assert backoff.lost(loss(reach=200), 0.0, 1.0) is not None
    assert backoff.attempt == 1


def test_a_limit_of_zero_allows_no_attempt() -> None:
    """A limit of zero allows no attempt, whatever was sent."""
    assert Backoff(RetrySettings(0, 0), realtime=True).lost(loss(), 0.0, 1.0) is None


def test_attempts_that_carry_no_audio_use_up_no_resends() -> None:
    """An outage of many minutes does not use up the resends."""
    backoff = Backoff(RetrySettings(1, 0), realtime=False)
    assert backoff.lost(loss(reach=100), 0.0, 1.0) is not None
    assert all(backoff.lost(loss(AWAY), 1.0, 1.0) is not None for _ in range(100))
    assert backoff.lost(loss(reach=100), 2.0, 1.0) is None


def test_a_talk_goes_on_after_audio_that_was_sent_often_enough() -> None:
    """The oldest connection bounds what was sent this often; what later ones took on top of that may be sent again."""
    backoff = Backoff(RetrySettings(2, 0), realtime=True)
    reaches = [100, 150, 200, 250, 300]
    attempts = [backoff.lost(loss(reach=reach), 0.0, 1.0) for reach in reaches]
    assert [attempt and attempt.skip_to for attempt in attempts] == [None, None, 100, 150, 200]


def test_a_finish_that_is_not_answered_is_asked_for_once_more() -> None:
    """Each time costs the whole timeout, and all of the audio."""
    backoff = Backoff(RetrySettings(5, 0), realtime=False)
    attempts = [backoff.lost(loss(reach=100, unanswered=True), 30.0 * number, 1.0) for number in range(2)]
    assert attempts == [Attempt(0.0), None]


@given(st.lists(st.floats(0.1, 20.0), min_size=1, max_size=200), st.sampled_from([10.0, FILE_RETRY_FOR_S]))
def test_an_outage_is_waited_out_for_so_long_and_no_longer(steps: list[float], retry_for_s: float) -> None:
    """The wait before the last attempt is cut to the time that is left."""
    backoff, now = Backoff(RetrySettings(5, 0.5, retry_for_s=retry_for_s), realtime=False), 0.0
    for step in steps:
        attempt = backoff.lost(loss(AWAY), now, 1.0)
        assert (attempt is None) == (now >= retry_for_s)
        if attempt is None:
            return
        assert now + attempt.wait_s <= retry_for_s
        now += max(step, attempt.wait_s)


def test_audio_that_flows_ends_an_outage() -> None:
    """The next outage has its own time."""
    backoff = Backoff(RetrySettings(5, 0, retry_for_s=10.0), realtime=False)
    assert backoff.lost(loss(AWAY), 0.0, 1.0) is not None
    backoff.audio_sent()
    assert backoff.lost(loss(AWAY), 11.0, 1.0) is not None
    assert backoff.lost(loss(AWAY), 22.0, 1.0) is None


def test_a_busy_service_is_asked_less_often_and_its_own_word_counts_up_to_a_bound() -> None:
    """Throttling waits longer; Retry-After is a lower bound, and an absurd number is cut."""
    busy = ServiceRefused("Throttling", "slow down")
    assert waits(Backoff(RetrySettings(None, 0.5), realtime=True), 2, error=busy) == [
        0.5 * BUSY_FACTOR,
        1.0 * BUSY_FACTOR,
    ]
    for asked_s, given_s in (
        (17.0, 17.0),
        (86_400.0, RETRY_AFTER_CAP_S),
        (1e300, RETRY_AFTER_CAP_S),
        (float("inf"), RETRY_AFTER_CAP_S),
    ):
        told = ServiceRefused("Throttling", "slow down", retry_after_s=asked_s)
        assert waits(Backoff(RetrySettings(None, 0.5), realtime=True), 1, jitter=0.0, error=told) == [given_s]
        down = ConnectFailed("ws://x", "HTTP 503", passing=True, retry_after_s=asked_s)
        assert waits(Backoff(RetrySettings(None, 0.5), realtime=True), 1, jitter=0.0, error=down) == [given_s]


def test_when_nobody_speaks_any_more_an_outage_has_an_end() -> None:
    """A microphone that is still on has no such limit."""
    backoff = Backoff(RetrySettings(None, 0), realtime=True)
    assert backoff.lost(loss(AWAY), 0.0, 1.0) is not None
    assert backoff.lost(loss(AWAY), 1e6, 1.0) is not None
    backoff.audio_sent()
    assert backoff.lost(loss(AWAY, ended=True), 1e6, 1.0) is not None
    assert backoff.lost(loss(AWAY, ended=True), 1e6 + FILE_RETRY_FOR_S - 1, 1.0) is not None
    assert backoff.lost(loss(AWAY, ended=True), 1e6 + FILE_RETRY_FOR_S, 1.0) is None


@pytest.mark.parametrize("realtime", [True, False])
def test_whoever_ended_the_run_is_kept_for_half_a_minute(realtime: bool) -> None:
    """With or without progress: a peer that takes a little audio and stalls again does not restart it."""
    backoff = Backoff(RetrySettings(5, 10), realtime=realtime)
    backoff.stop(100.0, None)
    for now in (100.0, 110.0, 100.0 + STOPPED_S - 1):
        attempt = backoff.lost(loss(reach=100), now, 1.0)
        assert attempt is not None
        assert now + attempt.wait_s <= 100.0 + STOPPED_S
        backoff.progress()
    assert backoff.lost(loss(reach=100), 100.0 + STOPPED_S, 1.0) is None


def test_a_run_that_was_asked_to_end_tries_once() -> None:
    """SIGTERM is followed by SIGKILL."""
    backoff = Backoff(RetrySettings(None, 0), realtime=True)
    backoff.stop(0.0, 1)
    assert waits(backoff, 2) == [0.0, None]


def test_a_run_that_is_asked_to_end_again_gets_no_more_attempts() -> None:
    """SIGTERM comes twice, or Ctrl-C behind it: what was used up stays used up, and a tighter bound stays."""
    backoff = Backoff(RetrySettings(None, 0), realtime=True)
    backoff.stop(0.0, 1)
    backoff.stop(0.0, None)
    backoff.stop(0.0, 3)
    assert waits(backoff, 1) == [0.0]
    backoff.stop(0.0, 1)
    assert waits(backoff, 1) == [None]


@pytest.mark.parametrize(
    ("error", "tried"),
    [
        (ConnectFailed("ws://x", "unknown host"), False),
        (ConnectFailed("ws://x", "HTTP 503", passing=True), True),
        (ConnectionLost("no answer for 10 s"), True),
        (ConnectionLost("busy", 1011), True),
        (ServiceRefused("Throttling", "later"), True),
        (ServiceRefused("InvalidApiKey", "no"), False),
        (ServiceRefused("InternalError", "a moment"), True),
        (ServiceRefused(NOT_LOADED, "too little memory"), False),
    ],
    ids=str,
)
def test_a_service_that_never_listened_is_tried_again_only_if_it_said_that_it_would(
    error: AsrError, tried: bool
) -> None:
    """A wrong address is reported at once."""
    never = Loss(error, was_ready=False, input_ended=False, reach=None)
    assert (Backoff(RetrySettings(5, 0), realtime=False).lost(never, 0.0, 1.0) is not None) is tried


def test_a_recognizer_that_has_served_is_waited_for_where_it_does_not_load_again() -> None:
    """Memory that another program has now may be free in a moment, and a talk goes on."""
    loss = Loss(ServiceRefused(NOT_LOADED, "too little memory"), was_ready=True, input_ended=False, reach=None)
    assert Backoff(RetrySettings(5, 0), realtime=False).lost(loss, 0.0, 1.0) is not None


@pytest.mark.parametrize(
    "error", [ConnectionLost("no answer"), ConnectionLost("nothing sent or received", 1006, 3.0)], ids=str
)
def test_a_server_that_takes_each_connection_and_never_says_anything_is_no_service(error: ConnectionLost) -> None:
    """However its silence was noticed. One that breaks the connection may come up yet."""
    never = Loss(error, was_ready=False, input_ended=False, reach=None)
    backoff = Backoff(RetrySettings(5, 0), realtime=False)
    attempts = [backoff.lost(never, 0.0, 1.0) for _ in range(SILENT_STARTS + 1)]
    assert attempts == [*[Attempt(0.0)] * SILENT_STARTS, None]


@pytest.mark.parametrize("code", [1002, 1003, 1007, 1008, 1009, 1010])
@pytest.mark.parametrize("realtime", [True, False])
def test_a_close_that_rejects_what_was_sent_is_believed_only_before_progress(code: int, *, realtime: bool) -> None:
    """A service that has made text of the same messages may make more: each connection without progress is the last."""
    rejected = loss(ConnectionLost("policy", code), reach=100)
    backoff = Backoff(RetrySettings(5, 0), realtime=realtime)
    assert backoff.lost(rejected, 0.0, 1.0) is None
    for _ in range(3):
        backoff.progress()
        assert backoff.lost(rejected, 0.0, 1.0) == Attempt(0.0)
    assert backoff.lost(rejected, 0.0, 1.0) is None
