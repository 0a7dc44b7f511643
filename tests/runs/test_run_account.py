"""The account of a run is the sum of its sessions, in one shape from the session's result to the `end` event."""

from dataclasses import asdict, fields

import pytest

from asrcli.core.events import Billed, Ended, Usage
from asrcli.engine.session_result import SessionFigures, SessionResult
from asrcli.recovery.ledger import Totals
from asrcli.runs.run_account import RunAccount

EARLY = SessionFigures(1, 300, 900, 40, 2, first_text_ms=None, final_after_stop_ms=70)
LATE = SessionFigures(2, 200, 1000, 5, 1, first_text_ms=80, final_after_stop_ms=None)


def result(totals: Totals, figures: SessionFigures) -> SessionResult:
    """A session that came to its own end."""
    return SessionResult(0, totals, (), Usage(1.0), figures, None, broken=False)


def test_every_figure_of_a_session_is_a_field_of_the_end_event() -> None:
    """So a new one is named in one place, and added up there."""
    assert {field.name for field in fields(SessionFigures)} <= {field.name for field in fields(Ended)}


def test_figures_of_sessions_are_added_up() -> None:
    """Counts are summed, of outages the longest counts; the first first text and the last last final are kept."""
    assert SessionFigures(3, 300, 1000, 45, 3, 80, 70) == EARLY + LATE
    assert SessionFigures() + EARLY == EARLY
    assert EARLY + SessionFigures() == EARLY


def test_what_is_open_when_a_session_is_left_is_text_or_lost() -> None:
    """Nothing is undecided after that, and the sum stays."""
    assert Totals(100, 20, 3, 7, 50).with_open_lost(40) == Totals(110, 20, 43, 7, 0)
    assert Totals(100, 20, 3, 7, 50, 2).with_open_lost(40, 30) == Totals(110, 20, 43, 7, 0, 32)


def test_a_run_adds_up_its_sessions() -> None:
    """Of two at the same time the timeline and the pause count once, the audio twice; figures are copied."""
    account = RunAccount()
    account.add(result(Totals(600, 200, 100, 100), EARLY), 0, 1000)
    account.add(result(Totals(1500, 300, 0, 200), LATE), 0, 2000, concurrent=True)
    account.add(result(Totals(500), SessionFigures()), 2000, 2500)
    ended = account.ended(4, 3.0, Billed(account.usage, 0.5), "m", live=False)
    assert (ended.audio_ms, ended.covered_ms, ended.lost_ms) == (3200, 3100, 100)
    assert ended.audio_ms == ended.final_ms + ended.silence_ms + ended.lost_ms
    assert (ended.wall_ms, ended.paused_ms, ended.at_once, ended.elapsed_ms) == (2300, 200, 2, 3000)
    assert (ended.billed_s, ended.cost, ended.sentences, ended.model) == (3.0, 0.5, 4, "m")
    assert asdict(EARLY + LATE).items() <= asdict(ended).items()


@pytest.mark.parametrize(
    ("spans", "wall_ms"),
    [
        ([(5000, 9000), (2000, 9000)], 7000),
        ([(2000, 9000), (5000, 9500)], 7500),
        ([(0, 1000), (5000, 6000), (500, 2000)], 3000),
    ],
)
def test_a_second_of_the_timeline_counts_once_wherever_each_device_begins(
    spans: list[tuple[int, int]], wall_ms: int
) -> None:
    """`asr resume` continues each device of a talk where its own text ends."""
    account = RunAccount()
    for number, (begin_ms, end_ms) in enumerate(spans):
        account.add(result(Totals(end_ms - begin_ms), EARLY), begin_ms, end_ms, concurrent=number > 0)
    ended = account.ended(1, 1.0, Billed(account.usage, None), "m", live=False)
    assert (ended.wall_ms, ended.at_once) == (wall_ms, len(spans))
    assert ended.audio_ms == sum(end_ms - begin_ms for begin_ms, end_ms in spans)


def test_the_usage_of_running_sessions_follows_each_of_them() -> None:
    """What a service does not count stays unknown; sessions that are over are in the sum."""
    account = RunAccount(usage=Usage(10.0, output_tokens=1))
    assert account.update_usage(Usage(), Usage(2.0)) == Usage(12.0, output_tokens=1)
    assert account.update_usage(Usage(), Usage(3.0, 5)) == Usage(15.0, 5, 1)
    assert account.update_usage(Usage(2.0), Usage(4.0)) == Usage(17.0, 5, 1)
