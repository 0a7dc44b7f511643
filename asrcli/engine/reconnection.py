"""What a session does and reports after a lost connection. recovery/backoff.py makes the decisions."""

from collections.abc import Callable

from asrcli.core.errors import AsrError, ConnectionLost
from asrcli.core.events import Notice, Reconnecting
from asrcli.core.settings import RetrySettings
from asrcli.engine.accounting import SessionAccount
from asrcli.engine.audio_feed import AudioFeed
from asrcli.engine.task_connection import TaskConnection
from asrcli.recovery.backoff import Attempt, Backoff, Loss
from asrcli.recovery.link_states import LinkState
from asrcli.recovery.spans import length

# A loss so late in the wait for the last words is an unanswered finish, whichever end closed the connection first.
UNANSWERED_PART = 0.9
# This much sound without text may contain a word. With estimated times, this much may be the rest of a sentence.
WORD_MS, REST_MS = 100, 400


class Reconnection:
    """The attempts of one session to replace a lost connection. `jitter` returns a number from 0 to 1."""

    def __init__(
        self,
        connection: TaskConnection,
        account: SessionAccount,
        feed: AudioFeed,
        backoff: Backoff,
        retries: RetrySettings,
        jitter: Callable[[], float],
    ) -> None:
        self._connection = connection
        self._account = account
        self._feed = feed
        self._backoff = backoff
        self._retries = retries
        self._jitter = jitter
        self._skip_to: int | None = None  # audio before this position was sent too often
        self._waits_for_others: AsrError | None = None  # why this session does not connect where others may
        self._asked_again_ms = -1  # sound from here on was sent again, because a service did not answer at the end

    @property
    def brings_nothing(self) -> bool:
        """Whether no connection follows, or one has followed and was lost too: missing text is then not awaited."""
        return self._backoff.attempt > 0 or self._retries.limit == 0

    def next_attempt(self, error: AsrError, link: LinkState, *, input_ended: bool) -> Attempt | None:
        """Return the next attempt after a loss, and report it; None to give up."""
        task, recent = self._connection.task, self._account.recent_finals
        # A task that never began gives no information about the one before.
        if link not in {LinkState.DIALLING, LinkState.WAITING}:
            recent.task_may_have_ended = link is LinkState.DRAINING and task.may_have_ended(error)
            recent.task_finals = task.first_finals.finals
        unanswered = self._finish_unanswered(link)
        was_ready = self._expects_service(error)
        loss = Loss(error, was_ready, input_ended, self._feed.undecided_end, unanswered)
        attempt = self._backoff.lost(loss, self._account.clock(), self._jitter())
        if attempt is None:
            self._connection.withdraw()
            return None
        self._skip_to = attempt.skip_to
        silent_s = 0.0
        if isinstance(error, ConnectionLost):
            silent_s = error.silent_s
        self._account.connection_lost(silent_s)
        self._account.emit(Reconnecting(self._backoff.attempt, round(attempt.wait_s * 1000), error.brief))
        if self._backoff.attempt == 1 and self._retries.retry_for_s is not None:
            self._account.emit(
                Notice("info", f"waiting up to {self._retries.retry_for_s:g} s for the end of the outage")
            )
        return attempt

    def _expects_service(self, error: AsrError) -> bool:
        """Whether the address is right, or may turn out to be right by the attempt of another session."""
        self._waits_for_others = None
        if self._account.was_ready:
            return True
        if not self._backoff.may_become_ready(error):
            self._connection.withdraw()
            self._waits_for_others = error
        return self._connection.may_reach_service

    def check_others(self) -> None:
        """Raise the error of the last attempt again if another one is due only because other sessions might connect.

        Raises:
            AsrError: none of them has, and none will.
        """
        if self._waits_for_others is not None and not self._connection.may_reach_service:
            raise self._waits_for_others

    def recover(self) -> None:
        """Go back to the first undecided audio after a loss; audio that was sent too often becomes a gap."""
        self._feed.recover(self._skip_to, f"sent {(self._retries.limit or 0) + 1} times, and no text came")
        self._skip_to = None

    def message_arrived(self) -> None:
        """Restart the timeout for the next answer. Messages that bring nothing new do not restart it forever."""
        task = self._connection.task
        undecided = self._account.ledger.undecided(task.offset_ms, self._feed.cursor_ms)
        self._connection.extend_timeout(length(undecided), self._feed.ahead_s)

    def is_quiet_end(self) -> bool:
        """Whether a task has ended, on a wire without an end message: no message has come for long.

        A service that did not answer the request for the rest of its text, or left a sentence open, may have failed.
        Then sound without text is sent again, once; if there is still no text, the sound is a gap.
        """
        task = self._connection.task
        if task.codec.quiet_end_s is None:
            return False
        least_ms, answered_after = REST_MS, self._connection.finish_at
        if not task.estimates:  # a final that ends before the sound is no answer to it
            least_ms, answered_after = WORD_MS, max(answered_after, self._account.last_final_at)
        sound = self._account.ledger.undecided_sound(task.offset_ms, self._feed.cursor_ms)
        is_open = task.has_text and task.open_ms is not None  # a service may send no finals at all
        if length(sound) < least_ms or (self._feed.message_at > answered_after and not is_open):
            return True
        if self._retries.limit == 0 or sound[0][0] <= self._asked_again_ms:
            self._feed.unanswered = True
            return True
        self._asked_again_ms = sound[0][0]
        return False

    def _finish_unanswered(self, link: LinkState) -> bool:
        deadline = self._connection.deadline
        if link not in {LinkState.DRAINING, LinkState.RENEWING} or deadline is None:
            return False
        return deadline - self._account.clock() <= (1 - UNANSWERED_PART) * self._connection.timeout_s
