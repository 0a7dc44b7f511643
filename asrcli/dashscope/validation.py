"""Checks the options of a task against the model before anything is sent: effect, range, contradictions. Pure.

Options and bounds come from `parameters.py`. Errors name parameters as the rows do; `OPTIONS` has the option of each.
"""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

from asrcli.core.causes import Cause
from asrcli.core.errors import SettingError, UsageError
from asrcli.core.lazy_module import LazyModule
from asrcli.core.settings import RecognitionSettings
from asrcli.dashscope.catalogue import MODELS, Model, model_names
from asrcli.dashscope.model_selection import REGIONS, similar_models
from asrcli.dashscope.parameters import BY_NAME
from asrcli.dashscope.setting_errors import SettingIgnored, SettingsConflict

if TYPE_CHECKING:
    from asrcli.protocol import language_codes
else:  # only a language that is not known needs it
    language_codes = LazyModule("asrcli.protocol.language_codes")

OPTIONS: Mapping[str, str] = {name: row.spelling for name, row in BY_NAME.items()}
# The parameters that the embedded recognizer uses, whatever model is named.
EMBEDDED = frozenset(name for name, row in BY_NAME.items() if row.embedded)
MOST_FILTERED = 32


def check_recognition(model: Model, recognition: RecognitionSettings, region: str = "", *, force: bool = False) -> None:
    """Refuse options that the model would ignore or reject; the error has the parameter and the models that take it.

    With `force` the service decides; contradictions are refused in any case.

    Raises:
        UsageError: an option has no effect on this model, is out of range, or contradicts another one.
    """
    _check_contradictions(recognition)
    if model.rates and recognition.rate not in model.rates:
        rates = " or ".join(map(str, model.rates))
        raise UsageError(f"{model.name} takes audio at {rates} Hz, not {recognition.rate} Hz")
    if model.traits.elsewhere and (lost := [each for each in given_options(recognition) if each not in model.takes]):
        raise SettingIgnored(lost, f"the wire {model.wire}")  # its messages have no place for it: nothing can be forced
    if force:
        return
    for name in given_options(recognition):
        if name not in model.takes:
            raise SettingIgnored([name], model.name, _takers(name), _instead(name, model), Cause.SERVICE_DECIDES)
    if len(recognition.languages) > model.language_limit:
        problem = f"{model.name} takes at most {model.language_limit}, not {len(recognition.languages)}"
        raise SettingError("languages", problem, cause=Cause.SERVICE_DECIDES)
    for code in recognition.languages:
        if model.languages and code not in model.languages:
            problem = f"{model.name} does not know it, only {' '.join(model.languages)}"
            meant = language_codes.meant_languages(code, model.languages)
            raise SettingError("languages", problem, meant, value=code, cause=Cause.SERVICE_DECIDES)
    check_ranges(recognition)
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


def ignored_settings(recognition: RecognitionSettings) -> list[str]:
    """The names of the parameters that the embedded recognizer would ignore."""
    return [name for name in given_options(recognition) if name not in EMBEDDED]


def ignored_options(recognition: RecognitionSettings) -> list[str]:
    """The options of those parameters."""
    return [OPTIONS[name] for name in ignored_settings(recognition)]


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
            raise SettingsConflict(["vad", name], "that belongs to the server's VAD")
    if recognition.semantic and recognition.silence_ms is not None:
        raise SettingsConflict(["semantic", "silence_ms"], "sentences end by meaning or by silence, not both")
    if recognition.semantic and recognition.multi_threshold:
        raise SettingsConflict(["semantic", "multi_threshold"], "the thresholds need sentences that end by silence")
    if recognition.semantic and not recognition.vad:
        raise SettingsConflict(["semantic", "vad"], "the server ends sentences by meaning, or does not end them")
    if recognition.transcription is False and not recognition.translate:
        raise SettingsConflict(["transcription", "translate"], "nothing would be left", joined=" without ")


def check_ranges(recognition: RecognitionSettings) -> None:
    """Raise SettingError for a value that the service does not have, SettingsConflict for too many filtered words."""
    for name in given_options(recognition):
        row = BY_NAME[name]
        value = recognition.value(name)
        if row.bounds is not None and not row.bounds[0] <= value <= row.bounds[1]:
            least, most = row.bounds
            problem = f"must be from {least:g} to {most:g}"
            raise SettingError(name, problem, value=f"{value:g}", cause=Cause.SERVICE_DECIDES)
        if row.values and value not in row.values:
            problem = f"there are {' and '.join(row.values)}"
            raise SettingError(name, problem, value=value, cause=Cause.SERVICE_DECIDES)
    if (words := len(recognition.masked) + len(recognition.dropped)) > MOST_FILTERED:
        problem = f"{words} words in all, at most {MOST_FILTERED}"
        raise SettingsConflict(["masked", "dropped"], problem, joined=" and ", cause=Cause.SERVICE_DECIDES)


def _check_target(model: Model, recognition: RecognitionSettings) -> None:
    """Refuse a target language into which the source language cannot be translated."""
    if not recognition.translate:
        return
    source = next(iter(recognition.languages), "")
    known = {"zh": ("en", "ja", "ko"), "en": ("zh", "ja", "ko"), "": ("zh", "en", "ja", "ko")}
    targets = known.get(source, ("zh", "en"))
    if recognition.translate not in targets:
        into = f"{source} into {recognition.translate}".lstrip()
        problem = f"{model.name} does not translate {into}, only into {' '.join(targets)}"
        meant = language_codes.meant_languages(recognition.translate, targets)
        raise SettingError("translate", problem, meant, cause=Cause.SERVICE_DECIDES)


def _check_region(model: Model, region: str) -> None:
    if not model.prices or region not in REGIONS or region in model.prices:
        return
    there = model_names(lambda row: region in row.prices and row.wire == model.wire)
    there = there or model_names(lambda row: region in row.prices)
    raise UsageError(f"{model.name} is not offered in {region}", f"there are {there}", cause=Cause.SERVICE_DECIDES)


def _takers(name: str) -> str:
    return model_names(lambda row: name in row.takes)


def _instead(name: str, model: Model) -> str:
    """A parameter that serves the same purpose with this model; empty if there is none."""
    instead = {"vad": "semantic", "hotwords": "vocabulary_id", "languages": "prompt"}.get(name, "")
    if instead in model.takes:
        return instead
    return ""


def model_notices(model: Model) -> list[str]:
    """The messages that a user of the model should read before the first result."""
    notices = []
    listed = MODELS.get(model.name)
    if listed is not None and listed.wire != model.wire:
        usual = f"{model.name} is a model of the {listed.wire} wire"
        notices.append(f"{usual}: sent as it is, on the {model.wire} wire, where the service may not know it")
    elif not model.known:
        unknown = f"{model.name} is not in the catalogue: sent as it is, on the {model.wire} wire"
        if similar := similar_models(model.name):
            unknown += f"; did you mean {similar}?"
        notices.append(unknown)
    if model.retiring:
        notices.append(f"{model.name} is announced to be retired")
    if model.traits.warning:
        notices.append(model.traits.warning.format(model.name))
    return notices
