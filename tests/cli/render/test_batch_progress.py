"""The progress of a batch: lines that are drawn again on a terminal, plain lines elsewhere; and its tables."""

import io
import json
import os
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from rich.console import Console

from asrcli.cli import console
from asrcli.cli.render import batch_progress as progress
from asrcli.cli.render.batch_tables import print_report, print_status
from asrcli.core.errors import SourceError
from asrcli.runs.batch.active_input import ActiveInput
from asrcli.runs.batch.batch_ledger import opened_ledger
from asrcli.runs.batch.decisions import BatchState, LedgerRow
from asrcli.runs.batch.scheduler import BatchRun
from asrcli.runs.batch.start_limits import StartLimits
from tests.support.batches import Batch, Shown, code, done

NAMES = [f"talk {number}.wav" for number in range(9)]


@pytest.fixture
def batch(tmp_path: Path) -> Iterator[BatchRun]:
    """Nine files of the same size, 30 s after the start: one is done, one has failed, seven are active."""
    now = iter([0.0])
    with opened_ledger(tmp_path) as ledger:
        made = Batch(tmp_path, ledger, NAMES)
        run = BatchRun(
            made.tasks, done, ledger, made.staging, StartLimits(8), Shown(), code, str, clock=lambda: next(now, 30.0)
        )
        run.waiting.clear()
        run.active = [ActiveInput(task) for task in made.tasks[2:]]
        run.audio_ms, run.done_bytes, run.cost = 60_000, 10, 0.25
        run.failures.append(("talk 1.wav", SourceError("talk 1.wav", "no audio")))
        yield run


def test_one_line_says_how_far_a_batch_is(batch: BatchRun) -> None:
    """Inputs, failures, hours, speed, the time that is left by the bytes, and the cost."""
    assert progress.summary(batch) == "2 of 9 · 1 failed · 7 active · 01:00 of audio · 2.0x · 01:45 left · 0.2500 CNY"
    first = batch.active[0]
    first.reached_ms, first.length_ms, first.cost, first.streams = 30_000, 60_000, 0.5, 3
    assert progress.summary(batch) == (
        "2 of 9 · 1 failed · 7 active · 9 streams · 01:30 of audio · 3.0x · 01:18 left · 0.7500 CNY"
    )
    batch.done_bytes, batch.cost, batch.active = 0, None, []
    assert progress.summary(batch) == "9 of 9 · 1 failed · 0 active · 01:00 of audio · 2.0x"


@pytest.mark.parametrize(
    ("elapsed_s", "reached_ms", "known"),
    [(0.5, 50_000, False), (4.0, 1000, False), (4.0, 50_000, True), (10.0, 1000, True)],
)
def test_the_first_words_say_nothing_about_the_rest(
    tmp_path: Path, elapsed_s: float, reached_ms: int, known: bool
) -> None:
    """While recognizers load, the time left would be hours; a long batch gets one after ten seconds all the same."""
    now = iter([0.0])
    with opened_ledger(tmp_path) as ledger:
        made = Batch(tmp_path, ledger, NAMES)
        run = BatchRun(
            made.tasks, done, ledger, made.staging, StartLimits(8), Shown(), code, str,
            clock=lambda: next(now, elapsed_s),
        )  # fmt: skip
        run.active = [ActiveInput(made.tasks[0])]
        run.active[0].reached_ms, run.active[0].length_ms = reached_ms, 100_000
        assert ((progress.time_left_s(run) is None), " left" in progress.summary(run)) == (not known, known)


