"""`asr sessions`: the recorded sessions on this disk."""

from enum import StrEnum
from typing import Annotated

import typer

from asrcli.cli.builders.log_file import log_to
from asrcli.cli.options.completion import session_ids
from asrcli.cli.options.confirmation import Yes
from asrcli.cli.options.journal import SessionsFolder
from asrcli.cli.options.logging import Debug, LogFile
from asrcli.cli.options.output import AsJson
from asrcli.core.errors import UsageError

EXAMPLES = "Examples:\n\nasr sessions\n\nasr sessions show 20261124-2305"


class SessionsAction(StrEnum):
    """What is done with sessions."""

    LIST = "list"
    SHOW = "show"
    DELETE = "delete"


Action = Annotated[SessionsAction, typer.Argument(help="What to do.", show_default=False, metavar="[list|show|delete]")]
SessionIds = Annotated[
    list[str] | None,
    typer.Argument(
        help="IDs of sessions, or how they begin.", metavar="[ID]...", show_default=False, autocompletion=session_ids
    ),
]


def sessions(
    action: Action = SessionsAction.LIST,
    ids: SessionIds = None,
    as_json: AsJson = False,
    journal: SessionsFolder = None,
    yes: Yes = False,
    debug: Debug = False,
    log_file: LogFile = None,
) -> None:
    """List, show or delete the recorded sessions: the audio and its text.

    Finished sessions are deleted when all of them take more than 2 GB, and every session after 14 days.
    """
    del debug  # read by the error boundary
    from asrcli.cli.builders.journal_keeping import journal_directory
    from asrcli.cli.render import session_tables

    log_to(log_file)
    directory = journal_directory(journal)
    if action is SessionsAction.LIST:
        if ids:
            raise UsageError("list takes no ID", "to see one: asr sessions show ID")
        session_tables.print_all(directory, as_json=as_json)
        return
    if not ids:
        raise UsageError(f"{action} needs an ID", "asr sessions lists them")
    paths = [directory.find(session_id) for session_id in ids]
    if action is SessionsAction.DELETE:
        session_tables.delete(paths, yes=yes)
        return
    if len(paths) > 1:
        raise UsageError("show takes one ID")
    session_tables.print_one(paths[0], as_json=as_json)
