"""With a fallback: what this machine hears never counts as text, never comes twice, and gives way to finals."""

from collections import Counter
from functools import partial

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from asrcli.core.errors import ConnectFailed, ServiceRefused
from asrcli.core.events import Event, Final, Gap, Notice
from asrcli.core.provisional_event import Provisional
from asrcli.core.settings import RetrySettings
from asrcli.engine.fallback_loop import STOPPED_S
from asrcli.recovery.spans import Spans, length
from tests.engine.simulated_runs import AUDIO, LIVES, TRIES, accounted
from tests.support.simulated_local import SimulatedLocal
from tests.support.simulated_service import SPEECH, Life, World
from tests.support.simulation import PAUSE, PIECE_MS, QUIET, Outcome, simulated, tape

AWAY = Life("away")
FORGOTTEN = 500  # pieces: after a longer pause an open sentence is given up, and its service may still send it


def words(outcome: Outcome, kind: type[Event]) -> list[int]:
    """The pieces that were heard, in events of a kind."""
    texts = [
        getattr(event, "local_text", "") or getattr(event, "text", "")
        for event in outcome.events
        if type(event) is kind
    ]
    return [int(word) - SPEECH for text in texts for word in text.split()]


def provisional(outcome: Outcome) -> list[Provisional]:
    """The provisional sentences that are not withdrawn, at the end."""
    shown: dict[str, Provisional] = {}
    final = Spans()
    for event in outcome.events:
        if isinstance(event, Final) and event.text.strip():
            final.add(event.begin_ms, event.end_ms)
        if isinstance(event, Provisional):
            shown[event.key] = event
            if not event.text:
                del shown[event.key]
            else:
                assert event.begin_ms < event.end_ms
                assert final.within(event.begin_ms, event.end_ms) == []
    return list(shown.values())


@settings(max_examples=60, deadline=None)
@given(AUDIO.filter(lambda kinds: sum(pieces for kind, pieces in kinds if kind is PAUSE) < FORGOTTEN),
       st.lists(LIVES, max_size=5), st.none() | LIVES | st.just(AWAY), st.booleans(),
       st.sampled_from([None, 1.0, 16.0]), st.booleans(), st.sampled_from([0.5, 10.0, 1e6]),
       st.sampled_from([0, 0, 1, 2]), st.none() | st.floats(0, 40))  # fmt: skip
@example([(-SPEECH, 22), (-SPEECH, 294)], [], Life("fails", speed=0.9), True, None, False, 0.5, 0, None)
@example([(-SPEECH, 22), (-SPEECH, 279)], [], Life("never ready", speed=0.9), True, None, False, 0.5, 0, None)
def test_whatever_happens_it_ends_and_nothing_comes_twice(
    kinds: list[tuple[int | None, int]], lives: list[Life], after: Life | None, live: bool, pace: float | None,
    times: bool, speed: float, fails_at: int, stop_s: float | None,
) -> None:  # fmt: skip
    """The account adds up, no text of this machine overlaps a final, and a lost word is in one gap at most."""
    retries = RetrySettings(TRIES.limit, 0.5, 4.0, retry_for_s=20.0 if live else None)
    outcome = simulated(
        tape(kinds, live=live), [Life(), *lives], live=live, pace=None if live else pace, retries=retries, after=after,
        local=lambda world: SimulatedLocal(world, speed, times, fails_at), stop_s=stop_s,
    )  # fmt: skip
    accounted(outcome, kinds)
    assert provisional(outcome) == []
    lost = Counter(words(outcome, Gap))
    assert max(lost.values(), default=1) == 1
    assert not set(lost) & set(words(outcome, Final))
    totals = outcome.over.totals
    assert totals.local_ms <= totals.lost_ms
    assert (totals.local_ms > 0) == bool(lost)


def talk(parts: int) -> list[tuple[int | None, int]]:
    """Sentences of a second, each with a second of silence after it."""
    return [(SPEECH, 10), (QUIET, 10)] * parts


@pytest.mark.parametrize("live", [True, False])
@pytest.mark.parametrize("times", [True, False])
def test_the_service_s_finals_replace_what_this_machine_heard(live: bool, times: bool) -> None:
    """An outage of ten seconds: provisional text of all its sentences, and then the service's own; nothing is lost."""
    lives = [Life("drops", 3.0), *[AWAY] * 3]
    retries = RetrySettings(5, 4.0, 8.0)
    outcome = simulated(
        tape(talk(10), live=live), lives, live=live, pace=1.0, retries=retries,
        local=lambda world: SimulatedLocal(world, times=times),
    )  # fmt: skip
    accounted(outcome, talk(10))
    assert (outcome.over.totals.lost_ms, outcome.over.totals.local_ms) == (0, 0)
    heard_here = set(words(outcome, Provisional))
    assert {40, 45, 69, 89} <= heard_here
    assert heard_here <= set(words(outcome, Final))
    assert provisional(outcome) == []


def test_an_outage_shorter_than_two_seconds_starts_nothing() -> None:
    """Most are over before."""
    local: list[SimulatedLocal] = []

    def engine(world: World) -> SimulatedLocal:
        local.append(SimulatedLocal(world))
        return local[0]

    outcome = simulated(
        tape(talk(5), live=True), [Life("drops", 3.0), AWAY], live=True, pace=None, retries=RetrySettings(5, 0.5),
        local=engine,
    )  # fmt: skip
    assert words(outcome, Provisional) == []
    assert (local[0].warmed, local[0].opened) == (1, 0)


