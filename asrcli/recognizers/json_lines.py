"""Input files with one JSON object in each line: scripts, answers, faults. An error names its line. Pure."""

import json
from collections.abc import Callable, Iterable
from typing import Any, TypeVar

from asrcli.core.errors import UsageError, shorten
from asrcli.protocol.json_messages import is_deep

ADVICE = "asr serve --help shows what one looks like"

Item = TypeVar("Item")


def parse_objects(lines: Iterable[str], name: str, kind: str, make: Callable[[dict[str, Any]], Item]) -> list[Item]:
    """Return what `make` returns for the object in each line; empty lines are skipped.

    Args:
        lines: The lines of the file.
        name: What error messages call the file.
        kind: What each line stands for, as in "a fault".
        make: Raises a ValueError that names the field when something is wrong.

    Raises:
        UsageError: a line holds something else; the message has its number.
    """
    items = []
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            items.append(make(_object(line)))
        except ValueError as exc:
            raise UsageError(f"{name}: line {number} is not {kind}: {exc}", ADVICE) from None
    return items


def _object(line: str) -> dict[str, Any]:
    try:
        value = json.loads(line)
    except json.JSONDecodeError:
        raise ValueError("not JSON") from None
    except ValueError:
        raise ValueError("not readable JSON: a number with too many digits") from None
    except RecursionError:
        raise ValueError("not readable JSON: nested too deeply") from None
    if not isinstance(value, dict):
        raise ValueError("not an object")
    if is_deep(value):
        raise ValueError("not readable JSON: nested too deeply")
    return value


def quoted(value: object) -> str:
    """Return a value as an error message shows it, shortened."""
    try:
        return shorten(repr(value), 40)
    except ValueError:  # an integer of more digits than Python converts
        return "of too many digits"
