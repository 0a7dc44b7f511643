"""Mutations of what is right, so long for each target: `make fuzz [FUZZ_SECONDS=600]`. No crash, and no growth.

    python -m tests.fuzz --seconds 60 --only "journal index"

What crashes, or takes longer than a second, is printed with its input.
"""

import argparse
import json
import random
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from psutil import Process

from tests.fuzz import client_codecs, files, journals

GROWTH_MB = 32
SLOW_S = 1.0
Target = Callable[[bytes], None]
GROUPS = (client_codecs, journals, files)
ODD: tuple[Any, ...] = (
    None, True, -1, 0, 5, 1 << 53, 10**400, 1e300, 1.5, float("nan"), "", "x", "\ud800", "\0", "9" * 400, "1e400",
    [], [5], [[1, 2]], {}, {"a": 1}, [[[[[[[[[[[[[[[1]]]]]]]]]]]]]]],
)  # fmt: skip
PIECES = (b"null", b"1e400", b"-1", b"true", b"[]", b"{}", b'"\\ud800"', b"9" * 400, b"\n", b"\0", b'":', b"\xff", b"",
    b"\xff\xff\xff\xff", b"\xff\xff\xff\x7f", b"[" * 2000, b'{"a":' * 400)  # fmt: skip


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
    """Something like it: values of JSON in the place of others, lines moved, or bytes replaced, doubled, left out."""
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
        return b"\n".join(lines)
    for _ in range(lots.randint(1, 6)):
        at = lots.randint(0, len(data))
        end = min(len(data), at + lots.choice((0, 1, 1, 4, 16)))
        data = data[:at] + lots.choice((*PIECES, lots.randbytes(lots.randint(1, 4)), data[at:end] * 3)) + data[end:]
    return data[: 1 << 14]


def fuzz(target: Target, first: list[bytes], seconds: float, seed: int = 0) -> int:
    """How many inputs there were in so many seconds."""
    lots, ends, done, pool = random.Random(seed), time.monotonic() + seconds, 0, list(first)
    while time.monotonic() < ends:
        data = mutated(lots.choice(pool), lots)
        began = time.process_time()
        try:
            target(data)
        except BaseException:
            print(f"crashed on {data!r}", flush=True)
            raise
        if time.process_time() - began > SLOW_S:
            print(f"slow on {data!r}", flush=True)
            raise TimeoutError
        done += 1
        if done % 100 == 0 and len(pool) < 300:
            pool.append(data)
    return done


def main() -> int:
    """Run the targets one after the other."""
    targets: dict[str, tuple[Target, list[bytes]]] = {
        name: (target, group.seeds()) for group in GROUPS for name, target in group.TARGETS.items()
    }
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz")
    parser.add_argument("--seconds", type=float, default=600, help="for each target")
    parser.add_argument("--only", choices=targets, help="this target alone")
    parser.add_argument("--seed", type=int, default=0)
    asked = parser.parse_args()
    wrong = 0
    for name, (target, first) in targets.items():
        if asked.only in {None, name}:
            done = fuzz(target, first, asked.seconds / 10, asked.seed)  # what is loaded once
            before = Process().memory_info().rss
            done += fuzz(target, first, asked.seconds * 9 / 10, asked.seed + 1)
            grown = (Process().memory_info().rss - before) / 2**20
            print(f"{name}: {done} inputs, no crash, memory {grown:+.1f} MB", flush=True)
            wrong += grown > GROWTH_MB
    return bool(wrong)


if __name__ == "__main__":
    sys.exit(main())
