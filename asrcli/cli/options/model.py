"""The option that names the model."""

from typing import Annotated, Any

import typer

from asrcli.dashscope.catalogue import MODELS
from asrcli.dashscope.model_selection import AUTO
from asrcli.dashscope.parameters import MODEL


def known_models() -> list[str]:
    """The values that completion offers for --model."""
    return [AUTO, *MODELS]


def model_option(words: str, *, show_default: bool = False) -> Any:
    """The option --model; the commands differ in its default, which `words` names."""
    return typer.Option(
        "--model",
        "-m",
        help=f"Model to ask{words}",
        autocompletion=known_models,
        rich_help_panel=MODEL,
        metavar="NAME",
        show_default=show_default,
    )


ModelName = Annotated[str, model_option("; auto looks at rate and language.", show_default=True)]
