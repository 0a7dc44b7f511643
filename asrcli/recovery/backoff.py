"""Whether to try again after a loss, when, and from where: attempts without progress are bounded. No clock, no chance.

Progress is text, or silence that a healthy connection has taken. Time alone is none: a service that takes audio for
eleven seconds and drops the connection, again and again, is paid for the same audio each time.
"""

from dataclasses import dataclass

from asrcli.core.errors import AsrError, ConnectFailed, ConnectionLost
from asrcli.core.settings import RetrySettings
from asrcli.recovery.classify import FaultClass, classify

AWAY_CAP_S = 5.0  # the longest wait for a service that cannot be reached: whoever is back is found soon
DROPS_CAP_S = 30.0  # and for one that takes the connection and drops it, or has too much to do
BUSY_FACTOR = 8  # a service with too much to do is asked that much less often
TOLD_CAP_S = 60.0  # a wait that the service asks for is granted up to here
SILENT_STARTS = 3  # attempts with a service that has taken each connection and never said anything
STOPPED_S = 30.0  # a connection that is lost later than this after the user has ended the run is not made anew
UNANSWERED = 1  # so often is audio sent again for a service that does not answer when it is asked to finish


@dataclass(frozen=True, slots=True)
class Loss:
    """How a connection was lost.

    Attributes:
        error: What ended it.
        was_ready: The service has listened to us before, on this connection or another.
        ended: No more audio will come.
        reach: Position behind the audio that this connection took; None where it took none that awaits its text.
        unanswered: The service was asked to finish and has said nothing for the whole stall timeout.
    """

    error: AsrError
    was_ready: bool
    ended: bool
    reach: int | None
    unanswered: bool = False


@dataclass(frozen=True, slots=True)
class Attempt:
    """Try again after `wait_s`. Audio before position `skip_to` was sent often enough: it is lost."""

    wait_s: float
    skip_to: int | None = None


class Backoff:
    """The attempts of one session. Times are seconds of some clock.

    Attributes:
        attempt: How many attempts there were in a row without progress.
    """

    def __init__(self, retries: RetrySettings, *, realtime: bool) -> None:
        self._retries, self._realtime = retries, realtime
        self._reaches: list[int] = []  # how far each lost connection came since the last progress
        self._unanswered = 0
        self._away_since: float | None = None  # since when no connection has taken audio
        self._retry_for_s, self._attempts_left = retries.retry_for_s, None if retries.limit != 0 else 0
        self._until: float | None = None  # no attempt after that
        self.attempt = 0

    @property
    def waits_until(self) -> float | None:
        """When an outage that lasts has been waited out; None without an outage or without a bound."""
        if self._away_since is None or self._retry_for_s is None:
            return self._until
        until = self._away_since + self._retry_for_s
        return until if self._until is None else min(until, self._until)

    def progress(self) -> None:
        """Some audio needs to be sent no more: whatever comes next is new trouble."""
        self.attempt = self._unanswered = 0
        self._reaches, self._away_since = [], None

    def settled(self, position: int) -> None:
        """Quiet up to a position needs to be sent no more: progress, unless audio behind it was lost too."""
        self._reaches = [reach for reach in self._reaches if reach > position]
        if not self._reaches:
            self.progress()

    def carried(self) -> None:
        """Audio goes out again: the outage is over."""
        self._away_since = None

    def stop(self, now: float, attempts: int | None) -> None:
        """The user has ended the run: what is lost is made good for half a minute more, or for so many attempts."""
        self._until = now + STOPPED_S
        if attempts is not None and self._attempts_left is None:
            self._attempts_left = attempts
        self._realtime = False  # no more comes, so giving up a piece of audio gives up all of it

    def lost(self, loss: Loss, now: float, chance: float) -> Attempt | None:
        """What to do after a loss; None to give up. `chance` is from 0 to 1."""
        kind = classify(loss.error, live=self._realtime)
        helpless = kind in {FaultClass.FATAL, FaultClass.EMPTY} or not (loss.was_ready or self._may_come_up(loss.error))
        if helpless or self._attempts_left == 0:
            return None
        skip_to = None
        if self._sent_too_often(loss):
            if not self._realtime:
                return None
            skip_to = self._reaches.pop(0)
            self._unanswered = 0
        self._away_since = now if self._away_since is None else self._away_since
        if loss.ended and self._retry_for_s is None:
            self._retry_for_s = self._retries.last_words_s
        if self.waits_until is not None and now >= self.waits_until:
            return None
        self.attempt += 1
        self._attempts_left = None if self._attempts_left is None else self._attempts_left - 1
        return Attempt(self._wait_s(loss, kind, now, chance), skip_to)

    def _sent_too_often(self, loss: Loss) -> bool:
        if loss.reach is None:
            return False
        self._away_since = None
        self._reaches.append(loss.reach)
        self._unanswered += loss.unanswered
        limit = self._retries.limit
        return (limit is not None and len(self._reaches) > limit) or self._unanswered > UNANSWERED

    def _wait_s(self, loss: Loss, kind: FaultClass, now: float, chance: float) -> float:
        away = isinstance(loss.error, ConnectFailed) and kind is not FaultClass.BUSY
        base_s = self._retries.wait_s * (BUSY_FACTOR if kind is FaultClass.BUSY else 1)
        wait_s = chance * min(AWAY_CAP_S if away else DROPS_CAP_S, base_s * 2.0 ** min(self.attempt - 1, 16))
        wait_s = max(wait_s, min(TOLD_CAP_S, getattr(loss.error, "retry_after_s", None) or 0.0))
        return wait_s if self.waits_until is None else min(wait_s, max(0.0, self.waits_until - now))

    def _may_come_up(self, error: AsrError) -> bool:
        """Whether a service that has never listened may do so yet.

        An address where nothing listens is a mistake of the user's, and so is a server that never says anything.
        """
        if isinstance(error, ConnectFailed):
            return error.passing
        silent = isinstance(error, ConnectionLost) and error.code is None
        return not silent or self.attempt < SILENT_STARTS
