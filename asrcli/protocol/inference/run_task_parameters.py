"""The parameters of run-task: written by the client, read by the server. The rest of the message is in codec.py."""

from collections.abc import Mapping
from typing import Any

from asrcli.core.settings import RecognitionSettings
from asrcli.protocol.json_messages import Json, number, objects, part, text, whole

# Field of RecognitionSettings -> parameter, where the value is sent unchanged.
PARAMETER_NAMES: Mapping[str, str] = {
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
# The same for models that translate: one parameter has another name.
TRANSLATION_PARAMETER_NAMES: Mapping[str, str] = {**PARAMETER_NAMES, "silence_ms": "max_end_silence"}

_INTEGERS = {"silence_ms"}
_FLOATS = {"threshold"}
_STRINGS = {"vad_model", "vocabulary_id"}


def write(recognition: RecognitionSettings, names: Mapping[str, str] = PARAMETER_NAMES) -> Json:
    """The parameters of a task. Options that the user did not set are left out, the service has defaults."""
    parameters: Json = {"format": recognition.audio_format, "sample_rate": recognition.rate}
    values = {name: getattr(recognition, field) for field, name in names.items()}
    parameters |= {name: value for name, value in values.items() if value not in (None, "")}
    if recognition.languages and names is TRANSLATION_PARAMETER_NAMES:
        parameters["source_language"] = recognition.languages[0]
    elif recognition.languages:
        parameters["language_hints"] = list(recognition.languages)
    if recognition.hotwords:
        parameters["vocabulary"] = dict(recognition.hotwords)
    if recognition.translate:
        parameters |= {"translation_enabled": True, "translation_target_languages": [recognition.translate]}
    if word_filter := _word_filter(recognition):
        parameters["special_word_filter"] = word_filter
    return parameters | dict(recognition.extra)


def resources(recognition: RecognitionSettings) -> Json:
    """The fields beside `parameters` that name the hot-word list of the oldest models; empty without one."""
    if not recognition.phrase_id:
        return {}
    return {"resources": [{"resource_id": recognition.phrase_id, "resource_type": "asr_phrase"}]}


def read(payload: Json, context: tuple[str, ...]) -> RecognitionSettings:
    """The settings in the payload of run-task. Unknown parameters, nulls and values of the wrong type are ignored."""
    parameters = part(payload, "parameters")
    translates = parameters.get("translation_enabled") is True
    names = TRANSLATION_PARAMETER_NAMES if "max_end_silence" in parameters else PARAMETER_NAMES
    word_filter = part(parameters, "special_word_filter")
    return RecognitionSettings(
        model=text(payload, "model"),
        rate=parameters["sample_rate"],
        languages=_languages(parameters),
        hotwords=tuple(
            (word, weight) for word, weight in part(parameters, "vocabulary").items() if type(weight) is int
        ),
        context=context,
        phrase_id=_phrase_id(payload),
        masked=_words(word_filter, "filter_with_signed"),
        dropped=_words(word_filter, "filter_with_empty"),
        system_filter=_bool(word_filter, "system_reserved_filter"),
        translate=next(iter(_strings(parameters, "translation_target_languages")), "") if translates else "",
        **{field: _value(parameters, field, name) for field, name in names.items()},
    )


def _word_filter(recognition: RecognitionSettings) -> Json:
    lists = {"filter_with_signed": recognition.masked, "filter_with_empty": recognition.dropped}
    word_filter: Json = {name: {"word_list": list(words)} for name, words in lists.items() if words}
    if recognition.system_filter is not None:
        word_filter["system_reserved_filter"] = recognition.system_filter
    return word_filter


def _value(parameters: Json, field: str, name: str) -> Any:
    if field in _STRINGS:
        return text(parameters, name)
    if field in _INTEGERS:
        return whole(parameters, name)
    return number(parameters, name) if field in _FLOATS else _bool(parameters, name)


def _languages(parameters: Json) -> tuple[str, ...]:
    hints = _strings(parameters, "language_hints")
    source = text(parameters, "source_language")
    if hints or source in {"", "auto"}:
        return hints
    return (source,)


def _strings(parameters: Json, name: str) -> tuple[str, ...]:
    value = parameters.get(name)
    return tuple(entry for entry in value if isinstance(entry, str)) if isinstance(value, list) else ()


def _words(word_filter: Json, name: str) -> tuple[str, ...]:
    return _strings(part(word_filter, name), "word_list")


def _bool(parameters: Json, name: str) -> bool | None:
    value = parameters.get(name)
    return value if isinstance(value, bool) else None


def _phrase_id(payload: Json) -> str:
    return next((text(resource, "resource_id") for resource in objects(payload, "resources")), "")
