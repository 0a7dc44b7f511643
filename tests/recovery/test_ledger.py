"""Every millisecond has one fate: sets of intervals and the ledger over them, against sets of numbers."""

from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from asrcli.recovery.ledger import Ledger, Totals
from asrcli.recovery.spans import Spans, length

END = 60
SPAN = st.tuples(st.integers(0, END), st.integers(0, END)).map(lambda ends: (min(ends), max(ends)))
STEPS = st.lists(
    st.tuples(st.sampled_from(["final", "silence", "gap", "whole gap", "pause", "quiet"]), SPAN), max_size=12
)


@given(st.lists(SPAN, max_size=10), SPAN, st.integers(0, END))
def test_spans_are_sets_of_numbers(spans: list[tuple[int, int]], asked: tuple[int, int], position: int) -> None:
    """Sorted, disjoint, never touching; their parts, their complement, and how far they reach from a position."""
    kept = Spans(spans)
    numbers = {number for begin, end in spans for number in range(begin, end)}
    assert [number for begin, end in kept for number in range(begin, end)] == sorted(numbers)
    ends = [end for pair in kept for end in pair]
    assert ends == sorted(set(ends))
    wanted = set(range(*asked))
    assert {number for begin, end in kept.missing(*asked) for number in range(begin, end)} == wanted - numbers
    assert {number for begin, end in kept.within(*asked) for number in range(begin, end)} == wanted & numbers
    reach = position
    while reach in numbers:
        reach += 1
    assert kept.reach(position) == reach
    assert length(kept) == len(numbers)


@given(STEPS, st.booleans())
def test_the_ledger_adds_up_whatever_came_in_which_order(steps: list[tuple[str, tuple[int, int]]], late: bool) -> None:
    """Decided audio stays decided, except silence that gets text late; and everything is counted once."""
    ledger = Ledger(0)
    gaps: list[tuple[int, int]] = []
    for kind, (begin, end) in steps:
        if kind == "final":
            ledger.add_final(begin, end)
        elif kind == "silence":
            ledger.add_silence(begin, end)
        elif kind == "pause":
            ledger.add_pause(begin, end)
        elif kind == "quiet":
            ledger.quiet.add(begin, end)
        else:
            gaps += ledger.add_gap(begin, end, whole=kind == "whole gap")
    if late:
        ledger.add_silence(0, END)
    totals = ledger.totals(END)
    figures = totals.final_ms, totals.silence_ms, totals.lost_ms, totals.paused_ms, totals.open_ms
    assert sum(figures) == END
    assert min(figures) >= 0
    assert totals.lost_ms == length(gaps) == length(Spans(gaps))
    assert totals.open_ms == length(ledger.undecided(0, END))
    assert ledger.undecided(0, ledger.decided_until_ms) == []
    assert ledger.decided_until_ms >= END or ledger.undecided(ledger.decided_until_ms, ledger.decided_until_ms + 1)


@given(STEPS.map(lambda steps: [step for step in steps if "gap" not in step[0]]), st.randoms())
def test_a_pause_counts_the_same_whenever_silence_and_text_of_its_time_came(
    steps: list[tuple[str, tuple[int, int]]], random: Random
) -> None:
    """Text first, then the pause, then silence, in any order of arrival: so `asr verify` counts the same."""
    figures = []
    for order in (steps, random.sample(steps, len(steps))):
        ledger = Ledger(0)
        add = {"final": ledger.add_final, "silence": ledger.add_silence, "pause": ledger.add_pause}
        for kind, span in order:
            add.get(kind, ledger.quiet.add)(*span)
        figures.append(ledger.totals(END))
    assert figures[0] == figures[1]


