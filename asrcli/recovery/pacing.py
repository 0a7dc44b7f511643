"""How fast audio goes out that had to wait: so many times real time, until nothing waits. No clock."""

HELD_S = 1.0  # less than this goes out at once


class Pacing:
    """The pace of what has waited. Positions and the rate are in samples, times in seconds of some clock."""

    def __init__(self, rate: int, factor: float | None) -> None:
        self._rate, self._factor = rate, factor
        self._from: tuple[float, int] | None = None

    def begin(self, now: float, position: int, waiting: int) -> None:
        """From here on so many samples are to be caught up with, unless they are few or may go as fast as they like."""
        held = self._factor is not None and waiting > HELD_S * self._rate
        self._from = (now, position) if held else None

    def skip(self, samples: int) -> None:
        """So many samples are passed over: what is not sent takes no time."""
        if self._from is not None:
            self._from = (self._from[0], self._from[1] + samples)

    def end(self) -> None:
        """Nothing waits any more."""
        self._from = None

    def due(self, end: int) -> float | None:
        """When audio that ends at a position may go; None is now."""
        if self._from is None or self._factor is None:
            return None
        began, position = self._from
        return began + (end - position) / self._rate / self._factor
