"""Files in which each line is a JSON object: scripts, answers, faults. A mistake is told by its line. Pure."""

import json
from collections.abc import Callable, Iterable
from typing import Any, TypeVar

from asrcli.core.errors import UsageError, shorten
from asrcli.protocol.json_messages import is_deep

ADVICE = "asr serve --help shows what one looks like"

Made = TypeVar("Made")


def objects(lines: Iterable[str], called: str, what: str, make: Callable[[dict[str, Any]], Made]) -> list[Made]:
    """What `make` makes of the object in each line; empty lines are passed over.

    Args:
        lines: Of the file.
        called: The file, as a mistake in it is told.
        what: Each line stands for, as in "a fault".
        make: Raises a ValueError that names the field where something is wrong.

    Raises:
        UsageError: a line holds something else; it is named by its number.
    """
    made = []
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            made.append(make(_object(line)))
        except ValueError as exc:
            raise UsageError(f"{called}: line {number} is not {what}: {exc}", ADVICE) from None
    return made


def _object(line: str) -> dict[str, Any]:
    try:
        value = json.loads(line)
    except json.JSONDecodeError:
        raise ValueError("not JSON") from None
    except ValueError:
        raise ValueError("not JSON that can be read: a number of too many digits") from None
    except RecursionError:
        raise ValueError("not JSON that can be read: too deep") from None
    if not isinstance(value, dict):
        raise ValueError("not an object")
    if is_deep(value):
        raise ValueError("not JSON that can be read: too deep")
    return value


def shown(value: object) -> str:
    """A value as a message shows it, however long it is."""
    try:
        return shorten(repr(value), 40)
    except ValueError:  # more digits than Python writes
        return "of too many digits"
