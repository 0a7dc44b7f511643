"""Scaling curves: CPU, memory and delays by the number of streams in one process, drawn as SVG pictures."""

import json
import math
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from xml.sax.saxutils import escape

from tests.bench.measure import OURS, Limit, Row, cpu_s
from tests.bench.scripted_service import STEP_MS, STEPS, ServiceProcess, service
from tests.support.command import environment

COUNTS = (1, 10, 50, 100, 200, 500)
WARM_S, SPAN_S, MORE_S = 5.0, 8.0, 0.02  # seconds; and more of them to warm up for each stream
SENTENCE_S = STEP_MS * STEPS / 1000
PATIENCE_S = 60.0
WIDTH, HEIGHT, LEFT, TOP, RIGHT, BOTTOM = 480, 300, 56, 34, 16, 42  # pixels
FONT = 'font-family="sans-serif" font-size="12"'
COLOURS = ("#1b6ac9", "#c9541b", "#2a8c4a")


@dataclass(frozen=True)
class Point:
    """What this many streams cost.

    Attributes:
        streams: How many.
        cpu: Cores that the client uses, steady.
        memory_mb: Its resident memory.
        threads: Its threads.
        p50_ms, p99_ms: How late a result is an event.
        late: The part of the chunks that came more than 50 ms late.
        server_cpu: Cores that the service uses.
    """

    streams: int
    cpu: float
    memory_mb: float
    threads: int
    p50_ms: float
    p99_ms: float
    late: float
    server_cpu: float

    @property
    def carried(self) -> bool:
        """Whether this is as good as one stream: 99.9 % of the chunks on time, results within 5 ms, one core."""
        return self.late <= 0.001 and self.p99_ms < 5 and self.cpu <= 1


def point(streams: int, served: ServiceProcess, spread_s: float) -> Point | None:
    """Run this many streams, begun within `spread_s`; None where they do not get so far as to be measured."""
    warm_s = WARM_S + MORE_S * streams
    numbers = map(str, (streams, warm_s, SPAN_S, spread_s))
    command = [sys.executable, "-m", "tests.bench.streams", served.address, *numbers]
    child = subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, env=environment(PYTHONWARNINGS="ignore")
    )
    assert child.stdout is not None
    try:
        if child.stdout.readline() != "warm\n":
            return None
        served.ask("reset")
        before_s = cpu_s(served.pid)
        said, _ = child.communicate(timeout=SPAN_S + PATIENCE_S)
        spent_s = cpu_s(served.pid) - before_s
        came = served.ask("summary")
        found = json.loads(said)
    except (subprocess.TimeoutExpired, ValueError):
        return None
    finally:
        child.kill()
        child.wait()
    # A stream that sends less than it should is late too.
    due = streams * SPAN_S * 10
    late = (came["late"] + max(0.0, 0.98 * due - came["chunks"])) / due
    del found["results"]
    return Point(streams, late=late, server_cpu=spent_s / SPAN_S, **found)


def curve(counts: Sequence[int] = COUNTS, spread_s: float = SENTENCE_S) -> Iterator[Point]:
    """The points, each as soon as it is measured; the curve ends where the streams cannot be run any more.

    All streams get the same script, so those that begin at once (`spread_s` 0) end their sentences in the same tenth of
    a second, and their threads read ahead in the same one. The streams of the curve begin evenly over one sentence.
    """
    for streams in counts:
        with service() as served:
            found = point(streams, served, spread_s)
        if found is None:
            print(f"{streams} streams: they do not run", flush=True)
            return
        print(
            f"{streams:>4} streams: {found.cpu:.2f} cores, {found.memory_mb:.0f} MB, {found.threads} threads, results "
            f"p50 {found.p50_ms:.1f} p99 {found.p99_ms:.1f} ms, {found.late:.2%} late, service {found.server_cpu:.2f}",
            flush=True,
        )
        yield found


