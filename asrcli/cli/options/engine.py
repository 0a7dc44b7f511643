"""The option --engine: which of the recognizers on this machine."""

from typing import Annotated

import typer

from asrcli.cli.options.panels import CONNECTION
from asrcli.core.errors import UsageError
from asrcli.recognizers import registry


def check_engine(name: str | None) -> str | None:
    """Return the name of a recognizer, or None for the preferred one.

    Raises:
        BadParameter: there is no such recognizer.
    """
    try:
        if name is not None:
            registry.find(name)
    except UsageError as exc:
        raise typer.BadParameter(f"{exc}.") from exc
    return name


def engine_names() -> list[str]:
    """The names of all recognizers, for completion."""
    return list(registry.everything()[0])


def engine_option(text: str, panel: str) -> "typer.models.OptionInfo":
    """The option; `text` is its help."""
    option: typer.models.OptionInfo = typer.Option(
        "--engine",
        help=text,
        metavar="NAME",
        callback=check_engine,
        autocompletion=engine_names,
        rich_help_panel=panel,
        show_default=False,
    )
    return option


EngineName = Annotated[
    str | None,
    engine_option("Recognizer for --local or --fallback (see asr engines). Default: the best one here.", CONNECTION),
]
