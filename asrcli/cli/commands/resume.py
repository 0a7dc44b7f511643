"""`asr resume`: what was captured and has no text yet, to text."""

import os
from collections.abc import Sequence
from contextlib import ExitStack, suppress
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from asrcli.cli.console import print_message
from asrcli.cli.options import journal as options_journal
from asrcli.cli.options import shared as o
from asrcli.cli.options.budget import BudgetLimit, budget_limit
from asrcli.cli.options.confirmation import Yes, confirm
from asrcli.cli.options.connection import ConnectionOptions
from asrcli.cli.options.groups import expand_option_groups
from asrcli.cli.options.logging import LoggingOptions
from asrcli.cli.options.retry import RetryOptions
from asrcli.core.errors import SourceError, UsageError, bare_url
from asrcli.dashscope.endpoints import EndpointRequest, region_of, requested_endpoint, resolve_endpoint
from asrcli.dashscope.model_selection import find_model
from asrcli.dashscope.validation import (
    check_recognition,
    effective_options,
    ignored_options,
    model_notices,
    unused_options_removed,
)

if TYPE_CHECKING:
    from asrcli.core.interfaces import Source
    from asrcli.core.settings import RecognitionSettings
    from asrcli.dashscope.catalogue import Model
    from asrcli.journal.reading import Journal
    from asrcli.journal.records import JournalHeader
    from asrcli.journal.reopening import ReopenedJournal
    from asrcli.journal.source import JournalSource

EXAMPLES = "Examples:\n\nasr resume --last\n\nasr resume 20261124-2305 --local"

SessionId = Annotated[
    str | None, typer.Argument(help="Which: its name, or how that begins.", metavar="[ID]", show_default=False)
]
Last = Annotated[bool, typer.Option("--last", help="The newest, as without ID.", metavar=o.FLAG)]
ModelName = Annotated[str | None, o.asked_model(". Default: the one of the session.")]


@expand_option_groups
def resume(
    session: SessionId = None,
    *,
    last: Last = False,
    model: ModelName = None,
    connection_options: ConnectionOptions,
    retry_options: RetryOptions,
    budget: BudgetLimit = None,
    journal: options_journal.Folder = None,
    yes: Yes = False,
    logging_options: LoggingOptions,
) -> None:
    """Go on with a session of asr mic or asr file that was interrupted: transcribe what has no text yet.

    Its transcript files go on where they end, with its numbers and times; subtitles and tables are
    written anew as a whole.

    Before it writes to files, or asks a server that is not the service's own, because the session says so, it asks you.
    """
    from datetime import datetime

    from asrcli.cli.build import run
    from asrcli.journal.reopening import ReopenedJournal

    if last and session is not None:
        raise UsageError("--last with a session: the newest or that one")
    run.log_to(logging_options.log_file)
    directory = options_journal.shelf(journal)
    path = directory.last() if session is None else directory.find(session)
    continuing = ReopenedJournal(path, datetime.now().astimezone().isoformat(timespec="seconds"))
    try:
        with continuing:
            _resume(
                continuing,
                options_journal.opened(path),
                _Again(model, connection_options, retry_options, budget_limit(budget), yes),
                logging_options.level,
            )
    except OSError as exc:
        raise SourceError(path.name, f"cannot be gone on with: {(exc.strerror or str(exc)).lower()}") from exc
    finally:
        for problem in continuing.problems:
            print_message(f"asr: {problem}")
        _clear(path)


def _clear(path: Path) -> None:
    """Remove the journal of a run over files that is finished, and say how to go on with one that is not."""
    from asrcli.cli.build.staged_files import print_unfinished
    from asrcli.journal.directory import JournalState, remove, state
    from asrcli.journal.lock import in_use
    from asrcli.journal.reading import Journal

    with suppress(SourceError, UsageError, OSError):
        journal = Journal.open(path)
        if journal.header.inputs and state(path, journal) is JournalState.FINISHED:
            remove(path)
        elif journal.header.inputs and not in_use(path):
            print_unfinished(path)


def _resume(continuing: "ReopenedJournal", journal: "Journal", asking: "_Again", level: int | None) -> None:
    """Hear what has no text yet."""
    from asrcli.cli.build import resume_outputs as goes_on
    from asrcli.cli.build import run
    from asrcli.journal.source import ContinuedOutput
    from asrcli.runs.run import ConcurrentSources

    found, recognition = asking.model(journal.header.asked)
    if journal.header.inputs:
        _resume_files(continuing, journal, asking, level)
        return
    heard = _unheard(journal)
    if not heard:
        print_message(f"asr: {journal.id}: nothing to resume: all that was captured has been heard")
        return
    asking.agree(journal.id, journal.header, goes_on.paths(journal))
    sources: list[Source | ConcurrentSources] = [ConcurrentSources(tuple(heard))] if len(heard) > 1 else [*heard]
    with ExitStack() as stack:
        connection_options = asking.service(journal.header)
        told = model_notices(found)
        if connection_options.local:
            told = [f"{option} has no effect on the embedded recognizer" for option in ignored_options(recognition)]
            recognition = effective_options(recognition)
        connection = connection_options.at(stack, recognition)
        continuing.begin(
            {
                track.source.speaker: journal.format.ms(track.begin if track.doubt is None else track.doubt)
                for track in journal.tracks
                if track.doubt is not None and track.source.speaker not in journal.anew
            }
        )
        if level is not None:
            from_s, left_s = min(source.begin_ms for source in heard) / 1000, options_journal.unheard_ms(journal) / 1000
            print_message(f"asr: {journal.id}: {left_s:.1f} s have no text yet; going on at {from_s:.1f} s")
        behind = [ContinuedOutput(continuing.recorder, journal.highest)]
        runs = [(sources, partial(goes_on.resumed_outputs, journal, level, behind))]
        retry_options = asking.patience
        pace = None if connection_options.local else retry_options.catch_up
        connection, tries = retry_options.applied_to(connection), retry_options.retry_settings()
        run.RunBuilder(
            found,
            recognition,
            connection,
            pace,
            tries,
            connection_options,
            told,
            budget=asking.budget,
            quiet=level is None,
        ).run(runs)


