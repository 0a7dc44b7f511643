"""Figures of processes: CPU and memory as the kernel counts them, medians with their spread, ratios pair by pair."""

import math
import os
import platform
import re
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

from tests.bench.instructions import PLAIN_STEPS, plain
from tests.support.command import environment

ASR = [sys.executable, "-m", "asrcli"]
OTHER = [sys.executable, "-m", "tests.bench.clients"]
OURS = "asr"
LIBRARIES = ("websockets", "dashscope", "typer", "av", "pocketsphinx")
PATIENCE_S = 20.0
LOOK_S = 0.02  # how often memory is looked at
_SCHEDULED = 2  # of the clocks of a process, the one that the scheduler keeps


def machine() -> str:
    """The date, the machine, the versions and the speed of the interpreter, in one line.

    Two builds of the same version of Python can differ in speed by half: one with profile-guided optimization, as
    distributions build it, and one without, as it is built from source by default.
    """
    found = re.search(r"model name\s*: (.*)", Path("/proc/cpuinfo").read_text())
    processor = found[1] if found else platform.machine()
    libraries = ", ".join(f"{name} {version(name)}" for name in LIBRARIES)
    load = f"load {os.getloadavg()[0]:.1f} at the beginning"
    when = datetime.now(UTC).date().isoformat()
    began = time.process_time()
    plain()
    step_us = (time.process_time() - began) / PLAIN_STEPS * 1e6
    python = f"Python {platform.python_version()}, {step_us:.2f} µs for a step of plain Python"
    return f"{when}, {processor}, {os.cpu_count()} cores, {load}; {python}; {libraries}"


@dataclass(frozen=True)
class Spent:
    """What a process has used, from its start to its end.

    Attributes:
        cpu_s: User and system time of all its threads.
        peak_mb: Its largest resident memory.
    """

    cpu_s: float
    peak_mb: float


@contextmanager
def started(command: Sequence[str]) -> Iterator[int]:
    """Start a process and yield its id; it is killed at the end of the block. What it writes is thrown away."""
    process = subprocess.Popen(
        command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=environment(PYTHONWARNINGS="ignore")
    )
    try:
        yield process.pid
    finally:
        process.kill()
        process.wait()


def finished(command: Sequence[str]) -> Spent:
    """Run a process to its end.

    The memory is the highest that the kernel noted while it ran; what `wait4` gives is at least that of this process.

    Raises:
        SystemExit: it failed.
    """
    peak_kb = 0
    with tempfile.TemporaryFile() as said:
        process = subprocess.Popen(
            command, stdout=subprocess.DEVNULL, stderr=said, env=environment(PYTHONWARNINGS="ignore")
        )
        status = Path(f"/proc/{process.pid}/status")
        ended = 0
        while not ended:
            with suppress(OSError):
                found = re.search(r"VmHWM:\s+(\d+)", status.read_text())
                peak_kb = max(peak_kb, int(found[1])) if found else peak_kb
            time.sleep(LOOK_S)
            ended, code, usage = os.wait4(process.pid, os.WNOHANG)
        process.returncode = os.waitstatus_to_exitcode(code)
        said.seek(0)
        if process.returncode:
            raise SystemExit(f"{' '.join(command)}: exit code {process.returncode}: {said.read()[-500:].decode()}")
    return Spent(usage.ru_utime + usage.ru_stime, peak_kb * 1024 / 1e6)


def cpu_s(pid: int) -> float:
    """The CPU seconds of a running process so far, to the nanosecond, with those of its threads that have ended."""
    return time.clock_gettime((~pid << 3) | _SCHEDULED)


def steady(
    commands: Mapping[str, Sequence[str]], all_run: Callable[[], bool], settle_s: float, span_s: float
) -> dict[str, float]:
    """Run all at once; return the milliseconds of CPU that each uses a second, some time after all of them run.

    Raises:
        SystemExit: one of them never runs.
    """
    with ExitStack() as stack:
        pids = {name: stack.enter_context(started(command)) for name, command in commands.items()}
        began_at = time.monotonic()
        while not all_run():
            if time.monotonic() > began_at + PATIENCE_S:
                raise SystemExit(f"not all of {', '.join(commands)} have begun to send")
            time.sleep(0.2)
        time.sleep(settle_s)
        began = {name: (time.monotonic(), cpu_s(pid)) for name, pid in pids.items()}
        time.sleep(span_s)
        return {
            name: (cpu_s(pid) - began[name][1]) * 1000 / (time.monotonic() - began[name][0])
            for name, pid in pids.items()
        }


