"""Whether a service that hears speech has gone silent: what it owes an answer to, and for how long. No clock."""


class StallDetector:
    """Times are seconds of some clock. Silence is no stall: only speech wants an answer, and any message is one."""

    def __init__(self, timeout_s: float) -> None:
        self._usual_s = self.timeout_s = timeout_s
        self._asked: float | None = None

    def speech_sent(self, now: float) -> None:
        """Speech went out."""
        self._asked = now if self._asked is None else self._asked

    def answered(self) -> None:
        """Something came back, or there is nobody to answer."""
        self._asked = None

    def reset(self) -> None:
        """It was text."""
        self.timeout_s = self._usual_s

    @property
    def in_doubt(self) -> bool:
        """Whether the last connection was given up for its silence: what was said may be no speech."""
        return self.timeout_s > self._usual_s

    @property
    def deadline(self) -> float | None:
        """When patience ends."""
        return None if self._asked is None else self._asked + self.timeout_s

    def expired(self) -> float:
        """It has ended: how long it was. The next time it is twice as long, because this may have been music."""
        patience_s, self.timeout_s = self.timeout_s, 2 * self.timeout_s
        return patience_s
