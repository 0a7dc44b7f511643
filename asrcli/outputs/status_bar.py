"""The status bar below the live line: the progress of a file, or the state of the microphones."""

from collections.abc import Callable, Iterator
from typing import Protocol

from rich.cells import cell_len, set_cell_size
from rich.console import Console
from rich.progress_bar import ProgressBar
from rich.segment import Segment

from asrcli.core.audio import CLIPPED_DBFS
from asrcli.core.events import Absent, Began, Billed, Ended, Event, Level, Paused, Progress, Reconnecting, Resumed
from asrcli.core.printable import harmless
from asrcli.core.transcript import Transcript
from asrcli.outputs.formatting import money, pause_word, short_clock
from asrcli.outputs.text_fitting import predictable_width

BAR_CELLS = 40
METER_CELLS = 10
REST = "bright_black"  # of a bar: the terminal has a colour for it that suits a light background, too
METER_DB = 60  # the range of the level meter, down from 0 dBFS
HINT = "? keys"


class StatusBar(Protocol):
    """A line that is drawn below the live line."""

    def handle(self, event: Event) -> bool:
        """Take an event, and return whether there is something to draw from now on."""
        ...

    def draw(self, console: Console, transcript: Transcript, cells: int) -> Iterator[Segment]:
        """Yield the segments of one line of at most `cells` cells."""
        ...


class FileStatusBar:
    """The status bar of a file: a progress bar, the position, the speed and the time left.

    `pace` is how many times real time the file is sent; None is as fast as its audio is taken.
    """

    def __init__(self, now: Callable[[], float], *, pace: float | None) -> None:
        self._now = now
        self._pace = pace
        self._calls = False  # the service has not answered yet
        self._began: Began | None = None
        self._began_at = 0.0
        self._sent_ms = 0
        self._cost: float | None = None

    def handle(self, event: Event) -> bool:
        """Take the start of a source, its progress and the cost."""
        if isinstance(event, Began):
            self._began = event
            self._began_at = self._now()
        elif isinstance(event, Progress):
            self._sent_ms = event.sent_ms
            self._calls = self._began is None
        elif isinstance(event, Billed):
            self._cost = event.cost
        return self._calls or self._began is not None

    def draw(self, console: Console, transcript: Transcript, cells: int) -> Iterator[Segment]:
        """Yield the figures, with a progress bar in front if there is room for one."""
        if self._began is None:
            yield Segment("connecting"[:cells])
            return
        # A paced run is at the audio that was sent. An unpaced one sends far ahead, so the text gives the position.
        reached_ms = transcript.covered_ms
        if self._pace is not None:
            reached_ms = max(reached_ms, self._sent_ms)
        position_ms = max(0, reached_ms - self._began.begin_ms)
        figures = self._figures(position_ms, cells)
        total_ms = self._began.duration_ms
        room = min(BAR_CELLS, cells - cell_len(figures) - 1)
        if total_ms and room >= 8:
            bar = ProgressBar(total_ms, min(position_ms, total_ms), width=room, style=REST)
            yield from console.render(bar, console.options.update_width(room))
            yield Segment(" ")
        yield Segment(figures)

    def _figures(self, position_ms: int, cells: int) -> str:
        """Return position, speed, time left and cost, as many of them as fit into `cells`."""
        assert self._began is not None  # noqa: S101  the caller looked
        elapsed_s = max(self._now() - self._began_at, 0.001)
        speed = position_ms / 1000 / elapsed_s
        total_ms = self._began.duration_ms
        figures = [short_clock(position_ms), f"{speed:.1f}x"]
        if total_ms:
            figures[0] += f"/{short_clock(total_ms)}"
        if total_ms and speed > 0.01:
            # What was held back until the service listened is sent at once; the rest goes out at the pace.
            later = min(speed, self._pace or speed)
            figures.append(f"ETA {short_clock(int(max(0, total_ms - position_ms) / later))}")
        if self._cost is not None:
            figures.append(money(self._cost))
        while len(" ".join(figures)) > cells:
            figures.pop()
        return " ".join(figures)


