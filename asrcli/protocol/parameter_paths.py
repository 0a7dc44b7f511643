"""Writes service parameters into a message, each at the path of its row, and reads them. Pure."""

from collections.abc import Callable, Mapping
from typing import Any

from asrcli.core.settings import RecognitionSettings
from asrcli.dashscope.parameters import PARAMETERS, ParameterKind
from asrcli.protocol.json_messages import Json, boolean, number, part, text, texts, whole

_READERS: Mapping[ParameterKind, Callable[[Json, str], Any]] = {
    ParameterKind.SWITCH: boolean,
    ParameterKind.INTEGER: whole,
    ParameterKind.NUMBER: number,
    ParameterKind.TEXT: text,
    ParameterKind.TEXTS: texts,
    ParameterKind.WORDS: texts,
}


def write_parameters(recognition: RecognitionSettings, wire: str) -> Json:
    """The values that have a path on this wire, as nested objects. What the user did not set is left out."""
    written: Json = {}
    for row in PARAMETERS:
        value = recognition.value(row.name)
        if wire not in row.paths or value in (None, "", ()):
            continue
        *outer_keys, key = row.paths[wire].split(".")
        place = written
        for outer_key in outer_keys:
            place = place.setdefault(outer_key, {})
        if isinstance(value, tuple):
            value = list(value)
        place[key] = value
    return written


def read_parameters(message: Json, wire: str) -> dict[str, Any]:
    """The values by the names of their rows. What is missing, null or of another type is None or empty."""
    values: dict[str, Any] = {}
    for row in PARAMETERS:
        if wire not in row.paths:
            continue
        *outer_keys, key = row.paths[wire].split(".")
        place = message
        for outer_key in outer_keys:
            place = part(place, outer_key)
        values[row.name] = _READERS[row.kind](place, key)
    return values
