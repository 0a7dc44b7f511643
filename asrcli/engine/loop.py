"""The session thread: obeys the link table, task after task. Decides nothing by itself."""

from collections.abc import Callable
from contextlib import suppress

from asrcli.audio import Chunk, Format
from asrcli.config import Connection
from asrcli.engine.account import Account, Over
from asrcli.engine.inbox import Arrived, Crashed, Dropped, Inbox, Item, Spent
from asrcli.engine.line import Dial, Line, Unsent, never_up
from asrcli.errors import AsrError, ConnectionLost, ServiceRefused
from asrcli.events import Event, Final, Finished, Gap, Notice, Partial, Progress, Ready, Resumed, SpeechStarted, shifted
from asrcli.message import Closed, Message
from asrcli.recovery.faults import is_idle
from asrcli.recovery.link import Action, Happening, Input, Link, step
from asrcli.recovery.replay import Replay, left_over
from asrcli.recovery.rest import Rest, verdict
from asrcli.seams import ClientCodec

LAST_WORDS_S = 1.0  # what a closing connection still had to say arrives within this time
KEPT_S = 600  # audio of a microphone that is kept until a final covers it
PREROLL_MS = 2000  # so much of the quiet before speech goes to the service with it
MARGIN_MS = 300  # a sentence is heard again from so much before its begin
DROPPED = "the connection could not take the audio fast enough"
UNTOLD = "the service left this sentence without a text"


