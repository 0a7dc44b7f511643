"""What `asr serve` carries: CPU, memory and delays by the number of its streams, for each engine.

    python -m tests.bench.served curve [--streams N,N,...] [--span S] [--wire WIRE] [--write]
    python -m tests.bench.served engines [--span S] [--write]

`curve` measures the scripted engine with 1 to 900 streams in some two minutes, `engines` how many streams a core
carries with each engine in some three. With --write the tables and the pictures go into docs/benchmarks.md. The
clients are those of tests/bench/load.py, in a process of their own on the same machine: where more than 1 % of their
chunks was sent late, the machine could not carry both, and the exit code is 1.
"""

import argparse
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

from asrcli.recognizers.registry import RECOGNIZERS, missing
from tests.bench.curves import picture
from tests.bench.measure import cpu_s, machine
from tests.support.command import CLIP, environment, serving

COUNTS = (1, 10, 100, 500, 900)
ENGINES = {"pocketsphinx": (1, 2, 4), "moonshine": (1, 2, 4)}  # and the streams that each is measured with
SCRIPTED = 200  # of the scripted engine, where engines are compared
WARM_S, SPAN_S, MORE_S = 4.0, 15.0, 0.02
MOST_BEHIND = 0.01
PAGE = Path(__file__).parent.parent.parent / "docs" / "benchmarks.md"
CURVE_HEAD = ("streams", "CPU, cores", "memory, MB", "p50, ms", "p95, ms", "p99, ms", "sent late")
ENGINES_HEAD = ("engine", "streams", "streams a core", "memory, MB", "partials p50, ms", "p95, ms", "sent late")
PATIENCE_S = 120.0


@dataclass(frozen=True)
class Served:
    """What this many streams cost a server.

    Attributes:
        streams: How many.
        cpu: Cores that the server and its workers use.
        memory_mb: Their resident memory.
        p50_ms, p95_ms, p99_ms: From when the audio that a result needs was sent to when the result came.
        after: The part of the chunks that the client could not send in time: then the machine is too busy to say more.
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


def measured(engine: str, streams: int, span_s: float = SPAN_S, wire: str = "inference") -> Served:
    """Run this many streams through a new server.

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
        command += ["--warm", str(warm_s), "--span", str(span_s), "--wire", wire]
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
        streams, used_s / span_s, memory / 1e6, found["p50"], found["p95"], found["p99"],
        found["behind"] / max(1, found["chunks"]), os.getloadavg()[0],
    )  # fmt: skip


def curve(engine: str, counts: Sequence[int], span_s: float = SPAN_S, wire: str = "inference") -> Iterator[Served]:
    """The points, each as soon as it is measured."""
    for streams in counts:
        point = measured(engine, streams, span_s, wire)
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
        "memory": ("Resident memory of the server, in MB", {"scripted": [point.memory_mb for point in points]}),
    }
    paths = []
    for name, (title, lines) in pictures.items():
        path = folder / f"serve-{name}.svg"
        path.write_text(picture(title, [point.streams for point in points], lines, "streams of one server"), "utf-8")
        paths.append(path)
    return paths


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A table of Markdown; the first column is a name or a count, the others are numbers."""
    return "\n".join("| " + " | ".join(row) + " |" for row in (head, ["--:"] * len(head), *rows))


def figures(point: Served) -> list[str]:
    """Memory, delays and what was sent late, as cells."""
    delays = [f"{late:.1f}" for late in (point.p50_ms, point.p95_ms, point.p99_ms)]
    return [f"{point.memory_mb:.0f}", *delays, f"{point.behind:.1%}"]


def replaced(page: str, name: str, text: str) -> str:
    """The page with a text between the marks of this name."""
    begin, end = f"<!-- served {name}: begin -->", f"<!-- served {name}: end -->"
    assert page.count(begin) == page.count(end) == 1
    return page[: page.index(begin)] + f"{begin}\n{text}\n{end}" + page[page.index(end) + len(end) :]


def measured_curve(asked: argparse.Namespace) -> tuple[str, list[Served]]:
    """The table of the curve, and its points."""
    points = list(curve("scripted", [int(count) for count in asked.streams.split(",")], asked.span, asked.wire))
    if asked.write and asked.wire == "inference":
        draw_served(points, PAGE.parent / "pictures")
    rows = [[str(point.streams), f"{point.cpu:.3f}", *figures(point)] for point in points]
    return table(CURVE_HEAD, rows), points


def measured_engines(asked: argparse.Namespace) -> tuple[str, list[Served]]:
    """The table of the engines that are installed here, and their points."""
    engines: dict[str, tuple[int, ...]] = {"scripted": (SCRIPTED,), **ENGINES}
    rows, points = [], []
    for engine, counts in engines.items():
        if lacking := missing(RECOGNIZERS[engine]):
            print(f"{engine}: {lacking}")
            continue
        for point in curve(engine, counts, asked.span):
            points.append(point)
            memory, p50, p95, _, behind = figures(point)
            a_core = f"{point.streams / point.cpu:.1f}"
            rows.append([engine, str(point.streams), a_core, memory, p50, p95, behind])
    return table(ENGINES_HEAD, rows), points


def main() -> int:
    """Measure, print the table; the exit code."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench.served")
    parser.add_argument("what", choices=("curve", "engines"))
    parser.add_argument("--streams", default=",".join(map(str, COUNTS)), help="of the curve")
    parser.add_argument("--span", type=float, default=10.0, help="seconds that count, of each point")
    parser.add_argument("--wire", choices=("inference", "realtime"), default="inference", help="of the curve")
    parser.add_argument("--write", action="store_true", help=f"write {PAGE.name}")
    asked = parser.parse_args()
    about = machine()
    print(about, flush=True)
    text, points = {"curve": measured_curve, "engines": measured_engines}[asked.what](asked)
    print(text)
    if asked.write:
        name = asked.what
        if asked.wire == "realtime":
            name = "curve realtime"
        PAGE.write_text(replaced(PAGE.read_text("utf-8"), name, f"{about}.\n\n{text}"), "utf-8")
    return any(point.behind > MOST_BEHIND for point in points)


if __name__ == "__main__":
    sys.exit(main())
