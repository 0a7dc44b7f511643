"""The level meter of `asr mic --test`: shows how loud the microphone is, and advises. Sends nothing."""

import sys
from collections.abc import Iterator

from asrcli.cli.console import print_message
from asrcli.cli.render.stdout import cells_of_terminal, print_lines, redraw
from asrcli.core.audio import CLIPPED_DBFS
from asrcli.core.dataclass import dataclass
from asrcli.core.events import Absent, Level, Notice
from asrcli.sources.microphone import Microphone
from asrcli.sources.noise_floor import ADVICE, SILENT_DBFS
from asrcli.terminal.interrupts import interruptible
from asrcli.terminal.keyboard import keyboard

METER_DB = 60  # the range of the meter, down from 0 dBFS
SOFT_DBFS = -40.0  # if the loudest moments of speech stay below this, the speaker is far away
FULL_PEAKS = 3  # with this many of them in a test, the microphone is too loud
LINE_MS = 1000  # if the line cannot be redrawn, print one this often


@dataclass
class LevelStatistics:
    """The levels of a test so far."""

    peak_dbfs: float = float("-inf")
    loudest_dbfs: float = float("-inf")
    clipped: int = 0
    heard_ms: int = 0
    gone: bool = False  # the device delivers no more audio

    def add(self, level: Level) -> None:
        """Add one level."""
        self.peak_dbfs = max(self.peak_dbfs, level.peak_dbfs)
        self.heard_ms = level.at_ms
        self.loudest_dbfs = max(self.loudest_dbfs, level.dbfs)
        self.clipped += level.peak_dbfs >= CLIPPED_DBFS

    @property
    def advice(self) -> str:
        """What the user can do about the level, or "good"."""
        if self.gone or not self.heard_ms:
            return "no audio came: is it plugged in? asr devices lists what there is"
        if self.peak_dbfs < SILENT_DBFS:
            return f"silent: {ADVICE}"
        if self.clipped >= FULL_PEAKS:
            return "clipping: too loud, turn the microphone down or step back"
        if self.loudest_dbfs < SOFT_DBFS:
            return "very soft: speak up, come closer, turn the microphone up, or try --gain 12"
        return "good"


def meter(microphone: Microphone) -> None:
    """Show the level until q, Ctrl-C or the end of --for; then print a verdict.

    Raises:
        SourceError: the device cannot be opened.
    """
    levels = LevelStatistics()
    shown_ms = 0
    redraws = sys.stdout.isatty()

    def press(key: str) -> None:
        if key in "qQ":
            microphone.end()

    with interruptible(microphone.end), keyboard(press):
        for item in microphone.chunks(0):
            if isinstance(item, Notice):
                if redraws:
                    redraw("")
                print_message(f"asr: {item.text}")
            levels.gone = isinstance(item, Absent) or (levels.gone and not isinstance(item, Level))
            if not isinstance(item, Level):
                continue
            levels.add(item)
            if redraws:
                redraw(_line(item, levels)[: cells_of_terminal()])
            elif item.at_ms - shown_ms >= LINE_MS:
                shown_ms = item.at_ms
                print_lines(_line(item, levels))
    if redraws:
        redraw("")
    print_lines(*_verdict(microphone.name, levels))


def _line(level: Level, levels: LevelStatistics) -> str:
    """A meter of 20 cells, the mean and the highest peak so far: less than 40 cells in all."""
    cells = round(20 * min(1.0, max(0.0, (level.dbfs + METER_DB) / METER_DB)))
    bar = "#" * cells + "-" * (20 - cells)
    return f"[{bar}] {_db(level.dbfs)} dBFS peak {_db(levels.peak_dbfs)}"


def _verdict(name: str, levels: LevelStatistics) -> Iterator[str]:
    yield f"{name}: {levels.heard_ms / 1000:.1f} s, peak {_db(levels.peak_dbfs)} dBFS"
    yield levels.advice


def _db(dbfs: float) -> str:
    return f"{max(dbfs, -99):.0f}"
