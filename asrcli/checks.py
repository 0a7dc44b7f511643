"""What a model may be asked: nothing it would silently ignore or reject, in range. Told before anyone is called.

`OPTIONS` names the option behind each field, so that what is refused here can be found on the command line.
"""

from collections.abc import Iterator, Mapping
from dataclasses import fields, replace

from asrcli.catalogue import Model, named
from asrcli.config import SILENCE_MS, Recognition
from asrcli.errors import UsageError
from asrcli.models import REGIONS, resembling

OPTIONS: Mapping[str, str] = {
    "languages": "--language",
    "vad": "--no-vad",
    "silence_ms": "--silence-ms",
    "threshold": "--threshold",
    "semantic": "--semantic/--no-semantic",
    "heartbeat": "--heartbeat/--no-heartbeat",
    "hotwords": "--hotwords",
    "vocabulary_id": "--vocabulary-id",
    "phrase_id": "--phrase-id",
    "context": "--context",
    "multi_threshold": "--multi-threshold",
    "vad_model": "--vad-model",
    "prefix_ms": "--prefix-padding-ms",
    "punctuation": "--punctuation/--no-punctuation",
    "itn": "--itn/--no-itn",
    "disfluency": "--disfluency",
    "keep_dialect": "--keep-dialect",
    "interim": "--interim/--no-interim",
    "masked": "--filter-words",
    "dropped": "--drop-words",
    "system_filter": "--system-filter",
    "translate": "--translate",
    "transcription": "--translation-only",
    "prompt": "--prompt",
    "side_transcript": "--side-transcript",
    "temperature": "--temperature",
    "top_p": "--top-p",
    "top_k": "--top-k",
    "max_tokens": "--max-tokens",
    "seed": "--seed",
    "extra": "--param",
}
# What the embedded recognizer heeds, under the name of any model.
EMBEDDED = frozenset({"languages", "vad", "silence_ms", "heartbeat", "interim", "hotwords"})
VAD_MODELS = ("far_field_meeting_16k", "near_meeting_16k")
MOST_FILTERED = 32
FORCE = "--force sends it anyway"

# Within which bounds a number must be; the service's own, where it names them.
_BOUNDS: Mapping[str, tuple[float, float]] = {
    "silence_ms": (SILENCE_MS[0], SILENCE_MS[-1]),
    "threshold": (-1, 1),
    "prefix_ms": (0, SILENCE_MS[-1]),
    "temperature": (0, 2),
    "top_p": (0, 1),
    "top_k": (0, 100),
    "max_tokens": (1, 16_384),
    "seed": (0, 2**31 - 1),
}


def check(model: Model, asked: Recognition, region: str = "", *, force: bool = False) -> None:
    """Refuse what the model would silently ignore or reject, naming the option and who takes it.

    `force` leaves that to the service; what contradicts itself is refused all the same.

    Raises:
        UsageError: an option without effect on this model, out of its range, or against another one.
    """
    _contradictions(asked)
    if model.rates and asked.rate not in model.rates:
        rates = " or ".join(map(str, model.rates))
        raise UsageError(f"{model.name} takes audio at {rates} Hz, not {asked.rate} Hz")
    if force:
        return
    for name in given(asked):
        if name not in model.takes:
            raise UsageError(f"{OPTIONS[name]} has no effect on {model.name}", f"{_who_takes(name, model)}; {FORCE}")
    if len(asked.languages) > model.language_limit:
        raise UsageError(f"{model.name} reads {model.language_limit} --language, not {len(asked.languages)}", FORCE)
    for code in asked.languages:
        if model.languages and code not in model.languages:
            raise UsageError(f"{model.name} does not know --language {code}, only {' '.join(model.languages)}", FORCE)
    _ranges(asked)
    _target(model, asked)
    _place(model, region)


def better(model: Model, asked: Recognition) -> Recognition:
    """Where the choice is left to us and one serves a listener better, that one.

    The connection is kept through silence, and sentences come while they are made. What the model does not take of
    this it is not asked for.
    """

    def choice(name: str, chosen: bool | None, ours: bool | None) -> bool | None:
        if name not in model.takes:
            return None
        return ours if chosen is None else chosen

    heartbeat = choice("heartbeat", asked.heartbeat, True)
    interim = choice("interim", asked.interim, True if model.known else None)  # one that nobody knows may refuse it
    return replace(asked, heartbeat=heartbeat, interim=interim)


