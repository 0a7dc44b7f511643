"""Reads and writes JSON messages; errors name the field that is missing or wrong. No wire in particular."""

import json
from contextlib import suppress
from functools import lru_cache
from math import inf
from typing import Any

from asrcli.core.errors import ProtocolError
from asrcli.core.events import Usage
from asrcli.core.message import Binary, Message, Text
from asrcli.protocol.long_text import LongText

Json = dict[str, Any]
MOST_DEPTH = 12  # of values inside values; nothing that we write is deeper
BYTE_ORDER_MARK = "\ufeff"
MOST = 10**15  # a larger number is not a plausible time or count
MOST_DIGITS = 400
_DECODER = json.JSONDecoder()
_ENCODER = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"))
_NUMBERS = (int, float)  # a tuple is made once, `int | float` each time
FLAGS = {"true": True, "false": False, "1": True, "0": False}


def read(message: Message) -> Json:
    """The JSON object in a text message, or in a binary message that holds JSON text. A byte order mark is skipped.

    Raises:
        ProtocolError: the message is not text, not JSON, or not an object.
    """
    content = _content(message)
    try:
        value = _loaded(content.removeprefix(BYTE_ORDER_MARK))
        # A lone surrogate is half a character: no output can write it.
        if "\\" in content and "\\ud" in content.lower():
            value = _loaded(_whole_characters(json.dumps(value, ensure_ascii=False)))
    except (ValueError, RecursionError) as exc:
        raise ProtocolError("not JSON" if content.strip() else "an empty message", content) from exc
    if not isinstance(value, dict):
        raise ProtocolError("not a JSON object", content)
    if isinstance(content, LongText):
        content.put_back(value)
    return value


def _loaded(content: str) -> Any:
    try:
        value, end = _DECODER.raw_decode(content)  # `json.loads` looks for spaces around it, and at eight options
    except ValueError:
        end = -1
    if end == len(content):
        return value
    try:
        return json.loads(content)
    except json.JSONDecodeError:
        raise
    except ValueError:
        # An integer with more digits than Python converts: its value does not matter, so it becomes infinity.
        return json.loads(content, parse_int=lambda digits: int(digits) if len(digits) <= MOST_DIGITS else inf)


def _content(message: Message) -> str:
    if isinstance(message, Text):
        return message.data
    content = ""
    if isinstance(message, Binary):
        with suppress(UnicodeDecodeError):
            content = message.data.decode("utf-8")
    if not content.removeprefix(BYTE_ORDER_MARK).lstrip().startswith("{"):
        raise ProtocolError("a binary message instead of a text message")
    return content


def _whole_characters(content: str) -> str:
    return content.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")


def write(value: Json) -> Text:
    """A text message that holds the object; characters beyond ASCII are not escaped."""
    return Text(_ENCODER.encode(value))


def need(value: Json, path: str, kind: type | tuple[type, ...]) -> Any:
    """The field at a dotted path, such as `header.event`. A boolean does not count as a number.

    Raises:
        ProtocolError: the field is missing or has another type.
    """
    found: Any = value
    try:
        for key in _keys(path):
            found = found[key]
    except (KeyError, TypeError) as exc:
        raise ProtocolError(f"field {path} is missing", _shown(value)) from exc
    if not isinstance(found, kind) or (isinstance(found, bool) and bool not in _kinds(kind)):
        raise ProtocolError(f"field {path} has the wrong type", _shown(value))
    return found


@lru_cache(maxsize=256)
def _keys(path: str) -> tuple[str, ...]:
    return tuple(path.split("."))


def need_whole(value: Json, path: str) -> int:
    """The whole number at a dotted path. Digits in a string and 16000.0 count as one, because some clients send them.

    Raises:
        ProtocolError: the field is missing or is no whole number.
    """
    found = _from_digits(need(value, path, (int, float, str)))
    if isinstance(found, float) and found.is_integer():
        return int(found)
    if isinstance(found, int):
        return found
    raise ProtocolError(f"field {path} has the wrong type", _shown(value))


def _from_digits(value: Any) -> Any:
    """The number that a string of digits means; anything else unchanged."""
    if isinstance(value, str) and value.isascii() and value.isdecimal() and len(value) <= len(str(MOST)):
        return int(value)
    return value


