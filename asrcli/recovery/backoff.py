"""Decides whether, when and from where to reconnect after a lost connection. Uses no clock and no random numbers.

Attempts without progress are bounded. Progress is a new final, or silence that was sent over a working connection.
Time alone is no progress: a service that takes audio for eleven seconds and then drops the connection, again and again,
charges for the same audio each time.
"""

from asrcli.core.dataclass import dataclass
from asrcli.core.errors import NOT_LOADED, AsrError, ConnectFailed, ConnectionLost, ServiceRefused
from asrcli.core.settings import RetrySettings
from asrcli.recovery.classify import FaultClass, classify, rejects

UNREACHABLE_CAP_S = 5.0  # the longest wait before dialling an unreachable service; short, to find it soon
DROPS_CAP_S = 30.0  # the longest wait before dialling a service that accepts and drops connections, or is busy
BUSY_FACTOR = 8  # how many times longer the waits for a busy service are
RETRY_AFTER_CAP_S = 60.0  # a longer wait that the service asks for is cut to this
SILENT_STARTS = 3  # attempts with a service that accepts each connection and never sends anything
STOPPED_S = 30.0  # after the user has ended the run, a lost connection is replaced for this long
UNANSWERED = 1  # how often audio is sent again for a service that does not answer when it is asked to finish


@dataclass(frozen=True, slots=True)
class Loss:
    """How a connection was lost.

    Attributes:
        error: What ended it.
        was_ready: The service has been ready before, on any connection, for this session or another one of the run;
            or another one may still connect to it for the first time.
        input_ended: No more audio will come.
        reach: Position after the audio that was sent on the connection; None if all of it is decided.
        unanswered: The service was asked to finish and has sent nothing for the whole timeout.
    """

    error: AsrError
    was_ready: bool
    input_ended: bool
    reach: int | None
    unanswered: bool = False


@dataclass(frozen=True, slots=True)
class Attempt:
    """Reconnect after `wait_s`. Audio before position `skip_to` was sent too often and is lost."""

    wait_s: float
    skip_to: int | None = None


class Backoff:
    """The attempts of one session. Times are seconds of any clock; `realtime` audio comes as it is spoken.

    Attributes:
        attempt: The number of attempts in a row without progress.
    """

    def __init__(self, retries: RetrySettings, *, realtime: bool) -> None:
        self._retries = retries
        self._realtime = realtime
        self._reaches: list[int] = []  # the reach of each lost connection since the last progress
        self._unanswered = 0
        self._outage_since: float | None = None  # since when no connection has taken audio
        self._retry_for_s = retries.retry_for_s
        self._attempts_left: int | None = None  # None is no limit
        if retries.limit == 0:
            self._attempts_left = 0
        self._until: float | None = None  # no attempt after this time
        self._answered = False  # there was progress since the last loss
        self.attempt = 0

    @property
    def gives_up_at(self) -> float | None:
        """When the attempts of an outage end; None without a bound."""
        if self._outage_since is None or self._retry_for_s is None:
            return self._until
        until = self._outage_since + self._retry_for_s
        if self._until is not None:
            until = min(until, self._until)
        return until

    def progress(self) -> None:
        """Forget earlier losses: a final has come, so the next loss is a new one."""
        self.attempt = self._unanswered = 0
        self._reaches = []
        self._outage_since = None
        self._answered = True

    def settled(self, position: int) -> None:
        """Note that silence is decided up to a position: progress, unless a lost connection had audio after it."""
        self._reaches = [reach for reach in self._reaches if reach > position]
        if not self._reaches:
            self.progress()

    def audio_sent(self) -> None:
        """End the outage: a connection takes audio again."""
        self._outage_since = None

    def stop(self, now: float, attempts: int | None, within_s: float = STOPPED_S) -> None:
        """Bound further attempts, because the user has ended the run: to a time, and to `attempts` unless None."""
        self._until = now + within_s
        if attempts is not None and self._attempts_left is None:
            self._attempts_left = attempts
        self._realtime = False  # no more audio comes, so there is nothing to skip to

    def lost(self, loss: Loss, now: float, jitter: float) -> Attempt | None:
        """Return the next attempt after a loss; None to give up. `jitter` is from 0 to 1 and spreads the waits."""
        kind = classify(loss.error, live=self._realtime)
        if rejects(loss.error) and self._answered:
            kind = FaultClass.RETRY  # it has accepted such messages before, and has sent text for them
        self._answered = False
        hopeless = kind in {FaultClass.FATAL, FaultClass.EMPTY} or not (
            loss.was_ready or self.may_become_ready(loss.error)
        )
        if hopeless or self._attempts_left == 0:
            return None
        skip_to = None
        if self._sent_too_often(loss):
            if not self._realtime:
                return None
            skip_to = self._reaches.pop(0)
            self._unanswered = 0
        if self._outage_since is None:
            self._outage_since = now
        if loss.input_ended and self._retry_for_s is None:
            self._retry_for_s = self._retries.last_words_s
        if self.gives_up_at is not None and now >= self.gives_up_at:
            return None
        self.attempt += 1
        if self._attempts_left is not None:
            self._attempts_left -= 1
        return Attempt(self._wait_s(loss, kind, now, jitter), skip_to)

    def _sent_too_often(self, loss: Loss) -> bool:
        if loss.reach is None:
            return False
        self._outage_since = None
        self._reaches.append(loss.reach)
        self._unanswered += loss.unanswered
        limit = self._retries.limit
        return (limit is not None and len(self._reaches) > limit) or self._unanswered > UNANSWERED

    def _wait_s(self, loss: Loss, kind: FaultClass, now: float, jitter: float) -> float:
        base_s = self._retries.wait_s
        cap_s = DROPS_CAP_S
        if kind is FaultClass.BUSY:
            base_s *= BUSY_FACTOR
        elif isinstance(loss.error, ConnectFailed):
            cap_s = UNREACHABLE_CAP_S
        wait_s = jitter * min(cap_s, base_s * 2.0 ** min(self.attempt - 1, 16))
        wait_s = max(wait_s, min(RETRY_AFTER_CAP_S, loss.error.retry_after_s or 0.0))
        if self.gives_up_at is not None:
            wait_s = min(wait_s, max(0.0, self.gives_up_at - now))
        return wait_s

    def may_become_ready(self, error: AsrError) -> bool:
        """Whether a service that was never ready for any session may still become ready after a failed attempt.

        An address where nothing listens is a mistake of the user, and so is a server that never sends anything. A
        recognizer that could not load its model lacks something, and waiting does not help.
        """
        if isinstance(error, ServiceRefused) and error.code == NOT_LOADED:
            return False
        if isinstance(error, ConnectFailed):
            return error.passing
        silent = isinstance(error, ConnectionLost) and (error.code is None or error.silent_s > 0)
        return not silent or self.attempt < SILENT_STARTS
