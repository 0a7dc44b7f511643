"""A cheap service in a process of its own: 6.7 results a second, with words, on both wires. It notes when audio comes.

    python -m tests.bench.scripted_service [--silent]

Each 150 ms of audio bring a result: nine partials that grow, then the final. The last word of each is the time on the
monotonic clock at which it was made, in nanoseconds; clients on the same machine can see how late it reaches them.
With --silent it never says anything.
"""

import asyncio
import json
import subprocess
import sys
import time
from array import array
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from asrcli.core.events import Event, Final, Partial, SpeechStarted, SpeechStopped, Word
from asrcli.core.garbage_collection import collect_less_often
from asrcli.core.settings import RecognitionSettings
from asrcli.recognizers.in_process import InProcessRecognizer
from asrcli.recognizers.registry import RECOGNIZERS
from asrcli.server import incoming_connection
from asrcli.server.limits import ServerLimits
from asrcli.server.local_server import LocalServer
from tests.support.command import environment

STEP_MS, STEPS = 150, 10
WORDS = ("we", "will", "talk", "about", "the", "results", "in", "the", "next", "meeting")
LATE_S = 0.05  # a chunk that comes later than this, measured at the one that came best, is late


def stamp_ns(text: str) -> int:
    """The time that the last word of a result carries."""
    return int(text.rsplit(" ", 1)[-1])


@dataclass
class Times:
    """When audio came.

    Attributes:
        first: When each session got its first audio, in seconds on the monotonic clock.
        offsets: For each session, for each piece how long after its place in the audio it came.
    """

    first: list[float] = field(default_factory=list)
    offsets: "list[array[float]]" = field(default_factory=list)

    def reset(self) -> None:
        """Forget what came so far."""
        self.first.clear()
        for offsets in self.offsets:
            del offsets[:]

    def summary(self) -> dict[str, Any]:
        """The first times, how many pieces came, and how many of them late."""
        late = total = 0
        for offsets in filter(None, self.offsets):
            best = min(offsets)
            total += len(offsets)
            late += sum(offset - best > LATE_S for offset in offsets)
        return {"first": self.first, "chunks": total, "late": late}


class StampingSession:
    """One task."""

    def __init__(self, rate: int, times: Times, *, silent: bool) -> None:
        self._bytes_per_s, self._times, self._silent = rate * 2, times, silent
        self._bytes = 0
        self._said = 0  # results so far
        self._offsets = array("d")
        times.offsets.append(self._offsets)

    def feed(self, pcm: bytes) -> Iterator[Event]:
        """Take audio; yields the results that are due."""
        now = time.monotonic()
        if not self._bytes:
            self._times.first.append(now)
        self._offsets.append(now - self._bytes / self._bytes_per_s)
        self._bytes += len(pcm)
        while not self._silent and self._bytes * 1000 >= (self._said + 1) * STEP_MS * self._bytes_per_s:
            yield from self._result()

    def _result(self) -> Iterator[Event]:
        sentence, step = divmod(self._said, STEPS)
        self._said += 1
        key, begin_ms = str(sentence + 1), sentence * STEPS * STEP_MS
        texts = (*WORDS[: step + 1], str(time.monotonic_ns()))
        words = tuple(
            Word(text, begin_ms + number * 100, begin_ms + number * 100 + 90) for number, text in enumerate(texts)
        )
        if step == 0:
            yield SpeechStarted(key, begin_ms)
        if step < STEPS - 1:
            yield Partial(key, begin_ms, "", " ".join(texts), words)
            return
        end_ms = begin_ms + STEPS * STEP_MS
        yield SpeechStopped(key, end_ms)
        yield Final(key, begin_ms, end_ms, " ".join(texts), words)

    def commit(self) -> Iterator[Event]:
        """Nothing: no client here ends utterances."""
        return iter(())

    def clear(self) -> Iterator[Event]:
        """Nothing to forget."""
        return iter(())

    def finish(self) -> Iterator[Event]:
        """Nothing more."""
        self._times.offsets.remove(self._offsets)
        return iter(())


@dataclass
class StampingEngine:
    """An Engine of such sessions."""

    times: Times
    silent: bool

    def open(self, recognition: RecognitionSettings) -> StampingSession:
        """Begin a session."""
        return StampingSession(recognition.rate, self.times, silent=self.silent)


async def serve(*, silent: bool) -> None:
    """Serve until standard input ends; each line there asks for something, and is answered by a line."""
    collect_less_often()
    # A client at full pace on a busy machine may fall far behind in reading; here it is measured, not sent away.
    incoming_connection.MAX_UNREAD_BYTES = 1 << 30
    times = Times()
    recognizer = InProcessRecognizer(RECOGNIZERS["scripted"], StampingEngine(times, silent))  # type: ignore[arg-type]
    server = LocalServer(recognizer, limits=ServerLimits(connections=4000))
    print(await server.start(), flush=True)
    while line := (await asyncio.to_thread(sys.stdin.readline)).strip():
        if line == "summary":
            print(json.dumps(times.summary()), flush=True)
        else:
            times.reset()
            print("{}", flush=True)
    await server.stop(0.1)


class ServiceProcess:
    """The service as those see it who measure its clients."""

    def __init__(self, process: "subprocess.Popen[str]") -> None:
        assert process.stdout is not None
        self._process = process
        self.pid = process.pid
        self.address = process.stdout.readline().strip()

    def ask(self, what: str) -> dict[str, Any]:
        """Ask for "summary" or "reset"."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(f"{what}\n")
        self._process.stdin.flush()
        answer: dict[str, Any] = json.loads(self._process.stdout.readline())
        return answer

    def first_audio(self, since: float) -> float | None:
        """When audio came first, in seconds after a time on the monotonic clock; None where none has come."""
        first = self.ask("summary")["first"]
        return first[0] - since if first else None


@contextmanager
def service(*arguments: str) -> Iterator[ServiceProcess]:
    """Run the service until the block ends."""
    command = [sys.executable, "-m", "tests.bench.scripted_service", *arguments]
    process = subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment(PYTHONWARNINGS="ignore")
    )
    try:
        yield ServiceProcess(process)
    finally:
        process.kill()
        process.communicate()


if __name__ == "__main__":
    asyncio.run(serve(silent="--silent" in sys.argv))