def unheeded(asked: Recognition) -> list[str]:
    """The options that the embedded recognizer would ignore."""
    return [OPTIONS[name] for name in given(asked) if name not in EMBEDDED]


def heeded(asked: Recognition) -> Recognition:
    """What is asked without those."""
    kept = {name: getattr(asked, name) for name in EMBEDDED}
    return Recognition(asked.model, asked.rate, audio_format=asked.audio_format, **kept)


def given(asked: Recognition) -> Iterator[str]:
    """The fields that differ from what the service does unasked, those apart that every task has."""
    for each in fields(Recognition):
        if each.name in OPTIONS and getattr(asked, each.name) != each.default:
            yield each.name


def _contradictions(asked: Recognition) -> None:
    if not asked.vad and (asked.threshold is not None or asked.prefix_ms is not None):
        name = "threshold" if asked.threshold is not None else "prefix_ms"
        raise UsageError(f"--no-vad with {OPTIONS[name]}: that belongs to the server's VAD")
    if asked.semantic and asked.silence_ms is not None:
        raise UsageError("--semantic with --silence-ms: sentences are cut by meaning or by silence, not both")
    if asked.semantic and asked.multi_threshold:
        raise UsageError("--semantic with --multi-threshold: the thresholds belong to cutting by silence")
    if asked.semantic and not asked.vad:
        raise UsageError("--semantic with --no-vad: the server cuts sentences by meaning, or does not cut them")
    if asked.transcription is False and not asked.translate:
        raise UsageError("--translation-only without --translate: nothing would be left")


def _ranges(asked: Recognition) -> None:
    for name, (least, most) in _BOUNDS.items():
        value = getattr(asked, name)
        if value is not None and not least <= value <= most:
            raise UsageError(f"{OPTIONS[name]} {value:g}: must be from {least:g} to {most:g}", FORCE)
    if asked.vad_model and asked.vad_model not in VAD_MODELS:
        raise UsageError(f"--vad-model {asked.vad_model}: there are {' and '.join(VAD_MODELS)}", FORCE)
    if (words := len(asked.masked) + len(asked.dropped)) > MOST_FILTERED:
        raise UsageError(f"--filter-words and --drop-words: {words} words in all, at most {MOST_FILTERED}", FORCE)


def _target(model: Model, asked: Recognition) -> None:
    """What can be translated into what."""
    if not asked.translate:
        return
    source = asked.languages[0] if asked.languages else ""
    known = {"zh": ("en", "ja", "ko"), "en": ("zh", "ja", "ko"), "": ("zh", "en", "ja", "ko")}
    targets = known.get(source, ("zh", "en"))
    if asked.translate not in targets:
        into = f"{source} into {asked.translate}" if source else f"into {asked.translate}"
        raise UsageError(f"--translate: {model.name} does not translate {into}, only into {' '.join(targets)}", FORCE)


def _place(model: Model, region: str) -> None:
    if not model.prices or region not in REGIONS or region in model.prices:
        return
    there = named(lambda row: region in row.prices and row.wire == model.wire)
    there = there or named(lambda row: region in row.prices)
    raise UsageError(f"{model.name} is not offered in {region}", f"there are {there}; {FORCE}")


def _who_takes(name: str, model: Model) -> str:
    advice = f"models that take it: {named(lambda row: name in row.takes)}"
    if name == "vad":
        return f"{advice} (to cut by meaning there is --semantic)"
    if name == "hotwords" and "vocabulary_id" in model.takes:
        return f"asr vocab create makes a list of them for --vocabulary-id; {advice}"
    if name == "languages" and "prompt" in model.takes:
        return f"say it in --prompt; {advice}"
    return advice


def notices(model: Model) -> list[str]:
    """What a user of the model should know before the first word."""
    like = f"; did you mean {near}?" if (near := resembling(model.name)) else ""
    unknown = f"{model.name} is not in the catalogue: sent as it is, on the {model.wire} wire{like}"
    told = [] if model.known else [unknown]
    told += [f"{model.name} is announced to be retired"] if model.retiring else []
    return [*told, model.on.warning.format(model.name)] if model.on.warning else told
