"""Random changes of an input: JSON values replaced by others; bytes replaced, doubled or removed."""

import json
import random
from collections.abc import Callable
from contextlib import suppress
from typing import Any

# The function under test, and a function that returns valid inputs.
Target = tuple[Callable[[bytes], None], Callable[[], list[bytes]]]
MOST_BYTES = 1 << 14
ODD: tuple[Any, ...] = (
    None, True, -1, 0, 5, 1 << 53, 10**400, 1e300, 1.5, float("nan"), "", "x", "\ud800", "\0", "9" * 400, "1e400",
    [], [5], [[1, 2]], {}, {"a": 1}, [[[[[[[[[[[[[[[1]]]]]]]]]]]]]]],
)  # fmt: skip
PIECES = (b"null", b"1e400", b"-1", b"true", b"[]", b"{}", b'"\\ud800"', b"9" * 400, b"\n", b"\0", b'":', b"\xff", b"",
    b"\xff\xff\xff\xff", b"\xff\xff\xff\x7f", b"[" * 2000, b'{"a":' * 400, b"a:" * 2000)  # fmt: skip


def odd(value: Any, lots: random.Random) -> Any:
    """The value with something else somewhere in it."""
    if isinstance(value, dict) and value and lots.random() < 0.9:
        key = lots.choice(list(value))
        if lots.random() < 0.1:
            return {k: v for k, v in value.items() if k != key}
        return {**value, key: odd(value[key], lots)}
    if isinstance(value, list) and value and lots.random() < 0.6:
        at = lots.randrange(len(value))
        return [*value[:at], odd(value[at], lots), *value[at + 1 :]]
    return lots.choice(ODD)


def mutated(data: bytes, lots: random.Random) -> bytes:
    """Something like it."""
    lines = data.split(b"\n")
    if b"{" in data and lots.random() < 0.6:
        for _ in range(lots.randint(1, 3)):
            at = lots.randrange(len(lines))
            begin = max(0, lines[at].find(b"{"))
            with suppress(ValueError, RecursionError):
                said = odd(json.loads(lines[at][begin:]), lots)
                lines[at] = lines[at][:begin] + json.dumps(said).encode()
        if lots.random() < 0.2:
            lines[1:] = lots.sample(lines[1:], len(lines) - 1)
        return b"\n".join(lines)[:MOST_BYTES]
    for _ in range(lots.randint(1, 6)):
        at, end = _span(data, lots)
        data = data[:at] + lots.choice((*PIECES, lots.randbytes(lots.randint(1, 4)), data[at:end] * 3)) + data[end:]
    return data[:MOST_BYTES]


def _span(data: bytes, lots: random.Random) -> tuple[int, int]:
    """A few bytes anywhere, or what stands between two marks: a value, as a rule."""
    at = lots.randint(0, len(data))
    marks = [n for n, byte in enumerate(data) if byte in b':,{}[]"'] if lots.random() < 0.3 else []
    if not marks:
        return at, min(len(data), at + lots.choice((0, 1, 1, 4, 16)))
    at = lots.choice(marks) + 1
    return at, next((mark for mark in marks if mark >= at), len(data))
