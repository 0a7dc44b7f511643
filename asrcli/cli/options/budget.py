"""The options about the cost of a run: a limit, and a forecast instead of a run."""

from math import inf
from typing import Annotated

import typer

from asrcli.cli.options.panels import CONNECTION, FLAG


def check_budget(budget: float | None) -> float | None:
    """The value of --budget in CNY; for infinity and NaN, Typer reports a bad parameter."""
    if budget is not None and not 0 <= budget < inf:
        raise typer.BadParameter(f"{budget} is not an amount of money; as in --budget 5.00")
    return budget


BudgetLimit = Annotated[
    float | None,
    typer.Option(
        "--budget",
        help="End the run normally before it costs more than this.",
        min=0,
        callback=check_budget,
        metavar="CNY",
        rich_help_panel=CONNECTION,
        show_default=False,
    ),
]
Estimate = Annotated[
    bool,
    typer.Option(
        "--estimate",
        help="Print the expected cost, and send nothing.",
        metavar=FLAG,
        rich_help_panel=CONNECTION,
    ),
]
