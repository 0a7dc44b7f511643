"""The journal of a run over files: it exists until the run has ended normally, so that `asr resume` can continue it."""

import errno
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from asrcli.cli.builders.journal_keeping import (
    append_sizes,
    described_outputs,
    how_to_get_words,
    new_header,
    session_command,
)
from asrcli.cli.builders.open_outputs import is_transcript_complete, outputs_with_end
from asrcli.cli.console import print_message
from asrcli.core.dataclass import dataclass, field
from asrcli.core.errors import BudgetReached, MultipleErrors, OutputClosed, OutputError, SourceError, system_reason
from asrcli.core.lazy_module import LazyModule
from asrcli.journal.described_input import described_input
from asrcli.journal.directory import JournalDirectory, RetentionLimits, default_folder, new_id, stage_id
from asrcli.runs.run import flatten_sources

if TYPE_CHECKING:
    from asrcli.cli.builders.library_keeping import LibraryKeeping
    from asrcli.cli.builders.outputs import Opens, OutputBuilder
    from asrcli.cli.builders.sources import SourceBuilder
    from asrcli.core.interfaces import Output, Source
    from asrcli.core.settings import ConnectionSettings, RecognitionSettings
    from asrcli.journal import file_journal
    from asrcli.runs.run import ConcurrentSources

    Runs = Sequence[tuple[Sequence[Source | ConcurrentSources], Opens]]
else:  # a run with --no-journal writes none
    file_journal = LazyModule("asrcli.journal.file_journal")

DISK_AWAY = {errno.EIO, errno.ESTALE, errno.ENODEV, errno.ENXIO, errno.ENOTCONN, errno.EHOSTDOWN}
ONCE = "standard input, an address or a pipe can be read only once: asr resume cannot continue it"


def is_over(error: BaseException | None) -> bool:
    """Whether a run that ended with this error left nothing for a later run to transcribe.

    What is damaged cannot be read later either, and a reader who closed the pipe wants no more.
    """
    if isinstance(error, MultipleErrors):
        return all(map(is_over, error.errors))
    if isinstance(error, BudgetReached):  # the transcript is closed, and a higher budget pays for the rest
        return False
    if isinstance(error, SourceError):
        return not _is_of_disk(error.__cause__)
    return is_transcript_complete(error, live=False) or isinstance(error, OutputClosed)


def is_transcribed(error: BaseException | None) -> bool:
    """Whether a run that reached its end, with this error, left only files to write and no audio to transcribe."""
    if isinstance(error, MultipleErrors):
        return all(map(is_transcribed, error.errors))
    return is_over(error) or isinstance(error, OutputError)


def _is_of_disk(cause: BaseException | None) -> bool:
    """Whether the disk of an input failed: when it is back, as a share or a USB stick, the rest can be read.

    The decoder has numbers of the system for damage too, in exceptions of its own.
    """
    return isinstance(cause, OSError) and type(cause).__module__ == "builtins" and cause.errno in DISK_AWAY


def is_closed(error: BaseException | None) -> bool:
    """Whether the transcript of a run that ended with this error is closed, also if a later run could add to it."""
    return is_over(error) or is_transcript_complete(error, live=False)


def note_budget(error: BaseException | None, note: Callable[[Mapping[str, Any]], None]) -> None:
    """Note in the journal that a run ended at its budget, so that `asr resume` can say what the rest is charged to."""
    errors: Sequence[BaseException | None] = [error]
    if isinstance(error, MultipleErrors):
        errors = error.errors
    for each in errors:
        if isinstance(each, BudgetReached):
            note({"type": "budget", "limit": each.limit})


@contextmanager
def staged(number: int, opens: "Opens", note: Callable[[Mapping[str, Any]], None]) -> "Iterator[list[Output]]":
    """The outputs of one run, with its beginning and its end noted in the journal."""

    def at_end(error: BaseException | None) -> None:
        note_budget(error, note)
        if is_over(error):
            note({"type": "done", "number": number})
        elif is_transcribed(error):
            note({"type": "transcribed", "number": number})

    note({"type": "stage", "number": number})
    with outputs_with_end(opens, at_end) as outputs:
        yield outputs


