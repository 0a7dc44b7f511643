"""A small fixed run, counted in instructions, so that a slowdown shows on a busy machine too.

    python -m tests.bench.instructions --keep

valgrind counts. The figures are multiples of the same count of a piece of plain Python, so that they hold for every
build of an interpreter. What they were is kept in tests/bench/instructions.json, by version of Python; a row may be
TOLERANCE times as much. With --keep the figures of this version are measured and kept: for a change that is worth its
cost. Without valgrind there are no such rows.
"""

import json
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

from tests.support.command import environment

KEPT = Path(__file__).with_suffix(".json")
TOLERANCE = 1.1
VERSION = ".".join(map(str, sys.version_info[:2]))
RESULTS = 400
PLAIN_STEPS = 200_000


def plain() -> None:
    """Plain Python, of the kind that a program is made of: calls, dictionaries, texts."""

    def step(number: int, found: dict[str, int]) -> str:
        found[f"{number % 100}"] = number
        return "".join(reversed(str(number)))

    found: dict[str, int] = {}
    for number in range(PLAIN_STEPS):
        step(number, found)


def nothing() -> None:
    """What every run has: the interpreter, and the imports of this file."""


def results() -> None:
    """Results with words, from the messages of the inference wire to lines of JSON."""
    from asrcli.core.events import Ready
    from asrcli.core.settings import RecognitionSettings
    from asrcli.core.transcript import Transcript, fold
    from asrcli.outputs.jsonl import JsonLines
    from asrcli.outputs.line_writer import LineWriter
    from asrcli.protocol.inference.codec import InferenceClient
    from asrcli.protocol.inference.server_codec import InferenceServer
    from tests.bench.scripted_service import STEP_MS, StampingSession, Times

    client = InferenceClient(RecognitionSettings("fun-asr-realtime"), lambda: "t")
    server = InferenceServer(lambda: "t")
    for message in client.start():
        server.receive(message)
    for message in server.encode(Ready("t")):
        client.receive(message)
    transcript, output = Transcript(), JsonLines(LineWriter(None), partials=True)
    session, pcm = StampingSession(16000, Times(), silent=False), bytes(STEP_MS * 32)
    for _ in range(RESULTS):
        client.audio(pcm)
        for message in (message for event in session.feed(pcm) for message in server.encode(event)):
            for event in client.receive(message):
                transcript = fold(transcript, event)
                output.handle(event, transcript)


RUNS: dict[str, Callable[[], None]] = {"nothing": nothing, "plain": plain, "results": results}


def count(*arguments: str) -> int:
    """The instructions that Python needs for these arguments.

    Raises:
        SystemExit: valgrind or the run failed.
    """
    command = ["valgrind", "--tool=cachegrind", "--cache-sim=no", "--cachegrind-out-file=/dev/null", sys.executable]
    done = subprocess.run(
        [*command, *arguments],
        check=False,
        capture_output=True,
        text=True,
        env=environment(PYTHONHASHSEED="0", PYTHONWARNINGS="ignore"),
    )
    found = re.search(r"I\s+refs:\s+([\d,]+)", done.stderr)
    if done.returncode or found is None:
        raise SystemExit(f"valgrind {' '.join(arguments)}: {done.stderr[-500:]}")
    return int(found[1].replace(",", ""))


def of(name: str) -> int:
    """The instructions of one of the runs."""
    return count("-m", "tests.bench.instructions", name)


def figures() -> dict[str, float]:
    """The figure of each run."""
    base = of("nothing")
    unit = of("plain") - base
    needed = {"`asr --help`": count("-m", "asrcli", "--help"), f"{RESULTS} results": of("results") - base}
    return {name: round(instructions / unit, 3) for name, instructions in needed.items()}


def keep() -> None:
    """Measure, and write what this version of Python needs into the file of what is kept."""
    kept = json.loads(KEPT.read_text("utf-8")) | {VERSION: figures()}
    KEPT.write_text(json.dumps(dict(sorted(kept.items())), indent=2) + "\n", "utf-8")


def counted() -> Iterator[tuple[str, float, float]]:
    """Name, figure and kept figure of each run; nothing without valgrind."""
    if shutil.which("valgrind") is None:
        print("instructions: valgrind is not installed (apt-get install valgrind)", flush=True)
        return
    kept = json.loads(KEPT.read_text("utf-8")).get(VERSION, {})
    for name, figure in figures().items():
        if name not in kept:
            print(
                f"instructions: {name} is {figure} with Python {VERSION}; nothing is kept to compare it with",
                flush=True,
            )
            continue
        yield name, figure, kept[name]


if __name__ == "__main__":
    keep() if "--keep" in sys.argv else RUNS[sys.argv[1]]()
