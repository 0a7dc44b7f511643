"""Inputs of a batch whose gaps are in the recording itself."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from asrcli.core.errors import AudioLost
from asrcli.runs.batch.active_input import ActiveInput, BatchTask, InputOutcome
from tests.support.batches import DONE, Batch


def test_an_input_with_gaps_of_its_own_is_finished(make: Callable[..., Batch]) -> None:
    """Another run would pay for the same gaps. Its reason and its exit code are remembered, and it is no failure."""
    batch = make("a", "b")
    outcomes = {"a": DONE, "b": InputOutcome(AudioLost(500), whole=True, settled=True)}
    run = batch.run(lambda task, _: outcomes[task.given.file_name])
    assert batch.states() == {"a": "finished", "b": "finished"}
    rows = {row.name: row for row in batch.ledger.rows().values()}
    assert (rows["b"].reason, rows["b"].code) == (str(AudioLost(500)), 9)
    assert (run.finished, run.failures, [Path(path).name for path, _ in run.gaps]) == (2, [], ["b"])


def test_what_a_finished_recording_lacks_is_remembered(make: Callable[..., Batch]) -> None:
    """It is no failure, and its exit code is 0. Addresses in it have no password."""
    remarks = ("a: ends early", "a: http://me:pass@host/a is odd")
    batch = make("a")
    run = batch.run(lambda _, __: replace(DONE, remarks=remarks))
    (row,) = batch.ledger.rows().values()
    assert (row.state, row.code, run.finished) == ("finished", 0, 1)
    assert row.reason.startswith("a: ends early; a: http://")
    assert "pass" not in row.reason


def test_a_settled_input_that_has_changed_meanwhile_has_failed(make: Callable[..., Batch]) -> None:
    """Its gaps are those of another recording."""

    def work(task: BatchTask, active: ActiveInput) -> InputOutcome:
        del active
        Path(task.given.path).write_text("other audio")
        return InputOutcome(AudioLost(500), whole=True, settled=True)

    batch = make("a")
    run = batch.run(work)
    assert batch.states() == {"a": "failed"}
    assert (run.finished, run.gaps) == (0, [])
