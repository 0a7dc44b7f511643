"""A service that leaves out when sentences were spoken, and lost connections: no word is lost without a gap."""

from collections import Counter
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from asrcli.core.audio import Chunk
from asrcli.core.event_placement import decided_until_ms
from asrcli.core.events import Final, Gap
from asrcli.core.settings import RetrySettings
from tests.support.simulated_service import RATE, SPEECH, Life
from tests.support.simulation import PIECE_MS, QUIET, Outcome, simulated, tape

RETRIES = RetrySettings(5, 0.5, 4.0)
# Each piece of 100 ms is a word of four characters: no speaker is faster.
TALK = st.lists(
    st.tuples(st.integers(1, 30), st.integers(7, 20)).map(lambda pair: [(SPEECH, pair[0]), (QUIET, pair[1])]),
    min_size=1, max_size=6,
).map(lambda parts: [piece for part in parts for piece in part])  # fmt: skip
UNNAMED = st.sampled_from([("end_time",), ("begin_time", "end_time")])
FAULTS = ["drops", "falls silent", "fails", "drops at finish", "never answers finish"]


def said(outcome: Outcome) -> list[int]:
    """The words of the transcript, in their order."""
    return [int(word) for event in outcome.events if isinstance(event, Final) for word in event.text.split()]


def lost(outcome: Outcome, kinds: list[tuple[int, int]]) -> list[int]:
    """The pieces of speech that are neither text nor in a gap."""
    words = Counter(said(outcome))
    gaps = [(event.begin_ms, event.end_ms) for event in outcome.events if isinstance(event, Gap)]
    index, missing = 0, []
    for kind, pieces in kinds:
        for number in range(index, index + pieces):
            inside = any(begin <= number * PIECE_MS and (number + 1) * PIECE_MS <= end for begin, end in gaps)
            if kind == SPEECH and not inside and not words[SPEECH + number]:
                missing.append(number)
        index += pieces
    return missing


@settings(max_examples=150, deadline=None)
@given(
    TALK,
    st.lists(st.tuples(st.sampled_from(FAULTS), st.floats(0.1, 12.0), st.sampled_from([0.9, 2.0, 50.0])), max_size=3),
    UNNAMED,
    st.booleans(),
    st.sampled_from([None, 1.0, 4.0]),
)
def test_no_word_is_lost_without_a_gap(
    kinds: list[tuple[int, int]],
    faults: list[tuple[str, float, float]],
    unnamed: tuple[str, ...],
    live: bool,
    pace: float | None,
) -> None:
    """Whatever the service leaves out, and whenever its connections end. The account adds up."""
    lives = [Life(fault, after_s, speed, unnamed=unnamed) for fault, after_s, speed in faults]
    outcome = simulated(
        tape(kinds, live=live), lives, live=live, pace=None if live else pace, retries=RETRIES,
        after=Life(unnamed=unnamed),
    )  # fmt: skip
    assert lost(outcome, kinds) == []
    totals = outcome.over.totals
    assert totals.open_ms == 0
    counted_ms = totals.final_ms + totals.silence_ms + totals.lost_ms + totals.paused_ms
    assert counted_ms == outcome.over.end


@settings(max_examples=80, deadline=None)
@given(TALK, st.lists(st.floats(0.5, 12.0), max_size=3), st.sampled_from([0.9, 2.0, 50.0]), st.booleans())
def test_nothing_comes_twice_where_only_ends_are_missing(
    kinds: list[tuple[int, int]], drops_s: list[float], speed: float, live: bool
) -> None:
    """The audio of a sentence is sent again from its start, and then it is the same sentence."""
    unnamed = ("end_time",)
    lives = [Life("drops", after_s, speed, unnamed=unnamed) for after_s in drops_s]
    outcome = simulated(
        tape(kinds, live=live), lives, live=live, pace=None if live else 1.0, retries=RETRIES,
        after=Life(unnamed=unnamed),
    )  # fmt: skip
    words = said(outcome)
    assert all(first < second for first, second in pairwise(words))
    assert len(words) == sum(pieces for kind, pieces in kinds if kind == SPEECH)
    assert outcome.over.totals.lost_ms == 0


@settings(max_examples=40, deadline=None)
@given(TALK, st.lists(st.integers(0, 3), min_size=1, max_size=3), st.lists(st.floats(0.5, 12.0), max_size=2))
def test_nothing_comes_twice_from_a_run_that_continues_a_killed_one(
    kinds: list[tuple[int, int]], kills: list[int], drops_s: list[float]
) -> None:
    """It sends the audio of the last sentence again, and leaves out what the killed run has written."""
    unnamed, items = ("end_time",), tape(kinds, live=False)
    finals: list[Final] = []
    for kept in [*kills, len(items)]:
        begin_ms = max((decided_until_ms(final) for final in finals), default=0)
        lives = [Life("drops", after_s, 2.0, unnamed=unnamed) for after_s in drops_s]
        outcome = simulated(
            [item for item in items if isinstance(item, Chunk) and RATE.ms(item.end) > begin_ms], lives, live=False,
            pace=1.0, retries=RETRIES, after=Life(unnamed=unnamed), earlier=finals,
        )  # fmt: skip
        finals += [event for event in outcome.events if isinstance(event, Final)][:kept]
    words = [int(word) for final in finals for word in final.text.split()]
    assert all(first < second for first, second in pairwise(words))
    assert len(words) == sum(pieces for kind, pieces in kinds if kind == SPEECH)


@pytest.mark.parametrize("live", [True, False])
def test_a_sentence_without_an_end_is_not_sent_again_forever(live: bool) -> None:
    """Once the service has gone on, its audio is decided: half an hour of quiet is not sent again."""
    kinds = [(SPEECH, 20), (QUIET, 18_000)]
    unnamed = ("end_time",)
    outcome = simulated(
        tape(kinds, live=live), [Life("drops", 1700.0, 2.0, unnamed=unnamed)], live=live,
        pace=None if live else 1.0, retries=RETRIES, after=Life(unnamed=unnamed),
    )  # fmt: skip
    assert said(outcome) == [SPEECH + number for number in range(20)]
    assert outcome.over.figures.resent_ms < 30_000
    assert outcome.over.totals.final_ms >= 2000
