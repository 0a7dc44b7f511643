"""Notices a microphone that hears what the machine plays: whoever is far away is then written down twice. Pure."""

from collections import deque
from collections.abc import Callable, Iterable
from itertools import islice
from statistics import fmean

from asrcli.core.events import Event, Level, Notice
from asrcli.core.transcript import Transcript

STEP_MS = 50  # levels are compared in steps of this
WINDOW = 160  # of so many steps: eight seconds
EVERY = 20  # so many steps pass between two comparisons
LAGS = range(-2, 13)  # the microphone hears it so many steps later; the clocks of two devices differ a little
ALIKE = 0.7  # correlation of the two envelopes; two people who talk at once stay below 0.5
DEPTH_DB = 15.0  # what is softer than the loudest moment by more than this may be the noise of the room
TIMES = 3  # so often in a row it must be as high
LOWEST_DBFS = -70.0
MOVES_DB = 6.0  # what is played must rise and fall so much, as speech does: two steady noises are always alike
ECHO = "what is played here comes back through {}, and its words stand in the transcript twice: use headphones"


class EchoDetector:
    """An Output that compares how loud a microphone and the monitor are, and tells it once.

    Args:
        tell: Takes the notice.
        played: Speakers that are what the machine plays.
    """

    def __init__(self, tell: Callable[[Notice], None], played: Iterable[str]) -> None:
        self._tell, self._played = tell, set(played)
        self._levels: dict[str, deque[float]] = {}
        self._at: dict[str, int] = {}  # speaker -> the last step that is known
        self._alike: dict[tuple[str, str], int] = {}
        self._compared = 0
        self._told = False

    def handle(self, event: Event, transcript: Transcript) -> None:
        """Take a level."""
        del transcript
        if self._told or not isinstance(event, Level) or not event.speaker:
            return
        step = event.at_ms // STEP_MS
        known = self._levels.setdefault(event.speaker, deque(maxlen=WINDOW + 4 * EVERY + len(LAGS)))
        missing = step - self._at.get(event.speaker, step - 1)
        if missing <= 0:
            return
        known.extend([max(LOWEST_DBFS, event.dbfs)] * min(missing, known.maxlen or missing))
        self._at[event.speaker] = step
        if event.speaker in self._played:
            return
        if step - self._compared >= EVERY:
            self._compared = step
            for played in self._played & self._levels.keys():
                self._compare(event.speaker, played)

    def close(self) -> None:
        """Nothing to end."""

    def _compare(self, speaker: str, played: str) -> None:
        last = min(self._at[speaker] - max(LAGS), self._at[played])
        theirs = self._window(played, last)
        alike = 0.0
        if theirs and max(theirs) - min(theirs) > MOVES_DB:
            alike = max(_correlation(theirs, self._window(speaker, last + lag)) for lag in LAGS)
        pair = speaker, played
        self._alike[pair] = self._alike.get(pair, 0) + 1 if alike >= ALIKE else 0
        if self._alike[pair] >= TIMES:
            self._told = True
            self._tell(Notice("warning", ECHO.format(speaker)))

    def _window(self, speaker: str, last: int) -> list[float]:
        """The levels up to and with a step, their noise cut off; empty where not all of them are known."""
        known = self._levels[speaker]
        end = len(known) - (self._at[speaker] - last)
        if not WINDOW <= end <= len(known):
            return []
        window = list(islice(known, end - WINDOW, end))
        lowest = max(window) - DEPTH_DB
        return [max(level, lowest) for level in window]


def _correlation(some: list[float], others: list[float]) -> float:
    if not some or len(some) != len(others):
        return 0.0
    one, other = fmean(some), fmean(others)
    both = sum((a - one) * (b - other) for a, b in zip(some, others, strict=True))
    spread = sum((a - one) ** 2 for a in some) * sum((b - other) ** 2 for b in others)
    return both / spread**0.5 if spread > 1.0 else 0.0
