"""Transcribes one input of a batch into files that get their names later, with a journal, so that it can go on."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from asrcli.cli.builders.batch.fetched_input import fetched_input
from asrcli.cli.builders.journal_keeping import described_outputs, new_header
from asrcli.cli.builders.library_keeping import LibraryKeeping
from asrcli.cli.builders.library_writing import add_journal, add_output
from asrcli.cli.builders.outputs import OutputBuilder, outputs
from asrcli.cli.builders.sessions.resume_outputs import resumed_outputs
from asrcli.cli.builders.sessions.resume_sources import resume_stages
from asrcli.cli.builders.sources import SourceBuilder, file_sources
from asrcli.cli.builders.staged_files import read_as
from asrcli.core.dataclass import dataclass
from asrcli.core.errors import AsrError, AudioLost, OutputError, SourceError, UsageError, bare_url, system_reason
from asrcli.journal.continued_outputs import ContinuedOutput
from asrcli.journal.described_input import described_input
from asrcli.journal.directory import JournalDirectory, new_id
from asrcli.journal.file_journal import FileJournal
from asrcli.journal.reading import Journal
from asrcli.journal.reopening import ReopenedJournal
from asrcli.library.library_output import LibraryOutput
from asrcli.runs.batch.active_input import ActiveInput, BatchTask, InputOutcome
from asrcli.runs.batch.batch_budget import BatchBudget
from asrcli.runs.batch.decisions import Action
from asrcli.runs.batch.staging import Staging
from asrcli.runs.budget import limit_sources
from asrcli.runs.parts.part_store import PartStore
from asrcli.runs.parts.split_run import SplitRun
from asrcli.runs.run import ConcurrentSources, Run, flatten_sources

if TYPE_CHECKING:
    from asrcli.core.interfaces import Output, Source
    from asrcli.core.settings import RecognitionSettings
    from asrcli.engine.connection_pool import ConnectionPool
    from asrcli.journal.records import JournalInput
    from asrcli.runs.plan import RunPlan

    Inputs = Sequence[Source | ConcurrentSources]

SESSIONS = "sessions"
PARTS = "parts"
SPLIT_MS = 600_000  # how long parts are where an earlier run has begun them, and this one does not say
LONG = 1.5  # what is shorter than this many parts is not cut
DONE: Mapping[str, Any] = {"type": "done", "number": 0}


@dataclass(frozen=True)
class InputTranscriber:
    """Transcribes an input of a batch; called in a thread for each input.

    Attributes:
        plan: How to transcribe.
        idle: The open connections that inputs share.
        service: The address for the journal; empty for the embedded recognizer.
        budget: The money of the batch; None without a limit.
        split_ms: How long the parts of a long recording are; None cuts none.
        library: What the library takes.
    """

    plan: "RunPlan"
    idle: "ConnectionPool"
    recognition: "RecognitionSettings"
    source_builder: SourceBuilder
    output_builder: OutputBuilder
    staging: Staging
    service: str
    library: LibraryKeeping
    budget: BatchBudget | None = None
    split_ms: int | None = None

    def __call__(self, task: BatchTask, active: ActiveInput) -> InputOutcome:
        """Transcribe the input, or the rest of it.

        Raises:
            AsrError: it cannot be read, its files cannot be written, or the service does not take it.
        """
        with fetched_input(task, self.staging, self.source_builder) as (local_task, source_builder):
            return replace(self, source_builder=source_builder)._local(local_task, active)

    def _local(self, task: BatchTask, active: ActiveInput) -> InputOutcome:
        """Transcribe an input on this machine, or a stream."""
        builder = self._builder(task)
        if task.decision.action is Action.GO_ON:
            journal = self._journal(task, builder)
            if journal is not None:
                return self._continue(journal, builder, task, active)
        return self._begin(builder, task, active)

    def _builder(self, task: BatchTask) -> OutputBuilder:
        files = tuple(map(str, self.staging.files(task.row)))
        return replace(self.output_builder, path=files[0], files=files, folder=None, level=None)

    def _begin(self, builder: OutputBuilder, task: BatchTask, active: ActiveInput) -> InputOutcome:
        """Transcribe the input from its start."""
        path = task.given.path
        sources, _ = file_sources([path], self.source_builder)
        if (split_ms := self._split_ms(task, sources[0])) is not None:
            return self._split(sources[0], split_ms, builder, task, active)
        self.staging.clear(task.row.path)
        now = datetime.now().astimezone()
        journal = FileJournal()
        files = tuple(map(str, self.staging.files(task.row)))
        header = new_header(
            now, self.recognition, self.plan.connection, described_outputs(builder), local=not self.service,
            inputs=(self._described(path),), reading=read_as(self.source_builder, self.plan.pace),
            stages=(((0,), files),),
        )  # fmt: skip
        folder = self.staging.folder(task.row.path) / SESSIONS
        try:
            folder.mkdir(parents=True, exist_ok=True)
            journal.open(folder, lambda: new_id(now), header, lambda: None)
        except OSError as exc:
            raise OutputError(str(folder), system_reason(exc).lower()) from exc
        try:
            journal.stage(0)
            kept = LibraryOutput()
            with _new_outputs(builder) as made:
                outcome = self._transcribe(sources, [*made, journal.recorder, kept], active)
            if outcome.whole:
                assert journal.path is not None  # noqa: S101  it is open
                add_output(self.library, kept, journal.path.name, now)
                journal.recorder.note(DONE)  # the journal stays until the transcripts have their names
            return outcome
        finally:
            journal.close()

    def _described(self, path: str) -> "JournalInput":
        return replace(described_input(path), name=self.source_builder.shown.get(path, bare_url(path)))

    def _journal(self, task: BatchTask, builder: OutputBuilder) -> Journal | None:
        """The journal of an earlier run over the same input, the same settings and the same files; None if none is."""
        for path in JournalDirectory(self.staging.folder(task.row.path) / SESSIONS).paths():
            with suppress(SourceError, OSError):
                journal = Journal.open(path)
                now = described_input(task.given.path)
                same_input = [(one.size_bytes, one.mtime_ns) for one in journal.header.inputs] == [
                    (now.size_bytes, now.mtime_ns)
                ]
                (stage,) = journal.header.stages or [None]
                if same_input and now.size_bytes is not None and stage and stage[1] == tuple(builder.paths()):
                    return journal
        return None

    def _continue(self, journal: Journal, builder: OutputBuilder, task: BatchTask, active: ActiveInput) -> InputOutcome:
        """Transcribe what an earlier run left without text."""
        if 0 in journal.done and all(Path(file).exists() for file in builder.paths()):
            return InputOutcome(whole=True, audio_ms=task.row.audio_ms or journal.captured_ms)
        try:
            (stage,) = resume_stages(journal)
        except UsageError:  # it was closed, and its files are gone
            return self._begin(builder, task, active)
        view = stage.view(journal)
        # A page is not written where it will lie, so no link in it could lead to the audio.
        view = replace(view, header=replace(view.header, inputs=()))
        now = datetime.now().astimezone().isoformat(timespec="seconds")
        try:
            with ReopenedJournal(journal.path, now) as reopened:
                recorded = [ContinuedOutput(reopened.recorder, view.highest, stage.base_ms)]
                with resumed_outputs(view, None, recorded, stage.base_ms, begun=stage.begun) as made:
                    sources = stage.sources(self.source_builder)
                    reopened.begin()
                    reopened.recorder.note({"type": "stage", "number": 0})
                    outcome = self._transcribe(sources, made, active)
                if outcome.whole:
                    add_journal(self.library, journal.path)
                    reopened.recorder.note(DONE)
        except OSError as exc:
            raise OutputError(str(journal.path), system_reason(exc).lower()) from exc
        return outcome

    def _split_ms(self, task: BatchTask, source: "Source | ConcurrentSources") -> int | None:
        """How long the parts of a source are; None if it is transcribed as a whole."""
        if isinstance(source, ConcurrentSources) or source.realtime or source.duration_ms is None:
            return None
        if self.split_ms is not None and source.duration_ms > LONG * self.split_ms:
            return self.split_ms
        is_begun = task.decision.action is Action.GO_ON and (self.staging.folder(task.row.path) / PARTS).exists()
        return SPLIT_MS if is_begun else None

    def _split(
        self,
        source: "Source | ConcurrentSources",
        split_ms: int,
        builder: OutputBuilder,
        task: BatchTask,
        active: ActiveInput,
    ) -> InputOutcome:
        """Transcribe a long recording in parts, those that an earlier run has not transcribed."""
        assert not isinstance(source, ConcurrentSources)  # noqa: S101  `_split_ms` says so
        folder = self.staging.folder(task.row.path)
        if task.decision.action is not Action.GO_ON:
            self.staging.clear(task.row.path)
        for left in folder.glob("[0-9]*.*"):  # transcripts are written from their start, from what the parts have said
            left.unlink()
        store = PartStore(folder / PARTS)
        with _new_outputs(builder) as made:
            kept = LibraryOutput()
            run = SplitRun(self.plan, [*made, kept, active], self.idle, active, split_ms, store, self.budget)
            active.length_ms = source.begin_ms + (source.duration_ms or 0)
            active.attach(run)
            error = _error(lambda: run.transcribe(source), active)
        outcome = _outcome(error, active, source.duration_ms)
        if outcome.whole:
            now = datetime.now().astimezone()
            add_output(self.library, kept, store.lasting_id(new_id(now)), now)
        return outcome

    def _transcribe(self, sources: "Inputs", made: "Sequence[Output]", active: ActiveInput) -> InputOutcome:
        """One run. Its error is in the outcome, so that its files are closed and can be continued.

        Raises:
            OutputError: a file cannot be written.
        """
        begin_ms = min(source.begin_ms for source in flatten_sources(sources))
        share = None
        listening: list[Output] = [*made, active]
        if self.budget is not None:
            share = self.budget.share()
            sources = limit_sources(sources, share)
            listening.append(share)
        run = Run(self.plan, listening, self.idle)
        active.attach(run)
        try:
            error = _error(lambda: run.transcribe(sources), active)
        finally:
            if self.budget is not None and share is not None:
                self.budget.ended(share, active.cost)
        audio_ms = None if active.ended is None else begin_ms + active.ended.wall_ms
        return _outcome(error, active, audio_ms)


def _error(transcribe: Callable[[], object], active: ActiveInput) -> AsrError | None:
    """The error that ended a run; None if it came to its end, or was stopped.

    Raises:
        OutputError: a file cannot be written.
    """
    try:
        transcribe()
    except OutputError:
        raise
    except AsrError as exc:
        return exc
    except KeyboardInterrupt:
        active.stopped = True
    return None


def _outcome(error: AsrError | None, active: ActiveInput, audio_ms: int | None) -> InputOutcome:
    whole = not active.stopped and (error is None or isinstance(error, AudioLost))
    if active.stopped and isinstance(error, AudioLost):
        error = None
    settled = whole and not active.lost_audio
    return InputOutcome(
        error, whole, audio_ms if whole else None, cost=active.cost, engine=active.engine, settled=settled,
        remarks=active.remarks,
    )  # fmt: skip


@contextmanager
def _new_outputs(builder: OutputBuilder) -> "Iterator[list[Output]]":
    """The outputs of a builder. Their files get their names also after an error, so that they can be continued.

    Raises:
        OutputError: one cannot be written.
    """
    with ExitStack() as stack:
        made, _ = outputs(builder, stack)
        for output in made:
            stack.callback(output.close)
        yield made
