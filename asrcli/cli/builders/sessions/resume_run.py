"""One run of `asr resume`: which audio has no text, which service gets it, and which outputs are continued."""

import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import replace
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from asrcli.cli.builders.journal_keeping import open_journal, print_untranscribed, session_command, unheard_ms
from asrcli.cli.builders.library_keeping import LibraryKeeping
from asrcli.cli.builders.library_writing import add_journal, taking_known
from asrcli.cli.builders.local_fallback import fallback_of
from asrcli.cli.builders.named_files import check_also_written
from asrcli.cli.builders.open_outputs import outputs_with_end
from asrcli.cli.builders.run import RunBuilder
from asrcli.cli.builders.sessions.left_transcripts import has_part
from asrcli.cli.builders.sessions.resume_outputs import paths, resumed_outputs
from asrcli.cli.builders.sessions.resume_sources import reading, resume_stages
from asrcli.cli.builders.sessions.session_recognizer import same_recognizer
from asrcli.cli.builders.staged_files import is_closed, note_budget, print_unfinished, staged
from asrcli.cli.console import print_message
from asrcli.cli.options.configured import is_configured
from asrcli.cli.options.confirmation import confirm
from asrcli.cli.options.connection import ConnectionOptions
from asrcli.cli.options.fallback import FallbackName
from asrcli.cli.options.retry import RetryOptions
from asrcli.core.dataclass import dataclass
from asrcli.core.errors import AudioLost, SourceError, UsageError, bare_url, system_reason
from asrcli.core.interfaces import Source
from asrcli.core.settings import RecognitionSettings
from asrcli.dashscope.catalogue import Model
from asrcli.dashscope.endpoints import EndpointRequest, region_of, requested_endpoint, resolve_endpoint
from asrcli.dashscope.model_selection import find_model
from asrcli.dashscope.validation import (
    check_recognition,
    effective_options,
    ignored_options,
    model_notices,
    unused_options_removed,
)
from asrcli.journal.continued_outputs import ContinuedOutput, HeldAccount
from asrcli.journal.directory import JournalState, remove, state
from asrcli.journal.lock import in_use
from asrcli.journal.reading import Journal
from asrcli.journal.records import JournalHeader
from asrcli.journal.reopening import ReopenedJournal
from asrcli.journal.source import JournalSource
from asrcli.runs.run import ConcurrentSources

if TYPE_CHECKING:
    from asrcli.cli.builders.staged_files import Runs


def resume_session(path: Path, request: "ResumeRequest") -> None:
    """Transcribe what a session left without text, and delete its journal when nothing is left of a run over files.

    Raises:
        SourceError: the journal cannot be read or written.
        AsrError: whatever ended the run before its time.
    """
    request = replace(request, library=taking_known(request.library, path.name))
    reopened = ReopenedJournal(path, datetime.now().astimezone().isoformat(timespec="seconds"))
    try:
        with reopened:
            journal = open_journal(path)
            if journal.header.inputs:
                _resume_files(reopened, journal, request)
            else:
                _resume_microphones(reopened, journal, request)
    except OSError as exc:
        raise SourceError(path.name, f"cannot be continued: {system_reason(exc).lower()}") from exc
    finally:
        for problem in reopened.problems:
            print_message(f"asr: {problem}")
        _delete_if_finished(path)


def _delete_if_finished(path: Path) -> None:
    """Delete the journal of a finished run over files; print how to continue one that is not finished."""
    with suppress(SourceError, UsageError, OSError):
        journal = Journal.open(path)
        if journal.header.inputs and state(path, journal) is JournalState.FINISHED:
            remove(path)
        elif journal.header.inputs and not in_use(path):
            print_unfinished(path, at_budget=journal.budget is not None)


