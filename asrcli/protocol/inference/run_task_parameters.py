"""The parameters of run-task: written by the client, read by the server. The rest of the message is in codec.py.

Most of them stand in the message as `dashscope/parameters.py` says; here are those whose form differs from their value.
"""

from typing import Any

from asrcli.core.settings import RecognitionSettings
from asrcli.protocol.json_messages import Json, objects, part, text, texts
from asrcli.protocol.parameter_paths import read_parameters, write_parameters
from asrcli.protocol.registry import INFERENCE, TRANSLATION

# What names the kind of a task: every run-task has the same values.
CONSTANTS = {
    "header.streaming": "duplex",
    "payload.task": "asr",
    "payload.task_group": "audio",
    "payload.function": "recognition",
}
NO_TASK = "task can not be null"  # in the words of the service


def write(recognition: RecognitionSettings, wire: str = INFERENCE) -> Json:
    """The parameters of a task. Options that the user did not set are left out, the service has defaults."""
    parameters: Json = {"format": recognition.audio_format, "sample_rate": recognition.rate}
    parameters |= write_parameters(recognition, wire)
    if recognition.languages and "language_hints" not in parameters:  # a model that translates takes one
        parameters["source_language"] = recognition.languages[0]
    if recognition.hotwords:
        parameters["vocabulary"] = dict(recognition.hotwords)
    if recognition.translate:
        parameters |= {"translation_enabled": True, "translation_target_languages": [recognition.translate]}
    return parameters | dict(recognition.extra)


def resources(recognition: RecognitionSettings) -> Json:
    """The fields beside `parameters` that name the hot-word list of the oldest models; empty without one."""
    if not recognition.phrase_id:
        return {}
    return {"resources": [{"resource_id": recognition.phrase_id, "resource_type": "asr_phrase"}]}


def read(payload: Json, rate: int, context: tuple[str, ...]) -> RecognitionSettings:
    """The settings in the payload of run-task, whose rate in Hz was read before. What cannot be used is ignored."""
    parameters = part(payload, "parameters")
    values: dict[str, Any] = read_parameters(parameters, INFERENCE)
    # Some parameters have other names with a model that translates; the message does not say whether its model does.
    translating = read_parameters(parameters, TRANSLATION)
    values |= {name: value for name, value in translating.items() if value not in (None, "", ())}
    values["languages"] = _languages(parameters)
    values["hotwords"] = tuple(
        (word, weight) for word, weight in part(parameters, "vocabulary").items() if type(weight) is int
    )
    values["translate"] = _target_language(parameters)
    values["phrase_id"] = _phrase_id(payload)
    values["context"] = context
    return RecognitionSettings(text(payload, "model"), rate).with_values(values)


def _languages(parameters: Json) -> tuple[str, ...]:
    hints = texts(parameters, "language_hints")
    source = text(parameters, "source_language")
    if hints or source in {"", "auto"}:
        return hints
    return (source,)


def _target_language(parameters: Json) -> str:
    if parameters.get("translation_enabled") is not True:
        return ""
    return next(iter(texts(parameters, "translation_target_languages")), "")


def _phrase_id(payload: Json) -> str:
    """The list of the oldest models: some clients name it beside the parameters, others among them."""
    places = (payload, part(payload, "parameters"))
    return next((text(found, "resource_id") for place in places for found in objects(place, "resources")), "")


def objection(run_task: Json) -> str:
    """What is wrong with the constants of run-task; empty if nothing is."""
    for path, expected in CONSTANTS.items():
        outer, key = path.split(".")
        found = text(part(run_task, outer), key)
        if not found and key == "task":
            return NO_TASK
        if found != expected:
            return f"{path} must be {expected}"
    return ""
