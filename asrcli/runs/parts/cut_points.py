"""Finds the silences at which a long recording is cut, while it is read. Pure."""

from array import array
from bisect import bisect_right
from collections.abc import Iterator
from itertools import accumulate

from asrcli.core.audio import SAMPLE_BYTES, Chunk, Format

STEP_MS = 10
LEAST_MS = 300  # a shorter silence may be inside a word, or between two of them
WINDOW = 0.25  # how far from the wanted place a cut may be, as a part of the wanted length
MOST_WINDOW_MS = 60_000
QUIET = 0.05  # sound below this part of what is loud is no word
LOUD = 0.95  # the part of the steps that are softer than what counts as loud: a slammed door is not speech
SILENT = 64  # a peak of 16 bits below which nothing is a word: -54 dBFS
HIGHEST = 1 << 15  # a peak of 16 bits
AGAIN_STEPS = 500  # where no silence was found, it is looked for again after this many steps


class CutFinder:
    """Takes the audio of a part from its start, and says where the next part should begin.

    It is cut in the middle of the longest silence near the wanted place; if there is none, of the first one after it.
    Where nobody ever pauses there is no cut. What is missing from the audio counts as silence.
    """

    def __init__(self, audio_format: Format, split_ms: int, begin: int) -> None:
        self._format = audio_format
        self._step = audio_format.samples(STEP_MS)
        window = int(min(split_ms * WINDOW, MOST_WINDOW_MS)) // STEP_MS
        self._first = max(1, split_ms // STEP_MS - window)
        self._last = split_ms // STEP_MS + window
        self._begin = begin
        self._peaks = array("i")
        self._counts = array("q", bytes(8 * (HIGHEST + 1)))  # how many of the steps have each peak
        self._held = b""
        self._looked = 0  # the steps before were searched

    def feed(self, chunk: Chunk) -> int | None:
        """Return the position of the next cut, once there is one; the part after it begins there."""
        missing = (chunk.position - self._end) // self._step
        if missing > 0:
            self._take(self._held + bytes(self._step * SAMPLE_BYTES - len(self._held)))
            self._peaks.extend([0] * (missing - 1))
            self._counts[0] += missing - 1
            self._held = b""
        self._take(self._held + chunk.pcm)
        steps = len(self._peaks)
        if steps < self._last or (self._looked and steps < self._looked + AGAIN_STEPS):
            return None
        cut = self._cut()
        if cut is None:
            return None
        position = self._begin + cut * self._step
        position = self._format.samples(self._format.ms(position))  # times are whole milliseconds
        self._begin += cut * self._step
        for peak in self._peaks[:cut]:
            self._counts[peak] -= 1
        del self._peaks[:cut]
        self._looked = 0
        return position

    @property
    def _end(self) -> int:
        return self._begin + len(self._peaks) * self._step + len(self._held) // SAMPLE_BYTES

    def _take(self, pcm: bytes) -> None:
        size = self._step * SAMPLE_BYTES
        whole = len(pcm) // size * size
        samples = array("h", pcm[:whole])
        for at in range(0, len(samples), self._step):
            part = samples[at : at + self._step]
            peak = max(map(abs, (max(part), min(part))))
            self._peaks.append(peak)
            self._counts[peak] += 1
        self._held = pcm[whole:]

    def _cut(self) -> int | None:
        """The step at which to cut."""
        # Nobody may pause for hours, so the steps are not sorted each time that a silence is looked for.
        loud = bisect_right(list(accumulate(self._counts)), int(len(self._peaks) * LOUD))
        quiet = max(SILENT, int(loud * QUIET))
        late = self._looked > 0
        begin = max(self._first, self._looked - LEAST_MS // STEP_MS)
        runs = [run for run in self._runs(begin, quiet) if (run[1] - run[0]) * STEP_MS >= LEAST_MS]
        self._looked = len(self._peaks)
        if not runs:
            return None
        first, behind = runs[0] if late else max(runs, key=lambda run: run[1] - run[0])
        return (first + behind) // 2

    def _runs(self, begin: int, quiet: int) -> Iterator[tuple[int, int]]:
        """The silences from a step on: their first step, and the one after their last."""
        first: int | None = None
        for step in range(begin, len(self._peaks)):
            if self._peaks[step] <= quiet:
                if first is None:
                    first = step
            elif first is not None:
                yield first, step
                first = None
        if first is not None:
            yield first, len(self._peaks)
