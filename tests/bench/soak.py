"""Transcribes a microphone for an hour, with long silences and an outage every five minutes.

    make soak [MINUTES=60]

The device is simulated and gives counted audio in real time, for nothing here can be hastened: the clocks of the
connection, of the back-off and of catching up are those of a real run. Prints memory, threads, open files, the seconds
that were sent again, and for how long the text was late after an outage; 1 where anything is lost, comes twice, grows,
or is late for more than ten seconds.
"""

import argparse
import sys
import threading
import time
from dataclasses import dataclass, field

from psutil import Process

from asrcli.cli.options.retry import CATCH_UP
from asrcli.core.audio import Format
from asrcli.core.errors import AsrError
from asrcli.core.events import Event, Final, Gap
from asrcli.core.interfaces import ClientCodec, Source
from asrcli.core.settings import ConnectionSettings, RecognitionSettings, RetrySettings
from asrcli.core.transcript import Transcript
from asrcli.protocol.inference.codec import InferenceClient
from asrcli.protocol.realtime.codec import RealtimeClient
from asrcli.recognizers.counting import chunk
from asrcli.runs.plan import RunPlan
from asrcli.runs.run import Run
from asrcli.server.faults.script import FaultAction, InjectedFault
from asrcli.server.local_server import in_background
from asrcli.sources.microphone import LostSamples, Microphone
from asrcli.sources.microphone_timeline import ListeningMode
from asrcli.transport.identifiers import new_id
from asrcli.transport.websocket import dial
from tests.support.counted import covered
from tests.support.received_samples import SampleRecorder

RATE = Format(16000)
CHUNK_S, CYCLE, SPOKEN = 0.1, 1500, 500  # in chunks: of every two and a half minutes a hundred seconds are silent
EVERY_S, LASTS_S = 300.0, 20.0  # outages
BEHIND_S = 2.0  # text that is no later than this is on time: a sentence lasts half a second
GOAL_S = 10.0
GROWTH_MB = 24


class Silent:
    """The chunks of silence."""

    def __contains__(self, number: object) -> bool:
        return isinstance(number, int) and number % CYCLE >= SPOKEN


class Device:
    """A device, and its one capture: a chunk every tenth of a second."""

    name = "soak"

    def __init__(self) -> None:
        self.given = 0
        self.began = 0.0

    def open(self, audio_format: Format, *, instead: bool) -> "Device":
        """Always there."""
        del audio_format, instead
        self.began = time.monotonic() - self.given * CHUNK_S
        return self

    def read(self) -> bytes | LostSamples:
        """The next chunk, when its time has come."""
        self.given += 1
        time.sleep(max(0.0, self.began + self.given * CHUNK_S - time.monotonic()))
        number = self.given - 1
        return bytes(3200) if number in Silent() else chunk(number, 1600)

    def close(self) -> None:
        """Nothing to give back."""


class Outages:
    """A server that is away for some seconds, again and again; first after half of the time, and never at the end."""

    def __init__(self, every_s: float, lasts_s: float) -> None:
        self._every_s, self._lasts_s, self._began = every_s, lasts_s, time.monotonic() - every_s / 2

    def of(self, connection: int) -> tuple[InjectedFault, ...]:
        """A connection lives until the next outage; within one it is refused."""
        since_s = time.monotonic() - self._began
        if since_s >= self._every_s and since_s % self._every_s < self._lasts_s:
            return (InjectedFault(FaultAction.REFUSE, connection=connection, status=503),)
        return (
            InjectedFault(
                FaultAction.DROP_AFTER, connection=connection, seconds=self._every_s - since_s % self._every_s
            ),
        )

    def ended_s(self, now: float) -> float | None:
        """Seconds since the last outage was over; None within one, and before the first."""
        since_s = now - self._began
        after_s = since_s % self._every_s - self._lasts_s
        return after_s if since_s >= self._every_s and after_s >= 0 else None


