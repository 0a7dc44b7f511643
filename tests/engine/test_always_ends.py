"""Whatever a service does: a run ends, pays for no audio more often than it may, and accounts forevery sample."""

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from asrcli.core.errors import AsrError, ConnectionLost
from asrcli.core.events import Gap, Reconnecting
from asrcli.core.settings import FILE_RETRY_FOR_S
from asrcli.recovery.backoff import UNANSWERED
from asrcli.recovery.stall import NO_ANSWER, WITHOUT_FINALS, WITHOUT_NEWS, AnswerLimit
from tests.engine.simulated_runs import AUDIO, LIVES, TRIES, N, accounted
from tests.support.simulated_service import AGAIN_S, NOTHING_NEW, SPEECH, Life
from tests.support.simulation import NOISE, PAUSE, QUIET, Outcome, simulated, tape


def paid(outcome: Outcome, times: int) -> None:
    """No piece of sound was sent more often than this without progress."""
    assert outcome.sent <= times


# A task ends in a sentence, and the next one, which is sent that sentence again, ends before any text.
@example(kinds=[(SPEECH, 1), (SPEECH, 100)], lives=[*[Life("drops", speed=0.9)] * 2, Life("ends the task", 5.0, 0.9)],
         after=None, live=True, pace=None, cuts=True, lifetime_s=None)  # fmt: skip
# A service refuses all tasks with quiet audio: the quiet before the speech is not sent again and again.
@example(kinds=[(0, 25), (SPEECH, 10), (-1000, 12), (None, 448)], lives=[], after=Life("empty audio", 1.5, 2.0),
         live=False, pace=1.0, cuts=True, lifetime_s=20.0)  # fmt: skip
@settings(max_examples=150, deadline=None)
@given(AUDIO, st.lists(LIVES, max_size=5), st.none() | LIVES, st.booleans(), st.sampled_from([None, 1.0, 16.0]),
       st.booleans(), st.sampled_from([None, 20.0]))  # fmt: skip
def test_every_run_ends_and_its_account_adds_up(
    kinds: list[tuple[int | None, int]], lives: list[Life], after: Life | None, live: bool, pace: float | None,
    cuts: bool, lifetime_s: float | None,
) -> None:  # fmt: skip
    """With any faults of the connections, one after the other, and then one kind of fault forever."""
    outcome = simulated(
        tape(kinds, live=live, cuts=cuts), lives, live=live, pace=None if live else pace, retries=TRIES, after=after,
        lifetime_s=lifetime_s,
    )  # fmt: skip
    accounted(outcome, kinds)
    paid(outcome, 1 + N + 2)  # twice more at most where a task is begun again in mid-sentence, not after a loss


@settings(max_examples=100, deadline=None)
@given(AUDIO, st.lists(LIVES.filter(lambda life: life.fault in {"", "drops", "fails", "away"}), max_size=N - 1),
       st.booleans(), st.booleans())  # fmt: skip
def test_a_few_losses_lose_nothing(
    kinds: list[tuple[int | None, int]], lives: list[Life], live: bool, cuts: bool
) -> None:
    """As many losses as can be recovered: every word is there once, and the run ends in order."""
    outcome = simulated(tape(kinds, live=live, cuts=cuts), [Life(), *lives], live=live, pace=None, retries=TRIES)
    accounted(outcome, kinds)
    assert (outcome.over.error, outcome.over.totals.lost_ms) == (None, 0)


@pytest.mark.parametrize("speed", [0.5, 0.2])
def test_a_service_that_is_slow_after_the_end_and_goes_on_talking_is_waited_for(speed: float) -> None:
    """The timeout is that of its next message, not of its last: nothing is sent again, nothing is paid for twice."""
    kinds: list[tuple[int | None, int]] = [(SPEECH, 30), (PAUSE, 10)] * 10
    tried = simulated(tape(kinds, live=False), [Life(speed=speed)], live=False, pace=None, retries=TRIES, stall_s=2.0)
    accounted(tried, kinds)
    figures = tried.over.figures
    assert figures.final_after_stop_ms is not None
    assert figures.final_after_stop_ms > 2000  # else nothing is tested
    assert (figures.reconnects, figures.resent_ms, tried.sent) == (0, 0, 1)
    assert (tried.over.error, tried.over.totals.lost_ms) == (None, 0)


@pytest.mark.parametrize("pace", [None, 1.0, 4.0])
@pytest.mark.parametrize("kinds", [[(SPEECH, 20), (PAUSE, 30), (SPEECH, 20)], [(SPEECH, 30), (SPEECH, 30)]])
def test_a_file_that_is_cut_goes_on(kinds: list[tuple[int | None, int]], pace: float | None) -> None:
    """A task between two tasks takes the next audio, whoever is quicker."""
    outcome = simulated(tape(kinds, live=False, cuts=True), [], live=False, pace=pace, retries=TRIES)
    accounted(outcome, kinds)
    assert (outcome.over.error, outcome.over.totals.lost_ms) == (None, 0)