def in_turns(measures: Mapping[str, Callable[[], float]], runs: int) -> dict[str, list[float]]:
    """The figures of all contenders, one run of each after the other; a first round is not counted."""
    taken: dict[str, list[float]] = {name: [] for name in measures}
    for number in range(runs + 1):
        for name, measure in measures.items():
            figure = measure()
            if number:
                taken[name].append(figure)
    return taken


@dataclass(frozen=True)
class Limit:
    """What our figure may be: at most `most`, as a multiple of the figure of `against`, or in the unit of the row.

    `least` is a lower limit, in the unit of the row. With `sure`, a limit against another one counts as missed only
    where the mean of the ratios, less two standard errors, is above it.
    """

    most: float = 0.0
    against: str = ""
    least: float = 0.0
    sure: bool = False

    def __str__(self) -> str:
        if self.least:
            return f"≥ {self.least:g}"
        return f"≤ {self.most:g}" + f" × {self.against}" * bool(self.against) + " (mean − 2 SE)" * self.sure


@dataclass(frozen=True)
class Row:
    """The figures of all contenders, and the limits of ours.

    Attributes:
        name: What is measured.
        unit: The unit of the figures.
        figures: For each contender one figure a run.
        limits: All of them must be kept; of those in one tuple, one.
    """

    name: str
    unit: str
    figures: Mapping[str, Sequence[float]]
    limits: tuple[tuple[Limit, ...], ...]

    @property
    def kept(self) -> bool:
        """Whether our figure is within its limits."""
        return all(any(map(self._keeps, either)) for either in self.limits)

    def _keeps(self, limit: Limit) -> bool:
        if limit.least:
            return self.median(OURS) >= limit.least
        if limit.sure:
            mean, error = self.mean_ratio(limit.against)
            return mean - 2 * error <= limit.most
        return (self.ratio(limit.against) if limit.against else self.median(OURS)) <= limit.most

    def median(self, name: str) -> float:
        """The median of a contender."""
        return statistics.median(self.figures[name])

    def ratio(self, other: str) -> float:
        """The median of the ratios of our figure to that of another one in the same turn."""
        return statistics.median(self._ratios(other))

    def mean_ratio(self, other: str) -> tuple[float, float]:
        """The mean of these ratios, and its standard error; that is endless for one ratio."""
        ratios = self._ratios(other)
        if len(ratios) < 2:
            return ratios[0], math.inf
        return statistics.mean(ratios), statistics.stdev(ratios) / math.sqrt(len(ratios))

    def _ratios(self, other: str) -> list[float]:
        return [a / b for a, b in zip(self.figures[OURS], self.figures[other], strict=True)]

    @property
    def cells(self) -> list[str]:
        """The row as texts: name, figures with their spread, ratios, limits, verdict."""
        shown = []
        for name, taken in self.figures.items():
            spread = f" ({_digits(min(taken))}–{_digits(max(taken))})" if len(taken) > 1 else ""
            shown.append(f"{name} {_digits(self.median(name))}{spread}")
        ratios = [f"{self.ratio(name):.2f} × {name}" for name in self.figures if name != OURS]
        for limit in (limit for either in self.limits for limit in either if limit.sure):
            ratios.append("mean {:.3f} ± {:.3f}".format(*self.mean_ratio(limit.against)))
        limits = "; ".join(" or ".join(map(str, either)) for either in self.limits)
        verdict = ("ok" if self.kept else "MISSED") if self.limits else ""
        return [f"{self.name}, {self.unit}".rstrip(", "), ", ".join(shown), ", ".join(ratios), limits, verdict]

    @property
    def line(self) -> str:
        """The row for a terminal."""
        name, figures, ratios, limits, verdict = self.cells
        return f"{name:<52} {figures}" + f" | {ratios}" * bool(ratios) + f" | {limits} {verdict}" * bool(limits)


def _digits(value: float) -> str:
    """Three digits that count; of a large number all before the point."""
    return f"{value:,.0f}" if value >= 1000 else f"{value:.3g}"