@dataclass
class Ear:
    """An output that notes how late each final comes."""

    device: Device
    outages: Outages
    told: list[Event] = field(default_factory=list)
    late: list[tuple[float, float]] = field(default_factory=list)  # seconds since an outage, seconds behind

    def handle(self, event: Event, transcript: Transcript) -> None:
        """Keep finals and gaps."""
        del transcript
        if not isinstance(event, Final | Gap):
            return
        self.told.append(event)
        now = time.monotonic()
        since_s = self.outages.ended_s(now)
        if isinstance(event, Final) and event.text and since_s is not None:
            self.late.append((since_s, now - self.device.began - event.end_ms / 1000))

    def close(self) -> None:
        """Nothing to end."""

    @property
    def caught_up_s(self) -> float:
        """The longest time after an outage at which text was still late."""
        return max((since_s for since_s, behind_s in self.late if behind_s > BEHIND_S), default=0.0)


def watch(
    device: Device, recognizer: SampleRecorder, ended: threading.Event, every_s: float
) -> list[tuple[float, int, int]]:
    """Print and keep the figures until the end."""
    me, figures = Process(), list[tuple[float, int, int]]()
    print(f"{'minute':>7}{'memory':>10}{'threads':>9}{'files':>7}{'sent again':>12}", flush=True)
    while not ended.wait(every_s):
        figures.append((me.memory_info().rss / 2**20, threading.active_count(), me.num_fds()))
        again_s = max(0.0, recognizer.heard / RATE.rate - device.given * CHUNK_S)
        row = f"{device.given * CHUNK_S / 60:7.1f}{figures[-1][0]:8.1f}MB{figures[-1][1]:9}{figures[-1][2]:7}"
        print(f"{row}{again_s:10.1f} s", flush=True)
    return figures


def soak(minutes: float, wire: str, every_s: float) -> list[str]:
    """Listen for this long; what was wrong."""
    recognition = RecognitionSettings("m", heartbeat=True if wire == "inference" else None)

    def codec(source: Source) -> ClientCodec:
        del source
        return InferenceClient(recognition, new_id) if wire == "inference" else RealtimeClient(recognition, new_id)

    device, recognizer, ended = Device(), SampleRecorder(), threading.Event()
    outages = Outages(every_s, min(LASTS_S, every_s / 3))
    ear, error = Ear(device, outages), ""
    microphone = Microphone(device, RATE, ListeningMode())
    with in_background(recognizer, faults=outages) as address:
        tries = RetrySettings(limit=None, wait_s=0.5, catch_up=CATCH_UP)
        plan = RunPlan(
            "m",
            codec,
            dial,
            ConnectionSettings(address),
            None,
            tries,
        )
        timer = threading.Timer(minutes * 60, microphone.end)
        timer.start()

        def listen() -> None:
            nonlocal error
            try:
                Run(plan, [ear]).transcribe([microphone])
            except AsrError as exc:
                error = str(exc)
            finally:
                ended.set()

        thread = threading.Thread(target=listen, name="run", daemon=True)
        thread.start()
        figures = watch(device, recognizer, ended, min(60.0, minutes * 6))
        thread.join()
        timer.cancel()
    print(f"behind for at most {ear.caught_up_s:.1f} s after an outage (goal {GOAL_S:.0f} s)")
    wrong = ([error] if error else []) + covered(ear.told, _whole(ear.told), silent=Silent())[:5]
    half = figures[len(figures) // 2 :]
    if half and max(half)[0] - half[0][0] > GROWTH_MB:
        wrong.append(f"memory grew by {max(half)[0] - half[0][0]:.0f} MB in the second half")
    if half and max(row[1] for row in half) > half[0][1] + 4:
        wrong.append("threads are left behind")
    if half and max(row[2] for row in half) > half[0][2] + 8:
        wrong.append("files are left open")
    return wrong + ([f"text was late for {ear.caught_up_s:.1f} s"] if ear.caught_up_s > GOAL_S else [])


def _whole(told: list[Event]) -> int:
    """How many chunks there are to account for: what is said last may end within one."""
    last = max((event.end_ms for event in told if isinstance(event, Final | Gap)), default=0)
    return last // 100


def main() -> int:
    """Run it."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench.soak")
    parser.add_argument("--minutes", type=float, default=60)
    parser.add_argument("--every", type=float, default=EVERY_S, metavar="SECONDS", help="an outage so often")
    parser.add_argument("--wire", choices=["inference", "realtime"], default="inference")
    asked = parser.parse_args()
    wrong = soak(asked.minutes, asked.wire, asked.every)
    for problem in wrong:
        print(problem)
    return bool(wrong)


if __name__ == "__main__":
    sys.exit(main())
