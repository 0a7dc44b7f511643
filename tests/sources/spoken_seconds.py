"""Recordings of seconds that are known by their tones, and whether a source gives each of them in its place."""

from array import array
from collections.abc import Iterable, Iterator
from itertools import groupby, pairwise
from pathlib import Path
from random import Random

import pytest

from asrcli.core.audio import Chunk
from asrcli.core.events import Event, Gap
from asrcli.sources.file import FileSource
from tests.sources.reading import RATE
from tests.support.tone import encoded, silence, tone

SECONDS = 8
BEGIN_MS, TONE_MS = 300, 300  # of the tone in its second
STEP_MS = 5  # in which sound is looked for
STEP = RATE.samples(STEP_MS)
LOUD = 3000
NEAR_MS = 60
FIRST_HERTZ, STEP_HERTZ = 400, 200


def spoken(rate: int) -> bytes:
    """Seconds of which each is known by its tone, in a room that is not silent."""
    sound = array("h")
    for second in range(SECONDS):
        sound.extend(array("h", silence(BEGIN_MS, rate) + tone(TONE_MS, rate, FIRST_HERTZ + second * STEP_HERTZ)))
        sound.extend(array("h", silence(1000 - BEGIN_MS - TONE_MS, rate)))
    chance = Random(1)
    return array("h", (sample + chance.randint(-300, 300) for sample in sound)).tobytes()


def recording(path: Path, codec: str, rate: int = 16000) -> Path:
    """Such seconds in a file."""
    return encoded(path, codec, spoken(rate), rate, bit_rate=0 if codec == "flac" else 96_000)


def tones(items: Iterable[Chunk | Event]) -> Iterator[tuple[int, int]]:
    """Which seconds are heard, and where their whole tones begin, in ms."""
    pieces: list[tuple[int, array[int]]] = []  # what follows each other without a hole
    for chunk in items:
        if isinstance(chunk, Chunk):
            if not pieces or chunk.position != pieces[-1][0] + len(pieces[-1][1]):
                pieces.append((chunk.position, array("h")))
            pieces[-1][1].extend(array("h", chunk.pcm))
    for position, samples in pieces:
        loud = [max(samples[at : at + STEP]) > LOUD for at in range(0, len(samples), STEP)]
        for sounds, steps in groupby(range(len(loud)), loud.__getitem__):
            begin, *rest = steps
            if sounds and len(rest) * STEP_MS > TONE_MS - 60:
                yield _second_of(samples[(begin + 20) * STEP : (begin + 30) * STEP]), RATE.ms(position + begin * STEP)


def _second_of(samples: "array[int]") -> int:
    """The second that has the tone, by how often it crosses zero."""
    crossings = sum((before < 0) != (after < 0) for before, after in pairwise(samples))
    return round((crossings / 2 * RATE.rate / len(samples) - FIRST_HERTZ) / STEP_HERTZ)


def assert_in_place(path: Path, near_ms: int = NEAR_MS, unseen_ms: int = 0) -> list[Gap]:
    """Each tone is where it belongs, and what is not heard is in a gap. Returns the gaps.

    So many ms before a gap may be damaged too: in a chunk of PCM whose head is whole, no decoder can tell.
    """
    items = list(FileSource(str(path), RATE).chunks(0))
    gaps = [item for item in items if isinstance(item, Gap)]
    heard = list(tones(items))
    for second, at_ms in heard:
        assert at_ms == pytest.approx(second * 1000 + BEGIN_MS, abs=near_ms)
    for second in set(range(SECONDS)) - {second for second, _ in heard}:
        begin_ms = second * 1000 + BEGIN_MS
        assert any(gap.begin_ms - unseen_ms < begin_ms + TONE_MS and gap.end_ms > begin_ms for gap in gaps), second
    return gaps
