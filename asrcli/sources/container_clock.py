"""Places frames on the timeline of a file by the times that its container gives them. Pure arithmetic.

Samples are counted, and the container's times correct the count. These times are rounded, they jitter, and some are
wrong, so one time alone is not believed if the time of the next frame contradicts it.
"""

from collections.abc import Callable
from math import inf

TOLERANCE_S = 0.04  # the promise is 50 ms; containers round times to 1 ms and more
EXACT_S = 0.004  # the tolerance where packets are known to be lost
RESTART_S = 0.2  # times that jump back by more start again: a joined file, another programme
DRIFT_S = 2.0  # how long sound must be late before some of it is left out
LEAD_MAX_S = 3600.0  # sound that begins later than this in its container is taken to begin at 0
# Formats without times of their own: libav counts them, so they do not show what is missing.
BARE = {"mp3", "aac", "loas", "ac3", "eac3", "dts"}
PADDED = BARE | {"amr"}  # in others, what the container names is sound
COUNTING = BARE | {"amr", "gsm", "wav", "w64", "aiff", "au", "caf", "avi"}


class ContainerClock:
    """The place of each frame, in seconds from the beginning of the file.

    Args:
        zero: The container's time of that beginning; None takes the time of the first frame.
        primed_s: How much of the first frames is no sound yet: the file begins after it.
        longest_hole_s: Times that jump ahead by more start again, as those that jump back.

    Attributes:
        now: Where the next frame begins, unless its time says otherwise.
    """

    def __init__(self, zero: float | None, primed_s: float = 0.0, longest_hole_s: float = inf) -> None:
        self._zero = zero
        self._longest_hole_s = longest_hole_s
        if zero is not None:
            self._zero = zero + primed_s
        self._began = False
        self.now = -primed_s
        self._late_s = 0.0  # how much sound in a row was later than the count
        self._least_late_s = 0.0

    def place(
        self, time: float | None, length_s: float, following: Callable[[], float | None], *, lossy: bool = False
    ) -> float:
        """Place the next frame, and return the hole before it in seconds; below 0, how much of it is too much.

        Args:
            time: Its time in the container; None if it has none.
            length_s: How long it is.
            following: Returns the time of the frame after it, which confirms or contradicts `time`.
            lossy: Packets just before it are known to be lost.
        """
        tolerance_s = TOLERANCE_S
        if lossy:
            tolerance_s = EXACT_S
        shift = self._shift(time, length_s, following, tolerance_s)
        self._began = True
        self.now += shift + length_s
        return shift

    def advance(self, length_s: float) -> None:
        """Add sound of which only the length is known."""
        self.now += length_s

    def _shift(
        self, time: float | None, length_s: float, following: Callable[[], float | None], tolerance_s: float
    ) -> float:
        if time is None:
            return 0.0
        if self._zero is None:
            self._zero = time - self.now
        ahead_s = time - self._zero - self.now
        if abs(ahead_s) <= tolerance_s:
            self._late_s = 0.0
            return 0.0
        if -RESTART_S <= ahead_s < 0:
            return self._late(-ahead_s, length_s)
        self._late_s = 0.0
        if not self._agrees(time + length_s, following()):
            return 0.0
        longest_s = LEAD_MAX_S
        if self._began:
            longest_s = self._longest_hole_s
        if 0 < ahead_s <= longest_s:
            return ahead_s
        self._zero += ahead_s  # the times start again: the sound follows without a hole
        return 0.0

    def _late(self, late_s: float, length_s: float) -> float:
        """Handle sound that is late: there is more of it than its times allow. If that lasts, some is left out."""
        if not self._late_s:
            self._least_late_s = late_s
        self._least_late_s = min(self._least_late_s, late_s)
        self._late_s += length_s
        if self._late_s < DRIFT_S:
            return 0.0
        self._late_s = 0.0
        return -min(self._least_late_s, length_s)

    @staticmethod
    def _agrees(expected: float, time: float | None) -> bool:
        return time is None or abs(time - expected) <= RESTART_S
