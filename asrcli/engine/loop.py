"""The loop of a session: does what the link table says, task after task. Makes no decisions and never blocks."""

from collections.abc import Callable, Iterable

from asrcli.core.audio import Chunk, Format
from asrcli.core.errors import AsrError, ConnectionLost, ServiceRefused
from asrcli.core.events import Event, Final, Finished, Gap, Notice, Ready
from asrcli.core.message import Closed, Message, Writable
from asrcli.core.settings import RetrySettings
from asrcli.engine.accounting import SessionAccount
from asrcli.engine.audio_feed import AudioFeed
from asrcli.engine.dial_attempt import Dialled
from asrcli.engine.inbox import (
    Inbox,
    Item,
    LocalHeard,
    MessageArrived,
    SessionAbandoned,
    SourceEnded,
    StopRequested,
    ThreadCrashed,
)
from asrcli.engine.reconnection import Reconnection
from asrcli.engine.session_result import PROGRESS_EVERY_S, SessionResult
from asrcli.engine.steps import Steps, Wait, wait_until
from asrcli.engine.task import NO_TEXT
from asrcli.engine.task_connection import SendFailed, TaskConnection, never_ready_error
from asrcli.recovery.backoff import Backoff
from asrcli.recovery.classify import FaultClass, classify
from asrcli.recovery.duplicate_finals import RepeatedFinal
from asrcli.recovery.link_states import InputState, LinkAction, LinkEvent, LinkState, step
from asrcli.recovery.quiet_settlement import was_suspended

# A member of an Enum is found slowly by Python 3.11.
_UP, _RESTING, _CLOSED = LinkState.UP, LinkState.RESTING, LinkState.CLOSED
_ENDING = (LinkState.DRAINING, LinkState.RENEWING)  # the rest of the text of a task was asked for
LATE_S = 0.3  # how long a service may still send text after the end of a task, where text may be missing