class Loop:
    """One conversation with a service: tasks started, fed, finished, renewed, and accounted for.

    Args:
        make_codec: The client end of the wire, fresh for each task.
        live: The audio is of the present: a task that ends for silence is followed by another.
    """

    def __init__(
        self,
        make_codec: Callable[[], ClientCodec],
        inbox: Inbox,
        emit: Callable[[Event], None],
        clock: Callable[[], float],
        audio_format: Format,
        start: int,
        *,
        live: bool = False,
    ) -> None:
        self._make_codec, self._inbox, self._emit, self._clock = make_codec, inbox, emit, clock
        self._format, self._live = audio_format, live
        self._codec, self._link = make_codec(), Link.RESTING
        self._deadline: float | None = None
        self._patience_s = 0.0  # how far off that was when it was set
        self._account = Account(clock, start, audio_format.ms(start))
        self._audio = Replay(start, KEPT_S * audio_format.rate)
        self._sentences: dict[str, int] = {}  # open sentences of this task -> where they begin, in ms
        self._asleep = False  # only speech makes a new task
        self._reused = False  # the connection has carried a task before
        self._started = 0.0  # when the task was asked for
        self._was_ready = self._spent = self._tried = False
        self._source_error: AsrError | None = None

    def converse(self, dial: Dial, connection: Connection, duration_ms: int | None) -> Over:
        """Hold the conversation to its end. Errors come back in the result, with gaps emitted for what they cost."""
        self._connection, self._line, start = connection, Line(dial, connection, self._inbox), self._audio.start
        try:
            self._heed(lambda: self._step(Happening.SPEECH))
            while self._link is not Link.CLOSED:
                self._heed(self._once)
            error, broken = self._source_error, False
        except AsrError as exc:
            error, broken = (exc if self._was_ready else never_up(self._codec.url(connection.url), exc)), True
            self._link = Link.CLOSED
            if self._was_ready:
                self._give_up(error, start, duration_ms)
            else:
                self._account.end = start  # nothing was heard, so there is nothing to account for
        finally:
            self._inbox.end()
            self._line.close()
        return self.over(error, broken=broken)

    def over(self, error: AsrError | None, *, broken: bool) -> Over:
        """The account so far; it may be asked for by a listener that leaves in the middle."""
        return self._account.over(error, self._codec.billed_s, broken=broken)

    def _once(self) -> None:
        wait_s = None if self._deadline is None else max(0.0, self._deadline - self._clock())
        self._take(self._inbox.get(wait_s, audio=self._live or self._link is Link.UP))

    def _heed(self, do: Callable[[], None]) -> None:
        """Do it; where the connection fails meanwhile, what the other end said last is heard first."""
        try:
            do()
        except Unsent as exc:
            self._hear_last_words(exc.lost)

    def _take(self, item: Item | None) -> None:
        if item is None:
            raise ConnectionLost(f"no answer for {self._patience_s:.0f} s")
        if isinstance(item, Crashed):
            raise item.error
        if isinstance(item, Arrived):
            if self._line.carries(item):
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
            self._mark(item)

    def _step(self, happening: Happening) -> None:
        self._link, action = step(self._link, Input.ENDED if self._inbox.ended else Input.OPEN, happening)
        if action is Action.START:
            self._start()
        elif action is Action.FINISH:
            self._wait(self._connection.idle_timeout_s)
            self._line.send(self._codec.finish())
        elif action is Action.REST:
            self._rest()
        elif action is Action.GIVE_UP:
            raise ConnectionLost("the service ended the task before the audio ended")

    def _wait(self, patience_s: float) -> None:
        self._patience_s, self._deadline = patience_s, self._clock() + patience_s

    # The task

    def _start(self) -> None:
        """Ask for a task, on the open connection where there is one."""
        self._asleep, self._started, self._reused = False, self._clock(), self._line.open_one is not None
        if not self._reused:
            self._line.open(self._codec.url(self._connection.url))
        self._wait(self._connection.connect_timeout_s)
        self._line.send(self._codec.start())

    def _rest(self) -> None:
        """Put the task away; go on with the next if there is something for it to hear."""
        reached = self._audio.cursor
        if self._asleep:  # what was sent last may be the beginning of what the service did not wait for
            reached = max(self._audio.start, reached - self._format.samples(PREROLL_MS))
        if self._sentences:
            reached = self._again()
        if self._asleep or not self._codec.reusable:
            self._line.close()
        self._account.bill(self._codec.billed_s)
        self._codec, self._deadline = self._make_codec(), None
        self._pass_over(reached)
        self._go_on()

    def _again(self) -> int:
        """Where to begin for a sentence that a task left open; one that has been tried twice is given up."""
        begin_ms = min(self._sentences.values())
        self._sentences.clear()
        begin = self._format.samples(max(0, begin_ms - MARGIN_MS))
        if begin > self._audio.start:
            self._asleep = False
            return begin
        self._mark(Gap(begin_ms, self._format.ms(self._audio.cursor), UNTOLD))
        return self._audio.cursor

    def _pass_over(self, position: int) -> None:
        self._account.spare(*map(self._format.ms, self._audio.pass_over(position)))

    # The audio

    def _go_on(self) -> None:
        """Do with the audio that is kept, and with its end, what can be done now."""
        if self._link is Link.RESTING:
            self._wake()
        while self._link is Link.UP and (chunk := self._audio.next()) is not None:
            self._send(chunk)
        if self._spent:
            self._step(Happening.SPENT)

    def _wake(self) -> None:
        """Begin a task for what is to be heard, with the quiet before it; quiet that is older is passed over."""
        waiting, since_s = self._audio.waiting(), self._clock() - self._started
        do = verdict(waiting, asleep=self._asleep, spent=self._spent, tried=self._tried, since_start_s=since_s)
        if do is Rest.START:
            self._tried = self._spent
            self._step(Happening.SPEECH)
        elif do is Rest.PASS_OVER:
            preroll = 0 if self._spent else self._format.samples(PREROLL_MS)
            self._pass_over(max(self._audio.cursor, waiting[-1].end - preroll))
        elif do is Rest.LOSE:
            self._mark(Gap(self._format.ms(waiting[0].position), self._format.ms(waiting[-1].end), UNTOLD))
            self._pass_over(waiting[-1].end)

    def _send(self, chunk: Chunk) -> None:
        jump = chunk.position - self._audio.cursor
        if jump and self._audio.cursor == self._audio.start:
            self._pass_over(chunk.position)
        elif jump and not self._codec.skip(jump):
            self._step(Happening.CUT)  # the server counts what it hears: behind a jump its times would be wrong
            return
        self._audio.cursor = chunk.end
        self._line.send(self._codec.audio(chunk.pcm))
        if not self._live:
            self._audio.settle(chunk.end)
        if self._account.sent():
            self._emit(Progress(self._format.ms(chunk.end)))
        if chunk.cut_after and self._codec.manual:
            self._line.send(self._codec.commit())
        elif chunk.cut_after:
            self._step(Happening.CUT)

    def _mark(self, mark: Gap | Resumed | Dropped) -> None:
        """Tell what is true of a span of the audio, and count none of it twice."""
        if isinstance(mark, Dropped):
            mark = Gap(self._format.ms(mark.begin), self._format.ms(mark.end), DROPPED)
        if isinstance(mark, Gap):
            for begin_ms, end_ms in left_over(mark.begin_ms, mark.end_ms, self._account.spared):
                self._emit(Gap(begin_ms, end_ms, mark.reason))
        else:
            self._emit(mark)
        self._account.spare(mark.begin_ms, mark.end_ms)
        self._account.end = max(self._account.end, self._format.samples(mark.end_ms))

    # The wire

    def _arrived(self, message: Message) -> None:
        if isinstance(message, Closed):
            self._closed(message)
            return
        try:
            for event in self._codec.receive(message):
                self._hear(event)
        except ServiceRefused as exc:
            if not (self._live and is_idle(exc)):
                raise
            self._emit(Notice("info", f"{exc}; a new task begins with the next speech"))
            self._emit(Finished(self._codec.billed_s))  # what is open on the screen comes again, or nobody said it
            self._idle()
        if self._link in {Link.DRAINING, Link.RENEWING}:
            self._wait(self._connection.idle_timeout_s)

    def _closed(self, closed: Closed) -> None:
        if self._link is Link.RESTING:
            self._line.close()
        elif self._link is Link.DIALLING and self._reused:  # it was closed for idleness while we asked
            self._line.close()
            self._start()
        else:
            raise ConnectionLost(closed.reason or "closed by the other end", closed.code)

    def _hear(self, event: Event) -> None:
        moved = shifted(event, self._format.ms(self._audio.start))
        self._account.heard(moved)
        self._emit(moved)
        if isinstance(moved, SpeechStarted | Partial):
            self._sentences.setdefault(moved.key, moved.begin_ms)
        elif isinstance(moved, Final):
            self._sentences.pop(moved.key, None)
            self._audio.settle(self._format.samples(moved.end_ms))
        elif isinstance(moved, Ready):
            self._was_ready, self._deadline = True, None
            self._step(Happening.READY)
            self._go_on()
        elif isinstance(moved, Finished):
            self._finished()

    def _finished(self) -> None:
        """The task is over; one that ends unasked while somebody may still speak had nothing to hear."""
        if self._live and self._link not in {Link.RENEWING, Link.DRAINING}:
            self._idle()
        else:
            self._sentences.clear()
            self._step(Happening.FINISHED)

    def _idle(self) -> None:
        self._asleep = True
        self._step(Happening.IDLE)

    def _hear_last_words(self, lost: ConnectionLost) -> None:
        """Why it went, perhaps, and finals."""
        broken = self._line.open_one
        while self._line.open_one is broken and (item := self._inbox.get(LAST_WORDS_S, audio=False)) is not None:
            with suppress(Unsent):
                self._take(item)
        if self._line.open_one is broken:
            raise lost

    # The end

    def _give_up(self, error: AsrError, start: int, duration_ms: int | None) -> None:
        cut_short = self._inbox.ended
        self._inbox.end()
        while (item := self._inbox.get(0, audio=True)) is not None and not isinstance(item, Spent):
            if isinstance(item, Chunk):
                self._account.end = item.end
            elif isinstance(item, Gap | Resumed | Dropped):
                self._mark(item)
        if duration_ms is not None and not cut_short:
            self._account.end = max(self._account.end, start + self._format.samples(duration_ms))
        for begin_ms, end_ms in self._account.unheard(self._format.ms(self._account.end)):
            self._emit(Gap(begin_ms, end_ms, str(error)))
