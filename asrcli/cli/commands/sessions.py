"""`asr sessions`: the recorded sessions on this disk, and the finished transcripts in the library."""

from enum import StrEnum
from typing import Annotated

import typer

from asrcli.cli.builders.log_file import log_to
from asrcli.cli.options.completion import session_ids
from asrcli.cli.options.configured import is_configured
from asrcli.cli.options.confirmation import Yes
from asrcli.cli.options.journal import SESSION_IDS, SessionsFolder
from asrcli.cli.options.library import LibraryOptions, PurgeAge, PurgeSize
from asrcli.cli.options.logging import Debug, LogFile
from asrcli.cli.options.output import AsJson
from asrcli.cli.options.panels import FLAG
from asrcli.cli.options.values import OutputFormat
from asrcli.core.errors import UsageError

EXAMPLES = """Examples:

asr sessions

asr sessions show 20261124-2305

asr sessions export 20261124-2305 -f srt -o talk.srt

asr sessions export last --max-line 32 --max-lines 1 -o talk.srt

asr sessions import transcripts/ talk.srt"""


class SessionsAction(StrEnum):
    """What is done with sessions."""

    LIST = "list"
    SHOW = "show"
    EXPORT = "export"
    IMPORT = "import"
    KEEP = "keep"
    DELETE = "delete"
    PURGE = "purge"


# The actions on which an option has an effect.
ACTIONS_OF_OPTION = {
    "--format": {SessionsAction.EXPORT},
    "--output": {SessionsAction.EXPORT},
    "--overwrite": {SessionsAction.EXPORT},
    "--max-line": {SessionsAction.EXPORT},
    "--max-lines": {SessionsAction.EXPORT},
    "--json": {SessionsAction.LIST, SessionsAction.SHOW},
}
WITHOUT_ID = {SessionsAction.LIST, SessionsAction.PURGE}
SEVERAL = {SessionsAction.IMPORT, SessionsAction.KEEP, SessionsAction.DELETE}

Action = Annotated[
    SessionsAction,
    typer.Argument(
        help="What to do: list (the default), show, export, import, keep, delete or purge.",
        show_default=False,
        metavar="[ACTION]",
    ),
]
SessionIds = Annotated[
    list[str] | None,
    typer.Argument(
        help="IDs of sessions, or the beginnings of IDs; last is the newest. import: transcripts, or folders of them.",
        metavar="[ID]...",
        show_default=False,
        autocompletion=session_ids,
    ),
]
Formats = Annotated[
    list[OutputFormat] | None,
    typer.Option(
        "--format",
        "-f",
        help="export: text, jsonl, srt, vtt, ass, lrc, tsv, csv, md, json or html; may be repeated.",
        metavar="FORMAT",
        show_default=False,
    ),
]
ExportFile = Annotated[
    str | None,
    typer.Option(
        "--output", "-o", help="export: output file; with several formats each adds its suffix.", metavar="PATH"
    ),
]
Overwrite = Annotated[
    bool, typer.Option("--overwrite", help="export: overwrite a file even if it is not a transcript.", metavar=FLAG)
]

ExportLine = Annotated[
    int | None,
    typer.Option(
        "--max-line",
        help="export: longest line of subtitles, in screen columns; a Chinese character takes 2. Default: 42.",
        min=10,
        max=200,
        metavar="N",
    ),
]
ExportLines = Annotated[
    int | None,
    typer.Option(
        "--max-lines", help="export: maximum number of lines per subtitle. Default: 2.", min=1, max=4, metavar="N"
    ),
]


def sessions(
    action: Action = SessionsAction.LIST,
    ids: SessionIds = None,
    format_: Formats = None,
    output: ExportFile = None,
    overwrite: Overwrite = False,
    max_line: ExportLine = None,
    max_lines: ExportLines = None,
    as_json: AsJson = False,
    journal: SessionsFolder = None,
    library_max_age: PurgeAge = None,
    library_max_size: PurgeSize = None,
    yes: Yes = False,
    debug: Debug = False,
    log_file: LogFile = None,
) -> None:
    """List, show, export, keep or delete sessions and their transcripts.

    Recorded audio is deleted after 14 days, or earlier when all finished sessions take more than 2 GB. Text in the
    library stays. keep puts the text of a session into the library and protects it from all limits. import puts
    transcripts that are files into the library. purge applies the limits of the library now.
    """
    del debug  # read by the error boundary
    from asrcli.cli.builders.sessions import session_actions, session_catalogue, transcript_import
    from asrcli.cli.render import session_tables

    given = {"--format": format_, "--output": output, "--overwrite": overwrite, "--json": as_json}
    _check(action, ids or [], given | {"--max-line": max_line, "--max-lines": max_lines})
    limits = LibraryOptions(None, library_max_age, library_max_size).limits
    log_to(log_file)
    catalogue = session_catalogue.session_catalogue(journal)
    if action is SessionsAction.LIST:
        session_tables.print_all(catalogue, as_json=as_json)
        return
    if action is SessionsAction.PURGE:
        session_actions.purge(catalogue, limits, yes=yes)
        return
    if action is SessionsAction.IMPORT:
        transcript_import.import_transcripts(catalogue.library, ids or [])
        return
    found = list(dict.fromkeys(map(catalogue.find, ids or ())))
    if action is SessionsAction.SHOW:
        session_tables.print_one(catalogue, found[0], as_json=as_json)
    elif action is SessionsAction.EXPORT:
        lines = {"max_line": max_line, "max_lines": max_lines}
        session_actions.export(catalogue, found[0], format_, output, overwrite=overwrite, **lines)
    elif action is SessionsAction.KEEP:
        session_actions.keep(catalogue, found)
    else:
        session_actions.delete(catalogue, found, yes=yes)


def _check(action: SessionsAction, ids: list[str], given: dict[str, object]) -> None:
    """Refuse options and IDs that an action does not take. A setting that has no effect is no mistake.

    Raises:
        UsageError: one of these.
    """
    for option, value in given.items():
        if value and action not in ACTIONS_OF_OPTION[option] and not is_configured(option):
            raise UsageError(f"{option} has no effect on asr sessions {action}")
    if action in WITHOUT_ID and ids:
        raise UsageError(f"{action} takes no ID", "to see one: asr sessions show ID")
    if action is SessionsAction.IMPORT and not ids:
        raise UsageError("import needs a transcript, or a folder of them")
    if action not in WITHOUT_ID and not ids:
        raise UsageError(f"{action} needs an ID", SESSION_IDS)
    if action not in WITHOUT_ID | SEVERAL and len(ids) > 1:
        raise UsageError(f"{action} takes one ID")
