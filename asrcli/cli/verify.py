"""`asr verify`: every second of a session, counted again."""

from typing import Annotated

import typer

from asrcli.cli import keeping
from asrcli.cli import options as o

EXAMPLES = "Examples:\n\nasr verify 20261124-2305\n\nasr verify 20261124-2305 --json"

SessionId = Annotated[str, typer.Argument(help="Which: its name, or how that begins.", metavar="SESSION")]


def verify(
    session: SessionId,
    as_json: o.AsJson = False,
    journal: keeping.PlainFolder = None,
    debug: o.Debug = False,
    log_file: o.LogFile = None,
) -> None:
    """Count from the audio and the events of a session what became of every second, and compare with its account.

    Exit code 6 when audio is lost, or when the figures disagree.
    """
    del debug  # read by the error boundary
    from dataclasses import asdict

    from asrcli.cli import wiring
    from asrcli.cli.printing import put, put_json
    from asrcli.errors import UsageError
    from asrcli.journal.audit import Unaccounted, audit
    from asrcli.journal.lock import in_use

    wiring.log_to(log_file)
    path = keeping.shelf(journal).find(session)
    if in_use(path):
        raise UsageError(f"session {path.name} is in use", "wait until that run has ended")
    found = keeping.opened(path)
    if found.header.inputs:
        raise UsageError(f"{found.id} is a run over files: there are no samples here to count", "asr resume goes on")
    counted = audit(found)
    if as_json:
        put_json({"id": found.id, **asdict(counted)})
    else:
        put(counted.line())
    if counted.problems:
        raise Unaccounted(counted.lost_ms + counted.unheard_ms, counted.problems)