def _shown(value: Json) -> str:
    try:
        return json.dumps(value, ensure_ascii=False)
    except RecursionError:
        return ""


def _kinds(kind: type | tuple[type, ...]) -> tuple[type, ...]:
    if isinstance(kind, tuple):
        return kind
    return (kind,)


def part(value: Json, key: str) -> Json:
    """The object under a key; an empty one when it is missing or has another type."""
    found = value.get(key)
    if isinstance(found, dict):
        return found
    return {}


def objects(value: Json, key: str) -> list[Json]:
    """The objects in the list under a key; entries of another type are left out."""
    found = value.get(key)
    if not isinstance(found, list):
        return []
    return [entry for entry in found if isinstance(entry, dict)]


def text(value: Json, key: str) -> str:
    """The string under a key; empty when it is missing or has another type."""
    found = value.get(key)
    if isinstance(found, str):
        return found
    return ""


def texts(value: Json, key: str) -> tuple[str, ...]:
    """The strings in the list under a key; entries of another type are left out."""
    found = value.get(key)
    if not isinstance(found, list):
        return ()
    return tuple(entry for entry in found if isinstance(entry, str))


def boolean(value: Json, key: str) -> bool | None:
    """The boolean under a key; None when it is missing or has another type."""
    found = value.get(key)
    if isinstance(found, bool):
        return found
    return None


def number(value: Json, key: str) -> float | None:
    """The number under a key; None when it is missing, has another type, or is NaN, infinite or beyond `MOST`."""
    found = value.get(key)
    if isinstance(found, bool) or not isinstance(found, _NUMBERS) or not -MOST <= found <= MOST:
        return None
    return found


def whole(value: Json, key: str) -> int | None:
    """The number under a key, rounded towards zero; None as in `number`."""
    found = number(value, key)
    if found is None:
        return None
    return int(found)


def whole_or_digits(value: Json, key: str) -> int | None:
    """The number under a key as in `whole`; digits in a string count as one, because some clients send them."""
    return whole({key: _from_digits(value.get(key))}, key)


def label(value: Json, key: str) -> str:
    """The string under a key without unprintable characters; empty as in `text`."""
    found = value.get(key)
    if not isinstance(found, str):
        return ""
    if found.isprintable():
        return found
    return "".join(character for character in found if character.isprintable())


def word(value: Json, key: str) -> str:
    """The string or number under a key as text; empty when it is missing or has another type."""
    found = value.get(key)
    if isinstance(found, str):
        return found
    found = number(value, key)
    if found is None:
        return ""
    return str(found)


def flag(value: Json, key: str) -> bool | None:
    """The boolean under a key, or one written as 1, 0, "true" or "false"; None when it is missing or unclear."""
    found = value.get(key)
    if found is None or isinstance(found, bool):  # as nearly all are
        return found
    return FLAGS.get(word(value, key).strip().lower())


def counted(usage: Json, before: Usage) -> Usage:
    """The usage after a cumulative usage object; counts that it does not contain keep the value of `before`.

    Digits in a string count, as in the times of such services: a count that is not read is a cost that is not shown.
    """
    if not usage:  # as in most results
        return before

    def latest(old: float | None, name: str) -> Any:
        value = number({name: _from_digits(usage.get(name))}, name)
        if value is None or value < 0:
            return old
        return value

    return Usage(
        seconds=latest(before.seconds, "duration"),
        input_tokens=latest(before.input_tokens, "input_tokens"),
        output_tokens=latest(before.output_tokens, "output_tokens"),
        audio_tokens=max(0, whole_or_digits(part(usage, "input_tokens_details"), "audio_tokens") or 0)
        or before.audio_tokens,
    )


def is_deep(value: object) -> bool:
    """Whether objects and lists are nested deeper than MOST_DEPTH: a function that walks the value might fail."""
    level = [value]
    for _ in range(MOST_DEPTH):
        level = [child for parent in level for child in _children(parent)]
        if not level:
            return False
    return True


def _children(value: object) -> list[object]:
    children: list[object] = []
    if isinstance(value, dict):
        children = list(value.values())
    elif isinstance(value, list):
        children = value
    return [child for child in children if isinstance(child, dict | list)]
