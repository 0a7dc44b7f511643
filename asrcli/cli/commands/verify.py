"""`asr verify`: every second of a session, counted again."""

from typing import Annotated

import typer

from asrcli.cli.options import journal as options_journal
from asrcli.cli.options.logging import Debug, LogFile
from asrcli.cli.options.output import AsJson

EXAMPLES = "Examples:\n\nasr verify 20261124-2305\n\nasr verify 20261124-2305 --json"

SessionId = Annotated[str, typer.Argument(help="Which: its name, or how that begins.", metavar="SESSION")]


def verify(
    session: SessionId,
    as_json: AsJson = False,
    journal: options_journal.PlainFolder = None,
    debug: Debug = False,
    log_file: LogFile = None,
) -> None:
    """Count from the audio and the events of a session what became of every second, and compare with its account.

    Exit code 6 when audio is lost, or when the figures disagree.
    """
    del debug  # read by the error boundary
    from dataclasses import asdict

    from asrcli.cli.build import run
    from asrcli.cli.render.stdout import print_json, print_lines
    from asrcli.core.errors import UsageError
    from asrcli.journal.audit import AuditFailed, audit
    from asrcli.journal.lock import in_use

    run.log_to(log_file)
    path = options_journal.shelf(journal).find(session)
    if in_use(path):
        raise UsageError(f"session {path.name} is in use", "wait until that run has ended")
    found = options_journal.opened(path)
    if found.header.inputs:
        raise UsageError(f"{found.id} is a run over files: there are no samples here to count", "asr resume goes on")
    counted = audit(found)
    if as_json:
        print_json({"id": found.id, **asdict(counted)})
    else:
        print_lines(counted.line())
    if counted.problems:
        raise AuditFailed(counted.lost_ms + counted.unheard_ms, counted.problems)
