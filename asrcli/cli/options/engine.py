"""The option --engine: which of the recognizers on this machine."""

from typing import TYPE_CHECKING, Annotated

import typer

from asrcli.cli.options.panels import CONNECTION
from asrcli.core.errors import UsageError
from asrcli.core.lazy_module import LazyModule
from asrcli.recognizers.registry import RecognizerInfo

if TYPE_CHECKING:
    from asrcli.recognizers import factory
else:  # only a recognizer that is named is looked for
    factory = LazyModule("asrcli.recognizers.factory")


def find_engine(name: str | None) -> RecognizerInfo:
    """Return the recognizer of that name; without a name the preferred one.

    Raises:
        UsageError: there is no such recognizer.
    """
    return factory.find(name)


def check_engine(name: str | None) -> str | None:
    """Return the name of a recognizer, or None for the preferred one.

    Raises:
        BadParameter: there is no such recognizer.
    """
    try:
        if name is not None:
            find_engine(name)
    except UsageError as exc:
        raise typer.BadParameter(f"{exc}.") from exc
    return name


def engine_names() -> list[str]:
    """The names of all recognizers, for completion."""
    return list(factory.all_recognizers()[0])


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
