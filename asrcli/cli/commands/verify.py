"""`asr verify`: a second count of every second of a recorded session."""

from dataclasses import asdict
from typing import Annotated

import typer

from asrcli.cli.builders.log_file import log_to
from asrcli.cli.options.completion import session_ids
from asrcli.cli.options.journal import SessionsFolder
from asrcli.cli.options.logging import Debug, LogFile
from asrcli.cli.options.output import AsJson
from asrcli.cli.render.stdout import print_json, print_lines
from asrcli.core.errors import UsageError
from asrcli.journal.lock import in_use

EXAMPLES = "Examples:\n\nasr verify 20261124-2305\n\nasr verify 20261124-2305 --json"

SessionId = Annotated[
    str,
    typer.Argument(
        help="The ID of a session, or the beginning of its ID; last is the newest.",
        metavar="SESSION",
        autocompletion=session_ids,
    ),
]


def verify(
    session: SessionId,
    as_json: AsJson = False,
    journal: SessionsFolder = None,
    debug: Debug = False,
    log_file: LogFile = None,
) -> None:
    """Check, with the recorded audio and events of a session, that no second is lost or counted wrongly.

    The exit code is 6 if audio is lost, or if the figures do not match.
    """
    del debug  # read by the error boundary
    from asrcli.cli.builders.journal_keeping import journal_directory, open_journal
    from asrcli.journal.audit import AuditFailed, audit

    log_to(log_file)
    path = journal_directory(journal).find(session)
    if in_use(path):
        raise UsageError(f"session {path.name} is in use", "wait until that run has ended")
    recorded = open_journal(path)
    if recorded.header.inputs:
        raise UsageError(
            f"{recorded.id} is a run over files: it has no recorded audio to count", "asr resume continues it"
        )
    result = audit(recorded)
    if as_json:
        print_json({"id": recorded.id, **asdict(result)})
    else:
        print_lines(result.line())
    if result.problems:
        raise AuditFailed(result.lost_ms + result.unheard_ms, result.problems)