class SessionLoop:
    """One source's conversation with a service: tasks are started, fed, finished, renewed, recovered and accounted for.

    `realtime` audio comes as it is spoken: a task that ends for silence is followed by another, and an outage is waited
    out while more may come. `jitter` returns a number from 0 to 1, a new one each time.
    """

    def __init__(
        self,
        connection: TaskConnection,
        inbox: Inbox,
        emit: Callable[[Event], None],
        clock: Callable[[], float],
        jitter: Callable[[], float],
        audio_format: Format,
        start: int,
        *,
        realtime: bool,
        retries: RetrySettings,
        progress_s: float = PROGRESS_EVERY_S,
    ) -> None:
        self._connection = connection
        self._inbox = inbox
        self._emit = emit
        self._clock = clock
        self._realtime = realtime
        self._link = _RESTING
        self._account = SessionAccount(clock, emit, audio_format, start, progress_s, connection.recent_finals)
        self._feed = AudioFeed(connection, self._account, realtime=realtime, retries=retries)
        self._backoff = Backoff(retries, realtime=realtime)
        self._reconnection = Reconnection(connection, self._account, self._feed, self._backoff, retries, jitter)
        self._input_ended = self._stopped = False  # the audio, when its end came out of the inbox, or by the user
        self._source_error: AsrError | None = None

    def run(self, duration_ms: int | None) -> Steps[SessionResult]:
        """Run the session to its end. Errors come back in the result, and gaps are emitted for the audio they cost."""
        error: AsrError | None = None
        try:
            yield from self._begin()
            while self._link is not _CLOSED:
                wait, on_due = self._next_wait()
                item = yield wait
                try:
                    if item is None:
                        on_due()
                    else:
                        self._take(item)
                except (AsrError, SendFailed) as exc:
                    yield from self._recover(exc)
            self._connection.release()
            self._account.complete()
            return self.result(self._source_error, broken=False)
        except AsrError as exc:
            error = yield from self._give_up(exc, duration_ms)
        except SessionAbandoned:
            pass
        finally:
            self._inbox.end()
            self._connection.end()
            self._feed.close()
        return self.result(error, broken=True)

    def _give_up(self, error: AsrError, duration_ms: int | None) -> Steps[AsrError | None]:
        """Emit gaps for what has no text, and return the error of the session."""
        yield from ()
        if not self._account.was_ready:
            error = never_ready_error(self._connection.url, error)
        self._account.close(self._inbox, duration_ms, error, realtime=self._realtime)
        return error

    def result(self, error: AsrError | None, *, broken: bool) -> SessionResult:
        """Return the account so far; a listener that leaves early may call it from its own thread."""
        codec = self._connection.task.codec
        return self._account.result(error, codec.usage, codec.dropped, broken=broken)

    def _begin(self) -> Steps[None]:
        try:
            self._step(LinkEvent.SPEECH)
        except (AsrError, SendFailed) as exc:
            yield from self._recover(exc)

    def _recover(self, failure: AsrError | SendFailed) -> Steps[None]:
        """Replace the connection that is lost where that can help, else raise the error."""
        try:
            if isinstance(failure, AsrError):
                raise failure
            yield from self._connection.drain(failure, self._take)
        except AsrError as exc:
            link, self._link = self._link, LinkState.WAITING  # nothing is asked of the lost connection any more
            self._handle_all(self._connection.task.codec.held_back(incomplete=self._reconnection.brings_nothing))
            self._settle()
            if self._input_ended:
                self._feed.find_quiet()
                if self._account.was_ready and self._account.only_quiet_is_undecided:
                    self._connection.close()  # another session would ask it in vain
                    self._link = _CLOSED
                    return
            attempt = self._reconnection.next_attempt(exc, link, input_ended=self._inbox.ended)
            if attempt is None:
                self._handle_all(self._connection.task.codec.held_back(incomplete=True))
                self._step(LinkEvent.HOPELESS)
                raise
            self._step(LinkEvent.LOST)
            self._connection.start_timeout(attempt.wait_s)

    def _next_wait(self) -> tuple[Wait, Callable[[], None]]:
        """Return what to wait for: the next item, or the earliest deadline; and what to do at that deadline."""
        earliest, on_earliest = self._connection.deadline, self._on_deadline
        due = self._feed.due
        if due is not None and (earliest is None or due < earliest):
            earliest, on_earliest = due, self._advance
        if self._realtime and self._link is _UP:  # no person waits for the text of a file
            due = self._feed.stall_detector.deadline
            if due is not None and (earliest is None or due < earliest):
                earliest, on_earliest = due, self._on_stall
        return wait_until(earliest, audio=self._takes_audio()), on_earliest

    def _takes_audio(self) -> bool:
        """Whether audio may come out of the inbox. It must wherever nothing else can wake the session."""
        if self._realtime or self._stopped or self._link is _RESTING:
            return True  # of a file that was stopped only the end is left in the inbox
        return self._link is _UP and self._feed.due is None and self._connection.takes_audio

    def _on_deadline(self) -> None:
        if self._link is LinkState.WAITING:
            self._reconnection.check_others()
            self._step(LinkEvent.RETRY)
        elif was_suspended(self._connection.deadline, self._clock()):
            self._connection.start_timeout(self._connection.timeout_s)
        elif self._link in _ENDING and (self._connection.task.finish_held or self._reconnection.is_quiet_end()):
            self._end_wait()
        else:
            silent_s = self._connection.timeout_s
            raise ConnectionLost(f"{self._connection.missing} for {silent_s:.0f} s", silent_s=silent_s)

    def _handle_all(self, events: Iterable[Event]) -> None:
        """Handle events of the codec of the running task."""
        for event in self._connection.task.take(events, self._clock()):
            self._handle(event)

    def _on_stall(self) -> None:
        if was_suspended(self._feed.stall_detector.deadline, self._clock()):
            self._feed.stall_detector.restart(self._clock())
            return
        silent_s = self._feed.stall_detector.expire()
        raise ConnectionLost(f"no answer to speech for {silent_s:.0f} s", silent_s=silent_s)

    def _take(self, item: Item) -> None:
        """Handle an item of the inbox."""
        if isinstance(item, MessageArrived):
            if self._connection.carries(item):
                self._receive(item.message)
        elif isinstance(item, Chunk):
            self._take_chunk(item)
        elif isinstance(item, Dialled):
            self._connection.dialled(item)
            self._handle_all(self._connection.task.codec.started())
        elif isinstance(item, ThreadCrashed):
            raise item.error
        elif isinstance(item, SessionAbandoned):
            raise item
        elif isinstance(item, StopRequested):
            self._stop(item)
        elif isinstance(item, SourceEnded):
            self._source_error, self._input_ended = item.error, True
            self._account.end_input()
            self._advance()
        elif not isinstance(item, LocalHeard):
            self._account.add_mark(item)

    def _take_chunk(self, chunk: Chunk) -> None:
        self._feed.add(chunk)
        self._settle()
        if self._link is _UP and self._feed.send_at_once():
            self._backoff.audio_sent()
        else:
            self._advance()

    def _stop(self, stop: StopRequested) -> None:
        self._stopped = True
        self._backoff.stop(self._clock(), stop.attempts)
        if not self._realtime:
            if self._feed.drop_unsent() or self._link is not _UP:
                self._inbox.drop()
            if self._link in {LinkState.DIALLING, LinkState.WAITING} and self._account.only_quiet_is_undecided:
                self._connection.close()
                self._link = _CLOSED

    def _step(self, event: LinkEvent) -> None:
        """Follow the row of the link table for an event, and do its action."""
        input_state = InputState.ENDED if self._inbox.ended else InputState.OPEN
        self._link, action = step(self._link, input_state, event)
        if action is LinkAction.START:
            self._connection.start()
        elif action is LinkAction.FINISH:
            self._feed.due = None  # what waits goes out on the next task
            self._connection.finish()
        elif action is LinkAction.REST:
            self._feed.end_task()
            self._advance()
        elif action is LinkAction.RECOVER:
            self._reconnection.recover()

    def _settle(self) -> None:
        """Decide audio that needs no text any more, and end sentences that the service has abandoned."""
        if self._realtime:
            for event in self._connection.task.give_up(self._clock()):
                if isinstance(event, Gap):
                    self._account.add_missing(event.begin_ms, event.end_ms, event.reason)
                else:
                    self._handle(event)
        if self._feed.settle():
            self._backoff.settled(self._account.format.samples(self._account.ledger.decided_until_ms))
            self._account.release_gaps()

    def _advance(self) -> None:
        """Send the audio that may go out now; after the last of it, ask the service for the rest of its text."""
        if self._link is _RESTING and self._feed.wake(input_ended=self._input_ended):
            self._step(LinkEvent.SPEECH)
        while self._link is _UP and (chunk := self._feed.next()) is not None:
            self._send(chunk)
        if self._link is _UP:
            if self._feed.audio.pending:
                return
            self._feed.caught_up()
            self._backoff.audio_sent()
        if self._input_ended:
            self._step(LinkEvent.ALL_SENT)

    def _send(self, chunk: Chunk) -> None:
        if not self._feed.fits(chunk):
            self._step(LinkEvent.CUT)  # the server counts the audio that it gets: after a jump its times would be wrong
            return
        self._feed.send(chunk)
        self._backoff.audio_sent()
        if chunk.cut_after and self._connection.task.codec.manual:
            self._connection.commit()
        elif chunk.cut_after:
            self._step(LinkEvent.CUT)

    def _receive(self, message: Message | Writable) -> None:
        """Handle a message of the open connection."""
        if isinstance(message, Closed):
            self._on_close(message)
        elif isinstance(message, Writable):
            self._advance()
        elif self._connection.task.finish_held:
            self._receive_late(message)
        else:
            self._receive_result(message)

    def _receive_result(self, message: Message) -> None:
        self._feed.message_arrived()
        task = self._connection.task
        codec = task.codec
        had_to_wait = codec.must_wait
        try:
            self._handle_all(codec.receive(message))
        except ServiceRefused as exc:
            if self._on_refusal(exc):
                return
        self._account.update_bill(codec.usage, task_ended=codec is not self._connection.task.codec)
        self._connection.send_pending()
        if had_to_wait and not codec.must_wait:
            if self._link is _UP:
                self._connection.deadline = None
            self._advance()
        if task.finish_held:
            self._connection.start_timeout(LATE_S)
        elif self._link in _ENDING or (self._link is _UP and codec.must_wait):
            self._reconnection.message_arrived()

    def _receive_late(self, message: Message) -> None:
        """Handle a message after the end of a task. Once no text is missing, nothing more is waited for."""
        self._feed.message_arrived()
        task = self._connection.task
        try:
            self._handle_all(task.codec.receive(message))
        except ServiceRefused:  # the task is over: nothing can fail any more
            self._end_wait()
            return
        if task is self._connection.task and self._link in _ENDING and not task.is_incomplete:
            self._end_wait()

    def _end_wait(self) -> None:
        """End a task that is over: its text is not awaited any longer. Until then a second end event has no effect."""
        task = self._connection.task
        task.lacks_text = None
        self._handle_all([Finished(task.codec.usage)])

    def _on_refusal(self, refusal: ServiceRefused) -> bool:
        """Handle a refusal that is no loss, else raise it; returns whether the task was started again."""
        kind = classify(refusal, live=self._realtime or self._feed.sent_only_quiet)
        if self._link is LinkState.DIALLING and self._connection.reused and kind is not FaultClass.BUSY:
            # A server may accept only one task per connection. A refusal on a new connection is a real refusal.
            self._connection.close()
            self._connection.start()
            return True
        if kind is not FaultClass.IDLE:
            raise refusal
        self._emit(Notice("info", f"{refusal}; a new task begins with the next speech"))
        self._emit(Finished(self._connection.task.codec.usage))  # open sentences come again, or were no speech
        self._feed.idle = True
        self._step(LinkEvent.IDLE)
        return False

    def _on_close(self, closed: Closed) -> None:
        if self._connection.task.finish_held:
            self._connection.close()
            self._end_wait()
            return
        starting = self._link is LinkState.DIALLING and self._connection.reused
        if self._link is not _RESTING and not starting:
            raise ConnectionLost(closed.reason or "closed by the server", closed.code, closed.silent_s)
        self._connection.close()
        if starting:  # the other end had closed the reused connection for idleness
            self._connection.start()

    def _handle(self, event: Event | RepeatedFinal) -> None:
        """Count an event of the service, emit it, and go on as it demands."""
        if isinstance(event, RepeatedFinal):
            self._account.drop_repeat(event.final)
            self._feed.final_arrived()
            return
        if isinstance(event, Gap):
            self._account.add_missing(event.begin_ms, event.end_ms, event.reason or NO_TEXT, whole=True)
            return
        if self._account.add_event(event):
            self._backoff.progress()
            self._feed.stall_detector.reset()
        self._account.emit_after_gaps(event)
        if isinstance(event, Final):
            self._feed.final_arrived()
            self._settle()
            if self._link is _UP and self._connection.expired:
                self._step(LinkEvent.CUT)
        elif isinstance(event, Ready):
            self._on_ready()
        elif isinstance(event, Finished):
            self._on_finished()

    def _on_ready(self) -> None:
        self._connection.ready()
        self._account.connection_ready()
        self._feed.ready()
        self._step(LinkEvent.READY)
        self._advance()

    def _on_finished(self) -> None:
        """Handle the end of a task. If it ended by itself while more speech may come, it had no speech."""
        if self._link in _ENDING:
            self._feed.idle = False
            ended = LinkEvent.FINISHED
            if self._feed.task_finished():
                ended = LinkEvent.UNHEARD
            self._step(ended)
            return
        if not self._realtime and not self._feed.sent_only_quiet:
            raise ConnectionLost("the service ended the task before the audio ended")
        self._feed.idle = True
        self._step(LinkEvent.IDLE)