@pytest.mark.parametrize(("pace", "drops_s"), [(None, 0.3), (4.0, 3.0)])
def test_a_file_is_heard_to_its_end_when_the_service_never_comes_back(pace: float | None, drops_s: float) -> None:
    """Every word is there: the service's in finals, this machine's in the gap. The lost service is no error then."""
    outcome = simulated(
        tape(talk(30), live=False), [Life("drops", drops_s)], live=False, pace=pace, after=AWAY,
        retries=RetrySettings(5, 0.5, None, retry_for_s=5.0), local=SimulatedLocal,
    )  # fmt: skip
    accounted(outcome, talk(30))
    said = {20 * number + at for number in range(30) for at in range(10)}
    assert set(words(outcome, Final)) | set(words(outcome, Gap)) == said
    assert outcome.over.error is None
    assert outcome.over.totals.local_ms == len(words(outcome, Gap)) * PIECE_MS
    assert "connection refused" in [event.text for event in outcome.events if isinstance(event, Notice)][-1]


def test_a_live_run_that_the_user_ends_in_an_outage_has_its_local_text_in_the_gap() -> None:
    """Within two seconds: nobody who ends a run waits half a minute for a service that is away."""
    outcome = simulated(
        tape(talk(20), live=True), [Life("drops", 3.0)], live=True, pace=None, after=AWAY,
        retries=RetrySettings(5, 0.5), local=SimulatedLocal, stop_s=17.0,
    )  # fmt: skip
    accounted(outcome, talk(20))
    assert set(words(outcome, Gap)) >= {60, 69, 80, 89, 140, 149, 160, 168}
    assert outcome.over.error is None
    assert 17.0 < outcome.ended_s <= 17.0 + 2 * STOPPED_S


@pytest.mark.parametrize("stop_s", [12.5, 13.0, 13.5])
def test_an_attempt_that_fails_after_the_service_was_given_up_changes_nothing(stop_s: float) -> None:
    """It takes two and a half seconds, and the slow recognizer has not transcribed all when it ends."""
    outcome = simulated(
        tape(talk(20), live=True), [Life("drops", 3.0)], live=True, pace=None, after=Life("away", 2.5),
        retries=RetrySettings(5, 0.5), local=partial(SimulatedLocal, speed=0.5), stop_s=stop_s,
    )  # fmt: skip
    accounted(outcome, talk(20))
    assert "not reachable again within 1 s after the end" in str(outcome.over.error)
    assert set(words(outcome, Gap)) >= {20, 29}


def test_a_service_that_is_lost_after_the_end_is_given_up_as_soon() -> None:
    """It has not answered what it was asked at the end; what this machine hears of it is in the gap."""
    outcome = simulated(
        tape(talk(3), live=True), [Life("drops", 6.5)], live=True, pace=None, after=AWAY,
        retries=RetrySettings(5, 0.2), local=SimulatedLocal, stop_s=6.0,
    )  # fmt: skip
    accounted(outcome, talk(3))
    assert outcome.ended_s <= 6.5 + 2 * STOPPED_S


def test_a_service_that_is_back_at_once_after_the_end_still_gives_its_text() -> None:
    """The moment that is left to it is enough: nothing is lost."""
    outcome = simulated(
        tape(talk(10), live=True), [Life("drops", 3.0), AWAY], live=True, pace=None,
        retries=RetrySettings(5, 4.0, 8.0), local=SimulatedLocal, stop_s=11.5,
    )  # fmt: skip
    accounted(outcome, talk(10))
    assert (outcome.over.totals.lost_ms, outcome.over.error) == (0, None)


def test_a_file_that_the_user_ends_in_an_outage_keeps_what_this_machine_has_heard() -> None:
    """It was not sent, but it was shown: it counts as captured, and is in the gap."""
    outcome = simulated(
        tape(talk(20), live=False), [Life("drops", 3.0)], live=False, pace=1.0, after=AWAY, stop_s=13.0,
        retries=RetrySettings(5, 0.5), local=SimulatedLocal,
    )  # fmt: skip
    accounted(outcome, talk(20))
    assert {60, 69, 80, 89, 100, 109} <= set(words(outcome, Gap))
    assert 11_000 <= outcome.over.end <= 14_000


def test_a_refusal_stays_an_error_and_its_gap_has_what_was_heard() -> None:
    """A key that is no longer valid is no outage: the run ends, with its own exit code."""
    outcome = simulated(
        tape(talk(10), live=True), [Life("drops", 3.0), AWAY, AWAY], live=True, pace=None, after=Life("forbids"),
        retries=RetrySettings(5, 1.0), local=SimulatedLocal,
    )  # fmt: skip
    assert isinstance(outcome.over.error, ServiceRefused)
    assert words(outcome, Gap)


def test_a_recognizer_that_fails_is_reported_once_and_the_service_s_error_stays() -> None:
    """Without local text of what is lost, the run has failed."""
    outcome = simulated(
        tape(talk(10), live=False), [Life("drops", 3.0)], live=False, pace=2.0, after=AWAY,
        retries=RetrySettings(5, 0.5, None, retry_for_s=6.0), local=partial(SimulatedLocal, fails_at=1),
    )  # fmt: skip
    assert isinstance(outcome.over.error, ConnectFailed)
    assert [event.text for event in outcome.events if isinstance(event, Notice)].count("it died") == 1
    assert words(outcome, Gap) == []
    assert length([(gap.begin_ms, gap.end_ms) for gap in outcome.events if isinstance(gap, Gap)]) > 0