@dataclass(frozen=True)
class StagedRun:
    """A run over files with its journal in a folder; without a folder no journal is kept."""

    folder: Path | None
    paths: Sequence[str]
    opened: list[Path] = field(default_factory=list)  # the folder of the journal, once it is there

    @contextmanager
    def recording(
        self,
        runs: "Runs",
        recognition: "RecognitionSettings",
        connection: "ConnectionSettings",
        output_builder: "OutputBuilder",
        source_builder: "SourceBuilder",
        pace: float | None,
        *,
        local: bool,
    ) -> "Iterator[Runs]":
        """The runs, each of which also writes to the journal. At the end print how to continue what is left."""
        inputs = tuple(map(described_input, self.paths))
        if not self.can_go_on(source_builder):
            words = ONCE
            if any(one.size_bytes is not None for one in inputs):
                words = ""
            with _explained_at_failure(words):
                yield runs
            return
        places = self._places(runs)
        stages = tuple(zip(places, map(tuple, self._files(output_builder, places)), strict=True))
        journal = file_journal.FileJournal()
        more = {"inputs": inputs, "stages": stages, "reading": read_as(source_builder, pace)}
        self._open(journal, recognition, connection, output_builder, local=local, more=more)
        if journal.path is not None:
            self.opened.append(journal.path)
        try:
            yield [
                (sources, partial(self._staged, journal, number, opens)) for number, (sources, opens) in enumerate(runs)
            ]
        finally:
            left = journal.close()
            for problem in journal.problems:
                print_message(f"asr: {problem}")
            if left and journal.path is not None:
                print_unfinished(journal.path, journal.recorder.failed, at_budget=journal.at_budget)

    def can_go_on(self, source_builder: "SourceBuilder") -> bool:
        """Whether a journal lets a later run go on where this one ends: it is kept, and an input can be read again."""
        if self.folder is None or source_builder.passthrough:
            return False
        return any(described_input(path).size_bytes is not None for path in self.paths)

    def kept(
        self,
        runs: "Runs",
        keeping: "LibraryKeeping",
        output_builder: "OutputBuilder",
        source_builder: "SourceBuilder",
    ) -> "Runs":
        """The runs, each of which leaves its transcript in the library, unless a later run goes on where it ends.

        Record these: a journal that says that all is done is not read again, so the library comes before that.
        """
        can_go_on = self.can_go_on(source_builder)
        keeping.is_left = lambda error: can_go_on and not is_closed(error)
        keeping.session_id = lambda number: next((stage_id(path.name, number) for path in self.opened), "")
        places: list[tuple[int, ...]] = []
        if can_go_on:
            places = self._places(runs)
        return keeping.runs(runs, self._files(output_builder, places))

    @contextmanager
    def _staged(self, journal: Any, number: int, opens: "Opens") -> "Iterator[list[Output]]":
        def note(record: Mapping[str, Any]) -> None:
            if record["type"] == "stage":
                journal.stage(number)
            elif record["type"] == "done":
                journal.done(number)
            elif record["type"] == "budget":
                journal.budget_reached(record)
            else:
                journal.recorder.note(record)

        with staged(number, opens, note) as outputs:
            yield [*outputs, journal.recorder]

    def _open(
        self,
        journal: Any,
        recognition: "RecognitionSettings",
        connection: "ConnectionSettings",
        output_builder: "OutputBuilder",
        *,
        local: bool,
        more: dict[str, Any],
    ) -> None:
        folder = self.folder
        now = datetime.now().astimezone()
        assert folder is not None  # noqa: S101  the caller checked it
        files = (path for _, each in more["stages"] for path in each)
        showing = described_outputs(output_builder) | append_sizes(output_builder, files)
        header = new_header(now, recognition, connection, showing, local=local, **more)
        try:
            journal.open(
                folder,
                lambda: new_id(now),
                header,
                lambda: JournalDirectory(folder).tidy(RetentionLimits(), journal.path or folder),
            )
        except OSError as exc:  # transcribing works without a journal too
            if folder != default_folder().absolute():  # the user asked for this folder, so the user is told
                print_message(f"asr: no journal is kept: {folder}: {system_reason(exc).lower()}")

    def _places(self, runs: "Runs") -> list[tuple[int, ...]]:
        """The numbers of the inputs of each run; an input that cannot be read is in no run."""
        rest = iter(enumerate(self.paths))
        places = []
        for sources, _ in runs:
            names = [flatten_sources([source])[0].name for source in sources]
            places.append(tuple(next(number for number, path in rest if path == name) for name in names))
        return places

    def _files(self, output_builder: "OutputBuilder", places: list[tuple[int, ...]]) -> list[list[str]]:
        if output_builder.folder is None:
            return [[str(Path(path).absolute()) for path in output_builder.paths() if path != "-"]]
        builders = output_builder.for_inputs(self.paths)
        return [[str(Path(path).absolute()) for path in builders[numbers[0]].paths()] for numbers in places]


def read_as(source_builder: "SourceBuilder", pace: float | None) -> dict[str, Any]:
    """How inputs are read, as the header of the journal keeps it for `asr resume`."""
    raw_format = None
    if source_builder.raw_format is not None:
        raw_format = asdict(source_builder.raw_format)
    how = {
        "take": asdict(source_builder.clip),
        "samples": raw_format,
        "treatment": asdict(source_builder.enhancement),
    }
    return how | {"each_channel": source_builder.each_channel, "pace": pace}


def print_unfinished(path: Path, failed: Sequence[str] = (), *, at_budget: bool = False) -> None:
    """Print how to continue a run over files that was interrupted, or ended at its budget, or whose outputs failed."""
    command = session_command("resume", path)
    words = how_to_get_words(path, failed) or f"to complete its transcript: {command}"
    if at_budget:
        words = f"to transcribe the rest: {command} --budget CNY; without --budget nothing limits its cost"
    print_message(f"asr: {words}")


@contextmanager
def _explained_at_failure(words: str) -> Iterator[None]:
    try:
        yield
    except BaseException as exc:
        if words and not is_over(exc):
            print_message(f"asr: {words}")
        raise
