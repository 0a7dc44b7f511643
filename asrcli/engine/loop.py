"""The session thread: obeys the link table, task after task, connection after connection. Decides nothing by itself."""

from collections.abc import Callable
from operator import itemgetter

from asrcli.core.audio import Chunk, Format
from asrcli.core.errors import AsrError, ConnectionLost, ServiceRefused
from asrcli.core.events import Event, Final, Finished, Gap, Notice, Ready, Reconnecting
from asrcli.core.message import Closed, Message, Writable
from asrcli.core.settings import RetrySettings
from asrcli.engine.accounting import SessionAccount, SessionResult
from asrcli.engine.audio_feed import AudioFeed
from asrcli.engine.connection import TaskConnection, never_up
from asrcli.engine.inbox import AbandonRequested, Inbox, Item, MessageArrived, SourceEnded, StopRequested, ThreadCrashed
from asrcli.engine.task import UNTOLD, RepeatedFinal
from asrcli.recovery.backoff import Backoff, Loss
from asrcli.recovery.classify import FaultClass, classify
from asrcli.recovery.link import InputState, LinkAction, LinkEvent, LinkState, step

UNANSWERED_PART = 0.9  # a loss so late in the wait for the last words is an unanswered finish, whoever closed


class SessionAbandoned(Exception):
    """Nobody waits for this session any more."""