class MicrophoneStatusBar:
    """The status bar of microphones: state, time, levels, lag and cost. It is drawn from the first moment on."""

    def __init__(self, *, keys: bool) -> None:
        self._keys = keys
        self._state = "connecting"
        self._held: dict[str, str] = {}  # speaker -> paused or muted
        self._absent: set[str] = set()  # speakers whose device is gone
        self._levels: dict[str, float] = {}  # speaker -> dBFS
        self._clipped: set[str] = set()  # speakers whose last level was too loud
        self._heard_ms = self._sent_ms = 0
        self._cost = ""

    def handle(self, event: Event) -> bool:
        """Take an event that changes the state, the levels, the times or the cost."""
        if isinstance(event, Began):
            self._state = "listening"
        elif isinstance(event, Reconnecting):
            self._state = f"reconnecting ({event.attempt})"
        elif isinstance(event, Progress):
            self._state = "listening"
            self._sent_ms = event.sent_ms
            self._heard_ms = max(self._heard_ms, event.sent_ms)
        elif isinstance(event, Level):
            self._levels[event.speaker] = event.dbfs
            self._clipped.discard(event.speaker)
            if event.peak_dbfs >= CLIPPED_DBFS:
                self._clipped.add(event.speaker)
            self._absent.discard(event.speaker)
            self._heard_ms = max(self._heard_ms, event.at_ms)
        elif isinstance(event, Paused):
            self._held[event.speaker] = pause_word(event)
        elif isinstance(event, Absent):
            self._absent.add(event.speaker)
            self._levels.pop(event.speaker, None)
            self._clipped.discard(event.speaker)
        elif isinstance(event, Resumed):
            self._held.pop(event.speaker, None)
        elif isinstance(event, Billed) and event.cost is not None:
            self._cost = money(event.cost)
        return not isinstance(event, Ended)

    def draw(self, console: Console, transcript: Transcript, cells: int) -> Iterator[Segment]:
        """Yield as many figures as fit; the state and the time are always shown."""
        level = max(self._levels.values(), default=-METER_DB)
        figures = [
            self._status(),
            short_clock(self._heard_ms),
            *self._level_texts(),
            self._lag(transcript),
            self._cost,
        ]
        figures = [figure for figure in figures if figure]
        while len(figures) > 2 and cell_len(" ".join(figures)) > cells:
            figures.pop()
        room = cells - cell_len(" ".join(figures))
        shown = " ".join(figures)
        if room < 0:
            shown = set_cell_size(shown, cells)
        yield Segment(shown)
        if room > METER_CELLS:
            colour = "green"
            if self._clipped:
                colour = "red"
            shown_db = min(METER_DB, max(0.0, level + METER_DB))
            meter = ProgressBar(
                METER_DB, shown_db, width=METER_CELLS, style=REST, complete_style=colour, finished_style=colour
            )
            yield Segment(" ")
            yield from console.render(meter, console.options.update_width(METER_CELLS))
            room -= METER_CELLS + 1
        if self._keys and room > len(HINT):
            yield Segment(f" {HINT}")

    def _level_texts(self) -> Iterator[str]:
        """Yield the level of each device, with its name in front if there are several."""
        for speaker, dbfs in self._levels.items():
            text = decibels(dbfs)
            if len(self._levels) > 1:
                text = f"{predictable_width(harmless(speaker))} {text}".strip()
            yield text

    def _status(self) -> str:
        words = self._held | dict.fromkeys(self._absent, "no microphone")
        if not words or self._state != "listening":
            return self._state
        return ", ".join(f"{predictable_width(harmless(speaker))} {word}".strip() for speaker, word in words.items())

    def _lag(self, transcript: Transcript) -> str:
        """Return how far the text is behind the audio; while no sentence is open, how far the sent audio is behind."""
        oldest = next(iter(transcript.open.values()), None)
        if oldest is None and (self._held or self._absent):
            return ""
        if oldest is not None and not oldest.words:
            return ""  # this wire does not say how much audio its text covers
        reached_ms = transcript.covered_ms
        if oldest is None:
            reached_ms = self._sent_ms
        return f"lag {max(0, self._heard_ms - reached_ms) / 1000:.1f} s"


def decibels(dbfs: float) -> str:
    """Return a level as text for people."""
    return f"{max(dbfs, -99):.0f} dBFS"