def stream_rows(points: Sequence[Point]) -> Iterator[Row]:
    """What the curve says: how many streams are on time, what a further one takes, how late the results of most are."""
    most = max((point.streams for point in points if point.carried), default=0)
    yield Row("streams in one process, on time", "", {OURS: [most]}, ((Limit(least=500),),))
    if len(points) < 2:
        return
    few, many = points[min(1, len(points) - 2)], points[-1]
    more = many.streams - few.streams
    memory, threads = (many.memory_mb - few.memory_mb) / more, (many.threads - few.threads) / more
    yield Row("memory of a further stream", "MB", {OURS: [memory]}, ((Limit(0.1),),))
    yield Row("threads of a further stream", "", {OURS: [threads]}, ((Limit(1),),))
    yield Row(f"results of {many.streams} streams, p99", "ms", {OURS: [many.p99_ms]}, ())


def lockstep_rows(streams: int) -> Iterator[Row]:
    """This many streams that all end their sentences in the same tenth of a second. Reported only: no people do."""
    for found in curve([streams], 0.0):
        yield Row(f"the same in lockstep, {streams} streams, p99", "ms", {OURS: [found.p99_ms]}, ())


def draw(points: Sequence[Point], folder: Path) -> list[Path]:
    """Write the pictures; returns their paths."""
    folder.mkdir(parents=True, exist_ok=True)
    pictures = {
        "cpu": ("CPU of all streams, in cores", {"client": [point.cpu for point in points],
                                                 "service": [point.server_cpu for point in points]}),
        "memory": ("Resident memory, in MB", {"client": [point.memory_mb for point in points]}),
        "delay": ("From a result to its event, in ms", {"p50": [point.p50_ms for point in points],
                                                        "p99": [point.p99_ms for point in points]}),
    }  # fmt: skip
    counts = [point.streams for point in points]
    written = []
    for name, (title, lines) in pictures.items():
        path = folder / f"streams-{name}.svg"
        path.write_text(picture(title, counts, lines), "utf-8")
        written.append(path)
    return written


def picture(
    title: str, counts: Sequence[int], lines: Mapping[str, Sequence[float]], below: str = "streams in one process"
) -> str:
    """An SVG of some lines over the number of streams; both axes are logarithmic."""
    values = [value for line in lines.values() for value in line if value > 0]
    low, high = 10 ** math.floor(math.log10(min(values))), 10 ** math.ceil(math.log10(max(values) * 1.0001))
    most = max(2, *counts)

    def across(count: float) -> float:
        return LEFT + (WIDTH - LEFT - RIGHT) * math.log(count) / math.log(most)

    def up(value: float) -> float:
        part = math.log(max(value, low) / low) / math.log(high / low)
        return HEIGHT - BOTTOM - (HEIGHT - TOP - BOTTOM) * part

    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" {FONT}>',
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="#ffffff"/>',
        f'<text x="{LEFT}" y="20" font-size="14">{escape(title)}</text>',
    ]
    tick = low
    while tick <= high * 1.0001:
        parts.append(f'<path d="M{LEFT} {up(tick):.1f}H{WIDTH - RIGHT}" stroke="#dddddd"/>')
        parts.append(f'<text x="{LEFT - 6}" y="{up(tick) + 4:.1f}" text-anchor="end">{tick:g}</text>')
        tick *= 10
    for count in counts:
        parts.append(f'<text x="{across(count):.1f}" y="{HEIGHT - 22}" text-anchor="middle">{count}</text>')
    parts.append(f'<text x="{(LEFT + WIDTH) / 2}" y="{HEIGHT - 6}" text-anchor="middle">{escape(below)}</text>')
    for number, (name, line) in enumerate(lines.items()):
        colour = COLOURS[number]
        path = " ".join(f"{across(count):.1f},{up(value):.1f}" for count, value in zip(counts, line, strict=True))
        parts.append(f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="2"/>')
        parts.append(f'<text x="{LEFT + 10}" y="{TOP + 14 + 16 * number}" fill="{colour}">{escape(name)}</text>')
    return "\n".join([*parts, "</svg>"]) + "\n"
