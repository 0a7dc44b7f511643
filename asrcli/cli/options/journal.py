"""The options that say where the journal of a run is kept."""

from pathlib import Path
from typing import Annotated

import typer

from asrcli.cli.options.panels import FLAG, OUTPUT

SESSION_IDS = "asr sessions lists them, and last is the newest"

JOURNAL_HELP = "Folder of the sessions. Default: the user's state directory."

JournalFolder = Annotated[
    Path | None,
    typer.Option(
        "--journal",
        help="Folder for audio that has no text yet (see asr resume). Default: your state directory.",
        metavar="DIR",
        rich_help_panel=OUTPUT,
        show_default=False,
    ),
]
NoJournal = Annotated[
    bool, typer.Option("--no-journal", help="Keep no journal of this run.", metavar=FLAG, rich_help_panel=OUTPUT)
]
ResumeFolder = Annotated[
    Path | None,
    typer.Option("--journal", help=JOURNAL_HELP, metavar="DIR", rich_help_panel=OUTPUT, show_default=False),
]
SessionsFolder = Annotated[Path | None, typer.Option("--journal", help=JOURNAL_HELP, metavar="DIR", show_default=False)]
