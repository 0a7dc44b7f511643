"""Measures the delay from voice to text: the bundled clip through a software microphone and `--local`.

    python -m tests.bench.live

Times are from a sound in the clip, as the recognizer places its words, to the event in the program's hands: the whole
way, and beside it the recognizer's own share, which hears the same audio without a wire, a thread or a wait.
"""

import os
import statistics
import time
import wave
from collections.abc import Iterator

from asrcli.core.audio import Chunk, Format
from asrcli.core.client_commands import FinishTask, SendAudio
from asrcli.core.events import Event, Final, Partial
from asrcli.core.settings import ConnectionSettings, RecognitionSettings
from asrcli.core.transcript import Transcript
from asrcli.protocol.inference.codec import InferenceClient
from asrcli.recognizers import factory
from asrcli.recognizers.interface import run_command
from asrcli.recognizers.pocketsphinx import SphinxSession, load_decoder
from asrcli.runs.plan import RunPlan
from asrcli.runs.run import Run
from asrcli.server.local_server import in_background
from asrcli.sources.backends.portaudio import READ_MS, PortAudio
from asrcli.sources.microphone import Microphone
from asrcli.sources.microphone_timeline import ListeningMode
from asrcli.transport.identifiers import new_id
from asrcli.transport.websocket import dial
from tests.support.command import CLIP
from tests.support.microphone import Microphone as Played
from tests.support.microphone import missing

WIRE = Format(16000)
ASKED = RecognitionSettings("fun-asr-realtime", heartbeat=True)


class Delays:
    """From the start of a sentence to its first text, and from the end of its last word to its final; in seconds."""

    def __init__(self) -> None:
        self.first: dict[str, float] = {}
        self.final: list[float] = []
        self._begins: dict[str, int] = {}

    def handle(self, event: Event, delay_s: "float | None", at_ms: "int | None" = None) -> None:
        """Take an event that came `delay_s` after audio position 0, or at an audio position after some work."""
        late_ms = (delay_s or 0.0) * 1000 + (at_ms or 0)
        if isinstance(event, Partial) and event.text and event.key not in self.first:
            self.first[event.key] = (late_ms - event.begin_ms) / 1000
        elif isinstance(event, Final) and event.words:
            self.final.append((late_ms - event.words[-1].end_ms) / 1000)

    def row(self, name: str) -> str:
        """One line of the table."""
        figures = (statistics.median(self.first.values()), statistics.median(self.final), max(self.final))
        return f"{name:<28}" + "".join(f"{figure * 1000:>14.0f} ms" for figure in figures)


class Watched:
    """A Source that notes on the clock when audio position 0 was there to be had."""

    def __init__(self, source: Microphone) -> None:
        self._source, self.live, self.realtime = source, source, True
        self.name, self.format, self.begin_ms, self.duration_ms = source.name, source.format, 0, None
        self.audio_format, self.speaker = "pcm", ""
        self.zero = float("inf")

    def chunks(self, start: int) -> Iterator[Chunk | Event]:
        """The chunks of the source; the one that came with the least delay tells."""
        for item in self._source.chunks(start):
            if isinstance(item, Chunk):
                self.zero = min(self.zero, time.monotonic() - item.end / WIRE.rate)
            yield item


class Timed:
    """An Output that notes when events come."""

    def __init__(self, source: Watched) -> None:
        self._source, self.came = source, list[tuple[float, Event]]()

    def handle(self, event: Event, transcript: Transcript) -> None:
        """With its time."""
        del transcript
        self.came.append((time.monotonic(), event))

    def close(self) -> None:
        """Nothing to end."""

    @property
    def delays(self) -> Delays:
        """Of all that came."""
        found = Delays()
        for at, event in self.came:
            found.handle(event, at - self._source.zero)
        return found


def through_the_program(length_ms: int) -> Delays:
    """Microphone, threads, wire, server, worker process, and back."""
    with Played() as played:
        os.environ.update(played.environment)
        source = Watched(Microphone(PortAudio(), WIRE, ListeningMode(for_ms=length_ms)))
        output = Timed(source)
        with in_background(factory.make()) as address:
            plan = RunPlan("m", lambda _: InferenceClient(ASKED, new_id), dial, ConnectionSettings(address), None)
            with played.playing(CLIP):
                Run(plan, [output]).transcribe([source])
    return output.delays


def the_recognizer_alone(pcm: bytes) -> Delays:
    """Fed piece by piece; each event counts from the end of its piece, and the work on that piece is added."""
    found, session = Delays(), SphinxSession(load_decoder(), ASKED)
    size = WIRE.samples(READ_MS) * 2
    for at in range(0, len(pcm), size):
        before = time.monotonic()
        for event in run_command(session, SendAudio(pcm[at : at + size])):
            found.handle(event, time.monotonic() - before, WIRE.ms((at + size) // 2))
    list(run_command(session, FinishTask()))
    return found


def main() -> None:
    """Print the table."""
    if reason := missing():
        raise SystemExit(f"the microphone {reason}")
    with wave.open(str(CLIP)) as file:
        pcm = file.readframes(file.getnframes())
    print(f"{'':<28}{'first text':>17}{'final, median':>17}{'final, worst':>17}")
    print(the_recognizer_alone(pcm).row("the recognizer alone"))
    print(through_the_program(WIRE.ms(len(pcm) // 2) + 1500).row("microphone to final"))


if __name__ == "__main__":
    main()
