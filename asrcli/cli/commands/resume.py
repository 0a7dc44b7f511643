"""`asr resume`: text for the audio of an interrupted session that has none yet."""

from typing import Annotated

import typer

from asrcli.cli.builders.log_file import log_to
from asrcli.cli.console import print_message
from asrcli.cli.options.budget import BudgetLimit
from asrcli.cli.options.completion import session_ids
from asrcli.cli.options.confirmation import Yes
from asrcli.cli.options.connection import ConnectionOptions
from asrcli.cli.options.fallback import FallbackOption
from asrcli.cli.options.groups import expand_option_groups
from asrcli.cli.options.journal import ResumeFolder
from asrcli.cli.options.library import LibraryOptions
from asrcli.cli.options.logging import LoggingOptions
from asrcli.cli.options.model import model_option
from asrcli.cli.options.panels import FLAG
from asrcli.cli.options.retry import RetryOptions
from asrcli.core.errors import UsageError

# The options of the short help.
COMMON = """--last --yes --model --url --region --api-key-file --local --engine --retry-for --budget --journal --quiet
--verbose"""

EXAMPLES = "Examples:\n\nasr resume --last\n\nasr resume 20261124-2305 --local"

SessionId = Annotated[
    str | None,
    typer.Argument(
        help="The ID of a session, or the beginning of its ID.",
        metavar="[ID]",
        show_default=False,
        autocompletion=session_ids,
    ),
]
Last = Annotated[
    bool, typer.Option("--last", help="Continue the newest interrupted session; the default without ID.", metavar=FLAG)
]
ModelName = Annotated[str | None, model_option(". Default: the one of the session.")]


@expand_option_groups
def resume(
    session: SessionId = None,
    *,
    last: Last = False,
    model: ModelName = None,
    connection_options: ConnectionOptions,
    retry_options: RetryOptions,
    fallback: FallbackOption = None,
    budget: BudgetLimit = None,
    journal: ResumeFolder = None,
    library_options: LibraryOptions,
    yes: Yes = False,
    logging_options: LoggingOptions,
) -> None:
    """Continue an interrupted session of asr mic or asr file: transcribe the audio that has no text yet.

    Its transcript files continue where they end, with the same numbering and times; subtitles and tables are
    rewritten completely.

    If the session names files to write, or a server other than the service, asr asks you first.
    """
    from asrcli.cli.builders import journal_keeping
    from asrcli.cli.builders.sessions import resume_run

    if last and session is not None:
        raise UsageError("--last and a session are both given", "leave one of them out")
    log_to(logging_options.log_file)
    directory = journal_keeping.journal_directory(journal)
    if session is None and not directory.paths():
        print_message(f"asr: nothing to resume: no session in {directory.folder}")
        return
    path = directory.to_resume(session)
    request = resume_run.ResumeRequest(
        model, connection_options, retry_options, fallback, budget, yes, logging_options.level,
        library_options.keeping(),
    )  # fmt: skip
    resume_run.resume_session(path, request)
