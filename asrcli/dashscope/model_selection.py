"""Which model is meant: by its name, or by the audio and the languages. Looks into the catalogue, calls nobody."""

import re
from collections.abc import Iterable, Sequence

from asrcli.core.errors import UsageError
from asrcli.core.settings import DEFAULT_MANUAL_MODEL, DEFAULT_MODEL
from asrcli.dashscope.catalogue import MODELS, Model, model_names, options_of_wire
from asrcli.protocol.registry import wire_of_model

AUTO = "auto"
TELEPHONE_RATE = 8000

TELEPHONE = "fun-asr-flash-8k-realtime"
USUAL = (  # the first that suits is picked
    DEFAULT_MODEL,
    DEFAULT_MANUAL_MODEL,
    "qwen-audio-3.0-asr-flash-streaming",
    "paraformer-realtime-v2",
)
REGIONS = frozenset(region for model in MODELS.values() for region in model.prices)  # of which is known what they offer


def find_model(name: str) -> Model:
    """The model of that name; an unknown one gets the wire its name suggests and takes what that wire takes.

    Raises:
        UsageError: no name at all.
    """
    if name in MODELS:
        return MODELS[name]
    if not name.strip():
        raise UsageError("--model is empty")
    wire = wire_of_model(name)
    rates = (TELEPHONE_RATE,) if re.search(wire.telephone_pattern, name) else wire.rates
    return Model(name, wire.name, rates, options_of_wire(wire.name), wire.language_limit, known=False)


def wire_rate(model: Model, native: int | None) -> int:
    """The rate to send audio of a native rate at (None: not known beforehand). Telephone audio is never upsampled here.

    Raises:
        UsageError: telephone audio for a model that does not take it.
    """
    if native is None or native > TELEPHONE_RATE:
        return model.rate
    if not model.rates or TELEPHONE_RATE in model.rates:
        return TELEPHONE_RATE
    rates, takers = " or ".join(map(str, model.rates)), model_names(lambda row: TELEPHONE_RATE in row.rates)
    raise UsageError(f"{model.name} takes audio at {rates} Hz, not at {native} Hz", f"use {takers}")


def pick_model(natives: Iterable[int | None], languages: Sequence[str], region: str = "") -> str:
    """A model for audio of these rates in these languages, for those who do not want to choose.

    The first that suits all of it and is offered there; where none does, the usual one, which will say why not.
    """
    telephone = all(native is not None and native <= TELEPHONE_RATE for native in natives)
    for name in (TELEPHONE, *USUAL) if telephone else USUAL:
        model = MODELS[name]
        spoken = set(languages) <= set(model.languages) and len(languages) <= model.language_limit
        if spoken and (region not in REGIONS or region in model.prices):
            return name
    return USUAL[0]


def similar_models(name: str) -> str:
    """The model whose name somebody may have meant; empty for a new state of one that there is, and for no likeness."""
    from difflib import get_close_matches

    if re.sub(r"-\d{4}-\d\d-\d\d$", "", name) in MODELS:
        return ""
    return next(iter(get_close_matches("-".join(name.lower().split()), MODELS, 1, 0.8)), "")
