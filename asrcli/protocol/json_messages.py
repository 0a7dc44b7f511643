"""Reading JSON messages with care: what is missing or of the wrong kind is named. Knows neither wire."""

import json
import re
from math import inf
from typing import Any
from urllib.parse import urlsplit, urlunsplit

from asrcli.core.errors import ProtocolError, UsageError, bare_url
from asrcli.core.events import Usage
from asrcli.core.message import Binary, Closed, Message, Text

Json = dict[str, Any]
WIRES = "/api-ws/v1/"  # what the paths of all wires have in common
DEPTH = 12
BYTE_ORDER_MARK = "\ufeff"
MOST = 10**15  # a number beyond it counts nothing that there is
MOST_DIGITS = 400
FLAGS = {"true": True, "false": False, "1": True, "0": False}


def read(message: Message) -> Json:
    """The JSON object in a message: text, or a binary message that is such a text; a byte order mark is passed over.

    Raises:
        ProtocolError: not text, not JSON, or not an object.
    """
    said = message.data if isinstance(message, Text) else _decoded(message)
    try:
        value = _loaded(said.removeprefix(BYTE_ORDER_MARK))
        if "\\ud" in said.lower():  # half a character: no output could write it
            value = _loaded(_whole_characters(json.dumps(value, ensure_ascii=False)))
    except (ValueError, RecursionError) as exc:
        raise ProtocolError("not JSON" if said.strip() else "an empty message", said) from exc
    if not isinstance(value, dict):
        raise ProtocolError("not a JSON object", said)
    return value


def _loaded(said: str) -> Any:
    try:
        return json.loads(said)
    except json.JSONDecodeError:
        raise
    except ValueError:  # an integer with more digits than Python reads: no number that means anything
        return json.loads(said, parse_int=lambda digits: int(digits) if len(digits) <= MOST_DIGITS else inf)


def _decoded(message: Binary | Closed) -> str:
    try:
        said = message.data.decode("utf-8") if isinstance(message, Binary) else ""
    except UnicodeDecodeError:
        said = ""
    if not said.removeprefix(BYTE_ORDER_MARK).lstrip().startswith("{"):
        raise ProtocolError("a binary message where text is due")
    return said


def _whole_characters(said: str) -> str:
    return said.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")


def write(value: Json) -> Text:
    """A text message holding the object, Chinese as itself."""
    return Text(json.dumps(value, ensure_ascii=False, separators=(",", ":")))


def need(value: Json, path: str, kind: type | tuple[type, ...]) -> Any:
    """The field at a dotted path, of the wanted type.

    Raises:
        ProtocolError: the field is missing or of another type.
    """
    found: Any = value
    for key in path.split("."):
        if not isinstance(found, dict) or key not in found:
            raise ProtocolError(f"field {path} is missing", _shown(value))
        found = found[key]
    if not isinstance(found, kind) or (isinstance(found, bool) and bool not in _kinds(kind)):
        raise ProtocolError(f"field {path} has the wrong type", _shown(value))
    return found


def _shown(value: Json) -> str:
    try:
        return json.dumps(value, ensure_ascii=False)
    except RecursionError:
        return ""


def _kinds(kind: type | tuple[type, ...]) -> tuple[type, ...]:
    return kind if isinstance(kind, tuple) else (kind,)


def part(value: Json, key: str) -> Json:
    """The object under a key, empty when absent, null or something else."""
    found = value.get(key)
    return found if isinstance(found, dict) else {}


def text(value: Json, key: str) -> str:
    """The string under a key, empty when absent, null or something else."""
    found = value.get(key)
    return found if isinstance(found, str) else ""


def number(value: Json, key: str) -> float | None:
    """The number under a key, None when absent, null or something else (NaN, infinity and what is too large too)."""
    found = value.get(key)
    if isinstance(found, bool) or not isinstance(found, int | float) or not -MOST <= found <= MOST:
        return None
    return found


def whole(value: Json, key: str) -> int | None:
    """The number under a key as an integer, None when absent."""
    found = number(value, key)
    return None if found is None else int(found)


def label(value: Json, key: str) -> str:
    """The string under a key as a name is: without control characters."""
    return "".join(character for character in text(value, key) if character.isprintable())


def word(value: Json, key: str) -> str:
    """The string or the number under a key as text, empty when absent, null or something else."""
    found = number(value, key)
    return text(value, key) if found is None else str(found)


def flag(value: Json, key: str) -> bool | None:
    """The truth value under a key, also where it is written as a number or as text; None when absent or unclear."""
    found = value.get(key)
    return found if isinstance(found, bool) else FLAGS.get(word(value, key).strip().lower())


def counted(usage: Json, before: Usage) -> Usage:
    """What a usage object counts, which is cumulative; what it does not name is as it was before."""

    def last(old: float | None, *names: str) -> Any:
        found = [value for name in names if (value := number(usage, name)) is not None and value >= 0]
        return found[0] if found else old

    return Usage(
        seconds=last(before.seconds, "duration"),
        input_tokens=last(before.input_tokens, "input_tokens"),
        output_tokens=last(before.output_tokens, "output_tokens"),
        audio_tokens=max(0, whole(part(usage, "input_tokens_details"), "audio_tokens") or 0) or before.audio_tokens,
    )


def endpoint(base: str, path: str, query: str = "") -> str:
    """The full address of a wire: its path added to a bare host, or a URL that already has a path as it stands.

    A path that names a wire, as the official SDK wants it, stands for the wire that is meant.

    Raises:
        UsageError: not a ws:// or wss:// address.
    """
    try:
        parts = urlsplit(base)
        usable = parts.scheme in {"ws", "wss"} and bool(parts.hostname) and parts.port != 0
        (parts.hostname or "").encode("idna")  # what no resolver takes: an empty label, one that is too long
    except ValueError:
        usable = False
    if not usable:
        raise UsageError(f"--url {bare_url(base)}: not a WebSocket address", "write it as wss://HOST or ws://HOST:PORT")
    asked = "&".join(filter(None, (parts.query, query)))
    given = parts.path.rstrip("/")
    head, wire, _ = given.partition(WIRES)
    return urlunsplit((parts.scheme, parts.netloc, head + path if wire else given or path, asked, ""))


def rest_url(base: str, path: str) -> str:
    """Where single requests go on the host of a wire: its path in place of the wire's own, or behind any other.

    Raises:
        UsageError: not a ws://, wss://, http:// or https:// address.
    """
    try:
        parts = urlsplit(base)
        scheme = {"ws": "http", "wss": "https", "http": "http", "https": "https"}.get(parts.scheme, "")
        usable = bool(scheme and parts.hostname) and parts.port != 0
        (parts.hostname or "").encode("idna")
    except ValueError:
        usable = False
    if not usable:
        raise UsageError(
            f"--url {bare_url(base)}: not an address of a service", "write it as wss://HOST or ws://HOST:PORT"
        )
    before = re.sub(r"/(api-ws|api/v1)(/.*)?$", "", parts.path.rstrip("/"))
    return urlunsplit((scheme, parts.netloc.rpartition("@")[2], before + path, "", ""))


def is_deep(value: object) -> bool:
    """Whether a value holds others in others further down than anything of ours does: whatever walks it might fail."""
    level = [value]
    for _ in range(DEPTH):
        inner = [each for one in level for each in _inside(one)]
        if not inner:
            return False
        level = inner
    return True


def _inside(value: object) -> list[object]:
    held = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return [each for each in held if isinstance(each, dict | list)]
