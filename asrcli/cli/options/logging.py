"""The options for status, tracebacks and the log file."""

from pathlib import Path
from typing import Annotated

import typer

from asrcli.cli.options import values
from asrcli.cli.options.panels import DIAGNOSIS, FLAG
from asrcli.core.dataclass import dataclass

Quiet = Annotated[
    bool,
    typer.Option("--quiet", "-q", help="Print no status on standard error.", metavar=FLAG, rich_help_panel=DIAGNOSIS),
]
Verbose = Annotated[
    int,
    typer.Option(
        "--verbose",
        "-v",
        count=True,
        help="Print more status; -vv prints everything.",
        metavar=FLAG,
        show_default=False,
        rich_help_panel=DIAGNOSIS,
    ),
]
Debug = Annotated[
    bool, typer.Option("--debug", help="Show tracebacks of errors.", metavar=FLAG, rich_help_panel=DIAGNOSIS)
]
LogFile = Annotated[
    Path | None,
    typer.Option(help="Write a log to this file, rotated at 1 MB.", metavar="PATH", rich_help_panel=DIAGNOSIS),
]


@dataclass(frozen=True)
class LoggingOptions:
    """The values of the options, as the user gave them; the error boundary reads `debug`.

    Raises:
        UsageError: --quiet and --verbose are both given.
    """

    quiet: Quiet = False
    verbose: Verbose = 0
    debug: Debug = False
    log_file: LogFile = None

    def __post_init__(self) -> None:
        values.status_level(quiet=self.quiet, verbose=self.verbose)

    @property
    def level(self) -> int | None:
        """How much status is printed; None is none."""
        return values.status_level(quiet=self.quiet, verbose=self.verbose)
