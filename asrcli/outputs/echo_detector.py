"""Detects that a microphone picks up what the machine plays: remote speakers are then transcribed twice. Pure."""

from collections import deque
from collections.abc import Callable, Iterable
from itertools import islice
from math import sqrt
from statistics import fmean

from asrcli.core.events import Event, Level, Notice
from asrcli.core.transcript import Transcript

STEP_MS = 50  # levels are compared in steps of this length
WINDOW_STEPS = 160  # steps that are compared at once: eight seconds
INTERVAL_STEPS = 20  # steps between two comparisons
# By how many steps the microphone may be later than the monitor; the clocks of two devices differ a little.
LAG_STEPS = range(-2, 13)
LEAST_CORRELATION = 0.7  # correlation of the two envelopes; two people who talk at once stay below 0.5
DEPTH_DB = 15.0  # levels further below the loudest moment may be the noise of the room
COMPARISONS = 3  # this many in a row must be as high
LOWEST_DBFS = -70.0
MOVES_DB = 6.0  # the played audio must rise and fall by this much, as speech does: steady noises are always alike
ECHO = "what is played here comes back through {}, and its words stand in the transcript twice: use headphones"


class EchoDetector:
    """An output that compares the levels of a microphone and of the monitor, and reports an echo once.

    Args:
        emit: Gets the notice.
        played: The labels of sources that record what the machine plays.
    """

    def __init__(self, emit: Callable[[Notice], None], played: Iterable[str]) -> None:
        self._emit = emit
        self._played = set(played)
        self._levels: dict[str, deque[float]] = {}
        self._at: dict[str, int] = {}  # speaker -> the last step with a level
        self._alike: dict[tuple[str, str], int] = {}
        self._compared = 0
        self._reported = False

    def handle(self, event: Event, transcript: Transcript) -> None:
        """Take the level in a Level event; ignore other events."""
        del transcript
        if self._reported or not isinstance(event, Level) or not event.speaker:
            return
        step = event.at_ms // STEP_MS
        known = self._levels.setdefault(event.speaker, deque(maxlen=WINDOW_STEPS + 4 * INTERVAL_STEPS + len(LAG_STEPS)))
        missing = step - self._at.get(event.speaker, step - 1)
        if missing <= 0:
            return
        known.extend([max(LOWEST_DBFS, event.dbfs)] * min(missing, known.maxlen or missing))
        self._at[event.speaker] = step
        if event.speaker in self._played:
            return
        if step - self._compared >= INTERVAL_STEPS:
            self._compared = step
            for played in self._played & self._levels.keys():
                self._compare(event.speaker, played)

    def close(self) -> None:
        """Do nothing: there is nothing to close."""

    def _compare(self, speaker: str, played: str) -> None:
        last = min(self._at[speaker] - max(LAG_STEPS), self._at[played])
        played_levels = self._window(played, last)
        alike = 0.0
        if played_levels and max(played_levels) - min(played_levels) > MOVES_DB:
            alike = max(_correlation(played_levels, self._window(speaker, last + lag)) for lag in LAG_STEPS)
        pair = (speaker, played)
        if alike >= LEAST_CORRELATION:
            self._alike[pair] = self._alike.get(pair, 0) + 1
        else:
            self._alike[pair] = 0
        if self._alike[pair] >= COMPARISONS:
            self._reported = True
            self._emit(Notice("warning", ECHO.format(speaker)))

    def _window(self, speaker: str, last: int) -> list[float]:
        """Return the levels up to and including step `last`, without noise; an empty list if some are not known yet."""
        known = self._levels[speaker]
        end = len(known) - (self._at[speaker] - last)
        if not WINDOW_STEPS <= end <= len(known):
            return []
        window = list(islice(known, end - WINDOW_STEPS, end))
        lowest = max(window) - DEPTH_DB
        return [max(level, lowest) for level in window]


def _correlation(some: list[float], others: list[float]) -> float:
    if not some or len(some) != len(others):
        return 0.0
    one, other = fmean(some), fmean(others)
    both = sum((a - one) * (b - other) for a, b in zip(some, others, strict=True))
    spread = sum((a - one) ** 2 for a in some) * sum((b - other) ** 2 for b in others)
    if spread <= 1.0:
        return 0.0
    return both / sqrt(spread)
