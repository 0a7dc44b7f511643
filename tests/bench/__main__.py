"""Start-up time, CPU and memory beside those of other clients: `make bench`. The ratios count, not the machine's speed.

Each figure stands beside the same job by the official SDK and by a bare loop over websockets, against one scripted
server in this process. Times are medians of runs that take turns.
"""

import os
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import psutil

from asrcli.core.client_commands import Command, SendAudio
from asrcli.core.events import Event
from asrcli.core.settings import RecognitionSettings
from asrcli.recognizers.interface import RecognizerStream
from asrcli.recognizers.scripted import Scripted, ScriptedResult
from asrcli.server.local_server import in_background
from tests.support.command import environment
from tests.support.tone import tone, wav

STARTS, HELPS = 7, 15
STEADY_FROM_S, STEADY_TO_S = 4, 24
WORDS = ["we", "will", "talk", "about", "the", "results", "in", "the", "next", "meeting"]
ASR = [sys.executable, "-m", "asrcli"]
OTHER = [sys.executable, "-m", "tests.bench.clients"]


class Watched(Scripted):
    """The scripted recognizer, noting when audio reaches it: a sentence every two seconds, five partials a second."""

    def __init__(self) -> None:
        partials = tuple(" ".join(WORDS[: at + 1]) for at in range(len(WORDS)))
        super().__init__(
            tuple(ScriptedResult(at, at + 2000, " ".join(WORDS), partials) for at in range(0, 60_000, 2000))
        )
        self.heard = threading.Event()
        self.heard_at = 0.0

    async def open(self, recognition: RecognitionSettings) -> RecognizerStream:  # type: ignore[override]
        """A session that reports its first audio."""
        return Noting(await super().open(recognition), self)


@dataclass
class Noting:
    """A Stream that notes when the first audio came."""

    stream: RecognizerStream
    watched: Watched

    async def send(self, command: Command) -> None:
        """Note the time, and hand on."""
        if isinstance(command, SendAudio) and not self.watched.heard.is_set():
            self.watched.heard_at = time.monotonic()
            self.watched.heard.set()
        await self.stream.send(command)

    def events(self) -> AsyncIterator[Event]:
        """What the stream says."""
        return self.stream.events()

    async def close(self) -> None:
        """End it."""
        await self.stream.close()


@dataclass
class Row:
    """One figure of all contenders, and what ours may be at most, as a multiple of one of theirs."""

    name: str
    unit: str
    limit: float
    against: str
    figures: dict[str, float] = field(default_factory=dict)

    def line(self) -> str:
        """The row as text."""
        cells = "  ".join(f"{who} {value:8.2f}" for who, value in self.figures.items())
        ratio = self.figures["asr"] / self.figures[self.against]
        verdict = "ok" if ratio <= self.limit else "MISSED"
        return f"{self.name:<34} {cells} {self.unit:<4} asr/{self.against} {ratio:.2f} (limit {self.limit}) {verdict}"


def helped(command: list[str]) -> float:
    """Milliseconds until the help is there."""
    began = time.perf_counter()
    subprocess.run(command, check=True, capture_output=True, env=environment())
    return (time.perf_counter() - began) * 1000


def first_audio(command: list[str], watched: Watched) -> float:
    """Milliseconds from the start of the process to its first audio at the server, without the first piece's 100 ms."""
    watched.heard.clear()
    began = time.monotonic()
    with running(command):
        if not watched.heard.wait(30):
            raise SystemExit(f"no audio from {command}")
        return (watched.heard_at - began) * 1000 - 100


def steady(command: list[str]) -> tuple[float, float]:
    """CPU milliseconds a second of live audio, once started; and resident megabytes at their highest."""
    with running(command) as process:
        watched = psutil.Process(process.pid)
        time.sleep(STEADY_FROM_S)
        before = sum(watched.cpu_times()[:2])
        time.sleep(STEADY_TO_S - STEADY_FROM_S)
        spent_s = sum(watched.cpu_times()[:2]) - before
        return spent_s * 1000 / (STEADY_TO_S - STEADY_FROM_S), watched.memory_info().rss / 1e6


class running:  # noqa: N801  reads like a function
    """A process for as long as the block lasts, its text taken away as it comes."""

    def __init__(self, command: list[str]) -> None:
        self._process = subprocess.Popen(
            command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=environment(PYTHONWARNINGS="ignore")
        )

    def __enter__(self) -> "subprocess.Popen[bytes]":
        return self._process

    def __exit__(self, *_: object) -> None:
        self._process.kill()
        self._process.wait()


def medians(measures: dict[str, Callable[[], float]], times: int) -> dict[str, float]:
    """The median of each measure, taken in turns."""
    taken: dict[str, list[float]] = {who: [] for who in measures}
    for _ in range(times):
        for who, measure in measures.items():
            taken[who].append(measure())
    return {who: statistics.median(values) for who, values in taken.items()}


def rows(folder: Path) -> Iterator[Row]:
    """All rows, each as soon as it is measured."""
    yield Row("--help", "ms", 1.5, "typer", medians({
        "asr": lambda: helped([*ASR, "--help"]), "typer": lambda: helped([*OTHER, "typer"]),
    }, HELPS))  # fmt: skip
    file = str(wav(folder / "talk.wav", tone(1000) * 30))
    watched = Watched()
    with in_background(watched) as address:
        commands = {
            "asr": [*ASR, "file", file, "--url", address, "--pace", "1"],
            "sdk": [*OTHER, "sdk", address, file],
            "bare": [*OTHER, "bare", address, file],
        }
        starts = {who: (lambda command=command: first_audio(command, watched)) for who, command in commands.items()}
        yield Row("start to first audio byte", "ms", 0.5, "sdk", medians(starts, STARTS))  # type: ignore[arg-type]
        steadies = {who: steady(command) for who, command in commands.items()}
        yield Row("CPU per second of live audio", "ms", 0.5, "sdk", {who: cpu for who, (cpu, _) in steadies.items()})
        yield Row("resident memory", "MB", 0.5, "sdk", {who: rss for who, (_, rss) in steadies.items()})


if __name__ == "__main__":
    print(f"Python {sys.version.split()[0]}, {os.cpu_count()} cores, load {os.getloadavg()[0]:.2f}")
    with tempfile.TemporaryDirectory() as name:
        for row in rows(Path(name)):
            print(row.line(), flush=True)