def _resume_microphones(reopened: ReopenedJournal, journal: Journal, request: "ResumeRequest") -> None:
    """Transcribe the recorded audio that has no text yet."""
    model, recognition = request.model(journal.header.asked)
    untranscribed = _untranscribed_sources(journal)
    if not untranscribed:
        print_message(f"asr: {journal.id}: nothing to resume: all recorded audio has been transcribed")
        return
    request.confirm(journal.id, journal.header, paths(journal))
    sources: list[Source | ConcurrentSources] = [*untranscribed]
    if len(untranscribed) > 1:
        sources = [ConcurrentSources(tuple(untranscribed))]
    with ExitStack() as stack:
        connected = _connect(stack, journal, request, model, recognition)
        reopened.begin(_uncertain_since_ms(journal))
        if request.level is not None:
            begin_s = min(source.begin_ms for source in untranscribed) / 1000
            left_s = unheard_ms(journal) / 1000
            print_message(f"asr: {journal.id}: {left_s:.1f} s have no text yet; continuing at {begin_s:.1f} s")
        recorder = HeldAccount(ContinuedOutput(reopened.recorder, journal.highest))

        def at_end(error: BaseException | None) -> None:
            if error is None or isinstance(error, AudioLost):
                recorder.release()
            note_budget(error, reopened.recorder.note)
            add_journal(request.library, journal.path)
            if isinstance(error, KeyboardInterrupt):
                print_untranscribed(journal.path, ())

        pace: float | None = request.retry_options.catch_up
        if connected.service.local:
            pace = None
        opens = partial(resumed_outputs, journal, request.level, [recorder])
        kept = partial(outputs_with_end, opens, at_end)
        runs = [(sources, kept)]
        replace(connected, pace=pace).run(runs)


def _uncertain_since_ms(journal: Journal) -> dict[str, int]:
    """By speaker, from where on earlier events of the journal do not count, because the audio is transcribed again."""
    since_ms: dict[str, int] = {}
    for track in journal.tracks:
        if track.doubt is not None and track.source.speaker not in journal.redone_from_ms:
            since_ms[track.source.speaker] = journal.format.ms(track.doubt)
    return since_ms


def _resume_files(reopened: ReopenedJournal, journal: Journal, request: "ResumeRequest") -> None:
    """Transcribe what is left of files."""
    if journal.done >= set(range(len(journal.header.stages))):  # it was killed before it could delete its journal
        print_message(f"asr: {journal.id}: nothing to resume: all of it has been transcribed")
        return
    model, recognition = request.model(journal.header.asked)
    with _words_named(journal):
        stages = resume_stages(journal)
    request.confirm(journal.id, journal.header, [path for stage in stages for path in stage.files])
    source_builder, pace = reading(journal, model, recognition)
    runs: Runs = []
    for stage in stages:
        view = stage.view(journal)
        recorders = [ContinuedOutput(reopened.recorder, view.highest, stage.base_ms)]
        opens = partial(resumed_outputs, view, request.level, recorders, stage.base_ms, begun=stage.begun)
        add = partial(add_journal, request.library, journal.path, stage.number)
        kept = partial(outputs_with_end, opens, partial(_act_if_closed, add))
        recorded = partial(staged, stage.number, kept, reopened.recorder.note)
        with _words_named(journal):
            runs = [*runs, (stage.sources(source_builder), recorded)]
    with ExitStack() as stack:
        connected = _connect(stack, journal, request, model, recognition)
        reopened.begin()
        replace(connected, pace=pace).run(runs)


@contextmanager
def _words_named(journal: Journal) -> Iterator[None]:
    """Say with an error about an input that is left how to get the words that the session has.

    Raises:
        SourceError, UsageError: the error of the block.
    """
    try:
        yield
    except (SourceError, UsageError) as exc:
        if not journal.sentences:
            raise
        words = f"the words so far: {session_command('sessions export', journal.path)}"
        if isinstance(exc, SourceError):
            raise SourceError(exc.path, f"{exc.reason}; {words}", cause=exc.cause) from exc
        raise UsageError(exc.problem, "; ".join(filter(None, (exc.advice, words)))) from exc


def _act_if_closed(act: Callable[[], None], error: BaseException | None) -> None:
    if is_closed(error):
        act()