def _resume_files(continuing: "ReopenedJournal", journal: "Journal", asking: "_Again", level: int | None) -> None:
    """Hear what is left of files."""
    from asrcli.cli.build import resume_outputs as goes_on
    from asrcli.cli.build import resume_sources, run, staged_files
    from asrcli.journal.source import ContinuedOutput

    found, recognition = asking.model(journal.header.asked)
    left = resume_sources.resume_stages(journal)
    asking.agree(journal.id, journal.header, [path for stage in left for path in stage.files])
    source_builder, pace = resume_sources.reading(journal, found, recognition)
    note, recorder = continuing.recorder.note, continuing.recorder
    runs: staged_files.Runs = []
    for stage in left:
        view = stage.view(journal)
        behind = [ContinuedOutput(recorder, view.highest, stage.base_ms)]
        opens = partial(goes_on.resumed_outputs, view, level, behind, stage.base_ms, begun=stage.begun)
        runs = [*runs, (stage.sources(source_builder), partial(staged_files.staged, stage.number, opens, note))]
    with ExitStack() as stack:
        connection_options = asking.service(journal.header)
        told = model_notices(found)
        if connection_options.local:
            told = [f"{option} has no effect on the embedded recognizer" for option in ignored_options(recognition)]
            recognition = effective_options(recognition)
        connection = connection_options.at(stack, recognition)
        continuing.begin()
        retry_options = asking.patience
        connection, tries = retry_options.applied_to(connection), retry_options.retry_settings()
        run.RunBuilder(
            found,
            recognition,
            connection,
            pace,
            tries,
            connection_options,
            told,
            budget=asking.budget,
            quiet=level is None,
        ).run(runs)


@dataclass(frozen=True)
class _Again:
    """Whom to ask, and for which model, where that is not to be as it was."""

    model_name: str | None
    elsewhere: ConnectionOptions
    patience: RetryOptions
    budget: float | None
    yes: bool

    def model(self, recognition: "RecognitionSettings") -> "tuple[Model, RecognitionSettings]":
        """The model and what it is asked to do; the session's own is asked what it was.

        Raises:
            UsageError: another model, which cannot do what the session's could.
        """
        found = find_model(self.model_name or recognition.model)
        if found.name != recognition.model:
            recognition = unused_options_removed(found, replace(recognition, model=found.name))
            check_recognition(self.elsewhere.heard_by(found), recognition)
        return found, recognition

    def agree(self, name: str, was: "JournalHeader", files: Sequence[str]) -> None:
        """Ask about what the session alone says: whom to send its audio and the key, and which files to write.

        Raises:
            UsageError: the answer is no, or nobody is there to give one.
        """
        asks = self.service(was)
        to = asks.url if asks.url and asks.url != self.elsewhere.url and not _is_known(asks.url) else None
        wanted = [f"send the audio of {name} to {bare_url(to)}"] if to else []
        wanted += [f"write to {' and '.join(files)}"] if files else []
        if wanted:
            confirm(" and ".join(wanted), yes=self.yes)

    def service(self, was: "JournalHeader") -> ConnectionOptions:
        """Whom to ask now; the session asked somebody, or the embedded recognizer."""
        named = self.elsewhere
        if named.local or named.url or named.region or named.workspace:
            return named
        if not was.service and named.api_key_file is None:
            return replace(named, local=True)
        return replace(named, url=was.service or None, workspace=was.workspace or None)


def _is_known(url: str) -> bool:
    """Whether an address is the service's own, or the one that would be asked now."""
    now = resolve_endpoint(EndpointRequest(), requested_endpoint(os.environ)).url
    own = url.startswith("wss://") and bool(region_of(url)) and ":" not in url.removeprefix("wss://")
    return own or url.rstrip("/") == now.rstrip("/")


def _unheard(journal: "Journal") -> "list[JournalSource]":
    from asrcli.journal.source import JournalSource

    begins = [(track, journal.resume_at(track)) for track in journal.tracks]
    if journal.is_open and not any(begin is not None for _, begin in begins):
        begins = [(track, track.end) for track in journal.tracks]  # no audio is left, only the end of the transcript
    return [JournalSource(journal, track, begin) for track, begin in begins if begin is not None]
