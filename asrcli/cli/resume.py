"""`asr resume`: what was captured and has no text yet, to text."""

import os
from collections.abc import Sequence
from contextlib import ExitStack, suppress
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from asrcli.checks import better, check, heeded, notices, unheeded
from asrcli.cli import keeping
from asrcli.cli import options as o
from asrcli.cli.consent import Yes, consent
from asrcli.cli.grouping import grouped
from asrcli.cli.patience import Patience
from asrcli.cli.service import Service
from asrcli.cli.spending import BudgetLimit, limit
from asrcli.cli.status import Status
from asrcli.cli.telling import tell
from asrcli.errors import SourceError, UsageError, bare
from asrcli.models import find
from asrcli.places import Wish, place, region_of, wished

if TYPE_CHECKING:
    from asrcli.catalogue import Model
    from asrcli.config import Recognition
    from asrcli.journal.again import JournalSource
    from asrcli.journal.continuing import Continuing
    from asrcli.journal.reading import Journal
    from asrcli.journal.record import Header
    from asrcli.seams import Source

EXAMPLES = "Examples:\n\nasr resume --last\n\nasr resume 20261124-2305 --local"

SessionId = Annotated[
    str | None, typer.Argument(help="Which: its name, or how that begins.", metavar="[ID]", show_default=False)
]
Last = Annotated[bool, typer.Option("--last", help="The newest, as without ID.", metavar=o.FLAG)]
ModelName = Annotated[str | None, o.asked_model(". Default: the one of the session.")]


@grouped
def resume(
    session: SessionId = None,
    *,
    last: Last = False,
    model: ModelName = None,
    service: Service,
    patience: Patience,
    budget: BudgetLimit = None,
    journal: keeping.Folder = None,
    yes: Yes = False,
    status: Status,
) -> None:
    """Go on with a session of asr mic or asr file that was interrupted: transcribe what has no text yet.

    Its transcript files go on where they end, with its numbers and times; subtitles get a file of their own.

    Before it writes to files, or asks a server that is not the service's own, because the session says so, it asks you.
    """
    from datetime import datetime

    from asrcli.cli import wiring
    from asrcli.journal.continuing import Continuing

    if last and session is not None:
        raise UsageError("--last with a session: the newest or that one")
    wiring.log_to(status.log_file)
    shelf = keeping.shelf(journal)
    path = shelf.last() if session is None else shelf.find(session)
    continuing = Continuing(path, datetime.now().astimezone().isoformat(timespec="seconds"))
    try:
        with continuing:
            _resume(
                continuing, keeping.opened(path), _Again(model, service, patience, limit(budget), yes), status.level
            )
    except OSError as exc:
        raise SourceError(path.name, f"cannot be gone on with: {(exc.strerror or str(exc)).lower()}") from exc
    finally:
        for problem in continuing.problems:
            tell(f"asr: {problem}")
        _clear(path)


def _clear(path: Path) -> None:
    """Remove the journal of a run over files that is finished, and say how to go on with one that is not."""
    from asrcli.cli.filing import tell_left
    from asrcli.journal.lock import in_use
    from asrcli.journal.reading import Journal
    from asrcli.journal.shelf import State, remove, state

    with suppress(SourceError, UsageError, OSError):
        journal = Journal.open(path)
        if journal.header.inputs and state(path, journal) is State.FINISHED:
            remove(path)
        elif journal.header.inputs and not in_use(path):
            tell_left(path)


def _resume(continuing: "Continuing", journal: "Journal", asking: "_Again", level: int | None) -> None:
    """Hear what has no text yet."""
    from asrcli.cli import continuing as goes_on
    from asrcli.cli import wiring
    from asrcli.journal.again import Continued
    from asrcli.run import Together

    found, asked = asking.model(journal.header.asked)
    if journal.header.inputs:
        _resume_files(continuing, journal, asking, level)
        return
    heard = _unheard(journal)
    if not heard:
        tell(f"asr: {journal.id}: nothing to resume: all that was captured has been heard")
        return
    asking.agree(journal.id, journal.header, goes_on.paths(journal))
    sources: list[Source | Together] = [Together(tuple(heard))] if len(heard) > 1 else [*heard]
    with ExitStack() as stack:
        service = asking.service(journal.header)
        told = notices(found)
        if service.local:
            told = [f"{option} has no effect on the embedded recognizer" for option in unheeded(asked)]
            asked = heeded(asked)
        connection = service.at(stack, asked)
        continuing.begin(
            {
                track.source.speaker: journal.format.ms(track.begin if track.doubt is None else track.doubt)
                for track in journal.tracks
                if track.doubt is not None and track.source.speaker not in journal.anew
            }
        )
        if level is not None:
            from_s, left_s = min(source.begin_ms for source in heard) / 1000, keeping.unheard_ms(journal) / 1000
            tell(f"asr: {journal.id}: {left_s:.1f} s have no text yet; going on at {from_s:.1f} s")
        behind = [Continued(continuing.recorder, journal.highest)]
        runs = [(sources, partial(goes_on.going_on, journal, level, behind))]
        patience = asking.patience
        pace = None if service.local else patience.catch_up
        connection, tries = patience.of(connection), patience.tries()
        wiring.Asks(
            found, asked, connection, pace, tries, service, told, budget=asking.budget, quiet=level is None
        ).run(runs)


