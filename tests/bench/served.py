"""What `asr serve` carries: CPU, memory and delays by the number of its streams, for each engine.

The clients are those of tests/bench/load.py, in a process of their own on the same machine.
"""

import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import psutil

from tests.bench.curves import picture
from tests.bench.measure import cpu_s
from tests.support.command import CLIP, environment, serving

COUNTS = (1, 10, 100, 500, 900)
ENGINES = {"pocketsphinx": (1, 2, 4), "moonshine": (1, 2, 4)}  # and the streams that each is measured with
WARM_S, SPAN_S, MORE_S = 4.0, 15.0, 0.02
PATIENCE_S = 120.0


@dataclass(frozen=True)
class Served:
    """What so many streams cost a server.

    Attributes:
        streams: How many.
        cpu: Cores that the server and its workers use.
        memory_mb: Their resident memory.
        p50_ms, p95_ms, p99_ms: From when the audio that a result needs was sent to when the result came.
        behind: The part of the chunks that the client could not send in time: then the machine is too busy to say more.
        load: Of the machine, at the end.
    """

    streams: int
    cpu: float
    memory_mb: float
    p50_ms: float
    p95_ms: float
    p99_ms: float
    behind: float
    load: float

    @property
    def line(self) -> str:
        """For a terminal."""
        return (
            f"{self.streams:>4} streams: {self.cpu:.2f} cores, {self.memory_mb:.0f} MB, results p50 {self.p50_ms:.1f} "
            f"p95 {self.p95_ms:.1f} p99 {self.p99_ms:.1f} ms, {self.behind:.1%} sent late, load {self.load:.1f}"
        )


def family(pid: int) -> list[psutil.Process]:
    """A server and its workers."""
    parent = psutil.Process(pid)
    return [parent, *parent.children(recursive=True)]


def spent_s(pid: int) -> float:
    """The CPU of all of them so far, in seconds."""
    total = 0.0
    for process in family(pid):
        with suppress(psutil.Error, OSError):
            total += cpu_s(process.pid)
    return total


def measured(engine: str, streams: int) -> Served:
    """Run so many streams through a new server.

    Raises:
        SystemExit: a stream failed.
    """
    warm_s = WARM_S + MORE_S * streams
    wav = () if engine == "scripted" else ("--wav", str(CLIP))
    limits: tuple[object, ...] = ("--max-connections", streams + 10)
    if engine != "scripted":
        limits = (*limits, "--workers", streams)
    with serving("--engine", engine, *limits) as (address, server):
        threading.Thread(target=server.stderr.read, daemon=True).start()  # a full pipe would stop it
        command = [sys.executable, "-m", "tests.bench.load", address, "--streams", str(streams), *wav]
        command += ["--warm", str(warm_s), "--span", str(SPAN_S)]
        client = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment(PYTHONWARNINGS="ignore"))
        try:
            assert client.stdout is not None
            client.stdout.readline()
            before_s = spent_s(server.pid)
            client.stdout.readline()
            used_s = spent_s(server.pid) - before_s
            memory = sum(process.memory_info().rss for process in family(server.pid))
            said, _ = client.communicate(timeout=PATIENCE_S)
        finally:
            client.kill()
            client.wait()
    found = json.loads(said)
    if found["errors"] or found["lost"]:
        raise SystemExit(f"{engine}, {streams} streams: {found['lost']} s lost, {found['errors']}")
    return Served(
        streams, used_s / SPAN_S, memory / 1e6, found["p50"], found["p95"], found["p99"],
        found["behind"] / max(1, found["chunks"]), os.getloadavg()[0],
    )  # fmt: skip


def curve(engine: str, counts: Sequence[int]) -> Iterator[Served]:
    """The points, each as soon as it is measured."""
    for streams in counts:
        point = measured(engine, streams)
        print(f"{engine:<12} {point.line}", flush=True)
        yield point


def draw_served(points: Sequence[Served], folder: Path) -> list[Path]:
    """Write the pictures of the scripted server; returns their paths."""
    folder.mkdir(parents=True, exist_ok=True)
    delays = {
        "p50": [point.p50_ms for point in points],
        "p95": [point.p95_ms for point in points],
        "p99": [point.p99_ms for point in points],
    }
    pictures = {
        "delay": ("From audio in to its result out, in ms", delays),
        "cpu": ("CPU of the server, in cores", {"scripted": [point.cpu for point in points]}),
    }
    paths = []
    for name, (title, lines) in pictures.items():
        path = folder / f"serve-{name}.svg"
        path.write_text(picture(title, [point.streams for point in points], lines, "streams of one server"), "utf-8")
        paths.append(path)
    return paths
