"""Which model is meant: by its name, or by the audio and the languages. Looks into the catalogue, calls nobody."""

from collections.abc import Iterable, Sequence

from asrcli.catalogue import INFERENCE, MODELS, OMNI, REALTIME, TRANSLATION, Model, on_wire
from asrcli.errors import UsageError

AUTO = "auto"
TELEPHONE_RATE = 8000
MOST_HINTS = 4

_QWEN_ONLY = {"yue", "tr", "uk", "fil", "is"}  # languages that Fun-ASR does not know


def find(name: str) -> Model:
    """The model of that name; an unknown one gets the wire its name suggests and takes what that wire takes.

    Raises:
        UsageError: no name at all.
    """
    if name in MODELS:
        return MODELS[name]
    if not name.strip():
        raise UsageError("--model is empty")
    for part, wire in (("omni", OMNI), ("gummy", TRANSLATION)):
        if part in name:
            return Model(name, wire, (16000,), on_wire(wire), 1, known=False)
    if name.startswith("qwen") and "-realtime" in name:  # behind it stands nothing, or the date of a snapshot
        return Model(name, REALTIME, (), on_wire(REALTIME), 1, known=False)
    rates = (TELEPHONE_RATE,) if "-8k" in name else ()
    return Model(name, INFERENCE, rates, on_wire(INFERENCE), MOST_HINTS, known=False)


def wire_rate(model: Model, native: int | None) -> int:
    """The rate to send audio of a native rate at (None: not known beforehand). Telephone audio is never upsampled here.

    Raises:
        UsageError: telephone audio for a model that does not take it.
    """
    if native is None or native > TELEPHONE_RATE:
        return model.rate
    if not model.rates or TELEPHONE_RATE in model.rates:
        return TELEPHONE_RATE
    takers = [row.name for row in MODELS.values() if TELEPHONE_RATE in row.rates and not row.snapshot]
    rates = " or ".join(map(str, model.rates))
    raise UsageError(f"{model.name} takes audio at {rates} Hz, not at {native} Hz", f"use {', '.join(takers)}")


def pick(natives: Iterable[int | None], languages: Sequence[str]) -> str:
    """A model for audio of these rates in these languages, for those who do not want to choose."""
    if len(languages) > 1:
        return "qwen-audio-3.0-asr-flash-streaming"  # reads several hints
    spoken = set(languages)
    if all(native is not None and native <= TELEPHONE_RATE for native in natives) and spoken <= {"zh"}:
        return "fun-asr-flash-8k-realtime"
    return "qwen3-asr-flash-realtime" if spoken & _QWEN_ONLY else "fun-asr-realtime"


def offered(region: str) -> list[str]:
    """The models that are known to be offered in a region."""
    return [model.name for model in MODELS.values() if region in model.prices]
