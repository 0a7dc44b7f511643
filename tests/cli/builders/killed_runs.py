"""A run over a file that is killed at any write, and the run that goes on."""

import json
import re
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from asrcli.cli.builders.journal_keeping import append_sizes, described_outputs
from asrcli.cli.builders.outputs import OutputBuilder, run_outputs
from asrcli.cli.builders.sessions.resume_outputs import resumed_outputs
from asrcli.cli.builders.sessions.resume_sources import resume_stages
from asrcli.cli.builders.staged_files import staged
from asrcli.cli.options.values import OutputFormat
from asrcli.core.events import Began, Event, Final
from asrcli.core.settings import RecognitionSettings
from asrcli.core.transcript import Transcript, fold
from asrcli.journal.append_file import AppendFile
from asrcli.journal.continued_outputs import ContinuedOutput
from asrcli.journal.described_input import described_input
from asrcli.journal.directory import JournalDirectory, new_id
from asrcli.journal.file_journal import FileJournal
from asrcli.journal.reading import Journal
from asrcli.journal.records import JournalHeader
from asrcli.journal.reopening import ReopenedJournal
from asrcli.outputs.line_writer import LineWriter

WORDS = ["zero", "one"]
SOURCE = "a.wav"
EARLIER = {".jsonl": '{"type": "final", "sentence": 1, "text": "earlier"}\n', ".txt": "earlier\n"}


class States:
    """What is on the disk before each write of a run, and after the last one, as a kill at that moment leaves it."""

    def __init__(self, folder: Path, kept: Path) -> None:
        self._folder, self._kept = folder, kept
        self.found: list[Path] = []

    def take(self) -> None:
        """Keep what is there now."""
        self.found.append(self._kept / f"{len(self.found)}")
        shutil.copytree(self._folder, self.found[-1])

    def restore(self, state: Path) -> None:
        """Let the folder be as it was, times included."""
        shutil.rmtree(self._folder)
        shutil.copytree(state, self._folder)

    @contextmanager
    def taken(self, patch: pytest.MonkeyPatch) -> Iterator[None]:
        """Take one before each write, and one at the end of the block."""
        with patch.context() as patched:
            for kind, name in ((AppendFile, "append"), (LineWriter, "_put"), (LineWriter, "_close"),
                               (LineWriter, "supersede")):  # fmt: skip
                patched.setattr(kind, name, self._after_state(getattr(kind, name)))
            yield
        self.take()

    def _after_state(self, write: Callable[..., Any]) -> Callable[..., Any]:
        def after_state(*arguments: Any) -> Any:
            self.take()
            return write(*arguments)

        return after_state


def heard(outputs: Any, begin_ms: int) -> None:
    """Let outputs hear the service, which transcribes from a time on."""
    transcript = Transcript()
    events: list[Event] = [Began(SOURCE, "m", "task", begin_ms)]
    for number, word in enumerate(WORDS):
        if number * 1000 >= begin_ms:
            events.append(Final(word, number * 1000, number * 1000 + 900, word))
    for event in events:
        transcript = fold(transcript, event)
        for output in outputs:
            output.handle(event, transcript)


def first_run(folder: Path, builder: OutputBuilder) -> None:
    """A run from the start, with its journal."""
    files = tuple(builder.paths())
    now = datetime.now().astimezone().isoformat(timespec="milliseconds")
    showing = described_outputs(builder) | append_sizes(builder, files)
    take = {"begin_ms": 0, "end_ms": None, "channel": None, "gain_db": 0.0}
    source = replace(described_input(str(folder / SOURCE)), name=SOURCE)
    header = JournalHeader(
        now, RecognitionSettings("fun-asr-realtime"), (), "", showing,
        inputs=(source,), reading={"take": take}, stages=(((0,), files),),
    )  # fmt: skip
    journal = FileJournal()
    journal.open(folder / "kept", lambda: new_id(datetime.now()), header, lambda: None)
    with staged(0, lambda: run_outputs(builder), journal.recorder.note) as outputs:
        heard([*outputs, journal.recorder], 0)
    journal.done(0)
    journal.close()


def next_run(folder: Path, builder: OutputBuilder) -> None:
    """`asr resume` if there is a session that is not finished, or else the same run again if it has left nothing."""
    paths = JournalDirectory(folder / "kept").paths()
    if not paths:
        if not all(Path(file).exists() and said(Path(file)) for file in builder.paths()):
            first_run(folder, builder)
        return
    journal = Journal.open(paths[0])
    if journal.done:
        return
    (stage,) = resume_stages(journal)
    view = stage.view(journal)
    with ReopenedJournal(journal.path, "2026-11-24T23:09:01+01:00") as reopened:
        behind = [ContinuedOutput(reopened.recorder, view.highest)]
        with staged(
            0, lambda: resumed_outputs(view, None, behind, begun=stage.begun), reopened.recorder.note
        ) as outputs:
            reopened.begin()
            reopened.recorder.note({"type": "stage", "number": 0})
            heard(outputs, max((each.final.end_ms + 100 for each in view.sentences), default=0))


def said(path: Path) -> list[str]:
    """The words of a transcript in any format, in order; a half JSON document is an error."""
    text = path.read_text("utf-8").removeprefix(EARLIER.get(path.suffix, " "))
    if path.suffix == ".json":
        json.loads(text)
    if path.suffix == ".jsonl":
        text = "".join(json.loads(line).get("text", "") + " " for line in text.splitlines())
    text = re.sub(r'"words": \[.*?\]', "", text)
    return [word for word in re.findall(r"\w+", text) if word in WORDS]


LINES = (OutputFormat.JSONL, OutputFormat.TEXT)
