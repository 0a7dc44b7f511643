"""The audio of a session on its way to the wire: kept until decided, sent at its pace, sent again after a loss."""

from collections.abc import Callable
from dataclasses import replace

from asrcli.core.audio import Chunk, Format
from asrcli.core.settings import RetrySettings
from asrcli.engine.accounting import SessionAccount
from asrcli.engine.audio_store import AudioStore
from asrcli.engine.connection import TaskConnection
from asrcli.engine.task import UNTOLD
from asrcli.recovery.idle_policy import RENEW_EVERY_S, IdleAction, idle_action
from asrcli.recovery.pacing import Pacing
from asrcli.recovery.quiet import is_quiet
from asrcli.recovery.quiet_settlement import QuietSettlement
from asrcli.recovery.resume_point import MARGIN_MS, resume_position
from asrcli.recovery.stall import StallDetector

PREROLL_MS = 2000  # so much of the quiet before speech goes to the service with it
UNHEARD_MS = 6000  # so much sound may be on its way yet to a service that ends a task unasked
FORGOTTEN = "no longer kept"
NOT_HEARD = "the service ended two tasks before it can have listened to this"


class AudioFeed:
    """What was captured and is not decided yet. Positions are in samples, times of the clock in seconds.

    Attributes:
        due: When audio that waits may be looked at again; None where nothing but an event changes that.
        asleep: Only speech makes a new task.
        watch: Notices a service that says nothing to speech.
    """

    def __init__(
        self,
        connection: TaskConnection,
        account: SessionAccount,
        clock: Callable[[], float],
        audio_format: Format,
        start: int,
        *,
        realtime: bool,
        retries: RetrySettings,
    ) -> None:
        self._connection, self._account, self._clock, self._format = connection, account, clock, audio_format
        self._realtime, self._keeps = realtime, realtime or retries.limit != 0
        self._audio = AudioStore(start, audio_format.rate)
        self._catch_up = Pacing(audio_format.rate, retries.catch_up)
        self._settling = QuietSettlement()
        self.stall_detector = StallDetector(connection.connection.stall_timeout_s)
        self._message_at = 0.0
        self._not_waited_for = start  # position up to which a task was sent audio that then ended for silence
        self.due: float | None = None
        self.idle = self._tried = False
        self._begin_at(start)

    def add(self, chunk: Chunk) -> None:
        """A chunk came out of the inbox."""
        if chunk.position > self._account.end:  # nobody was meant to hear what lies between
            self._account.ledger.add_silence(self._format.ms(self._account.end), self._format.ms(chunk.position))
        if chunk.quiet is None and chunk.length is None:  # what has a length of its own is no PCM
            chunk = replace(chunk, quiet=is_quiet(chunk.pcm))
        self._account.taken(chunk)
        self._audio.add(chunk)

    def drop_unsent(self) -> None:
        """The user has ended a file: what was never sent is not wanted."""
        self._audio.drop_unsent()
        self._account.end = max(self._account.start, self._audio.sent)

    @property
    def waiting(self) -> bool:
        """Whether audio is to be sent."""
        return self._audio.pending

    @property
    def cursor_ms(self) -> int:
        """Up to where the task that runs was sent audio."""
        return self._format.ms(self._audio.cursor)

    @property
    def undecided_end(self) -> int | None:
        """Position behind the audio of this task, where some of it still needs its text; None where none does."""
        begin_ms = self._format.ms(self._audio.start)
        return self._audio.cursor if self._account.ledger.undecided(begin_ms, self.cursor_ms) else None

    @property
    def sent_only_quiet(self) -> bool:
        """Whether the task that runs was sent audio, and nothing loud."""
        begin_ms = self._format.ms(self._audio.start)
        return begin_ms < self.cursor_ms and self._account.ledger.is_quiet(begin_ms, self.cursor_ms)

    def next(self) -> Chunk | None:
        """The chunk that may go out now; else `due` says when, or the wire has no room."""
        self.due = None
        chunk = self._audio.next()
        if chunk is None or self._connection.task.codec.must_wait or not self._connection.writable:
            return None
        due = self._catch_up.due(self._audio.cursor + chunk.samples)  # a jump before it takes no time
        if due is not None and due > self._clock():
            self.due = due
            return None
        return chunk

    def fits(self, chunk: Chunk) -> bool:
        """Whether this chunk can follow on the same task: a server that counts what it hears knows of no jumps."""
        jump = chunk.position - self._audio.cursor
        if jump and self._audio.cursor != self._audio.start and not self._connection.task.codec.skip(jump):
            return False
        self._catch_up.skip(jump)
        if jump and self._audio.cursor == self._audio.start:
            self._begin_at(chunk.position)
        return True

    def send(self, chunk: Chunk) -> None:
        """Send it.

        Raises:
            Unsent: the connection is gone.
        """
        codec, now = self._connection.task.codec, self._clock()
        self._audio.cursor = chunk.end
        self._audio.sent = max(self._audio.sent, chunk.end)
        self._connection.task.sent_ms = self.cursor_ms
        if self._realtime and not chunk.quiet and not codec.manual:  # a commit comes before any answer there
            self.stall_detector.speech_sent(now)
        self._settling.sent(self._format.ms(chunk.position), self.cursor_ms, now, quiet=bool(chunk.quiet))
        self._connection.send(codec.audio(chunk.pcm))
        if not self._keeps:
            self._audio.settle(chunk.end)
        self._account.sent(chunk.position, chunk.end)

    def arrived(self) -> None:
        """A message came."""
        self._message_at = self._clock()
        self.stall_detector.answered()

    def settle(self) -> bool:
        """Forget what needs no text any more; whether a healthy connection has taken more quiet by now."""
        ledger, task, now = self._account.ledger, self._connection.task, self._clock()
        taken = False
        self._settling.heard(ledger.reached_ms)
        if not task.codec.manual:
            arrived = now - self._connection.silent_s
            # A recognizer may hang behind a connection that answers pings. Where another connection was as silent about
            # the same sound, it is no speech.
            alive = arrived if self.stall_detector.in_doubt else self._message_at
            for begin_ms, end_ms, quiet in self._settling.settled(now, arrived, alive, task.open_ms):
                taken = ledger.add_silence(begin_ms, end_ms) or taken
                if not quiet:
                    self.stall_detector.answered()
        self._audio.settle(self._format.samples(max(0, ledger.reached_ms - MARGIN_MS)))
        return taken

    def final(self) -> None:
        """A sentence is final: what lies before it was heard, and no sentence was opened in it."""
        task = self._connection.task
        if not task.codec.manual:
            until_ms = task.heard_to_ms if task.open_ms is None else min(task.heard_to_ms, task.open_ms)
            self._account.ledger.add_silence(task.offset_ms, until_ms)

    def task_finished(self) -> None:
        """The service has said all it will say of this task: what has no text is silence, or lost."""
        task, end_ms = self._connection.task, self.cursor_ms
        for begin_ms, behind_ms in task.open_spans(end_ms):
            self._account.add_missing(begin_ms, behind_ms, UNTOLD)
        if task.codec.manual:
            self._account.add_missing(task.offset_ms, end_ms, UNTOLD)
        self._account.ledger.add_silence(task.offset_ms, end_ms)

    def ready(self) -> None:
        """The service listens: what has waited goes out at its pace."""
        self._catch_up.begin(self._clock(), self._audio.cursor, self._audio.backlog)

    def caught_up(self) -> None:
        """Nothing waits any more."""
        self._catch_up.end()
        self._account.caught_up()

    def task_ended(self) -> None:
        """The task is over; the next one begins behind what it was sent, or where it did not listen."""
        if not self.idle:
            self._next_task(self._audio.cursor, keep=True)
            return
        ms = self._format.ms
        unheard, twice = self._unheard(), min(self._audio.cursor, self._not_waited_for)
        position = max(self._audio.start, unheard, twice)
        self._not_waited_for = self._audio.cursor
        open_ms = self._connection.task.open_ms
        if open_ms is not None:
            position = self._reopened(open_ms)
        else:
            self._account.add_missing(ms(unheard), ms(position), NOT_HEARD)
        self._account.ledger.add_silence(self._connection.task.offset_ms, ms(position))
        self._next_task(position, keep=not self.idle)

    def _unheard(self) -> int:
        """From where on a service that ended the task unasked may not have listened; that is sent once more.

        What was sent last may be the beginning of what it did not wait for. Sound may have been on its way for longer,
        and what went out faster than somebody speaks for longer still.
        """
        start_ms, end_ms = self._format.ms(self._audio.start), self.cursor_ms
        listened_ms = end_ms - round(1000 * self._settling.ahead_s(self._clock()))
        begin_ms = listened_ms - PREROLL_MS
        sound = self._account.ledger.undecided_sound(max(start_ms, listened_ms - UNHEARD_MS), end_ms)
        if sound:
            begin_ms = min(begin_ms, sound[0][0] - MARGIN_MS)
        return self._format.samples(max(start_ms, begin_ms))

    def _reopened(self, begin_ms: int) -> int:
        """Where to begin for a sentence that a task left open; one that has been tried twice is given up."""
        begin = self._format.samples(max(0, begin_ms - MARGIN_MS))
        if begin > self._audio.start:
            self.idle = False
            return begin
        self._account.add_missing(begin_ms, self.cursor_ms, UNTOLD, whole=True)
        return self._audio.cursor

    def recover(self, skip_to: int | None, reason: str) -> None:
        """Go back to the first audio that is undecided, or to the quiet just before it. `skip_to`: that far is lost."""
        ms = self._format.ms
        if skip_to is not None:
            self._account.add_missing(ms(self._audio.start), ms(skip_to), reason)
        wanted, begin = resume_position(
            self._audio, self._format.samples(self._account.ledger.reached_ms), self._format
        )
        self._account.add_missing(ms(wanted), ms(begin), FORGOTTEN)
        self._next_task(begin, keep=False)

    def wake(self, *, spent: bool) -> bool:
        """Whether to begin a task now for what is to be heard; quiet that is older is passed over."""
        waiting, due = self._audio.waiting(), self._connection.started + RENEW_EVERY_S
        since_s = RENEW_EVERY_S + (self._clock() - due)  # exactly that when it is due, whatever the rounding
        do = idle_action(waiting, idle=self.idle, spent=spent, tried=self._tried, since_start_s=since_s)
        ms = self._format.ms
        if do is IdleAction.START:
            self._tried, self.idle = spent, False
        elif do is IdleAction.PASS_OVER:
            preroll = 0 if spent else self._format.samples(PREROLL_MS)
            position = max(self._audio.cursor, waiting[-1].end - preroll)
            self._account.ledger.add_silence(ms(self._audio.start), ms(position))
            self._begin_at(position)
        elif do is IdleAction.LOSE:
            self._account.add_missing(ms(waiting[0].position), ms(waiting[-1].end), UNTOLD)
            self._begin_at(waiting[-1].end)
        self.due = due if do is IdleAction.WAIT and waiting else None
        return do is IdleAction.START

    def close(self) -> None:
        """Nothing of it is wanted any more."""
        self._audio.close()

    def _next_task(self, position: int, *, keep: bool) -> None:
        self._account.bill(self._connection.task.codec.usage, self._connection.task.codec.dropped)
        self._connection.end_task(keep=keep, again=self._account.recent_finals.since(self._format.ms(position)))
        self.stall_detector.answered()
        self.due, self._settling = None, QuietSettlement()
        self._begin_at(position)

    def _begin_at(self, position: int) -> None:
        self._audio.skip_to(position)
        self._connection.task.begin_at(self._format.ms(position))
