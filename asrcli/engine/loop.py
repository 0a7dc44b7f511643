"""The session thread: obeys the link table, task after task, connection after connection. Decides nothing by itself."""

from collections.abc import Callable
from operator import itemgetter
from random import random

from asrcli.audio import Chunk, Format
from asrcli.config import Retries
from asrcli.engine.account import Account, Over
from asrcli.engine.inbox import Arrived, Crashed, Inbox, Item, Spent
from asrcli.engine.line import Line, never_up
from asrcli.engine.store import Store
from asrcli.errors import AsrError, ConnectionLost, ServiceRefused
from asrcli.events import Event, Final, Finished, Notice, Ready, Reconnecting
from asrcli.message import Closed, Message, Writable
from asrcli.recovery.backoff import Backoff
from asrcli.recovery.catchup import CatchUp
from asrcli.recovery.faults import Fault, fault
from asrcli.recovery.link import Action, Happening, Input, Link, step
from asrcli.recovery.rest import Rest, verdict
from asrcli.recovery.seam import MARGIN_MS, resume
from asrcli.recovery.watch import Watch

PREROLL_MS = 2000  # so much of the quiet before speech goes to the service with it
HEALTHY_S = 10.0  # a task that has lived so long was progress, whether or not anybody spoke
UNTOLD = "the service left this sentence without a text"


