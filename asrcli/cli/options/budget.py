"""The options about the cost of a run: a limit, and a forecast instead of a run."""

from typing import Annotated

import typer

from asrcli.cli.options.panels import CONNECTION, FLAG

BudgetLimit = Annotated[
    float | None,
    typer.Option(
        "--budget",
        help="End the run in order before it costs more than this.",
        min=0,
        metavar="CNY",
        rich_help_panel=CONNECTION,
        show_default=False,
    ),
]
Estimate = Annotated[
    bool,
    typer.Option(
        "--estimate",
        help="Print what it would cost, and send nothing.",
        metavar=FLAG,
        rich_help_panel=CONNECTION,
    ),
]
