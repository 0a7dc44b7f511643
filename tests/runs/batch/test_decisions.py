"""What a run of a batch does with an input that it has seen before."""

from dataclasses import replace

import pytest

from asrcli.runs.batch.decisions import Action, BatchState, InputStamp, LedgerRow, decide

STAMP = InputStamp(3, 4)
DONE = LedgerRow("/a", stamp=STAMP, settings="s", state=BatchState.FINISHED, files=("a.txt",))


def test_what_is_finished_is_skipped_until_something_has_changed() -> None:
    """The input, the settings, the wish of the user, or the transcript itself."""
    assert decide(DONE, STAMP, "s").action is Action.SKIP
    assert decide(None, STAMP, "s").why == "new"
    assert decide(DONE, STAMP, "s", force=True).why == "again"
    assert decide(DONE, InputStamp(3, 5), "s").why == "the input has changed"
    assert decide(DONE, STAMP, "t").why == "the settings have changed"
    assert decide(DONE, STAMP, "s", files_exist=False).why == "its transcript is gone"


@pytest.mark.parametrize("state", [BatchState.BEGUN, BatchState.PUBLISHING, BatchState.FAILED])
def test_what_has_begun_goes_on_unless_something_has_changed(state: BatchState) -> None:
    """Text of another input, or with other settings, would not fit."""
    row = replace(DONE, state=state, reason="gone")
    assert decide(row, STAMP, "s", files_exist=False).action is Action.GO_ON
    assert decide(row, InputStamp(), "s").action is Action.NEW
    assert decide(row, STAMP, "t").action is Action.NEW
    assert decide(replace(row, state=BatchState.WAITING), STAMP, "s").action is Action.NEW


def test_what_runs_cost_adds_up() -> None:
    """A price that is not known stays unknown."""
    assert DONE.spent(None, 1.5).spent(None, 1.0) == replace(DONE, seconds=2.5)
    assert DONE.spent(0.25, 1.0).spent(None, 0.0).spent(0.5, 0.0) == replace(DONE, seconds=1.0, cost=0.75)
