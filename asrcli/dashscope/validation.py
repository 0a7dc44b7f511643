"""Checks the options of a task against the model before anything is sent: effect, range, contradictions. Pure.

Options and bounds come from `parameters.py`; `OPTIONS` names the option of each parameter, so that an error names what
the user wrote.
"""

from collections.abc import Iterator, Mapping
from dataclasses import replace

from asrcli.core.errors import UsageError
from asrcli.core.settings import RecognitionSettings
from asrcli.dashscope.catalogue import Model, model_names
from asrcli.dashscope.model_selection import REGIONS, similar_models
from asrcli.dashscope.parameters import BY_NAME

OPTIONS: Mapping[str, str] = {name: row.spelling for name, row in BY_NAME.items()}
# The parameters that the embedded recognizer uses, whatever model is named.
EMBEDDED = frozenset(name for name, row in BY_NAME.items() if row.embedded)
MOST_FILTERED = 32
FORCE = "--force sends it anyway"


def check_recognition(model: Model, recognition: RecognitionSettings, region: str = "", *, force: bool = False) -> None:
    """Refuse options that the model would ignore or reject; the error names the option and the models that take it.

    With `force` the service decides; contradictions are refused in any case.

    Raises:
        UsageError: an option has no effect on this model, is out of range, or contradicts another one.
    """
    _check_contradictions(recognition)
    if model.rates and recognition.rate not in model.rates:
        rates = " or ".join(map(str, model.rates))
        raise UsageError(f"{model.name} takes audio at {rates} Hz, not {recognition.rate} Hz")
    if force:
        return
    for name in given_options(recognition):
        if name not in model.takes:
            raise UsageError(f"{OPTIONS[name]} has no effect on {model.name}", f"{_who_takes(name, model)}; {FORCE}")
    if len(recognition.languages) > model.language_limit:
        raise UsageError(
            f"{model.name} reads {model.language_limit} --language, not {len(recognition.languages)}", FORCE
        )
    for code in recognition.languages:
        if model.languages and code not in model.languages:
            raise UsageError(f"{model.name} does not know --language {code}, only {' '.join(model.languages)}", FORCE)
    _check_ranges(recognition)
    _check_target(model, recognition)
    _check_region(model, region)


def unused_options_removed(model: Model, recognition: RecognitionSettings) -> RecognitionSettings:
    """The settings with our own defaults for `heartbeat` and `interim`, and without them where the model takes neither.

    By default the task is kept alive during silence, and partial results are sent.
    """
    heartbeat, interim = recognition.heartbeat, recognition.interim
    if heartbeat is None:
        heartbeat = True
    if interim is None and model.known:  # a model that is not in the catalogue may refuse the option
        interim = True
    if "heartbeat" not in model.takes:
        heartbeat = None
    if "interim" not in model.takes:
        interim = None
    return replace(recognition, heartbeat=heartbeat, interim=interim)


def ignored_options(recognition: RecognitionSettings) -> list[str]:
    """The options that the embedded recognizer would ignore."""
    return [OPTIONS[name] for name in given_options(recognition) if name not in EMBEDDED]


def effective_options(recognition: RecognitionSettings) -> RecognitionSettings:
    """The settings without the options that the embedded recognizer would ignore."""
    kept = {name: recognition.value(name) for name in EMBEDDED}
    bare = RecognitionSettings(recognition.model, recognition.rate, audio_format=recognition.audio_format)
    return bare.with_values(kept)


def given_options(recognition: RecognitionSettings) -> Iterator[str]:
    """The names of the parameters whose value differs from the default."""
    for name, row in BY_NAME.items():
        if recognition.value(name) not in (None, row.default):
            yield name


def _check_contradictions(recognition: RecognitionSettings) -> None:
    for name in ("threshold", "prefix_ms"):
        if not recognition.vad and recognition.value(name) is not None:
            raise UsageError(f"--no-vad with {OPTIONS[name]}: that belongs to the server's VAD")
    if recognition.semantic and recognition.silence_ms is not None:
        raise UsageError("--semantic with --silence-ms: sentences are cut by meaning or by silence, not both")
    if recognition.semantic and recognition.multi_threshold:
        raise UsageError("--semantic with --multi-threshold: the thresholds belong to cutting by silence")
    if recognition.semantic and not recognition.vad:
        raise UsageError("--semantic with --no-vad: the server cuts sentences by meaning, or does not cut them")
    if recognition.transcription is False and not recognition.translate:
        raise UsageError("--translation-only without --translate: nothing would be left")


def _check_ranges(recognition: RecognitionSettings) -> None:
    for name in given_options(recognition):
        row, value = BY_NAME[name], recognition.value(name)
        if row.bounds is not None and not row.bounds[0] <= value <= row.bounds[1]:
            least, most = row.bounds
            raise UsageError(f"{row.spelling} {value:g}: must be from {least:g} to {most:g}", FORCE)
        if row.values and value not in row.values:
            raise UsageError(f"{row.spelling} {value}: there are {' and '.join(row.values)}", FORCE)
    if (words := len(recognition.masked) + len(recognition.dropped)) > MOST_FILTERED:
        raise UsageError(f"--filter-words and --drop-words: {words} words in all, at most {MOST_FILTERED}", FORCE)


def _check_target(model: Model, recognition: RecognitionSettings) -> None:
    """Refuse a target language into which the source language cannot be translated."""
    if not recognition.translate:
        return
    source = next(iter(recognition.languages), "")
    known = {"zh": ("en", "ja", "ko"), "en": ("zh", "ja", "ko"), "": ("zh", "en", "ja", "ko")}
    targets = known.get(source, ("zh", "en"))
    if recognition.translate not in targets:
        into = f"{source} into {recognition.translate}".lstrip()
        raise UsageError(f"--translate: {model.name} does not translate {into}, only into {' '.join(targets)}", FORCE)


def _check_region(model: Model, region: str) -> None:
    if not model.prices or region not in REGIONS or region in model.prices:
        return
    there = model_names(lambda row: region in row.prices and row.wire == model.wire)
    there = there or model_names(lambda row: region in row.prices)
    raise UsageError(f"{model.name} is not offered in {region}", f"there are {there}; {FORCE}")


def _who_takes(name: str, model: Model) -> str:
    advice = f"models that take it: {model_names(lambda row: name in row.takes)}"
    if name == "vad":
        return f"{advice} (to cut by meaning there is --semantic)"
    if name == "hotwords" and "vocabulary_id" in model.takes:
        return f"asr vocab create makes a list of them for --vocabulary-id; {advice}"
    if name == "languages" and "prompt" in model.takes:
        return f"say it in --prompt; {advice}"
    return advice


def model_notices(model: Model) -> list[str]:
    """The messages that a user of the model should read before the first result."""
    notices = []
    if not model.known:
        unknown = f"{model.name} is not in the catalogue: sent as it is, on the {model.wire} wire"
        if similar := similar_models(model.name):
            unknown += f"; did you mean {similar}?"
        notices.append(unknown)
    if model.retiring:
        notices.append(f"{model.name} is announced to be retired")
    if model.traits.warning:
        notices.append(model.traits.warning.format(model.name))
    return notices