def test_a_task_that_is_old_is_followed_by_another() -> None:
    """Also where the audio is a file's."""
    kinds: list[tuple[int | None, int]] = [(SPEECH, 20), (QUIET, 10)] * 40
    outcome = simulated(tape(kinds, live=False), [], live=False, pace=1.0, retries=TRIES, lifetime_s=30.0)
    accounted(outcome, kinds)
    assert (outcome.over.error, outcome.over.totals.lost_ms) == (None, 0)


@pytest.mark.parametrize("last", [Life(), Life("never answers finish")])
def test_a_task_that_is_old_while_it_catches_up_is_followed_by_another(last: Life) -> None:
    """The audio that is due next is due on the next task: until the end of this one there is nothing to send."""
    kinds: list[tuple[int | None, int]] = [(SPEECH, 10), (QUIET, 10)] * 80
    lives = [Life("drops", 3.0), Life("away", 90.0), last]
    outcome = simulated(tape(kinds, live=True), lives, live=True, pace=None, retries=TRIES, lifetime_s=20.0)
    accounted(outcome, kinds)
    assert (outcome.over.error, outcome.over.totals.lost_ms) == (None, 0)


@pytest.mark.parametrize("fault", ["never answers finish", "drops at finish", "falls silent", "stops reading"])
def test_a_finish_that_is_never_answered_costs_a_bounded_number_of_resends(fault: str) -> None:
    """Not one every half minute forever."""
    kinds: list[tuple[int | None, int]] = [(SPEECH, 100)]
    bad = Life(fault, after_s=0.05)
    outcome = simulated(tape(kinds, live=False), [], live=False, pace=None, retries=TRIES, after=bad)
    assert isinstance(outcome.over.error, AsrError)
    assert outcome.over.totals.lost_ms == 10_000
    paid(outcome, 1 + (UNANSWERED if fault == "never answers finish" else N))


@pytest.mark.parametrize("live", [True, False])
@pytest.mark.parametrize(
    ("fault", "missing", "factor"),
    [
        *((fault, "no new text for 60 s", WITHOUT_NEWS) for fault in [*NOTHING_NEW, "same partial"]),
        ("endless partial", "no finished sentence for 300 s", WITHOUT_FINALS),
    ],
)
def test_messages_that_bring_nothing_new_are_no_answer_to_a_finish(
    fault: str, missing: str, factor: int, live: bool
) -> None:
    """A service whose recognizer hangs can send heartbeats forever, or one sentence without an end."""
    kinds: list[tuple[int | None, int]] = [(SPEECH, 20)]
    outcome = simulated(tape(kinds, live=live), [], live=live, pace=1.0, retries=TRIES, after=Life(fault))
    reasons = [event.reason for event in outcome.events if isinstance(event, Reconnecting)]
    # A file ends here; a live run connects once more, behind the audio that was sent too often.
    assert reasons == [f"connection lost: {missing}"] * (UNANSWERED + live)
    error = outcome.over.error
    assert live is (error is None)
    assert live or (isinstance(error, ConnectionLost) and error.reason == missing)
    assert outcome.ended_s < 2 + (1 + UNANSWERED + live) * (factor * 30 + AGAIN_S + 8)
    assert (outcome.over.totals.final_ms, outcome.over.totals.lost_ms) == (0, 2000)


def test_a_service_that_is_slow_and_says_more_is_waited_for() -> None:
    """Its sentence grows for four minutes; another one sends heartbeats for a minute and a half behind the audio.

    The second one works in real time, and was sent the audio at once: it needs that long.
    """
    limit, now = AnswerLimit(), 0.0
    limit.begin(now)
    for words in range(12):
        now += 20
        assert limit.end(now, 30.0, "word " * words, 2000, 0.0) == (now + 30, 30.0, NO_ANSWER)
    limit.begin(now)
    for left_s in range(90, 0, -10):
        now += 10
        assert limit.end(now, 30.0, "", 90_000, float(left_s)) == (now + 30, 30.0, NO_ANSWER)


@pytest.mark.parametrize("live", [True, False])
def test_a_service_that_is_healthy_for_eleven_seconds_and_drops_is_no_progress(live: bool) -> None:
    """The same audio is sent this often and no more; a live run goes on after it, and a file ends."""
    kinds: list[tuple[int | None, int]] = [(SPEECH, 1200)]
    bad = Life("drops", after_s=11.0, speed=1.0)
    outcome = simulated(tape(kinds, live=live), [], live=live, pace=1.0, retries=TRIES, after=bad)
    accounted(outcome, kinds)
    paid(outcome, 1 + N)
    if not live:
        assert outcome.over.error is not None
        return
    assert outcome.over.error is None
    gaps = [event for event in outcome.events if isinstance(event, Gap)]
    assert {gap.reason for gap in gaps} == {f"sent {1 + N} times, and no text came"}
    assert max(gap.end_ms - gap.begin_ms for gap in gaps) <= 11_000  # each is told when it is lost, not at the end
    assert sum(gap.end_ms - gap.begin_ms for gap in gaps) == outcome.over.totals.lost_ms
    assert outcome.over.totals.final_ms == outcome.over.end - gaps[-1].end_ms > 0