def test_a_terminal_shows_the_inputs_that_are_active(
    batch: BatchRun, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Each with a bar, as many as have room; notes stand above."""
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True, raising=False)
    batch.active[0].reached_ms, batch.active[0].length_ms = 30_000, 60_000
    with progress.batch_progress(9, level=0, plain=False) as view:
        view.tick(batch)
        view.note("slower\x1b[2J now")
        view.ended(batch.active[0], batch.tasks[2].row)
    assert "asr: slower" in capsys.readouterr().err
    console = Console(file=io.StringIO(), width=70)
    console.print(progress._drawn(batch))
    assert isinstance(console.file, io.StringIO)
    lines = [line.rstrip() for line in console.file.getvalue().splitlines()]
    assert lines[0].startswith("2 of 9 · 1 failed · 7 active")
    assert lines[1].startswith(f"{'━' * 12}{'╌' * 12} 00:30 of 01:00  ")
    assert (len(lines), lines[-1]) == (8, "and 1 more")


def test_without_a_terminal_there_is_a_line_for_each_input(batch: BatchRun, capsys: pytest.CaptureFixture[str]) -> None:
    """And with --quiet none."""
    row = replace(batch.tasks[2].row, state=BatchState.FINISHED, audio_ms=61_000, seconds=2.5)
    for level, plain in ((0, True), (None, False)):
        with progress.batch_progress(9, level=level, plain=plain) as view:
            view.ended(batch.active[0], row)
            view.ended(batch.active[0], replace(row, state=BatchState.FAILED))
            view.ended(batch.active[0], replace(row, state=BatchState.BEGUN))
            view.tick(batch)
            view.note("slower now")
    said = [line.replace(batch.tasks[2].given.path, "X") for line in capsys.readouterr().err.splitlines()]
    assert said == [
        "asr: 1/9 X: 01:01 of audio in 2.5 s", "asr: 2/9 X: failed", "asr: 3/9 X: stopped at 00:00", "asr: slower now",
    ]  # fmt: skip


def test_the_ledger_as_tables_and_as_json(capsys: pytest.CaptureFixture[str]) -> None:
    """What failed comes last, with its reason."""
    rows = {
        "/b": LedgerRow("/b", state=BatchState.FAILED, reason="no audio", attempts=1),
        "/c": LedgerRow("/c", state=BatchState.FINISHED, audio_ms=61_000, cost=0.5, attempts=1, files=("c.txt",)),
    }
    print_report(rows, as_json=False)
    print_status("out", rows, running=True, as_json=False)
    lines = [" ".join(line.split()) for line in capsys.readouterr().out.splitlines()]
    assert lines[1:3] == ["/c finished 01:01 0.0 s 1 0.5000 CNY", "/b failed 0.0 s 1 no audio"]
    assert lines[3:] == [
        "2 inputs, a run uses them now", "finished: 1", "failed: 1", "audio: 01:01 finished", "cost: 0.5000 CNY",
    ]  # fmt: skip
    print_status("out", rows, running=False, as_json=True)
    status = json.loads(capsys.readouterr().out)
    assert (status["inputs"], status["finished"], status["failed"], status["cost"]) == (2, 1, 1, 0.5)


@pytest.mark.parametrize("columns", [40, 80])
def test_the_report_shows_paths_whole_and_from_here(
    columns: int, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    """On a narrow terminal too, where a long reason has to be broken; what lies elsewhere keeps its whole path."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", str(columns))
    paths = [str(tmp_path / "recordings" / "monday.wav"), "/elsewhere/tuesday.wav"]
    rows = {path: LedgerRow(path, state=BatchState.FAILED, reason="a reason of many words " * 9) for path in paths}
    print_report(rows, as_json=False)
    words = capsys.readouterr().out.split()
    assert {"recordings/monday.wav", paths[1]} <= set(words)
    gone = tmp_path / "gone"
    gone.mkdir()
    monkeypatch.chdir(gone)
    gone.rmdir()
    print_report(rows, as_json=False)
    assert paths[1] in capsys.readouterr().out.split()


def test_in_a_batch_without_an_end_a_failure_is_one_line_when_it_happens(
    batch: BatchRun, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """With its reason, on a terminal, elsewhere and with --quiet; and it is not printed again."""
    row = replace(batch.tasks[2].row, state=BatchState.FAILED)
    for level, terminal in ((0, False), (None, False), (0, True)):
        monkeypatch.setattr(sys.stderr, "isatty", lambda terminal=terminal: terminal, raising=False)
        error = SourceError("talk 1.wav", "no audio")
        with progress.batch_progress(0, level=level, plain=False) as view:
            view.ended(batch.active[0], row)
            view.failed("talk 1.wav", error)
        said = capsys.readouterr().err
        assert ("asr: talk 1.wav: no audio" in said, said.count("talk 1.wav"), error.reported) == (True, 1, True)


@pytest.mark.skipif(os.name == "nt", reason="needs a POSIX terminal")
def test_a_terminal_that_is_closed_costs_only_the_picture(batch: BatchRun, monkeypatch: pytest.MonkeyPatch) -> None:
    """The inputs that are active come to their end, as after Ctrl-C."""
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.setattr(console, "_terminals", {})
    window, terminal = os.openpty()
    with os.fdopen(terminal, "w") as stderr:
        monkeypatch.setattr(sys, "stderr", stderr)
        with progress.batch_progress(9, level=0, plain=False) as view:
            view.tick(batch)
            assert os.read(window, 1)
            os.close(window)
            view.tick(batch)
            view.note("slower now")
            view.failed("talk 1.wav", SourceError("talk 1.wav", "no audio"))
