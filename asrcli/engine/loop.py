"""The session thread: obeys the link table, task after task, connection after connection. Decides nothing by itself."""

from collections.abc import Callable
from operator import itemgetter

from asrcli.audio import Chunk, Format
from asrcli.config import Retries
from asrcli.engine.account import Account, Over
from asrcli.engine.feed import Feed
from asrcli.engine.inbox import Abandon, Arrived, Crashed, Inbox, Item, Spent, Stop
from asrcli.engine.line import Line, never_up
from asrcli.engine.task import UNTOLD, Repeated
from asrcli.errors import AsrError, ConnectionLost, ServiceRefused
from asrcli.events import Event, Final, Finished, Gap, Notice, Ready, Reconnecting
from asrcli.message import Closed, Message, Writable
from asrcli.recovery.backoff import Backoff, Loss
from asrcli.recovery.faults import Fault, fault
from asrcli.recovery.link import Action, Happening, Input, Link, step

UNANSWERED_PART = 0.9  # a loss so late in the wait for the last words is an unanswered finish, whoever closed


class Left(Exception):
    """Nobody waits for this session any more."""


class Loop:
    """One conversation with a service: tasks started, fed, finished, renewed, recovered, and accounted for.

    `realtime` audio comes as it is spoken: a task that ends for silence is followed by another, and an outage is waited
    out while more may come. `chance` gives a number from 0 to 1, anew each time.
    """

    def __init__(
        self,
        line: Line,
        inbox: Inbox,
        emit: Callable[[Event], None],
        clock: Callable[[], float],
        chance: Callable[[], float],
        audio_format: Format,
        start: int,
        *,
        realtime: bool,
        retries: Retries,
    ) -> None:
        self._line, self._inbox, self._emit, self._clock, self._chance = line, inbox, emit, clock, chance
        self._realtime, self._retries = realtime, retries
        self._link = Link.RESTING
        self._account = Account(clock, emit, audio_format, start)
        self._feed = Feed(line, self._account, clock, audio_format, start, realtime=realtime, retries=retries)
        self._backoff = Backoff(retries, realtime=realtime)
        self._was_ready = self._spent = self._stopped = False
        self._skip_to: int | None = None  # audio before this position was sent often enough
        self._source_error: AsrError | None = None

    def converse(self, duration_ms: int | None) -> Over:
        """Hold the conversation to its end. Errors come back in the result, with gaps emitted for what they cost."""
        error, broken = None, True
        try:
            self._heed(lambda: self._step(Happening.SPEECH))
            while self._link is not Link.CLOSED:
                self._heed(self._once)
            self._line.park()
            self._account.complete()
            error, broken = self._source_error, False
        except AsrError as exc:
            error = exc if self._was_ready else never_up(self._line.url, exc)
            if self._was_ready:
                self._account.close(self._inbox, duration_ms, error)
            else:
                self._account.end = self._account.start  # nothing was heard, so there is nothing to account for
        except Left:
            pass
        finally:
            self._inbox.end()
            self._line.close()
            self._feed.close()
        return self.over(error, broken=broken)

    def over(self, error: AsrError | None, *, broken: bool) -> Over:
        """The account so far; it may be asked for by a listener that leaves in the middle."""
        codec = self._line.task.codec
        return self._account.over(error, codec.usage, codec.dropped, broken=broken)

    def _heed(self, do: Callable[[], None]) -> None:
        """Do it; a connection that is lost meanwhile is made anew where that can help."""
        try:
            self._line.hear_out(do, self._take)
        except AsrError as exc:
            self._settle()
            if self._was_ready and self._spent and self._nothing_left():
                self._link = Link.CLOSED
                return
            self._account.said.untold = self._link is Link.DRAINING and self._line.task.ended_with(exc)
            loss = Loss(exc, self._was_ready, self._inbox.ended, self._feed.carried, self._unanswered())
            attempt = self._backoff.lost(loss, self._clock(), self._chance())
            if attempt is None:
                self._step(Happening.HOPELESS)
                raise
            self._account.lost()
            self._emit(Reconnecting(self._backoff.attempt, round(attempt.wait_s * 1000), exc.brief))
            if self._backoff.attempt == 1 and self._retries.retry_for_s is not None:
                self._emit(Notice("info", f"an outage is waited out for up to {self._retries.retry_for_s:g} s"))
            self._skip_to = attempt.skip_to
            self._step(Happening.LOST)
            self._line.wait(attempt.wait_s)

    def _nothing_left(self) -> bool:
        """Whether all that was captured has its text, but for quiet."""
        ledger = self._account.ledger
        return all(ledger.is_quiet(*span) for span in self._account.undecided())

    def _unanswered(self) -> bool:
        if self._link not in {Link.DRAINING, Link.RENEWING} or self._line.deadline is None:
            return False
        return self._line.deadline - self._clock() <= (1 - UNANSWERED_PART) * self._line.patience_s

    def _once(self) -> None:
        stalled_at = self._feed.watch.due if self._link is Link.UP else None
        dues = (self._line.deadline, self._late), (self._feed.due, self._go_on), (stalled_at, self._stalled)
        due, do = min([(at, do) for at, do in dues if at is not None], key=itemgetter(0), default=(None, self._late))
        item = self._inbox.get(None if due is None else max(0.0, due - self._clock()), audio=self._takes_audio())
        do() if item is None else self._take(item)

    def _takes_audio(self) -> bool:
        """Whether audio may come out of the inbox. Wherever nothing else can wake the session, it may."""
        if self._realtime or self._stopped or self._link is Link.RESTING:
            return True  # of a file that was stopped nothing is left but its end
        room = self._line.writable and not self._line.task.codec.full
        return self._link is Link.UP and self._feed.due is None and room

    def _late(self) -> None:
        if self._link is not Link.WAITING:
            raise ConnectionLost(f"no answer for {self._line.patience_s:.0f} s")
        self._step(Happening.RETRY)

    def _stalled(self) -> None:
        raise ConnectionLost(f"no answer to what was said for {self._feed.watch.ended():.0f} s")

    def _take(self, item: Item) -> None:
        if isinstance(item, Crashed):
            raise item.error
        if isinstance(item, Abandon):
            raise Left
        if isinstance(item, Stop):
            self._stop(item)
        elif isinstance(item, Arrived):
            if self._line.carries(item):
                self._arrived(item.message)
        elif isinstance(item, Chunk):
            self._feed.add(item)
            self._settle()
            self._go_on()
        elif isinstance(item, Spent):
            self._source_error, self._spent = item.error, True
            self._account.spent()
            self._go_on()
        else:
            self._account.mark(item)

    def _stop(self, stop: Stop) -> None:
        self._stopped = True
        self._backoff.stop(self._clock(), stop.attempts)
        if not self._realtime:
            self._feed.drop_unsent()
            if self._link in {Link.DIALLING, Link.WAITING} and self._nothing_left():
                self._line.close()
                self._link = Link.CLOSED

    def _step(self, happening: Happening) -> None:
        self._link, action = step(self._link, Input.ENDED if self._inbox.ended else Input.OPEN, happening)
        if action is Action.START:
            self._line.start()
        elif action is Action.FINISH:
            self._line.finish()
        elif action is Action.REST:
            self._feed.rest()
            self._go_on()
        elif action is Action.RECOVER:
            self._feed.recover(self._skip_to, f"sent {(self._retries.limit or 0) + 1} times, and no text came")
            self._skip_to = None

    def _settle(self) -> None:
        if self._realtime:
            for event in self._line.task.give_up(self._clock()):
                if isinstance(event, Gap):
                    self._account.miss(event.begin_ms, event.end_ms, event.reason)
                else:
                    self._hear(event)
        if self._feed.settle():
            self._backoff.settled(self._account.format.samples(self._account.ledger.reached_ms))

    def _go_on(self) -> None:
        """Do with the audio that is kept, and with its end, what can be done now."""
        if self._link is Link.RESTING and self._feed.wake(spent=self._spent):
            self._step(Happening.SPEECH)
        while self._link is Link.UP and (chunk := self._feed.next()) is not None:
            self._send(chunk)
        if self._link is Link.UP and self._feed.waiting:
            return
        if self._link is Link.UP:
            self._feed.caught_up()
            self._backoff.carried()
        if self._spent:
            self._step(Happening.SPENT)

    def _send(self, chunk: Chunk) -> None:
        if not self._feed.fits(chunk):
            self._step(Happening.CUT)  # the server counts what it hears: behind a jump its times would be wrong
            return
        self._feed.send(chunk)
        self._backoff.carried()
        if chunk.cut_after and self._line.task.codec.manual:
            self._line.commit()
        elif chunk.cut_after:
            self._step(Happening.CUT)

    def _arrived(self, message: Message | Writable) -> None:
        if isinstance(message, Closed):
            self._closed(message)
            return
        if isinstance(message, Writable):
            self._go_on()
            return
        self._feed.arrived()
        codec = self._line.task.codec
        full = codec.full
        try:
            for event in self._line.task.receive(message, self._clock()):
                self._hear(event)
        except ServiceRefused as exc:
            kind = fault(exc, live=self._realtime or self._feed.only_quiet)
            if self._link is Link.DIALLING and self._line.reused and kind is not Fault.BUSY:
                self._line.close()  # a server may take one task a connection; on its own one the refusal would be meant
                self._line.start()
                return
            if kind is not Fault.IDLE:
                raise
            self._emit(Notice("info", f"{exc}; a new task begins with the next speech"))
            self._emit(Finished(self._line.task.codec.usage))  # what is open comes again, or nobody said it
            self._feed.asleep = True
            self._step(Happening.IDLE)
        self._account.counted(codec.usage, over=codec is not self._line.task.codec)
        self._line.answer()
        if full and not codec.full:
            self._line.deadline = None if self._link is Link.UP else self._line.deadline
            self._go_on()
        if self._link in {Link.DRAINING, Link.RENEWING} or (self._link is Link.UP and codec.full):
            self._line.wait_for_more()

    def _closed(self, closed: Closed) -> None:
        asking = self._link is Link.DIALLING and self._line.reused
        if self._link is not Link.RESTING and not asking:
            raise ConnectionLost(closed.reason or "closed by the other end", closed.code)
        self._line.close()
        if asking:  # it was closed for idleness meanwhile
            self._line.start()

    def _hear(self, event: Event | Repeated) -> None:
        if isinstance(event, Repeated):
            self._account.repeated(event.final)
            return
        if isinstance(event, Gap):
            self._account.miss(event.begin_ms, event.end_ms, event.reason or UNTOLD, whole=True)
            return
        if self._account.heard(event):
            self._backoff.progress()
            self._feed.watch.progress()
        self._emit(event)
        if isinstance(event, Final):
            self._feed.final()
            self._settle()
            if self._link is Link.UP and self._line.old:
                self._step(Happening.CUT)
        elif isinstance(event, Ready):
            self._ready()
        elif isinstance(event, Finished):
            self._finished()

    def _ready(self) -> None:
        self._was_ready, self._line.deadline = True, None
        self._account.recovered()
        self._feed.ready()
        self._step(Happening.READY)
        self._go_on()

    def _finished(self) -> None:
        """The task is over; one that ends unasked while somebody may still speak had nothing to hear."""
        asked = self._link in {Link.RENEWING, Link.DRAINING}
        if not asked and not self._realtime and not self._feed.only_quiet:
            raise ConnectionLost("the service ended the task before the audio ended")
        self._feed.asleep = not asked
        if asked:
            self._feed.heard_out()
        self._step(Happening.FINISHED if asked else Happening.IDLE)
