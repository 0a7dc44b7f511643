"""Detects that a service has stopped answering speech. Uses no clock."""


class StallDetector:
    """Times are seconds of any clock. Only speech needs an answer, silence does not; any message is an answer."""

    def __init__(self, timeout_s: float) -> None:
        self._usual_s = self.timeout_s = timeout_s
        self._unanswered_since: float | None = None

    def speech_sent(self, now: float) -> None:
        """Start the timeout, if it does not run yet: speech went out."""
        if self._unanswered_since is None:
            self._unanswered_since = now

    def answered(self) -> None:
        """Stop the timeout: a message came, or no task runs."""
        self._unanswered_since = None

    def slept(self, asleep_s: float) -> None:
        """Exclude a suspension of the process from the timeout: nothing could be read meanwhile."""
        if self._unanswered_since is not None:
            self._unanswered_since += asleep_s

    def restart(self, now: float) -> None:
        """Restart the timeout, if it runs: it is not known for how much of it the process was suspended."""
        if self._unanswered_since is not None:
            self._unanswered_since = now

    def reset(self) -> None:
        """Reset the timeout to its usual length: a transcript came."""
        self.timeout_s = self._usual_s

    @property
    def extended(self) -> bool:
        """Whether a stall has expired since the last transcript: the sound may not be speech."""
        return self.timeout_s > self._usual_s

    @property
    def deadline(self) -> float | None:
        """When the stall expires; None while no answer is due."""
        if self._unanswered_since is None:
            return None
        return self._unanswered_since + self.timeout_s

    def expire(self) -> float:
        """Return the timeout that has expired, and double the next one, because the sound may have been music."""
        expired_s = self.timeout_s
        self.timeout_s *= 2
        return expired_s