def _connect(
    stack: ExitStack, journal: Journal, request: "ResumeRequest", model: Model, recognition: RecognitionSettings
) -> RunBuilder:
    """A run builder for the service of this request, without a pace."""
    connection_options = same_recognizer(request.service(journal.header), journal)
    fallback = fallback_of(request.fallback, model, recognition, connection_options, request.retry_options)
    notices = model_notices(model)
    if connection_options.local:
        notices = [f"{option} has no effect on the embedded recognizer" for option in ignored_options(recognition)]
        recognition = effective_options(recognition)
    elif journal.budget is not None and request.budget is None and request.level is not None:
        limit = f"the budget of {journal.budget:g} CNY"
        print_message(f"asr: {journal.id}: {limit} is spent; without --budget nothing limits the cost of the rest")
    connection = request.retry_options.applied_to(connection_options.service_connection(stack, recognition))
    return RunBuilder(
        model,
        recognition,
        connection,
        None,
        request.retry_options.retry_settings(),
        connection_options,
        notices,
        budget=request.budget,
        quiet=request.level is None,
        fallback=fallback,
    )


@dataclass(frozen=True)
class ResumeRequest:
    """What the command line asks for; what it leaves open stays as the session had it.

    Attributes:
        yes: Questions are answered with yes.
        level: How much status is printed; None is none.
        library: What the library takes.
    """

    model_name: str | None
    connection_options: ConnectionOptions
    retry_options: RetryOptions
    fallback: FallbackName | None
    budget: float | None
    yes: bool
    level: int | None
    library: LibraryKeeping

    def model(self, recognition: RecognitionSettings) -> tuple[Model, RecognitionSettings]:
        """The model and the settings for it: those of the session, adapted if the model is another one.

        Raises:
            UsageError: the model does not support what the session asked for.
        """
        found = find_model(self.model_name or recognition.model, recognition.wire)
        if found.name != recognition.model:
            recognition = unused_options_removed(found, replace(recognition, model=found.name))
            check_recognition(self.connection_options.adapt(found), recognition)
        return found, recognition

    def confirm(self, name: str, header: JournalHeader, files: Sequence[str]) -> None:
        """Ask before doing what only the session says: sending audio and key to its server, writing its files.

        Raises:
            UsageError: the answer is no, or nobody is there to answer.
        """
        for file in files:
            check_also_written(Path(file), f"the session {name}, which writes")
        url = self.service(header).url
        actions: list[str] = []
        if url and url != self.connection_options.url and not _is_known(url):
            actions.append(f"send the audio of {name} to {bare_url(url)}")
        if files:
            actions.append(f"write to {', '.join(files)}")
        if actions:
            confirm(" and ".join(actions), yes=self.yes)

    def service(self, header: JournalHeader) -> ConnectionOptions:
        """The service that the command line names, or else the one that the session used."""
        given = self.connection_options
        if given.local or given.url or given.region or given.workspace:
            return given
        if not header.service and (given.api_key_file is None or is_configured("--api-key-file")):
            # What a file says about the service on other days has no effect on the embedded recognizer.
            unused: dict[str, Any] = {
                name: None for name in ("api_key_file", "proxy", "ca") if is_configured(name.replace("_", "-"))
            }
            return replace(
                given, local=True, **unused, temporary_key=given.temporary_key and not is_configured("temporary-key")
            )
        return replace(given, url=header.service or None, workspace=header.workspace or None)


def _is_known(url: str) -> bool:
    """Whether an address is the service's own, or the one that would be used without a session."""
    default = resolve_endpoint(EndpointRequest(), requested_endpoint(os.environ)).url
    own = url.startswith("wss://") and bool(region_of(url)) and ":" not in url.removeprefix("wss://")
    return own or url.rstrip("/") == default.rstrip("/")


def _untranscribed_sources(journal: Journal) -> list[JournalSource]:
    """A source for each track with audio without text, or at its end if only the end of the transcript is missing."""
    begins = [(track, journal.resume_at(track)) for track in journal.tracks]
    is_unnamed = any(has_part(Path(path), journal) for path in paths(journal))
    if (journal.is_open or journal.failed or is_unnamed) and not any(begin is not None for _, begin in begins):
        begins = [(track, track.end) for track in journal.tracks]  # no audio is left, only the transcript to write
    return [JournalSource(journal, track, begin) for track, begin in begins if begin is not None]
