"""A recognizer hangs behind a connection that answers pings: what was spoken meanwhile is sent again."""

from hypothesis import example, given, settings
from hypothesis import strategies as st

from tests.engine.simulated_runs import TRIES, accounted
from tests.support.simulated_service import SPEECH, Life
from tests.support.simulation import QUIET, simulated, tape

SPOKEN = st.lists(st.tuples(st.sampled_from([SPEECH, QUIET]), st.integers(1, 400)), min_size=1, max_size=5)


# Somebody speaks without a pause from the first moment on, and the recognizer never says anything about it.
@example(kinds=[(SPEECH, 400)], after_s=0.0)
@settings(max_examples=60, deadline=None)
@given(SPOKEN, st.floats(0.0, 60.0))
def test_speech_that_one_connection_did_not_answer_is_no_silence(
    kinds: list[tuple[int | None, int]], after_s: float
) -> None:
    """However long it was: the stall that ends the connection settles nothing, and the next one gets all of it."""
    hung = Life("hangs", after_s=after_s, speed=2.0)
    outcome = simulated(tape(kinds, live=True), [hung], live=True, pace=None, retries=TRIES)
    accounted(outcome, kinds)
    assert (outcome.over.error, outcome.over.totals.lost_ms) == (None, 0)
