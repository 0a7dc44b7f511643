"""How many inputs run at once, and when the next may begin."""

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from asrcli.runs.batch.start_limits import GROW_S, StartLimits


def test_starts_keep_the_rate_of_the_model_and_the_number_of_jobs() -> None:
    """120 in a minute is one in half a second; with all jobs taken one must end first."""
    limits = StartLimits(2, 120)
    assert limits.wait_s(10.0, 0) == 0
    limits.began(10.0)
    assert limits.wait_s(10.0, 1) == 0.5
    assert limits.wait_s(10.5, 1) == 0
    assert limits.wait_s(10.5, 2) is None
    assert StartLimits(2).wait_s(0.0, 1) == 0


def test_too_many_requests_halve_both_limits_once_and_they_grow_again() -> None:
    """Ten refusals of one moment are one. Inputs that end well, and time, bring the limits back."""
    limits = StartLimits(8, 60)
    assert limits.refused(0.0)
    assert not limits.refused(1.0)
    assert (limits.most, limits.wait_s(0.0, 0)) == (4, 1.0)
    assert limits.refused(6.0, 30.0)
    assert limits.most == 2
    assert limits.wait_s(6.0, 0) == 30.0
    limits.ended_well(7.0)  # too soon to mean anything
    assert limits.most == 2
    limits.ended_well(12.0)
    assert limits.most == 3
    limits.wait_s(7.0 + GROW_S, 0)
    assert limits.most == 4
    for _ in range(9):
        limits.ended_well(30.0)
    assert (limits.most, limits.share) == (8, 1.0)


@given(
    rpm=st.floats(1, 3000),
    happens=st.lists(st.tuples(st.sampled_from(["begin", "refuse", "end"]), st.floats(0, 30)), max_size=60),
)
def test_no_minute_has_more_starts_than_allowed(rpm: float, happens: list[tuple[str, float]]) -> None:
    """Whatever happens, and at least one input may always run."""
    limits, now, starts = StartLimits(4, rpm), 0.0, []
    for what, later_s in happens:
        now += later_s
        if what == "refuse":
            limits.refused(now)
        elif what == "end":
            limits.ended_well(now)
        elif (wait_s := limits.wait_s(now, 0)) is not None:
            now += wait_s
            starts.append(now)
            limits.began(now)
        assert 1 <= limits.most <= 4
    for first, last in pairwise(starts):
        assert last - first >= 60 / rpm - 1e-6