class Loop:
    """One conversation with a service: tasks started, fed, finished, renewed, recovered, and accounted for.

    `live` audio is of the present: a task that ends for silence is followed by another.
    """

    def __init__(
        self,
        line: Line,
        inbox: Inbox,
        emit: Callable[[Event], None],
        clock: Callable[[], float],
        audio_format: Format,
        start: int,
        *,
        live: bool,
        retries: Retries,
    ) -> None:
        self._line, self._inbox, self._emit, self._clock = line, inbox, emit, clock
        self._format, self._live, self._keeps = audio_format, live, live or retries.limit != 0
        self._link = Link.RESTING
        self._account = Account(clock, emit, audio_format, start)
        self._audio = Store(start, audio_format.rate)
        self._backoff, self._watch = Backoff(retries, live=live), Watch(line.connection.stall_timeout_s)
        self._catch_up = CatchUp(audio_format.rate, retries.catch_up)
        self._audio_due: float | None = None  # when audio that waits may go
        self._asleep = False  # only speech makes a new task
        self._was_ready = self._spent = self._tried = False
        self._source_error: AsrError | None = None
        self._pass_over(start)

    def converse(self, duration_ms: int | None) -> Over:
        """Hold the conversation to its end. Errors come back in the result, with gaps emitted for what they cost."""
        try:
            self._heed(lambda: self._step(Happening.SPEECH))
            while self._link is not Link.CLOSED:
                self._heed(self._once)
            self._line.park()
            error, broken = self._source_error, False
        except AsrError as exc:
            error, broken = (exc if self._was_ready else never_up(self._line.url, exc)), True
            if self._was_ready:
                self._account.close(self._inbox, duration_ms, error)
            else:
                self._account.end = self._account.start  # nothing was heard, so there is nothing to account for
        finally:
            self._inbox.end()
            self._line.close()
            self._audio.close()
        return self.over(error, broken=broken)

    def over(self, error: AsrError | None, *, broken: bool) -> Over:
        """The account so far; it may be asked for by a listener that leaves in the middle."""
        return self._account.over(error, self._line.task.codec.usage, broken=broken)

    def _heed(self, do: Callable[[], None]) -> None:
        """Do it; a connection that is lost meanwhile is made anew where that can help."""
        try:
            self._line.hear_out(do, self._take)
        except AsrError as exc:
            if self._was_ready and self._spent and self._account.all_final:
                self._link = Link.CLOSED  # there was nothing left to say
                return
            if self._was_ready and self._clock() - self._line.started >= HEALTHY_S:
                self._backoff.progress()
            chance = random()  # noqa: S311  no secret
            wait_s = self._backoff.lost(exc, was_ready=self._was_ready, ended=self._inbox.ended, chance=chance)
            if wait_s is None:
                self._step(Happening.HOPELESS)
                raise
            self._account.lost()
            self._emit(Reconnecting(self._backoff.attempt, round(wait_s * 1000), exc.brief))
            self._step(Happening.LOST)
            self._line.wait(wait_s)

    def _once(self) -> None:
        stalled_at = self._watch.due if self._link is Link.UP else None
        dues = (self._line.deadline, self._late), (self._audio_due, self._go_on), (stalled_at, self._stalled)
        due, do = min([(at, do) for at, do in dues if at is not None], key=itemgetter(0), default=(None, self._late))
        taking = self._link is Link.UP and self._audio_due is None and not self._line.task.codec.full
        item = self._inbox.get(None if due is None else max(0.0, due - self._clock()), audio=self._live or taking)
        do() if item is None else self._take(item)

    def _late(self) -> None:
        if self._link is not Link.WAITING:
            raise ConnectionLost(f"no answer for {self._line.patience_s:.0f} s")
        self._step(Happening.RETRY)

    def _stalled(self) -> None:
        raise ConnectionLost(f"no answer to what was said for {self._watch.ended():.0f} s")

    def _take(self, item: Item) -> None:
        if isinstance(item, Crashed):
            raise item.error
        if isinstance(item, Arrived):
            if self._line.carries(item) and not isinstance(item.message, Writable):
                self._arrived(item.message)
        elif isinstance(item, Chunk):
            self._account.end = item.end
            self._audio.add(item)
            self._go_on()
        elif isinstance(item, Spent):
            self._source_error, self._spent = item.error, True
            self._account.spent()
            self._go_on()
        else:
            self._account.mark(item)

    def _step(self, happening: Happening) -> None:
        self._link, action = step(self._link, Input.ENDED if self._inbox.ended else Input.OPEN, happening)
        if action is Action.START:
            self._asleep = False
            self._line.start()
        elif action is Action.FINISH:
            self._line.finish()
        elif action is Action.REST:
            self._rest()
        elif action is Action.RECOVER:
            self._recover()

    def _rest(self) -> None:
        """Put the task away; go on with the next if there is something for it to hear."""
        reached, open_ms = self._audio.cursor, self._line.task.open_ms
        if self._asleep:  # what was sent last may be the beginning of what the service did not wait for
            reached = max(self._audio.start, reached - self._format.samples(PREROLL_MS))
        if open_ms is not None:
            reached = self._again(open_ms)
        self._next_task(reached, keep=not self._asleep)
        self._go_on()

    def _again(self, begin_ms: int) -> int:
        """Where to begin for a sentence that a task left open; one that has been tried twice is given up."""
        begin = self._format.samples(max(0, begin_ms - MARGIN_MS))
        if begin > self._audio.start:
            self._asleep = False
            return begin
        self._account.miss(begin_ms, self._format.ms(self._audio.cursor), UNTOLD)
        return self._audio.cursor

    def _recover(self) -> None:
        """Go back to the end of what is final, or to the quiet just before it."""
        wanted, begin = resume(self._audio, self._format.samples(self._account.covered_ms), self._format)
        self._account.miss(self._format.ms(wanted), self._format.ms(begin), "no longer kept")
        self._next_task(begin, keep=False)

    def _next_task(self, position: int, *, keep: bool) -> None:
        self._account.bill(self._line.task.codec.usage)
        self._line.renew(keep=keep)
        self._watch.heard()
        self._audio_due = None
        self._pass_over(position)

    def _pass_over(self, position: int) -> None:
        self._account.spare(*map(self._format.ms, self._audio.pass_over(position)))
        self._line.task.offset_ms = self._format.ms(position)

    def _go_on(self) -> None:
        """Do with the audio that is kept, and with its end, what can be done now."""
        if self._link is Link.RESTING:
            self._wake()
        self._audio_due = None
        while self._link is Link.UP and (chunk := self._audio.next()) is not None:
            if self._line.task.codec.full:
                return
            due = self._catch_up.due(self._audio.cursor + chunk.samples)  # a jump before it takes no time
            if due is not None and due > self._clock():
                self._audio_due = due
                return
            self._send(chunk)
        if self._link is Link.UP:
            self._catch_up.end()
            self._account.caught_up()
        if self._spent:
            self._step(Happening.SPENT)

    def _wake(self) -> None:
        """Begin a task for what is to be heard, with the quiet before it; quiet that is older is passed over."""
        waiting, since_s = self._audio.waiting(), self._clock() - self._line.started
        do = verdict(waiting, asleep=self._asleep, spent=self._spent, tried=self._tried, since_start_s=since_s)
        if do is Rest.START:
            self._tried = self._spent
            self._step(Happening.SPEECH)
        elif do is Rest.PASS_OVER:
            preroll = 0 if self._spent else self._format.samples(PREROLL_MS)
            self._pass_over(max(self._audio.cursor, waiting[-1].end - preroll))
        elif do is Rest.LOSE:
            self._account.miss(self._format.ms(waiting[0].position), self._format.ms(waiting[-1].end), UNTOLD)
            self._pass_over(waiting[-1].end)

    def _send(self, chunk: Chunk) -> None:
        jump = chunk.position - self._audio.cursor
        if jump and self._audio.cursor == self._audio.start:
            self._pass_over(chunk.position)
        elif jump and not self._line.task.codec.skip(jump):
            self._step(Happening.CUT)  # the server counts what it hears: behind a jump its times would be wrong
            return
        self._catch_up.skip(jump)
        self._audio.cursor = chunk.end
        if self._live and not chunk.quiet and not self._line.task.codec.manual:  # there nothing comes before a commit
            self._watch.spoke(self._clock())
        self._line.send(self._line.task.codec.audio(chunk.pcm))
        if not self._keeps:
            self._audio.settle(chunk.end)
        self._account.sent(chunk.end)
        if chunk.cut_after and self._line.task.codec.manual:
            self._line.commit()
        elif chunk.cut_after:
            self._step(Happening.CUT)

    def _arrived(self, message: Message) -> None:
        if isinstance(message, Closed):
            self._closed(message)
            return
        self._watch.heard()
        codec = self._line.task.codec
        full = codec.full
        try:
            for event in self._line.task.receive(message, self._account.covered_ms):
                self._hear(event)
        except ServiceRefused as exc:
            if fault(exc, live=self._live) is not Fault.IDLE:
                raise
            self._emit(Notice("info", f"{exc}; a new task begins with the next speech"))
            self._emit(Finished(self._line.task.codec.usage))  # what is open comes again, or nobody said it
            self._asleep = True
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

    def _hear(self, event: Event) -> None:
        if self._account.heard(event):
            self._backoff.progress()
            self._watch.progress()
        self._emit(event)
        if isinstance(event, Final):
            self._audio.settle(self._format.samples(max(0, event.end_ms - MARGIN_MS)))
            if self._link is Link.UP and self._line.old:
                self._step(Happening.CUT)
        elif isinstance(event, Ready):
            self._ready()
        elif isinstance(event, Finished):
            self._finished()

    def _ready(self) -> None:
        self._was_ready, self._line.deadline = True, None
        self._account.recovered()
        self._catch_up.begin(self._clock(), self._audio.cursor, self._audio.backlog)
        self._step(Happening.READY)
        self._go_on()

    def _finished(self) -> None:
        """The task is over; one that ends unasked while somebody may still speak had nothing to hear."""
        asked = self._link in {Link.RENEWING, Link.DRAINING}
        if not asked and not self._live:
            raise ConnectionLost("the service ended the task before the audio ended")
        self._asleep = not asked
        self._step(Happening.FINISHED if asked else Happening.IDLE)
