"""Gaps that wait for the text before them: which of them a text and the ledger let go."""

from asrcli.core.events import Gap
from asrcli.recovery.gap_order import GapOrder
from asrcli.recovery.ledger import Ledger

EARLY, LATE = Gap(1000, 2000, "lost"), Gap(3000, 4000, "lost")


def test_a_text_lets_go_the_gaps_that_begin_before_it_or_with_it() -> None:
    """In the order of the recording, whichever was known first."""
    gaps = GapOrder([LATE])
    gaps.add(EARLY)
    assert gaps.taken_before(999) == []
    assert gaps.taken_before(1000) == [EARLY]
    assert gaps.taken_before(3000) == [LATE]
    assert gaps.waiting == []


def test_a_gap_is_let_go_when_no_sound_before_it_is_undecided() -> None:
    """What is decided is text, silence or lost; quiet needs no decision."""
    ledger, gaps = Ledger(0), GapOrder([EARLY, LATE])
    assert gaps.taken_decided(ledger) == []
    ledger.add_final(0, 600)
    ledger.quiet.add(600, 1000)
    assert gaps.taken_decided(ledger) == [EARLY]
    ledger.add_gap(1000, 2000)
    assert gaps.taken_decided(ledger) == []
    ledger.add_silence(2000, 3000)
    assert gaps.taken_decided(ledger) == [LATE]
