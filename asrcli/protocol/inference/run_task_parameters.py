"""The parameters of run-task: written by the client, read by the server. Knows no envelope and no results."""

from collections.abc import Mapping
from typing import Any

from asrcli.core.settings import RecognitionSettings
from asrcli.protocol.json_messages import Json, number, part, text, whole

# field of Recognition -> parameter, where the value travels as it is
PLAIN: Mapping[str, str] = {
    "semantic": "semantic_punctuation_enabled",
    "silence_ms": "max_sentence_silence",
    "multi_threshold": "multi_threshold_mode_enabled",
    "threshold": "speech_noise_threshold",
    "heartbeat": "heartbeat",
    "punctuation": "punctuation_prediction_enabled",
    "itn": "inverse_text_normalization_enabled",
    "disfluency": "disfluency_removal_enabled",
    "interim": "intermediate_result_enabled",
    "keep_dialect": "keep_dialect",
    "vad_model": "vad_model",
    "vocabulary_id": "vocabulary_id",
    "transcription": "transcription_enabled",
}
# What models that translate call otherwise.
TRANSLATING: Mapping[str, str] = {**PLAIN, "silence_ms": "max_end_silence"}

_WHOLE = {"silence_ms"}
_FRACTION = {"threshold"}
_NAME = {"vad_model", "vocabulary_id"}


def written(recognition: RecognitionSettings, names: Mapping[str, str] = PLAIN) -> Json:
    """The parameters of a task: only what the user set, the service's defaults elsewhere."""
    parameters: Json = {"format": recognition.audio_format, "sample_rate": recognition.rate}
    values = {name: getattr(recognition, field) for field, name in names.items()}
    parameters |= {name: value for name, value in values.items() if value not in (None, "")}
    if recognition.languages and names is TRANSLATING:
        parameters["source_language"] = recognition.languages[0]
    elif recognition.languages:
        parameters["language_hints"] = list(recognition.languages)
    if recognition.hotwords:
        parameters["vocabulary"] = dict(recognition.hotwords)
    if recognition.translate:
        parameters |= {"translation_enabled": True, "translation_target_languages": [recognition.translate]}
    if special := _filter(recognition):
        parameters["special_word_filter"] = special
    return parameters | dict(recognition.extra)


def resources(recognition: RecognitionSettings) -> Json:
    """Beside the parameters: the hot words of the oldest models."""
    if not recognition.phrase_id:
        return {}
    return {"resources": [{"resource_id": recognition.phrase_id, "resource_type": "asr_phrase"}]}


def read(payload: Json, context: tuple[str, ...]) -> RecognitionSettings:
    """What a run-task asks for; null and unknown parameters, and those of the wrong kind, are passed over."""
    parameters = part(payload, "parameters")
    translates = parameters.get("translation_enabled") is True
    names = TRANSLATING if "max_end_silence" in parameters else PLAIN
    special = part(parameters, "special_word_filter")
    return RecognitionSettings(
        model=text(payload, "model"),
        rate=parameters["sample_rate"],
        languages=_languages(parameters),
        hotwords=tuple((word, each) for word, each in part(parameters, "vocabulary").items() if type(each) is int),
        context=context,
        phrase_id=_phrase(payload),
        masked=_words(special, "filter_with_signed"),
        dropped=_words(special, "filter_with_empty"),
        system_filter=_switch(special, "system_reserved_filter"),
        translate=next(iter(_listed(parameters, "translation_target_languages")), "") if translates else "",
        **{field: _value(parameters, field, name) for field, name in names.items()},
    )


def _filter(recognition: RecognitionSettings) -> Json:
    lists = {"filter_with_signed": recognition.masked, "filter_with_empty": recognition.dropped}
    special: Json = {name: {"word_list": list(words)} for name, words in lists.items() if words}
    return special | (
        {} if recognition.system_filter is None else {"system_reserved_filter": recognition.system_filter}
    )


def _value(parameters: Json, field: str, name: str) -> Any:
    if field in _NAME:
        return text(parameters, name)
    if field in _WHOLE:
        return whole(parameters, name)
    return number(parameters, name) if field in _FRACTION else _switch(parameters, name)


def _languages(parameters: Json) -> tuple[str, ...]:
    source = text(parameters, "source_language")
    return _listed(parameters, "language_hints") or ((source,) if source not in {"", "auto"} else ())


def _listed(parameters: Json, name: str) -> tuple[str, ...]:
    found = parameters.get(name)
    return tuple(each for each in found if isinstance(each, str)) if isinstance(found, list) else ()


def _words(special: Json, name: str) -> tuple[str, ...]:
    return _listed(part(special, name), "word_list")


def _switch(parameters: Json, name: str) -> bool | None:
    found = parameters.get(name)
    return found if isinstance(found, bool) else None


def _phrase(payload: Json) -> str:
    found = payload.get("resources")
    named = [text(each, "resource_id") for each in found if isinstance(each, dict)] if isinstance(found, list) else []
    return next(iter(named), "")