def _resume_files(continuing: "Continuing", journal: "Journal", asking: "_Again", level: int | None) -> None:
    """Hear what is left of files."""
    from asrcli.cli import continuing as goes_on
    from asrcli.cli import filing, rereading, wiring
    from asrcli.journal.again import Continued

    found, asked = asking.model(journal.header.asked)
    left = rereading.stages(journal)
    asking.agree(journal.id, journal.header, [path for stage in left for path in stage.files])
    reading, pace = rereading.reading(journal, found, asked)
    note, recorder = continuing.recorder.note, continuing.recorder
    runs: filing.Runs = []
    for stage in left:
        view = stage.view(journal)
        behind = [Continued(recorder, view.highest, stage.base_ms)]
        opens = partial(goes_on.going_on, view, level, behind, stage.base_ms, begun=stage.begun)
        runs = [*runs, (stage.sources(reading), partial(filing.staged, stage.number, opens, note))]
    with ExitStack() as stack:
        service = asking.service(journal.header)
        told = notices(found)
        if service.local:
            told = [f"{option} has no effect on the embedded recognizer" for option in unheeded(asked)]
            asked = heeded(asked)
        connection = service.at(stack, asked)
        continuing.begin()
        patience = asking.patience
        connection, tries = patience.of(connection), patience.tries()
        wiring.Asks(
            found, asked, connection, pace, tries, service, told, budget=asking.budget, quiet=level is None
        ).run(runs)


@dataclass(frozen=True)
class _Again:
    """Whom to ask, and for which model, where that is not to be as it was."""

    model_name: str | None
    elsewhere: Service
    patience: Patience
    budget: float | None
    yes: bool

    def model(self, asked: "Recognition") -> "tuple[Model, Recognition]":
        """The model and what it is asked to do; the session's own is asked what it was.

        Raises:
            UsageError: another model, which cannot do what the session's could.
        """
        found = find(self.model_name or asked.model)
        if found.name != asked.model:
            asked = better(found, replace(asked, model=found.name))
            check(self.elsewhere.heard_by(found), asked)
        return found, asked

    def agree(self, name: str, was: "Header", files: Sequence[str]) -> None:
        """Ask about what the session alone says: whom to send its audio and the key, and which files to write.

        Raises:
            UsageError: the answer is no, or nobody is there to give one.
        """
        asks = self.service(was)
        to = asks.url if asks.url and asks.url != self.elsewhere.url and not _is_known(asks.url) else None
        wanted = [f"send the audio of {name} to {bare(to)}"] if to else []
        wanted += [f"write to {' and '.join(files)}"] if files else []
        if wanted:
            consent(" and ".join(wanted), yes=self.yes)

    def service(self, was: "Header") -> Service:
        """Whom to ask now; the session asked somebody, or the embedded recognizer."""
        named = self.elsewhere
        if named.local or named.url or named.region or named.workspace:
            return named
        if not was.service and named.api_key_file is None:
            return replace(named, local=True)
        return replace(named, url=was.service or None, workspace=was.workspace or None)


def _is_known(url: str) -> bool:
    """Whether an address is the service's own, or the one that would be asked now."""
    now = place(Wish(), wished(os.environ)).url
    own = url.startswith("wss://") and bool(region_of(url)) and ":" not in url.removeprefix("wss://")
    return own or url.rstrip("/") == now.rstrip("/")


def _unheard(journal: "Journal") -> "list[JournalSource]":
    from asrcli.journal.again import JournalSource

    begins = [(track, journal.resume_at(track)) for track in journal.tracks]
    if journal.is_open and not any(begin is not None for _, begin in begins):
        begins = [(track, track.end) for track in journal.tracks]  # no audio is left, only the end of the transcript
    return [JournalSource(journal, track, begin) for track, begin in begins if begin is not None]
