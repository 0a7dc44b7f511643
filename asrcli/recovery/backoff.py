"""Whether to try again after a loss, and when: attempts without progress are counted. No clock, no randomness."""

from asrcli.config import Retries
from asrcli.errors import AsrError, ConnectFailed, ConnectionLost
from asrcli.recovery.faults import Fault, fault

CAP_S = 30.0
BUSY_FACTOR = 8  # a service with too much to do is asked that much less often
AT_THE_BEGINNING = 3  # attempts with a service that takes the connection and says nothing
AT_THE_END = 5  # attempts for the last words when nobody speaks any more, where there is no other limit


class Backoff:
    """The attempts of one session; `attempt` is how many there were in a row without progress."""

    def __init__(self, retries: Retries, *, live: bool) -> None:
        self._retries, self._live = retries, live
        self.attempt = 0

    def progress(self) -> None:
        """Something was heard of the service: whatever comes next is a new trouble."""
        self.attempt = 0

    def lost(self, error: AsrError, *, was_ready: bool, ended: bool, chance: float) -> float | None:
        """Seconds to wait before the next attempt; None to give up.

        Args:
            error: How it was lost.
            was_ready: The service has listened to us: what was refused before that is refused for good.
            ended: There is no more audio to come.
            chance: From 0 to 1.
        """
        kind = fault(error, live=self._live)
        if kind in {Fault.FATAL, Fault.EMPTY} or (not was_ready and not self._may_come_up(error)):
            return None
        limit = self._retries.limit
        if limit is None and ended:
            limit = AT_THE_END
        if limit is not None and self.attempt >= limit:
            return None
        self.attempt += 1
        base_s = self._retries.wait_s * (BUSY_FACTOR if kind is Fault.BUSY else 1)
        wait_s = chance * min(CAP_S, base_s * 2.0 ** min(self.attempt - 1, 16))
        return max(wait_s, getattr(error, "retry_after_s", None) or 0.0)

    def _may_come_up(self, error: AsrError) -> bool:
        """Whether a service that has never listened may do so yet: who is not there, or stays silent, is none."""
        if isinstance(error, ConnectFailed):
            return error.passing
        silent = isinstance(error, ConnectionLost) and error.code is None
        return not silent or self.attempt < AT_THE_BEGINNING
