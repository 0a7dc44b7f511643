"""Fuzzes one target in a process of its own: `python -m tests.fuzz` starts it. It measures memory and prints a crash.

It is guided by coverage where atheris is installed, which has no wheel for some versions of Python. Otherwise the
inputs are random mutations of valid ones, and for the last quarter of the time JSON of hypothesis.
"""

import atexit
import importlib
import json
import os
import random
import sys
import time
from collections.abc import Callable
from contextlib import nullcontext
from functools import partial
from importlib.util import find_spec
from pathlib import Path
from shutil import rmtree
from tempfile import TemporaryDirectory, gettempdir
from typing import Any

from psutil import Process

from tests.fuzz.mutation import MOST_BYTES, mutated

GROWTH_MB = 32
SLOW_S = 1.0
CORPUS_MB = 2 * MOST_BYTES / 2**20  # of an input that atheris keeps, with what it covers: nothing of ours


class Trial:
    """A target that is tried again and again: what it cost, and whether it grows.

    `memory_mb` returns the memory of the process in MB. Some kernels report it late, so a short test brings its own.
    """

    def __init__(
        self, name: str, target: Callable[[bytes], None], seconds: float, memory_mb: Callable[[], float] | None = None
    ) -> None:
        self._name, self._target, self._seconds = name, target, seconds
        self._memory_mb = memory_mb or resident_mb
        self._began = time.monotonic()
        self._before = 0.0
        self.done = 0

    @property
    def left_s(self) -> float:
        """Of the time."""
        return self._began + self._seconds - time.monotonic()

    def __call__(self, data: bytes) -> None:
        """Try an input.

        Raises:
            TimeoutError: it took too long; and whatever the target raises. The input is printed.
        """
        began = time.process_time()
        try:
            self._target(data)
        except BaseException:
            print(f"{self._name}: crashed on {data!r}", flush=True)
            raise
        if time.process_time() - began > SLOW_S:
            print(f"{self._name}: slow on {data!r}", flush=True)
            raise TimeoutError
        self.done += 1
        if not self._before and self.left_s < self._seconds * 0.9:  # what is loaded once is loaded
            self._before = self._memory_mb()

    def ended(self, spare_mb: float = 0) -> int:
        """Say how it went; the exit code, which is 1 where it has grown by more than anybody needs."""
        grown = self._memory_mb() - (self._before or self._memory_mb())
        print(f"{self._name}: {self.done} inputs, no crash, memory {grown:+.1f} MB", flush=True)
        return int(grown > GROWTH_MB + spare_mb)


def resident_mb() -> float:
    """The memory of this process that is in use, in MB."""
    return float(Process().memory_info().rss / 2**20)


def by_lot(trial: Trial, seeds: list[bytes], seconds: float, seed: int = 0) -> None:
    """Mutations, then JSON of all kinds after the beginning of what is right."""
    lots, pool, before = random.Random(seed), list(seeds), trial.done
    while trial.left_s > seconds / 4 or trial.done == before:  # one at least, where the seeds have taken all the time
        data = mutated(lots.choice(pool), lots)
        trial(data)
        if trial.done % 100 == 0 and len(pool) < 500:
            pool.append(data)
    hypothesis, st = importlib.import_module("hypothesis"), importlib.import_module("hypothesis.strategies")
    leaf = st.none() | st.booleans() | st.integers() | st.floats() | st.text()
    value = st.recursive(leaf, lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner))
    settings: dict[str, Any] = {"max_examples": 100, "deadline": None, "database": None}

    @hypothesis.seed(seed)  # type: ignore[untyped-decorator]
    @hypothesis.settings(**settings)  # type: ignore[untyped-decorator]
    @hypothesis.given(st.sampled_from(seeds), value, st.binary())  # type: ignore[untyped-decorator]
    def one(first: bytes, said: object, raw: bytes) -> None:
        trial(first[:1] + json.dumps(said).encode() + b"\n" + raw)

    while trial.left_s > 0:
        one()
        seed += 1
        hypothesis.seed(seed)(one)


def by_coverage(atheris: Any, trial: Trial, name: str, seeds: list[bytes]) -> None:
    """With atheris, which ends the process itself where it finds something; else the trial does when its time is up."""
    with TemporaryDirectory(prefix="asr-fuzz.") as corpus:
        for number, seed in enumerate(seeds):
            Path(corpus, str(number)).write_bytes(seed)

        def one(data: bytes) -> None:
            if trial.left_s > 0:
                trial(data)
                return
            code = trial.ended(CORPUS_MB * len(list(Path(corpus).iterdir())))
            rmtree(corpus, ignore_errors=True)
            atexit._run_exitfuncs()
            os._exit(code)  # an exception would be a finding

        limits = (f"-max_len={MOST_BYTES}", "-rss_limit_mb=1024", "-timeout=20", f"-artifact_prefix={gettempdir()}/")
        atheris.Setup([name, *limits, corpus], one, custom_mutator=partial(_changed, atheris))
        atheris.Fuzz()


def _changed(atheris: Any, data: bytes, most_bytes: int, seed: int) -> bytes:
    """An input changed by its bytes, or as JSON: a library that knows bytes alone seldom makes JSON."""
    lots = random.Random(seed)
    changed: bytes = mutated(data, lots)[:most_bytes] if lots.random() < 0.5 else atheris.Mutate(data, most_bytes)
    return changed


def main(name: str, seconds: float, seed: int) -> int:
    """Run it."""
    atheris: Any = importlib.import_module("atheris") if find_spec("atheris") is not None else None
    watched = nullcontext() if atheris is None else atheris.instrument_imports(["asrcli"], enable_loader_override=False)
    with watched:
        target, seeds = importlib.import_module("tests.fuzz.targets").TARGETS[name]
    trial, first = Trial(name, target, seconds), seeds()
    if atheris is not None:
        by_coverage(atheris, trial, name, first)
    by_lot(trial, first, seconds, seed)
    return trial.ended()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], float(sys.argv[2]), int(sys.argv[3])))
