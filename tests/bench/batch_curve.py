"""The curve of `asr batch` at the speed of speech: speed, CPU and memory by the number of streams; its pictures."""

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.bench.curves import picture
from tests.bench.measure import ASR, finished
from tests.bench.scripted_service import service
from tests.support.tone import tone, wav

BATCH_COUNTS = (1, 4, 16, 64, 256)
LENGTH_S = 15


@dataclass(frozen=True)
class BatchPoint:
    """What a batch of as many files as streams costs, from the start of the program to its end.

    Attributes:
        streams: How many.
        speed: Seconds of audio in a second.
        cpu_ms: CPU for a second of audio.
        memory_mb: The peak of resident memory.
    """

    streams: int
    speed: float
    cpu_ms: float
    memory_mb: float


def batch_point(streams: int, folder: Path, address: str) -> BatchPoint:
    """Run one batch."""
    recordings = folder / f"in{streams}"
    recordings.mkdir()
    first = wav(recordings / "0.wav", tone(1000) * LENGTH_S)
    for number in range(1, streams):
        (recordings / f"{number}.wav").hardlink_to(first)
    command = [
        *ASR,
        "batch",
        str(recordings),
        "--out",
        str(folder / f"out{streams}"),
        "--url",
        address,
        "--jobs",
        str(streams),
    ]
    began_s = time.monotonic()
    spent = finished([*command, "--pace", "1", "--quiet"])
    audio_s = streams * LENGTH_S
    return BatchPoint(streams, audio_s / (time.monotonic() - began_s), spent.cpu_s * 1000 / audio_s, spent.peak_mb)


def batch_curve(counts: Sequence[int] = BATCH_COUNTS) -> Iterator[BatchPoint]:
    """The points, each as soon as it is measured."""
    for streams in counts:
        with TemporaryDirectory() as folder, service() as served:
            found = batch_point(streams, Path(folder), served.address)
        print(
            f"{found.streams:>4} streams of a batch: {found.speed:.1f} s of audio in a second, "
            f"{found.cpu_ms:.1f} ms of CPU for each, {found.memory_mb:.0f} MB",
            flush=True,
        )
        yield found


def further(points: Sequence[BatchPoint]) -> tuple[float, float]:
    """What a further stream takes: CPU in ms for a second of its audio, and memory in MB."""
    few, many = points[0], points[-1]
    more = many.streams - few.streams
    cpu_ms = (many.cpu_ms * many.streams - few.cpu_ms * few.streams) / more
    return cpu_ms, (many.memory_mb - few.memory_mb) / more


def draw_batch(points: Sequence[BatchPoint], folder: Path) -> list[Path]:
    """Write the pictures; returns their paths."""
    folder.mkdir(parents=True, exist_ok=True)
    counts = [point.streams for point in points]
    pictures = {
        "speed": ("asr batch: seconds of audio in a second", {
            "asr batch": [point.speed for point in points], "as many as streams": list(map(float, counts)),
        }),
        "cost": ("asr batch: of a whole run", {
            "CPU for a second of audio, ms": [point.cpu_ms for point in points],
            "memory, MB": [point.memory_mb for point in points],
        }),
    }  # fmt: skip
    written = []
    for name, (title, lines) in pictures.items():
        path = folder / f"batch-{name}.svg"
        path.write_text(picture(title, counts, lines), "utf-8")
        written.append(path)
    return written
