"""`asr models`: the models of the service, their options and their prices."""

import sys
from dataclasses import asdict
from typing import Annotated, Any

import typer

from asrcli.cli.options.logging import Debug
from asrcli.cli.options.output import AsJson
from asrcli.cli.render.stdout import print_json, print_rows, print_text
from asrcli.core.errors import UsageError
from asrcli.core.settings import DEFAULT_MODEL
from asrcli.dashscope.catalogue import MODELS, Model
from asrcli.dashscope.model_selection import similar_models
from asrcli.dashscope.validation import OPTIONS

EXAMPLES = f"Examples:\n\nasr models\n\nasr models {DEFAULT_MODEL}"

Name = Annotated[
    str | None,
    typer.Argument(
        help="The name of a model, or a part of it.",
        metavar="[NAME]",
        show_default=False,
        autocompletion=lambda: list(MODELS),
    ),
]


def models(name: Name = None, as_json: AsJson = False, debug: Debug = False) -> None:
    """List the models of the service, or show everything known about one.

    You can also use a model that is not listed: new models appear every month.
    """
    del debug  # read by the error boundary
    found = _find(name)
    if as_json:
        print_json([_described(model) for model in found])
    elif len(found) == 1 and name is not None:
        print_text(*_sheet(found[0]), indent=4)
    elif sys.stdout is not None and sys.stdout.isatty():
        _table(found)
    else:
        print_rows(_row(model) for model in found)


def _find(name: str | None) -> list[Model]:
    """The model of that name, or else the models whose name holds it; all without a name.

    Raises:
        UsageError: there is none.
    """
    if name is None:
        return list(MODELS.values())
    if name in MODELS:
        return [MODELS[name]]
    matches = [model for model in MODELS.values() if name.lower() in model.name]
    if not matches:
        advice = "asr models lists them; a newer one can be used too"
        if similar := similar_models(name):
            advice = f"did you mean {similar}? {advice}"
        raise UsageError(f"no model {name}", advice)
    return matches


def _described(model: Model) -> dict[str, Any]:
    return {
        "name": model.name,
        "wire": model.wire,
        "rates": list(model.rates) or None,
        "formats": ["pcm", *model.traits.formats],
        "languages": list(model.languages) or None,
        "language_hints": model.language_limit,
        "options": _options(model),
        "word_times": model.traits.word_times,
        "emotions": model.emotions,
        "context": "context" in model.takes,
        "hotwords": "hotwords" in model.takes,
        "hotword_list_words": model.list_words,
        "super_hotwords": model.super_words,
        "cny": {region: price and asdict(price) for region, price in model.prices.items()},
        "free_quota": model.free or None,
        "snapshot": model.snapshot,
        "retiring": model.retiring,
        "workspace_only": model.workspace_only,
        "one_sentence": model.one_sentence,
        "note": model.note,
    }


def _sheet(model: Model) -> list[str]:
    """The lines of the page about one model."""
    facts = {
        "wire": model.wire,
        "rates": _rates(model),
        "formats": " ".join(("pcm", *model.traits.formats)),
        "languages": _languages(model),
    }
    if model.language_limit:
        facts["hints"] = f"reads {model.language_limit} --language"
    facts["options"] = " ".join(_options(model))
    facts["hot words"] = _hotwords(model)
    facts["context"] = _yes_or_no("context" in model.takes)
    facts["word times"] = _yes_or_no(model.traits.word_times)
    facts["emotions"] = _yes_or_no(model.emotions)
    for region, price in model.prices.items():
        facts[region] = "offered, price not known"
        if price:
            facts[region] = price.described
    if model.free:
        facts["free"] = f"in Beijing {model.free}"
    notes = [model.note]
    if model.retiring:
        notes.append("announced to be retired")
    facts["note"] = "; ".join(filter(None, notes))
    width = max(map(len, facts)) + 2
    return [model.name, *(f"  {label:{width}}{fact}" for label, fact in facts.items() if fact)]


def _hotwords(model: Model) -> str:
    ways = []
    if "hotwords" in model.takes:
        ways.append("--hotwords")
    if model.list_words:
        ways.append(f"lists of {model.list_words}: asr vocab")
    else:
        ways.append("none")
    if model.super_words:
        ways.append(f"{model.super_words} of them super hot words, of weight 50")
    return "; ".join(ways)


def _yes_or_no(fact: bool) -> str:
    return "yes" if fact else "no"


def _table(models: list[Model]) -> None:
    from asrcli.cli.render.tables import new_table, print_table

    table = new_table(pad_edge=False, header_style="bold")
    for title in ("model", "Hz", "langs", "hot words", "context", "CNY"):
        table.add_column(title, no_wrap=title == "model", overflow="fold")
    wire = ""
    for model in models:
        if model.wire != wire:
            wire = model.wire
            table.add_row(f"[dim]{wire}[/dim]")
        table.add_row(*_cells(model))
    print_table(table, markup=True)
    print_text("servers of other makers: asr help servers")
    print_text("prices in Beijing, for an hour, or for a million tokens in + out; asr models NAME shows all")


def _cells(model: Model) -> list[str]:
    """The fields of a model in the table for people."""
    cells = {"name": model.name, "rates": _rates(model), "languages": "any", "words": "", "context": ""}
    if model.retiring:
        cells["name"] = f"{model.name} (retiring)"
    if len(model.rates) > 2:
        cells["rates"] = "16000 up"
    if model.languages:
        cells["languages"] = str(len(model.languages))
    if model.list_words:
        cells["words"] = "lists"
    if model.list_words and "hotwords" in model.takes:
        cells["words"] = "yes"
    if "context" in model.takes:
        cells["context"] = "yes"
    return [*cells.values(), _price(model)]


def _row(model: Model) -> list[str]:
    """The fields of a model for programs: name, wire, rates, languages, regions, price."""
    price = next(iter(model.prices.values()), None)
    described = "not known"
    if price is not None:
        described = price.described
    return [model.name, model.wire, _rates(model), _languages(model), " ".join(model.prices), described]


def _options(model: Model) -> list[str]:
    return [option for name, option in OPTIONS.items() if name in model.takes]


def _rates(model: Model) -> str:
    return " ".join(map(str, model.rates)) or "any"


def _languages(model: Model) -> str:
    if not model.languages and "prompt" in model.takes:
        return "as --prompt says"
    return " ".join(model.languages) or "any"


def _price(model: Model) -> str:
    price = next(iter(model.prices.values()), None)
    if price is None:
        return "not known"
    return price.short
