"""Whether a service that hears speech has gone silent: what it owes an answer to, and for how long. No clock."""


class Watch:
    """Times are seconds of some clock. Silence is no stall: only speech wants an answer, and any message is one."""

    def __init__(self, patience_s: float) -> None:
        self._usual_s = self.patience_s = patience_s
        self._asked: float | None = None

    def spoke(self, now: float) -> None:
        """Speech went out."""
        self._asked = now if self._asked is None else self._asked

    def heard(self) -> None:
        """Something came back, or there is nobody to answer."""
        self._asked = None

    def progress(self) -> None:
        """It was text."""
        self.patience_s = self._usual_s

    @property
    def in_doubt(self) -> bool:
        """Whether the last connection was given up for its silence: what was said may be no speech."""
        return self.patience_s > self._usual_s

    @property
    def due(self) -> float | None:
        """When patience ends."""
        return None if self._asked is None else self._asked + self.patience_s

    def ended(self) -> float:
        """It has ended: how long it was. The next time it is twice as long, because this may have been music."""
        patience_s, self.patience_s = self.patience_s, 2 * self.patience_s
        return patience_s
