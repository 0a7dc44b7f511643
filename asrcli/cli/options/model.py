"""The options that name the model and its wire."""

from typing import Annotated, Any

import typer

from asrcli.dashscope.catalogue import MODELS
from asrcli.dashscope.model_selection import AUTO
from asrcli.dashscope.parameters import MODEL
from asrcli.protocol.registry import WIRES


def known_models() -> list[str]:
    """The values that completion offers for --model."""
    return [AUTO, *MODELS]


def model_option(words: str, *, show_default: bool = False) -> Any:
    """The option --model; the commands differ in its default, which `words` names."""
    return typer.Option(
        "--model",
        "-m",
        help=f"Model to use{words}",
        autocompletion=known_models,
        rich_help_panel=MODEL,
        metavar="NAME",
        show_default=show_default,
    )


ModelName = Annotated[str, model_option("; auto looks at rate and language.", show_default=True)]
WireName = Annotated[
    str | None,
    typer.Option(
        "--wire",
        help=f"Protocol of the server: {', '.join(WIRES)}. Default: what the name of the model suggests.",
        autocompletion=lambda: list(WIRES),
        metavar="NAME",
        rich_help_panel=MODEL,
        show_default=False,
    ),
]
