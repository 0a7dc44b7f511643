"""Many live streams in one process: `python -m tests.bench.streams ADDRESS COUNT WARM_S SPAN_S [SPREAD_S]`.

Prints "warm" once it has run for this long, and at the end of the span one JSON object: CPU, memory, threads, and how
late results became events. The clocks of the streams begin evenly spread over SPREAD_S; with 0, the default, all at
once.
"""

import json
import os
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

import psutil

from asrcli.core.audio import Chunk, Format
from asrcli.core.events import Event, Final, Partial
from asrcli.core.garbage_collection import collect_less_often
from asrcli.core.interfaces import LiveInput
from asrcli.core.settings import ConnectionSettings, RecognitionSettings, RetrySettings
from asrcli.core.transcript import Transcript
from asrcli.protocol.inference.codec import InferenceClient
from asrcli.runs.plan import RunPlan
from asrcli.runs.run import ConcurrentSources, Run
from asrcli.transport.identifiers import new_id
from asrcli.transport.websocket import dial
from tests.bench.scripted_service import stamp_ns

WIRE = Format(16000)
CHUNK = bytes(range(200)) * 16
CATCH_UP = 4.0  # the sessions begin when the last clock has begun: what has waited is sent long before it counts


@dataclass
class Talk:
    """A Source of this many chunks, all of the same bytes, sent at the pace of speech.

    The first chunk has only `first` samples. So streams that begin together do not send at the same moments forever
    after, as no two people with microphones do. Nor do people end their sentences together: the clock of each stream
    begins `later_s` after that of the one before.
    """

    name: str
    chunks_left: int
    first: int = len(CHUNK) // 2
    later_s: float = 0.0
    format: Format = WIRE
    audio_format: str = "pcm"
    realtime: bool = False
    live: LiveInput | None = None
    speaker: str = ""

    @property
    def begin_ms(self) -> int:
        """Where it begins. This is asked once, right before the clock of the session begins."""
        time.sleep(self.later_s)
        return 0

    @property
    def duration_ms(self) -> int:
        """How long it lasts."""
        return self.chunks_left * 100

    def chunks(self, start: int) -> Iterator[Chunk | Event]:
        """All of them."""
        yield Chunk(start, CHUNK[: self.first * 2])
        for number in range(1, self.chunks_left):
            yield Chunk(start + self.first + (number - 1) * (len(CHUNK) // 2), CHUNK)


@dataclass
class Watching:
    """An Output that notes how late results become events."""

    late_s: list[float] = field(default_factory=list)
    warm: bool = False

    def handle(self, event: Event, transcript: Transcript) -> None:
        """Note it."""
        del transcript
        if self.warm and isinstance(event, Partial | Final):
            with suppress(ValueError):
                self.late_s.append(time.monotonic() - stamp_ns(event.text) / 1e9)

    def close(self) -> None:
        """Nothing to end."""


def sample(watching: Watching, warm_s: float, span_s: float) -> None:
    """Wait, measure, print, and end the process, whatever its streams do."""
    time.sleep(warm_s)
    watching.warm = True
    print("warm", flush=True)
    cpu_s, began = time.process_time(), time.monotonic()
    time.sleep(span_s)
    me = psutil.Process()
    late = sorted(watching.late_s) or [float("nan")]
    figures = {
        "cpu": (time.process_time() - cpu_s) / (time.monotonic() - began),
        "memory_mb": me.memory_info().rss / 1e6,
        "threads": me.num_threads(),
        "results": len(watching.late_s),
        "p50_ms": late[len(late) // 2] * 1000,
        "p99_ms": late[len(late) * 99 // 100] * 1000,
    }
    print(json.dumps(figures), flush=True)
    os._exit(0)


def main(address: str, count: int, warm_s: float, span_s: float, spread_s: float = 0.0) -> None:
    """Run this many streams until the sample is taken."""
    collect_less_often()
    recognition = RecognitionSettings("fun-asr-realtime", heartbeat=True)
    plan = RunPlan(
        recognition.model,
        lambda _: InferenceClient(recognition, new_id),
        dial,
        ConnectionSettings(address),
        pace=1.0,
        retries=RetrySettings(limit=None, catch_up=CATCH_UP),
    )
    watching = Watching()
    threading.Thread(target=sample, args=(watching, warm_s, span_s), daemon=True).start()
    chunks = round((warm_s + span_s + 60) * 10)
    talks: Any = (
        Talk(f"s{n}", chunks, (n + 1) * (len(CHUNK) // 2) // count, spread_s / count, speaker=f"s{n}")
        for n in range(count)
    )
    Run(plan, [watching]).transcribe([ConcurrentSources(tuple(talks))])


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), *map(float, sys.argv[3:]))
