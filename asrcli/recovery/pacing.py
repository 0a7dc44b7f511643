"""Limits the pace of audio that had to wait to a multiple of real time, until no audio waits. Uses no clock."""

HELD_S = 1.0  # less audio than this is sent at once


class Pacing:
    """When waiting audio may go out. Positions are in samples, times in seconds of any clock.

    `factor` is how many times real time; None sends at once.
    """

    def __init__(self, rate: int, factor: float | None) -> None:
        self._rate = rate
        self._factor = factor
        self._from: tuple[float, int] | None = None

    def begin(self, now: float, position: int, waiting: int) -> None:
        """Start pacing at `position`, where more than HELD_S of audio is `waiting` (in samples)."""
        self._from = None
        if self._factor is not None and waiting > HELD_S * self._rate:
            self._from = (now, position)

    @property
    def active(self) -> bool:
        """Whether there is a pace to keep."""
        return self._from is not None

    def skip(self, samples: int) -> None:
        """Shift the schedule by samples that are not sent: they take no time."""
        if self._from is not None:
            self._from = (self._from[0], self._from[1] + samples)

    def end(self) -> None:
        """Stop pacing: no audio waits any more."""
        self._from = None

    def due(self, end: int) -> float | None:
        """Return when audio that ends at position `end` may go out; None is now."""
        if self._from is None or self._factor is None:
            return None
        began, position = self._from
        return began + (end - position) / self._rate / self._factor
