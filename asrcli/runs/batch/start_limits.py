"""How many inputs may run at once, and when the next may begin: the rate of the model, and less after a 429. Pure."""

from asrcli.core.dataclass import dataclass, field

HOLD_S = 5.0  # refusals so close together have one cause, and count once
GROW_S = 10.0  # without a refusal, the share grows by a step in this time
STEP = 0.125
LEAST = 1 / 64


@dataclass
class StartLimits:
    """Seconds are of any clock that does not jump.

    After a refusal for too many requests, the share of both limits that is used is halved; it grows again with each
    input that ends well, and with time.

    Attributes:
        jobs: How many inputs may run at once.
        per_minute: How many tasks may begin in a minute; None without a limit.
        share: How much of both limits is used, up to 1.
    """

    jobs: int
    per_minute: float | None = None
    share: float = 1.0
    _next_s: float = field(default=float("-inf"))
    _refused_s: float = field(default=float("-inf"))
    _grown_s: float = field(default=float("-inf"))

    @property
    def most(self) -> int:
        """How many inputs may run at once now."""
        return max(1, round(self.jobs * self.share))

    def wait_s(self, now_s: float, active: int) -> float | None:
        """Return in how many seconds the next input may begin; None if one of those that are active must end first."""
        self._grow(now_s)
        if active >= self.most:
            return None
        return max(0.0, self._next_s - now_s)

    def began(self, now_s: float) -> None:
        """Count a task that begins."""
        if self.per_minute is not None:
            self._next_s = max(self._next_s, now_s) + 60 / (self.per_minute * self.share)

    def refused(self, now_s: float, retry_after_s: float | None = None) -> bool:
        """Use half of the limits from now on; return whether the limits have changed."""
        if now_s - self._refused_s < HOLD_S:
            return False
        self._refused_s = self._grown_s = now_s
        self.share = max(LEAST, self.share / 2)
        self._next_s = max(self._next_s, now_s + (retry_after_s or 1.0))
        return True

    def ended_well(self, now_s: float) -> None:
        """Use a little more of the limits."""
        if now_s - self._refused_s >= HOLD_S:
            self.share = min(1.0, self.share + 1 / self.jobs)

    def _grow(self, now_s: float) -> None:
        if self.share < 1.0 and now_s - self._grown_s >= GROW_S:
            self._grown_s = now_s
            self.share = min(1.0, self.share + STEP)