class SessionLoop:
    """One conversation with a service: tasks started, fed, finished, renewed, recovered, and accounted for.

    `realtime` audio comes as it is spoken: a task that ends for silence is followed by another, and an outage is waited
    out while more may come. `chance` gives a number from 0 to 1, anew each time.
    """

    def __init__(
        self,
        connection: TaskConnection,
        inbox: Inbox,
        emit: Callable[[Event], None],
        clock: Callable[[], float],
        chance: Callable[[], float],
        audio_format: Format,
        start: int,
        *,
        realtime: bool,
        retries: RetrySettings,
    ) -> None:
        self._connection, self._inbox, self._emit, self._clock, self._chance = connection, inbox, emit, clock, chance
        self._realtime, self._retries = realtime, retries
        self._link = LinkState.RESTING
        self._account = SessionAccount(clock, emit, audio_format, start)
        self._feed = AudioFeed(
            connection, self._account, clock, audio_format, start, realtime=realtime, retries=retries
        )
        self._backoff = Backoff(retries, realtime=realtime)
        self._was_ready = self._spent = self._stopped = False
        self._skip_to: int | None = None  # audio before this position was sent often enough
        self._source_error: AsrError | None = None

    def run(self, duration_ms: int | None) -> SessionResult:
        """Hold the conversation to its end. Errors come back in the result, with gaps emitted for what they cost."""
        error, broken = None, True
        try:
            self._guarded(lambda: self._step(LinkEvent.SPEECH))
            while self._link is not LinkState.CLOSED:
                self._guarded(self._iterate)
            self._connection.release()
            self._account.complete()
            error, broken = self._source_error, False
        except AsrError as exc:
            error = exc if self._was_ready else never_up(self._connection.url, exc)
            if self._was_ready:
                self._account.close(self._inbox, duration_ms, error)
            else:
                self._account.end = self._account.start  # nothing was heard, so there is nothing to account for
        except SessionAbandoned:
            pass
        finally:
            self._inbox.end()
            self._connection.close()
            self._feed.close()
        return self.result(error, broken=broken)

    def result(self, error: AsrError | None, *, broken: bool) -> SessionResult:
        """The account so far; it may be asked for by a listener that leaves in the middle."""
        codec = self._connection.task.codec
        return self._account.result(error, codec.usage, codec.dropped, broken=broken)

    def _guarded(self, do: Callable[[], None]) -> None:
        """Do it; a connection that is lost meanwhile is made anew where that can help."""
        try:
            self._connection.drain_after_failure(do, self._take)
        except AsrError as exc:
            self._settle()
            if self._was_ready and self._spent and self._nothing_left():
                self._link = LinkState.CLOSED
                return
            self._account.recent_finals.untold = self._link is LinkState.DRAINING and self._connection.task.ended_with(
                exc
            )
            loss = Loss(exc, self._was_ready, self._inbox.ended, self._feed.undecided_end, self._unanswered())
            attempt = self._backoff.lost(loss, self._clock(), self._chance())
            if attempt is None:
                self._step(LinkEvent.HOPELESS)
                raise
            self._account.lost()
            self._emit(Reconnecting(self._backoff.attempt, round(attempt.wait_s * 1000), exc.brief))
            if self._backoff.attempt == 1 and self._retries.retry_for_s is not None:
                self._emit(Notice("info", f"an outage is waited out for up to {self._retries.retry_for_s:g} s"))
            self._skip_to = attempt.skip_to
            self._step(LinkEvent.LOST)
            self._connection.start_timeout(attempt.wait_s)

    def _nothing_left(self) -> bool:
        """Whether all that was captured has its text, but for quiet."""
        ledger = self._account.ledger
        return all(ledger.is_quiet(*span) for span in self._account.undecided())

    def _unanswered(self) -> bool:
        if self._link not in {LinkState.DRAINING, LinkState.RENEWING} or self._connection.deadline is None:
            return False
        return self._connection.deadline - self._clock() <= (1 - UNANSWERED_PART) * self._connection.patience_s

    def _iterate(self) -> None:
        stalled_at = self._feed.stall_detector.deadline if self._link is LinkState.UP else None
        dues = (
            (self._connection.deadline, self._timed_out),
            (self._feed.due, self._advance),
            (stalled_at, self._stalled),
        )
        due, do = min(
            [(at, do) for at, do in dues if at is not None], key=itemgetter(0), default=(None, self._timed_out)
        )
        item = self._inbox.get(None if due is None else max(0.0, due - self._clock()), audio=self._takes_audio())
        do() if item is None else self._take(item)

    def _takes_audio(self) -> bool:
        """Whether audio may come out of the inbox. Wherever nothing else can wake the session, it may."""
        if self._realtime or self._stopped or self._link is LinkState.RESTING:
            return True  # of a file that was stopped nothing is left but its end
        room = self._connection.writable and not self._connection.task.codec.must_wait
        return self._link is LinkState.UP and self._feed.due is None and room

    def _timed_out(self) -> None:
        if self._link is not LinkState.WAITING:
            raise ConnectionLost(f"no answer for {self._connection.patience_s:.0f} s")
        self._step(LinkEvent.RETRY)

    def _stalled(self) -> None:
        raise ConnectionLost(f"no answer to what was said for {self._feed.stall_detector.expired():.0f} s")

    def _take(self, item: Item) -> None:
        if isinstance(item, ThreadCrashed):
            raise item.error
        if isinstance(item, AbandonRequested):
            raise SessionAbandoned
        if isinstance(item, StopRequested):
            self._stop(item)
        elif isinstance(item, MessageArrived):
            if self._connection.carries(item):
                self._arrived(item.message)
        elif isinstance(item, Chunk):
            self._feed.add(item)
            self._settle()
            self._advance()
        elif isinstance(item, SourceEnded):
            self._source_error, self._spent = item.error, True
            self._account.spent()
            self._advance()
        else:
            self._account.mark(item)

    def _stop(self, stop: StopRequested) -> None:
        self._stopped = True
        self._backoff.stop(self._clock(), stop.attempts)
        if not self._realtime:
            self._feed.drop_unsent()
            if self._link in {LinkState.DIALLING, LinkState.WAITING} and self._nothing_left():
                self._connection.close()
                self._link = LinkState.CLOSED

    def _step(self, happening: LinkEvent) -> None:
        self._link, action = step(self._link, InputState.ENDED if self._inbox.ended else InputState.OPEN, happening)
        if action is LinkAction.START:
            self._connection.start()
        elif action is LinkAction.FINISH:
            self._connection.finish()
        elif action is LinkAction.REST:
            self._feed.task_ended()
            self._advance()
        elif action is LinkAction.RECOVER:
            self._feed.recover(self._skip_to, f"sent {(self._retries.limit or 0) + 1} times, and no text came")
            self._skip_to = None

    def _settle(self) -> None:
        if self._realtime:
            for event in self._connection.task.give_up(self._clock()):
                if isinstance(event, Gap):
                    self._account.add_missing(event.begin_ms, event.end_ms, event.reason)
                else:
                    self._handle(event)
        if self._feed.settle():
            self._backoff.settled(self._account.format.samples(self._account.ledger.reached_ms))

    def _advance(self) -> None:
        """Do with the audio that is kept, and with its end, what can be done now."""
        if self._link is LinkState.RESTING and self._feed.wake(spent=self._spent):
            self._step(LinkEvent.SPEECH)
        while self._link is LinkState.UP and (chunk := self._feed.next()) is not None:
            self._send(chunk)
        if self._link is LinkState.UP and self._feed.waiting:
            return
        if self._link is LinkState.UP:
            self._feed.caught_up()
            self._backoff.carried()
        if self._spent:
            self._step(LinkEvent.SPENT)

    def _send(self, chunk: Chunk) -> None:
        if not self._feed.fits(chunk):
            self._step(LinkEvent.CUT)  # the server counts what it hears: behind a jump its times would be wrong
            return
        self._feed.send(chunk)
        self._backoff.carried()
        if chunk.cut_after and self._connection.task.codec.manual:
            self._connection.commit()
        elif chunk.cut_after:
            self._step(LinkEvent.CUT)

    def _arrived(self, message: Message | Writable) -> None:
        if isinstance(message, Closed):
            self._closed(message)
            return
        if isinstance(message, Writable):
            self._advance()
            return
        self._feed.arrived()
        codec = self._connection.task.codec
        full = codec.must_wait
        try:
            for event in self._connection.task.receive(message, self._clock()):
                self._handle(event)
        except ServiceRefused as exc:
            kind = classify(exc, live=self._realtime or self._feed.sent_only_quiet)
            if self._link is LinkState.DIALLING and self._connection.reused and kind is not FaultClass.BUSY:
                # a server may take one task a connection; on its own one the refusal would be meant
                self._connection.close()
                self._connection.start()
                return
            if kind is not FaultClass.IDLE:
                raise
            self._emit(Notice("info", f"{exc}; a new task begins with the next speech"))
            self._emit(Finished(self._connection.task.codec.usage))  # what is open comes again, or nobody said it
            self._feed.idle = True
            self._step(LinkEvent.IDLE)
        self._account.counted(codec.usage, over=codec is not self._connection.task.codec)
        self._connection.send_pending()
        if full and not codec.must_wait:
            self._connection.deadline = None if self._link is LinkState.UP else self._connection.deadline
            self._advance()
        if self._link in {LinkState.DRAINING, LinkState.RENEWING} or (self._link is LinkState.UP and codec.must_wait):
            self._connection.restart_timeout()

    def _closed(self, closed: Closed) -> None:
        asking = self._link is LinkState.DIALLING and self._connection.reused
        if self._link is not LinkState.RESTING and not asking:
            raise ConnectionLost(closed.reason or "closed by the other end", closed.code)
        self._connection.close()
        if asking:  # it was closed for idleness meanwhile
            self._connection.start()

    def _handle(self, event: Event | RepeatedFinal) -> None:
        if isinstance(event, RepeatedFinal):
            self._account.repeated(event.final)
            return
        if isinstance(event, Gap):
            self._account.add_missing(event.begin_ms, event.end_ms, event.reason or UNTOLD, whole=True)
            return
        if self._account.received(event):
            self._backoff.progress()
            self._feed.stall_detector.reset()
        self._emit(event)
        if isinstance(event, Final):
            self._feed.final()
            self._settle()
            if self._link is LinkState.UP and self._connection.expired:
                self._step(LinkEvent.CUT)
        elif isinstance(event, Ready):
            self._ready()
        elif isinstance(event, Finished):
            self._finished()

    def _ready(self) -> None:
        self._was_ready, self._connection.deadline = True, None
        self._account.recovered()
        self._feed.ready()
        self._step(LinkEvent.READY)
        self._advance()

    def _finished(self) -> None:
        """The task is over; one that ends unasked while somebody may still speak had nothing to hear."""
        asked = self._link in {LinkState.RENEWING, LinkState.DRAINING}
        if not asked and not self._realtime and not self._feed.sent_only_quiet:
            raise ConnectionLost("the service ended the task before the audio ended")
        self._feed.idle = not asked
        if asked:
            self._feed.task_finished()
        self._step(LinkEvent.FINISHED if asked else LinkEvent.IDLE)
