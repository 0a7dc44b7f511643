"""Finds a model by its name, or picks one by audio and languages. Reads the catalogue; no I/O."""

import re
from collections.abc import Iterable, Sequence
from difflib import get_close_matches

from asrcli.core.errors import SettingError, UsageError
from asrcli.core.settings import DEFAULT_MANUAL_MODEL, DEFAULT_MODEL
from asrcli.dashscope.catalogue import MODELS, Model, model_names, options_of_wire
from asrcli.dashscope.setting_errors import SettingEmpty
from asrcli.protocol.registry import WIRES, wire_of_model

AUTO = "auto"
TELEPHONE_RATE = 8000

TELEPHONE = "fun-asr-flash-8k-realtime"
USUAL = (  # in the order of preference
    DEFAULT_MODEL,
    DEFAULT_MANUAL_MODEL,
    "qwen-audio-3.0-asr-flash-streaming",
    "paraformer-realtime-v2",
)
REGIONS = frozenset(region for model in MODELS.values() for region in model.prices)  # whose models are known


def find_model(name: str, wire_name: str = "") -> Model:
    """The model of that name. An unknown model gets the wire that its name suggests, and all options of that wire.

    With `wire_name` that wire is spoken, whatever the name suggests.

    Raises:
        UsageError: the name is empty, or there is no such wire.
    """
    if name in MODELS and wire_name in {"", MODELS[name].wire}:
        return MODELS[name]
    if not name.strip():
        raise SettingEmpty("model")
    if wire_name and wire_name not in WIRES:
        raise SettingError("wire", f"there are {', '.join(WIRES)}", value=wire_name)
    wire = WIRES[wire_name] if wire_name else wire_of_model(name)
    rates = (TELEPHONE_RATE,) if re.search(wire.telephone_pattern, name) else wire.rates
    return Model(name, wire.name, rates, options_of_wire(wire.name), wire.language_limit, known=False)


def wire_rate(model: Model, native: int | None) -> int:
    """The rate in Hz at which audio with a native rate (None: not known) is sent. Telephone audio stays at 8 kHz.

    Raises:
        UsageError: the audio is telephone audio and the model does not take it.
    """
    if native is None or native > TELEPHONE_RATE:
        return model.rate
    if not model.rates or TELEPHONE_RATE in model.rates:
        return TELEPHONE_RATE
    rates = " or ".join(map(str, model.rates))
    takers = model_names(lambda row: TELEPHONE_RATE in row.rates)
    raise UsageError(f"{model.name} takes audio at {rates} Hz, not at {native} Hz", f"use {takers}")


def pick_model(natives: Iterable[int | None], languages: Sequence[str], region: str = "") -> str:
    """The model for `--model auto`: for audio of these native rates in these languages.

    The first model that suits all inputs and is offered in the region. Where no model does, the default model, whose
    check then names the problem.
    """
    telephone = all(native is not None and native <= TELEPHONE_RATE for native in natives)
    for name in (TELEPHONE, *USUAL) if telephone else USUAL:
        model = MODELS[name]
        spoken = set(languages) <= set(model.languages) and len(languages) <= model.language_limit
        if spoken and (region not in REGIONS or region in model.prices):
            return name
    return USUAL[0]


def similar_models(name: str) -> str:
    """The known model with the most similar name; empty if none is, and for a new snapshot of a known model.

    The service has models for whole files, too: their names are those of realtime models without that word.
    """
    if re.sub(r"-\d{4}-\d\d-\d\d$", "", name) in MODELS:
        return ""
    written = "-".join(name.lower().split())
    if near := get_close_matches(written, MODELS, 1, 0.8):
        return near[0]
    words = set(written.split("-"))
    return next((known for known in MODELS if words <= set(known.split("-")) and len(words) > 1), "")
