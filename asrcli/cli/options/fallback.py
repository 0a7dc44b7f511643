"""The option --fallback: what hears while the service is away."""

from enum import StrEnum
from typing import Annotated

import typer

from asrcli.cli.options.panels import CONNECTION


class FallbackName(StrEnum):
    """What can hear instead of the service."""

    LOCAL = "local"


FallbackOption = Annotated[
    FallbackName | None,
    typer.Option(
        "--fallback",
        help="local: show provisional text during an outage.",
        metavar="NAME",
        rich_help_panel=CONNECTION,
        show_default=False,
    ),
]
