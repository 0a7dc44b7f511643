"""What a run may cost, and what it will: the options of it, once, and the words for a forecast."""

from collections.abc import Sequence
from math import ceil
from typing import TYPE_CHECKING, Annotated

import typer

from asrcli.cli.options.shared import CONNECTION, FLAG
from asrcli.core.errors import UsageError, bare_url
from asrcli.core.settings import RecognitionSettings
from asrcli.dashscope.catalogue import Model
from asrcli.dashscope.prices import Price

if TYPE_CHECKING:
    from asrcli.core.interfaces import Source
    from asrcli.runs.run import ConcurrentSources

BudgetLimit = Annotated[
    float | None,
    typer.Option(
        "--budget",
        help="End the run in order before it costs more than so much.",
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
        help="Say what it would cost, and send nothing.",
        metavar=FLAG,
        rich_help_panel=CONNECTION,
    ),
]


def known(model: Model, option: str, region: str, *, local: bool) -> Price:
    """The price of a model, which the option needs.

    Raises:
        UsageError: nobody knows it, or there is none.
    """
    if local:
        raise UsageError(f"{option} with --local: the embedded recognizer costs nothing")
    price = model.prices.get(region)
    if price is None:
        where = f" in {region}" if region else " at that address"
        raise UsageError(f"{option}: nobody knows what {model.name} costs{where}", "see asr models, and --region")
    return price


def budget_limit(budget: float | None) -> float | None:
    """The budget, where it is one.

    Raises:
        UsageError: it is no sum of money.
    """
    if budget is not None and not 0 <= budget < float("inf"):
        raise UsageError(f"--budget {budget}: not a sum of money", "as in --budget 5.00")
    return budget


def at_most(model: Model, region: str, *, local: bool) -> Price:
    """The price of a model of which a limit can be kept.

    Raises:
        UsageError: there is none, or nobody can foretell what an answer costs.
    """
    if not model.traits.cost_is_bounded:
        problem = f"--budget: nobody can foretell what an answer of {model.name} costs"
        raise UsageError(problem, "it keeps in mind what was said before, and that may be charged again")
    return known(model, "--budget", region, local=local)


def forecast_cost(
    sources: "Sequence[Source | ConcurrentSources]", model: Model, price: Price, recognition: RecognitionSettings
) -> list[str]:
    """A line for each source, and one for all where they are several."""
    from asrcli.outputs.formatting import clock
    from asrcli.runs.run import flatten_sources

    lines, total_ms, total_s, unknown = [], 0, 0, False
    for source in flatten_sources(sources):
        name = bare_url(source.name)
        name = f"{name} ({source.speaker})" if source.speaker else name
        if source.duration_ms is None:
            unknown = True
            lines.append(f"{name}: of unknown length")
            continue
        total_ms += source.duration_ms
        total_s += ceil(source.duration_ms / 1000)  # as the service counts
        lines.append(
            f"{name}: {clock(source.duration_ms)}, {_cost(ceil(source.duration_ms / 1000), price, recognition)}"
        )
    if len(lines) > 1:
        rest = ", and what is of unknown length" if unknown else ""
        lines.append(f"all: {clock(total_ms)}, {_cost(total_s, price, recognition)}{rest}")
    if not model.traits.cost_is_bounded:
        lines.append("and what it keeps in mind of what was said before, which may be charged again")
    return lines


def _cost(seconds: int, price: Price, recognition: RecognitionSettings) -> str:
    from asrcli.outputs.formatting import money

    least, most = price.forecast(seconds, recognition)
    return money(most) if least == most else f"about {money(least)} to {money(most)}"
