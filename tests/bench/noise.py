"""Measures word errors with noise suppression and gain: `python -m tests.bench.noise [FOLDER [SETTING...]]`.

Each WAV of the folder that has its text beside it (16 kHz mono, English) is read by the embedded recognizer, clean and
with noise, as it is and enhanced. A setting is a level of suppression (0 is none), `agc`, or both as in `2+agc`. The
noise begins a second before the speech, as in a microphone that is switched on. Seeds are fixed, and every sentence
gets its second pass, which live depends on the load: each run prints the same table.
"""

import math
import os
import random
import sys
import wave
from array import array
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from itertools import cycle, islice
from pathlib import Path

from asrcli.core.audio import Format
from asrcli.core.client_commands import FinishTask
from asrcli.core.events import Final
from asrcli.core.settings import RecognitionSettings
from asrcli.recognizers.interface import run_command
from asrcli.recognizers.pocketsphinx import SphinxSession, load_decoder
from asrcli.sources.enhancement import LEVEL, Enhancer
from tests.support.command import DATA, word_errors

RATE = Format(16000)
AROUND = RATE.samples(1000)  # of noise alone, before and after the speech
PIECE_BYTES = 3200
SNRS_DB = (20, 10, 5)
TALKERS = 4  # fewer others are no babble
QUIET_DB = -30
SETTINGS = ("0", str(LEVEL), "agc", f"{LEVEL}+agc")


@dataclass(frozen=True)
class Clip:
    """Speech and its text."""

    name: str
    samples: "array[int]"
    truth: str


@dataclass(frozen=True)
class Noise:
    """What is added, and how far below the speech; or the speech made softer and nothing added."""

    kind: str
    snr_db: int | None = None
    gain_db: int = 0

    @property
    def row(self) -> str:
        """The head of its row."""
        return f"| {self.kind} | {'' if self.snr_db is None else self.snr_db}"


def clips(folder: Path) -> Iterator[Clip]:
    """What the folder holds, in the order of the names."""
    for path in sorted(folder.rglob("*.wav")):
        text = path.with_suffix(".txt")
        truth = " ".join(text.read_text("utf-8").split()) if text.exists() else ""
        with wave.open(str(path)) as file:
            usable = (file.getframerate(), file.getnchannels(), file.getsampwidth()) == (RATE.rate, 1, 2)
            if truth and truth.isascii() and usable:
                yield Clip(path.stem, array("h", file.readframes(file.getnframes())), truth)


def noises(count: int) -> Iterator[Noise]:
    """All rows for this many clips."""
    yield Noise("none")
    yield Noise("none, speech at -30 dB", gain_db=QUIET_DB)
    for kind in ("white", "pink", "babble") if count > TALKERS else ("white", "pink"):
        yield from (Noise(kind, snr_db) for snr_db in SNRS_DB)


def white(chance: random.Random, count: int) -> list[float]:
    """As much power in each hertz."""
    return [chance.gauss(0, 1) for _ in range(count)]


def pink(chance: random.Random, count: int) -> list[float]:
    """As much power in each octave: white noise through three low-pass filters (Paul Kellet's economy set)."""
    a = b = c = 0.0
    made = []
    for value in white(chance, count):
        a = 0.99765 * a + 0.0990460 * value
        b = 0.96300 * b + 0.2965164 * value
        c = 0.57000 * c + 1.0526913 * value
        made.append(a + b + c + 0.1848 * value)
    return made


def babble(chance: random.Random, count: int, others: Sequence[Clip]) -> list[float]:
    """Others talking, all as loud, each from somewhere on and again."""
    total = [0.0] * count
    for other in others:
        gain, begin = 1 / rms(other.samples), chance.randrange(len(other.samples))
        total = [sum_ + gain * v for sum_, v in zip(total, islice(cycle(other.samples), begin, None), strict=False)]
    return total


def rms(samples: Sequence[float]) -> float:
    """Root mean square."""
    return math.sqrt(sum(value * value for value in samples) / len(samples))


def heard_in(noise: Noise, clip: Clip, others: Sequence[Clip]) -> bytes:
    """The clip in this noise, as PCM. The ratio is that of the means over the whole clip."""
    gain = 10 ** (noise.gain_db / 20)
    speech = [*[0.0] * AROUND, *(gain * value for value in clip.samples), *[0.0] * AROUND]
    if noise.snr_db is not None:
        chance = random.Random(f"{noise.kind} {clip.name}")
        more = (babble(chance, len(speech), others) if noise.kind == "babble"
                else (white if noise.kind == "white" else pink)(chance, len(speech)))  # fmt: skip
        factor = rms(clip.samples) / rms(more) / 10 ** (noise.snr_db / 20)
        speech = [value + factor * other for value, other in zip(speech, more, strict=True)]
    return array("h", (max(-32768, min(32767, round(value))) for value in speech)).tobytes()


def enhanced(pcm: bytes, setting: str) -> bytes:
    """PCM as the setting makes it."""
    level, agc = int(setting.removesuffix("agc").rstrip("+") or 0), setting.endswith("agc")
    return b"".join(Enhancer(RATE, level, agc).of([pcm])) if level or agc else pcm


def text(pcm: bytes) -> str:
    """What the recognizer hears, in a task of its own; a decoder that has served before would hear a little else."""
    session = SphinxSession(load_decoder(), RecognitionSettings("m"), "always")
    events = [event for at in range(0, len(pcm), PIECE_BYTES) for event in session.feed(pcm[at : at + PIECE_BYTES])]
    events += run_command(session, FinishTask())
    return " ".join(event.text for event in events if isinstance(event, Final))


def wrong(task: tuple[Noise, Clip, Sequence[Clip], Sequence[str]]) -> list[int]:
    """How many words of a clip are wrong, in one noise, for each setting."""
    noise, clip, others, settings = task
    pcm = heard_in(noise, clip, others)
    said = [text(enhanced(pcm, setting)) for setting in settings]
    return [round(word_errors(clip.truth, heard) * len(clip.truth.split())) for heard in said]


def main(folder: Path, settings: Sequence[str]) -> None:
    """Measure, and print each row when it is known."""
    found = list(clips(folder))
    words = sum(len(clip.truth.split()) for clip in found)
    print(f"Word errors in percent, {words} words in {len(found)} clips; the embedded recognizer\n", flush=True)
    print("| noise | SNR, dB |", " | ".join(settings), "|\n|---|--:|" + "--:|" * len(settings), flush=True)
    total, rows = [0] * len(settings), 0
    with ProcessPoolExecutor(os.cpu_count()) as pool:
        running = [
            (noise, [pool.submit(wrong, (noise, clip, [other for other in found if other != clip], settings))
                     for clip in found])
            for noise in noises(len(found))
        ]  # fmt: skip
        for noise, results in running:
            counts = [sum(column) for column in zip(*(result.result() for result in results), strict=True)]
            total, rows = [a + b for a, b in zip(total, counts, strict=True)], rows + 1
            print(noise.row, *(f"{100 * count / words:.1f}" for count in counts), sep=" | ", end=" |\n", flush=True)
    print("| all |", *(f"{100 * count / words / rows:.1f}" for count in total), sep=" | ", end=" |\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]) if sys.argv[1:] else DATA, sys.argv[2:] or SETTINGS)