def test_a_gap_begins_and_ends_with_sound_unless_nothing_was_captured() -> None:
    """Quiet before the first and after the last lost word is silence; quiet between lost words is lost with them."""
    ledger = Ledger(0)
    for begin, end in ((0, 100), (300, 400), (600, 1000)):
        ledger.quiet.add(begin, end)
    assert ledger.add_gap(0, 1000) == [(100, 600)]
    assert ledger.totals(1000).silence_ms == 500
    assert ledger.add_gap(1000, 1200, whole=True) == [(1000, 1200)]
    assert Ledger(0).add_gap(5, 5) == []


@pytest.mark.parametrize(
    ("steps", "expected"),
    [
        ([("final", 100, 750), ("silence", 0, 900), ("pause", 700, 2000)], (650, 100, 0, 1250)),
        ([("silence", 0, 500), ("gap", 500, 800), ("final", 300, 900)], (300, 300, 300, 0)),
    ],
    ids=["pause", "text"],
)
def test_what_comes_late_takes_the_time_of_silence(
    steps: list[tuple[str, int, int]], expected: tuple[int, int, int, int]
) -> None:
    """The time of a pause is no audio, also where a task ended in it. Text leaves a gap as it was reported."""
    ledger = Ledger(0)
    for kind, begin_ms, end_ms in steps:
        getattr(ledger, f"add_{kind}")(begin_ms, end_ms)
    totals = ledger.totals(2000)
    assert (totals.final_ms, totals.silence_ms, totals.lost_ms, totals.paused_ms) == expected


def test_totals_of_sessions_are_added_field_by_field() -> None:
    """Also what is undecided, and what has a text of this machine."""
    assert Totals(1, 2, 3, 4, 5, 6) + Totals(10, 20, 30, 40, 50, 60) == Totals(11, 22, 33, 44, 55, 66)


def test_a_final_whose_end_is_a_guess_decides_nothing_after_what_is_sure() -> None:
    """The rest is claimed: it is text once the service has processed it, and lost with a gap."""
    ledger = Ledger(0)
    assert ledger.add_final(1000, 3000, 1000)
    assert not ledger.add_final(1000, 3000, 1000)  # the same claim is no progress
    assert ledger.add_final(1000, 3500, 1500)
    ledger.add_silence(0, 1000)
    assert (ledger.decided_until_ms, ledger.totals(4000).final_ms, ledger.totals(4000).open_ms) == (1500, 500, 2500)
    ledger.add_silence(1500, 2000)  # a later sentence begins there
    assert (ledger.totals(4000).final_ms, ledger.totals(4000).silence_ms) == (1000, 1000)
    assert ledger.add_gap(3200, 4000) == [(3200, 4000)]
    ledger.confirm(0, 4000)
    totals = ledger.totals(4000)
    assert (totals.final_ms, totals.silence_ms, totals.lost_ms, totals.open_ms) == (2200, 1000, 800, 0)


@pytest.mark.parametrize(
    ("quiet", "sound"),
    [
        ((1099, 2000), []),  # the final ended within a loud chunk
        ((1100, 2000), [(1000, 1100)]),  # a word may be that short
        ((1000, 2000), []),
        ((1050, 1060), [(1060, 2000)]),
        ((3000, 4000), [(1000, 2000)]),  # nothing is known yet about what follows
    ],
)
def test_the_rest_of_a_chunk_behind_a_final_is_no_speech(quiet: tuple[int, int], sound: list[tuple[int, int]]) -> None:
    """It is neither sent again after a loss nor called lost, where quiet follows before a word could be over."""
    ledger = Ledger(0)
    ledger.quiet.add(*quiet)
    ledger.add_final(0, 1000)
    assert ledger.undecided_sound(0, 2000) == sound


def test_sound_behind_a_final_whose_end_is_a_guess_may_be_speech() -> None:
    """The sentence may have ended anywhere."""
    ledger = Ledger(0)
    ledger.quiet.add(1050, 2000)
    ledger.add_final(0, 1000, 1000)
    assert ledger.undecided_sound(0, 2000) == [(1000, 1050)]
