"""The price of a model where an option needs it, the limit of --budget, and the forecast of --estimate."""

from collections.abc import Sequence
from math import ceil
from typing import TYPE_CHECKING

from asrcli.cli.options.connection import ConnectionOptions
from asrcli.cli.render.stdout import print_lines
from asrcli.core.errors import AsrError, UsageError, bare_url, combine_errors
from asrcli.core.settings import RecognitionSettings
from asrcli.dashscope.catalogue import Model
from asrcli.outputs.formatting import clock, money
from asrcli.runs.run import flatten_sources

if TYPE_CHECKING:
    from asrcli.core.interfaces import Source
    from asrcli.dashscope.prices import Price
    from asrcli.runs.run import ConcurrentSources


def known_price(model: Model, option: str, region: str, *, local: bool) -> "Price":
    """The price of a model in a region; `option` is the option that needs it, for the message.

    Raises:
        UsageError: the price is not known, or the recognizer costs nothing.
    """
    if local:
        raise UsageError(f"{option} with --local: the embedded recognizer costs nothing")
    price = model.prices.get(region)
    if price is None:
        where = "at that address"
        if region:
            where = f"in {region}"
        raise UsageError(f"{option}: the price of {model.name} {where} is not known", "see asr models, and --region")
    return price


def bounded_price(model: Model, region: str, *, local: bool) -> "Price":
    """The price of a model for which the limit of --budget can be kept.

    Raises:
        UsageError: the price is not known, or the cost of an answer cannot be known before it comes.
    """
    if not model.traits.cost_is_bounded:
        problem = f"--budget: the cost of an answer of {model.name} cannot be known before it comes"
        raise UsageError(problem, "it remembers what was said before, and that may be charged again")
    return known_price(model, "--budget", region, local=local)


def print_estimate(
    sources: "Sequence[Source | ConcurrentSources]",
    failures: Sequence[AsrError],
    model: Model,
    recognition: RecognitionSettings,
    service: ConnectionOptions,
) -> None:
    """Print what --estimate asks for; `failures` are the inputs that cannot be read.

    Raises:
        UsageError: the price is not known.
        AsrError: the failures, after the forecast for the other inputs.
    """
    price = known_price(model, "--estimate", service.region_asked, local=service.local)
    print_lines(*forecast_cost(sources, model, price, recognition))
    if failures:
        raise combine_errors(failures)


def forecast_cost(
    sources: "Sequence[Source | ConcurrentSources]", model: Model, price: "Price", recognition: RecognitionSettings
) -> list[str]:
    """The lines that --estimate prints: one for each source, and one for the sum if there are several."""
    lines: list[str] = []
    total_ms = 0
    billed_s = 0
    has_unknown = False
    for source in flatten_sources(sources):
        name = bare_url(source.name)
        if source.speaker:
            name = f"{name} ({source.speaker})"
        if source.duration_ms is None:
            has_unknown = True
            lines.append(f"{name}: of unknown length")
            continue
        seconds = ceil(source.duration_ms / 1000)  # the service charges whole seconds of each source
        total_ms += source.duration_ms
        billed_s += seconds
        lines.append(f"{name}: {clock(source.duration_ms)}, {_cost(seconds, price, recognition)}")
    if len(lines) > 1:
        total = f"all: {clock(total_ms)}, {_cost(billed_s, price, recognition)}"
        if has_unknown:
            total += ", and what is of unknown length"
        lines.append(total)
    if not model.traits.cost_is_bounded:
        lines.append("and what it remembers of what was said before, which may be charged again")
    return lines


def _cost(seconds: int, price: "Price", recognition: RecognitionSettings) -> str:
    least, most = price.forecast(seconds, recognition)
    if least == most:
        return money(most)
    return f"about {money(least)} to {money(most)}"
