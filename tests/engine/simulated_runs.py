"""Simulated sessions that hypothesis draws, and the check of their account."""

from collections import Counter

from hypothesis import strategies as st

from asrcli.core.events import Final, Gap
from asrcli.core.settings import RetrySettings
from tests.support.simulated_service import NOTHING_NEW, SPEECH, Life
from tests.support.simulation import NOISE, PAUSE, PIECE_MS, QUIET, Outcome

N = 3
TRIES = RetrySettings(N, 0.5, 4.0)
FAULTS = [
    "", "drops", "falls silent", "stops reading", "fails", "never ready", "away", "refuses",
    "drops at finish", "never answers finish", "empty audio", "ends the task", *NOTHING_NEW,
]  # fmt: skip
LISTENED_S = 5.0  # a service that ends a task because nobody speaks has listened for a while
LIVES = st.builds(
    Life,
    fault=st.sampled_from(FAULTS),
    after_s=st.one_of(st.floats(0.0, 2.0), st.floats(5.0, 60.0)),
    speed=st.sampled_from([0.9, 2.0, 50.0]),
    forgets_s=st.none() | st.floats(0.0, 60.0),
).filter(lambda life: life.fault != "ends the task" or life.after_s >= LISTENED_S)
PARTS = st.tuples(st.sampled_from([SPEECH, NOISE, QUIET, PAUSE]), st.one_of(st.integers(1, 30), st.integers(100, 300)))
AUDIO = st.lists(PARTS, min_size=1, max_size=5)


def accounted(outcome: Outcome, kinds: list[tuple[int | None, int]]) -> None:
    """Each sample is counted once, no word comes twice, and none is lost without a gap."""
    totals = outcome.over.totals
    captured_ms = outcome.over.end  # one sample a millisecond
    assert totals.open_ms == 0 or outcome.over.error is not None
    figures = totals.final_ms, totals.silence_ms, totals.lost_ms, totals.paused_ms, totals.open_ms
    assert sum(figures) == captured_ms
    words = Counter(int(word) for event in outcome.events if isinstance(event, Final) for word in event.text.split())
    assert max(words.values(), default=1) == 1
    gaps = [(event.begin_ms, event.end_ms) for event in outcome.events if isinstance(event, Gap)]
    assert sum(end - begin for begin, end in gaps) == totals.lost_ms
    if outcome.over.totals.open_ms:
        return
    index = 0
    for kind, pieces in kinds:
        for number in range(index, index + pieces):
            at_ms = number * PIECE_MS
            if kind == SPEECH and at_ms < captured_ms:
                lost = any(begin <= at_ms and at_ms + PIECE_MS <= end for begin, end in gaps)
                assert lost or words[SPEECH + number] == 1, f"piece {number} is neither text nor gap"
        index += pieces
