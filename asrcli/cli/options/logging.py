"""How much of itself a command tells, and where: the options of it, once."""

from dataclasses import dataclass

from asrcli.cli.options import shared as o
from asrcli.cli.options import values


@dataclass(frozen=True)
class LoggingOptions:
    """The options as they were given; `debug` is read by the error boundary.

    Raises:
        UsageError: less and more of it.
    """

    quiet: o.Quiet = False
    verbose: o.Verbose = 0
    debug: o.Debug = False
    log_file: o.LogFile = None

    def __post_init__(self) -> None:
        values.status_level(quiet=self.quiet, verbose=self.verbose)

    @property
    def level(self) -> int | None:
        """How much is wanted; None is nothing at all."""
        return values.status_level(quiet=self.quiet, verbose=self.verbose)
