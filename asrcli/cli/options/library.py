"""The options for the library of finished transcripts."""

from typing import TYPE_CHECKING, Annotated

import typer

from asrcli.cli.options import values
from asrcli.cli.options.panels import FLAG, OUTPUT
from asrcli.core.dataclass import dataclass
from asrcli.library.library_limits import LibraryLimits

if TYPE_CHECKING:
    from asrcli.cli.builders.library_keeping import LibraryKeeping

_AGE_HELP = "Delete transcripts from the library that are older: 90d, 12w, 2y. Default: keep them."
_SIZE_HELP = "Delete the oldest transcripts when the library is larger: 500M, 2G. Default: no limit."

Library = Annotated[
    bool | None,
    typer.Option(
        "--library/--no-library",
        help="Keep the finished transcript in the library, for asr search. Default: off.",
        metavar=FLAG,
        rich_help_panel=OUTPUT,
        show_default=False,
    ),
]
MaxAge = Annotated[
    str | None, typer.Option("--library-max-age", help=_AGE_HELP, metavar="TIME", rich_help_panel=OUTPUT)
]
MaxSize = Annotated[
    str | None, typer.Option("--library-max-size", help=_SIZE_HELP, metavar="SIZE", rich_help_panel=OUTPUT)
]
PurgeAge = Annotated[str | None, typer.Option("--library-max-age", help=f"purge: {_AGE_HELP}", metavar="TIME")]
PurgeSize = Annotated[str | None, typer.Option("--library-max-size", help=f"purge: {_SIZE_HELP}", metavar="SIZE")]


@dataclass(frozen=True)
class LibraryOptions:
    """The values of the options, as the user gave them; `library` is None if nobody has said.

    Raises:
        UsageError: an age or a size that cannot be read.
    """

    library: Library = None
    library_max_age: MaxAge = None
    library_max_size: MaxSize = None

    def __post_init__(self) -> None:
        values.parse_age(self.library_max_age)
        values.parse_size(self.library_max_size)

    @property
    def limits(self) -> LibraryLimits:
        """How much the library keeps."""
        return LibraryLimits(values.parse_age(self.library_max_age), values.parse_size(self.library_max_size))

    def keeping(self, service: str = "", level: int | None = None) -> "LibraryKeeping":
        """What the library takes of runs with a service, by its address. With a `level` the user may be asked once."""
        from asrcli.cli.builders.library_keeping import LibraryKeeping, is_interactive

        return LibraryKeeping(self.library, self.limits, service, may_ask=is_interactive(level))


NO_LIBRARY = LibraryOptions(library=False)
