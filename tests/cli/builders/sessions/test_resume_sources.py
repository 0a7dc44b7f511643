"""What `asr resume` transcribes of a run over files: nothing again where all audio has text."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from asrcli.cli.builders.sessions.resume_sources import ResumeStage, reading, resume_stages
from asrcli.cli.builders.staged_files import staged
from asrcli.core.audio import Chunk
from asrcli.core.errors import AsrError, BudgetReached, MultipleErrors, OutputError, SourceError
from asrcli.core.events import Began, Ended, Event
from asrcli.core.interfaces import Output
from asrcli.dashscope.model_selection import find_model
from asrcli.journal.described_input import described_input
from asrcli.journal.file_journal import FileJournal
from asrcli.journal.reading import Journal
from asrcli.journal.records import EVENTS
from asrcli.journal.reopening import ReopenedJournal
from asrcli.journal.writing import Recorder
from asrcli.runs.run import flatten_sources
from tests.support.journals import HEADER, final, gap, hear
from tests.support.tone import silence, tone, wav

UNWRITTEN = OutputError("talk.txt", "No space left on device")
DAMAGED = SourceError("b.wav", "the file is damaged here")
ENDED = Ended(1000, 1000, 0, 1, 0, None, None, None, 1000, final_ms=1000)
HEARD: list[Event] = [Began("a.wav", "fun-asr-realtime", "task", 0), final(0, 1000)]


def run_over(folder: Path, events: Sequence[Event], error: BaseException, *, opens: bool = True) -> Path:
    """The journal of a run over a file of one second that ends with an error; without `opens` at its outputs."""
    sound = wav(folder / "a.wav", tone(800) + silence(200))
    take = {"begin_ms": 0, "end_ms": None, "channel": None, "gain_db": 0.0}
    stages = (((0,), (str(folder / "talk.txt"),)),)
    inputs = (replace(described_input(str(sound)), name="a.wav"),)
    journal = FileJournal()
    header = replace(HEADER, inputs=inputs, reading={"take": take}, stages=stages)
    journal.open(folder / "kept", lambda: "20261124-230501-a1b2", header, lambda: None)
    assert journal.path is not None
    journal.recorder.begun = True

    fail(journal.recorder, events, error, opens=opens)
    assert journal.close()
    return journal.path


def fail(recorder: Recorder, events: Sequence[Event], error: BaseException, *, opens: bool) -> None:
    """A run that ends with an error, when it opens its outputs or after these events."""

    @contextmanager
    def outputs() -> Iterator[list[Output]]:
        if not opens:
            raise error
        yield []

    def run() -> None:
        with staged(0, outputs, recorder.note):
            hear(recorder, events)
            raise error

    with pytest.raises(type(error)):
        run()


def rest(path: Path) -> tuple[ResumeStage, list[Chunk]]:
    """What is left of the only stage, and the audio that a later run would send."""
    journal = Journal.open(path)
    (stage,) = resume_stages(journal)
    source_builder, _ = reading(journal, find_model("fun-asr-realtime"), journal.header.asked)
    (source,) = flatten_sources(stage.sources(source_builder))
    chunks = [item for item in source.chunks(source.format.samples(source.begin_ms)) if isinstance(item, Chunk)]
    return stage, chunks


@pytest.mark.parametrize("error", [UNWRITTEN, MultipleErrors([UNWRITTEN, DAMAGED])], ids=["file", "file and input"])
def test_no_audio_is_sent_again_where_only_a_file_could_not_be_written(tmp_path: Path, error: AsrError) -> None:
    """Not even the quiet at its end: that would be paid for, and a recognizer may say words for it."""
    stage, chunks = rest(run_over(tmp_path, [*HEARD, ENDED], error))
    assert (stage.begun, stage.transcribed, chunks) == (True, True, [])


@pytest.mark.parametrize(
    ("events", "error"),
    [
        (HEARD, UNWRITTEN),
        ([*HEARD, ENDED], KeyboardInterrupt()),
        ([*HEARD, ENDED], BudgetReached(1.0)),
        ([*HEARD, ENDED], MultipleErrors([UNWRITTEN, BudgetReached(1.0)])),
        ([HEARD[0], final(0, 700), gap(700, 1000), ENDED], UNWRITTEN),
    ],
    ids=["ended early", "interrupted", "budget", "budget and file", "gap at the end"],
)
def test_what_may_have_no_text_is_sent(tmp_path: Path, events: list[Event], error: BaseException) -> None:
    """A run that ended before its audio, or with a gap after its text, has left something."""
    stage, chunks = rest(run_over(tmp_path, events, error))
    assert (stage.begun, stage.transcribed) == (True, False)
    assert chunks


def test_a_run_whose_files_could_not_be_opened_begins_at_its_start(tmp_path: Path) -> None:
    """Its error is that of a file too, but nothing was transcribed."""
    stage, chunks = rest(run_over(tmp_path, [], UNWRITTEN, opens=False))
    assert (stage.begun, stage.transcribed) == (False, False)
    assert chunks[0].position == 0


def test_a_later_run_whose_files_could_not_be_opened_changes_nothing(tmp_path: Path) -> None:
    """The account of the run that was interrupted is not its own."""
    path = run_over(tmp_path, [*HEARD, ENDED], KeyboardInterrupt())
    with ReopenedJournal(path, HEADER.begun) as reopened:
        reopened.begin()
        fail(reopened.recorder, [], UNWRITTEN, opens=False)
    stage, chunks = rest(path)
    assert (stage.begun, stage.transcribed) == (True, False)
    assert chunks


def test_audio_after_a_damaged_line_is_sent(tmp_path: Path) -> None:
    """The line may have been a sentence."""
    path = run_over(tmp_path, [*HEARD, ENDED], UNWRITTEN)
    lines = (path / EVENTS).read_bytes().splitlines(keepends=True)
    (number,) = (number for number, line in enumerate(lines) if b'"final"' in line)
    lines[number] = b'{"type": "fin\n'
    (path / EVENTS).write_bytes(b"".join(lines))
    stage, chunks = rest(path)
    assert not stage.transcribed
    assert chunks
