"""`asr resume`: what was captured and has no text yet, to text."""

from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from asrcli.cli import keeping, values
from asrcli.cli import options as o
from asrcli.cli import patience as p
from asrcli.cli.telling import tell
from asrcli.config import DEFAULT_URL
from asrcli.errors import SourceError, UsageError

if TYPE_CHECKING:
    from asrcli.config import Connection, Recognition
    from asrcli.journal.again import JournalSource
    from asrcli.journal.continuing import Continuing
    from asrcli.journal.reading import Journal
    from asrcli.models import Model
    from asrcli.seams import Source

EXAMPLES = "Examples:\n\nasr resume --last\n\nasr resume 20261124-2305 --local"

SessionId = Annotated[
    str | None, typer.Argument(help="Which: its name, or how that begins.", metavar="[ID]", show_default=False)
]
Last = Annotated[bool, typer.Option("--last", help="The newest, as without ID.", metavar=o.FLAG)]
ModelName = Annotated[str | None, o.asked_model(". Default: the one of the session.")]
Url = Annotated[str | None, o.service_url("the one of the session.")]


def resume(
    session: SessionId = None,
    last: Last = False,
    model: ModelName = None,
    local: o.Local = False,
    url: Url = None,
    api_key_file: o.ApiKeyFile = None,
    reconnect: p.Reconnect = True,
    retries: p.RetryLimit = None,
    retry_wait: p.RetryWait = 0.5,
    catch_up: p.CatchUp = p.CATCH_UP,
    connect_timeout: p.ConnectTimeout = 10.0,
    stall_timeout: p.StallTimeout = 30.0,
    keepalive: p.Keepalive = None,
    journal: keeping.Folder = None,
    quiet: o.Quiet = False,
    verbose: o.Verbose = 0,
    debug: o.Debug = False,
    log_file: o.LogFile = None,
) -> None:
    """Go on with a session of asr mic that was interrupted: transcribe what has no text yet.

    Its transcript files go on where they end, with its numbers and times; subtitles get a file of their own.
    """
    del debug  # read by the error boundary
    from datetime import datetime

    from asrcli.cli import wiring
    from asrcli.journal.continuing import Continuing

    if last and session is not None:
        raise UsageError("--last with a session: the newest or that one")
    patience = p.Patience(reconnect, retries, retry_wait, catch_up, connect_timeout, stall_timeout, keepalive)
    level = values.status_level(quiet=quiet, verbose=verbose)
    wiring.log_to(log_file)
    shelf = keeping.shelf(journal)
    path = shelf.last() if session is None else shelf.find(session)
    continuing = Continuing(path, datetime.now().astimezone().isoformat(timespec="seconds"))
    try:
        with continuing:
            _resume(continuing, keeping.opened(path), _Asking(model, url, api_key_file, local, patience), level)
    except OSError as exc:
        raise SourceError(path.name, f"cannot be gone on with: {(exc.strerror or str(exc)).lower()}") from exc
    finally:
        for problem in continuing.problems:
            tell(f"asr: {problem}")


def _resume(continuing: "Continuing", journal: "Journal", asking: "_Asking", level: int | None) -> None:
    """Hear what has no text yet."""
    from asrcli.cli import continuing as goes_on
    from asrcli.cli import wiring
    from asrcli.journal.again import Continued
    from asrcli.run import Together

    found, asked = asking.model(journal.header.asked)
    heard = _unheard(journal)
    if not heard:
        tell(f"asr: {journal.id}: nothing to resume: all that was captured has been heard")
        return
    sources: list[Source | Together] = [Together(tuple(heard))] if len(heard) > 1 else [*heard]
    with ExitStack() as stack:
        connection, local = asking.service(stack, journal.header.service, asked)
        outputs = goes_on.outputs(journal, stack, level)
        continuing.begin()
        if level is not None:
            from_s, left_s = min(source.begin_ms for source in heard) / 1000, keeping.unheard_ms(journal) / 1000
            tell(f"asr: {journal.id}: {left_s:.1f} s have no text yet; going on at {from_s:.1f} s")
        runs = [(sources, [*outputs, Continued(continuing.recorder, journal.highest)])]
        patience = asking.patience
        pace = None if local else patience.catch_up
        connection, tries = patience.of(connection, paced=not local), patience.retries(live=False, pace=pace)
        wiring.run(found, asked, runs, [], connection, pace, tries, local=local)


@dataclass(frozen=True)
class _Asking:
    """Whom to ask, and for which model, where that is not to be as it was."""

    model_name: str | None
    url: str | None
    key_file: Path | None
    local: bool
    patience: p.Patience

    def model(self, asked: "Recognition") -> "tuple[Model, Recognition]":
        """The model and what it is asked to do.

        Raises:
            UsageError: another model, which cannot do what the session's could.
        """
        from asrcli.models import check, find

        found = find(self.model_name or asked.model)
        heartbeat = asked.heartbeat if "heartbeat" in found.takes else None
        asked = replace(asked, model=found.name, heartbeat=heartbeat)
        check(found, asked)
        return found, asked

    def service(self, stack: ExitStack, was: str, asked: "Recognition") -> "tuple[Connection, bool]":
        """The connection, and whether it is to the embedded recognizer; `was` is whom the session asked.

        Raises:
            UsageError: as `wiring.connection`.
        """
        from asrcli.cli import wiring

        local = self.local or not (self.url or self.key_file or was)
        url = self.url or (None if local or was == DEFAULT_URL else was or None)
        return wiring.connection(stack, asked, local=local, url=url, key_file=self.key_file), local


def _unheard(journal: "Journal") -> "list[JournalSource]":
    from asrcli.journal.again import JournalSource

    begins = [(track, journal.resume_at(track)) for track in journal.tracks]
    return [JournalSource(journal, track, begin) for track, begin in begins if begin is not None]