def test_half_an_hour_of_quiet_is_not_sent_again() -> None:
    """Half an hour without a word and a broken connection: a few seconds of it are sent again."""
    kinds: list[tuple[int | None, int]] = [(SPEECH, 20), (QUIET, 18_000), (SPEECH, 20)]
    outcome = simulated(tape(kinds, live=True), [Life("drops", after_s=1750.0)], live=True, pace=None, retries=TRIES)
    accounted(outcome, kinds)
    assert outcome.over.totals.lost_ms == 0
    assert outcome.over.figures.reconnects == 1
    assert outcome.over.figures.resent_ms < 10_000


def test_a_sentence_that_is_never_ended_keeps_nothing_behind_it_from_settling() -> None:
    """It is over after a minute, with the text it had; what is sent again after a loss much later is not all since."""
    kinds: list[tuple[int | None, int]] = [(SPEECH, 20), (QUIET, 1200), (SPEECH, 20), (QUIET, 1200), (SPEECH, 20)]
    life = Life("drops", after_s=240.0, forgets_s=1.5)
    outcome = simulated(tape(kinds, live=True), [life], live=True, pace=None, retries=TRIES)
    accounted(outcome, kinds)
    assert outcome.over.totals.lost_ms == 0
    assert outcome.over.figures.resent_ms < 10_000


def test_sound_that_a_healthy_service_does_not_take_for_speech_settles() -> None:
    """Music: what is sent again is bounded, and it is silence in the account."""
    kinds: list[tuple[int | None, int]] = [(SPEECH, 20), (QUIET, 10), (NOISE, 6_000), (SPEECH, 20)]
    outcome = simulated(tape(kinds, live=True), [Life("drops", after_s=550.0)], live=True, pace=None, retries=TRIES)
    accounted(outcome, kinds)
    assert outcome.over.figures.resent_ms < 40_000
    assert outcome.over.totals.lost_ms == 0


def test_a_file_waits_an_outage_out_and_then_ends() -> None:
    """Five minutes by default: one of four is nothing, one that does not end is an end."""
    kinds: list[tuple[int | None, int]] = [(SPEECH, 100)]
    down = [Life("away", after_s=1.0)] * 40
    outcome = simulated(
        tape(kinds, live=False), [Life("drops", after_s=0.1), *down], live=False, pace=1.0, retries=TRIES
    )
    assert (outcome.over.error, outcome.over.totals.lost_ms) == (None, 0)
    outcome = simulated(
        tape(kinds, live=False), [Life("drops", after_s=0.1)], live=False, pace=1.0, retries=TRIES,
        after=Life("away", after_s=1.0),
    )  # fmt: skip
    assert isinstance(outcome.over.error, AsrError)
    assert FILE_RETRY_FOR_S <= outcome.ended_s < FILE_RETRY_FOR_S + 60


@settings(deadline=None)
@given(st.lists(st.tuples(st.just(QUIET), st.integers(1, 300)), min_size=1, max_size=3), st.booleans())
def test_a_service_that_calls_quiet_empty_is_right(kinds: list[tuple[int | None, int]], live: bool) -> None:
    """There was no speech: an ordinary end, and no loss."""
    bad = Life("empty audio")
    outcome = simulated(tape(kinds, live=live), [], live=live, pace=None, retries=TRIES, after=bad)
    accounted(outcome, kinds)
    assert (outcome.over.error, outcome.over.totals.lost_ms) == (None, 0)


@pytest.mark.parametrize(
    ("kinds", "life"),
    [
        ([(NOISE, 251), (SPEECH, 30)], Life("ends the task", after_s=28.0, speed=0.9)),
        ([(NOISE, 100), (SPEECH, 100)], Life("ends the task", after_s=11.0, speed=2.0)),
    ],
    ids=["a service that lags", "a service that is quick"],
)
def test_a_task_that_ends_unasked_in_a_sentence_costs_nothing(kinds: list[tuple[int | None, int]], life: Life) -> None:
    """Every word is there once, also those that the service had not listened to yet."""
    outcome = simulated(tape(kinds, live=True), [life], live=True, pace=None, retries=TRIES)
    accounted(outcome, kinds)
    assert (outcome.over.error, outcome.over.totals.lost_ms) == (None, 0)
