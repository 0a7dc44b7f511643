"""`asr search`: words in the transcripts that the library keeps."""

from typing import Annotated

import typer

from asrcli.cli.builders.log_file import log_to
from asrcli.cli.options.logging import Debug, LogFile
from asrcli.cli.options.output import AsJson

EXAMPLES = (
    "Examples:\n\nasr search 预算\n\nasr search budget review --context 2\n\nasr search '\"next Monday\" 会议' --json"
)

Words = Annotated[
    list[str],
    typer.Argument(
        help="Words or parts of words that one sentence must contain; text in quotes is a phrase.",
        metavar="WORD...",
        show_default=False,
    ),
]
Context = Annotated[
    int,
    typer.Option("--context", "-C", help="Number of sentences to show before and after.", min=0, max=100, metavar="N"),
]
Limit = Annotated[
    int, typer.Option(help="Maximum number of sentences; 0 shows all.", min=0, max=1_000_000, metavar="N")
]


def search(
    words: Words,
    *,
    context: Context = 1,
    limit: Limit = 20,
    as_json: AsJson = False,
    debug: Debug = False,
    log_file: LogFile = None,
) -> None:
    """Find words in the finished transcripts that the library keeps. The newest come first.

    Case, punctuation and full-width letters make no difference; Chinese text is matched character by character.

    To switch the library on: asr config set library on.
    """
    del debug  # read by the error boundary
    from asrcli.cli.render.search_results import print_found

    log_to(log_file)
    print_found(words, limit, context, as_json=as_json)
