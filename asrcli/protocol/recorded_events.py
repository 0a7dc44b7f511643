"""The lines of a message record for the events that the run itself has added. Reads and writes no files."""

import json
from collections.abc import Mapping
from dataclasses import fields
from functools import cache
from json.encoder import encode_basestring
from typing import Any, get_type_hints

from asrcli.core.errors import without_secrets
from asrcli.core.events import (
    Absent,
    Began,
    Ended,
    Event,
    Final,
    Gap,
    Notice,
    Paused,
    Reconnecting,
    Resumed,
)
from asrcli.core.provisional_event import Provisional
from asrcli.protocol.json_messages import MOST

_EVENTS: dict[str, type[Any]] = {
    kind.__name__: kind
    for kind in (Absent, Began, Ended, Final, Gap, Notice, Paused, Provisional, Reconnecting, Resumed)
}
_LEVELS = {"debug", "info", "warning"}  # of notices: outputs know no other


def is_kept(event: Event) -> bool:
    """Whether a record keeps events of this kind."""
    return type(event).__name__ in _EVENTS


def event_line(at_ms: int, event: Event) -> str:
    """The line of an event that the run has added to those of the wire; empty for an event that is not kept.

    Finals are kept without their words: the messages have them, and a replay compares the finals.
    """
    name = type(event).__name__
    if name not in _EVENTS:
        return ""
    # All of them are flat. A line made by the JSON encoder costs as much as those of all messages until the next final.
    about = ",".join([f'"{key}":{_written(getattr(event, key))}' for key in _hints(name)])
    return f'{{"type":"event","at_ms":{at_ms},"name":"{name}","event":{{{about}}}}}\n'


def _written(value: Any) -> str:
    if value == "":  # most texts of an event
        return '""'
    if isinstance(value, str):
        return encode_basestring(without_secrets(value))
    if value.__class__ is int:
        return str(value)
    return json.dumps(value)


def event_of(line: Mapping[str, Any]) -> Event | None:
    """The event in a line; None if its fields do not fit: a newer version may have written it."""
    kind = _EVENTS.get(line["name"])
    about = line["event"]
    if kind is None:
        return None
    hints: Mapping[str, Any] = _hints(kind.__name__)
    known = {key: value for key, value in about.items() if key in hints}
    if any(isinstance(value, int) and not 0 <= value <= MOST for value in known.values()):
        return None
    if not all(_fits(value, hints[key]) for key, value in known.items()):
        return None
    if kind is Notice and known.get("level") not in _LEVELS:
        return None
    try:
        event: Event = kind(**known)
    except TypeError:  # a field is missing
        return None
    return event


@cache
def _hints(name: str) -> dict[str, Any]:
    """The types of the fields of an event except words, each in a form that isinstance takes."""
    kind = _EVENTS[name]
    hints = get_type_hints(kind)
    return {each.name: hints[each.name] for each in fields(kind) if each.name != "words"}


def _fits(value: Any, hint: Any) -> bool:
    """Whether a value of JSON has a type; a whole number is also a float."""
    return isinstance(value, hint) or (isinstance(value, int) and isinstance(float(value), hint))
