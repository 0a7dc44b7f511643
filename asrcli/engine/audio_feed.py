"""The audio of a session on its way to the service: kept until decided, sent at its pace, sent again after a loss."""

from asrcli.core.audio import Chunk
from asrcli.core.events import Notice
from asrcli.core.settings import RetrySettings
from asrcli.engine.accounting import SessionAccount, is_unread
from asrcli.engine.audio_store import AudioStore
from asrcli.engine.task import ANSWER_S, NO_TEXT
from asrcli.engine.task_connection import TaskConnection
from asrcli.recovery.idle_policy import PREROLL_MS, RENEW_EVERY_S, IdleAction, idle_action, untried
from asrcli.recovery.pacing import Pacing
from asrcli.recovery.quiet_audio import with_quiet
from asrcli.recovery.quiet_settlement import QuietSettlement
from asrcli.recovery.resume_point import MARGIN_MS, PAUSE_MS, STEP_MS, quiet_edges, resume_position
from asrcli.recovery.spans import length
from asrcli.recovery.stall import StallDetector

UNHEARD_MS = 6000  # how much sound may still be in transit to a service when it ends a task by itself
FORGOTTEN = "no longer kept"
# Sound after the last text of a task that ended: this much is more than a noise at the end, and may be speech.
LEFT_OUT_MS = 1000
LEFT_OUT_AGAIN_MS = 100  # the same where an earlier task left out speech, or this one ended in a sentence
LEAST_PROGRESS_MS = 200  # a task must have processed this much before its rest is sent again
UNANSWERED = "the service said nothing more, and may not have heard this"
LEFT_OUT = "the service ended the task before it had heard all of the audio"


class AudioFeed:
    """Audio that was captured and is not decided yet. Positions are in samples, times of the clock in seconds.

    Attributes:
        audio: The audio itself.
        due: When waiting audio may go out, or may begin a task; None if only an event changes that.
        idle: The last task ended because it got no speech: only speech begins the next one.
        stall_detector: Notices a service that does not answer speech.
        message_at: When the last message of the service came.
        unanswered: The service was asked for the rest of the text, and may not have processed the sound without text.
    """

    def __init__(
        self, connection: TaskConnection, account: SessionAccount, *, realtime: bool, retries: RetrySettings
    ) -> None:
        self._connection = connection
        self._account = account
        self._clock = account.clock
        self._format = account.format
        self._realtime = realtime
        self._keeps_sent = realtime or retries.limit != 0  # sent audio may be needed again
        self.audio = AudioStore(account.start, self._format.rate)
        self._catch_up = Pacing(self._format.rate, retries.catch_up)
        self._settlement = QuietSettlement()
        self._settled_ms = -1  # up to here audio is decided and forgotten; -1 if that must be computed again
        self.stall_detector = StallDetector(connection.settings.stall_timeout_s)
        self.message_at = self._message_before_at = 0.0
        self.unanswered = False
        # The audio that was sent again for a sentence that a task left open.
        self._open_resent_from = self._open_resent_to = -1
        self._idle_task_end = account.start  # up to where the last task that ended for silence had been sent audio
        self.due: float | None = None
        self.idle = False
        self._left_out = self._has_left_out = False  # the last task, or an earlier one, has left out speech
        self._remainder_tried = False  # a task was begun for the audio that was left at the end of the input
        self._begin_at(account.start)

    def add(self, chunk: Chunk) -> None:
        """Keep a chunk that came out of the inbox. A jump of positions before it counts as silence."""
        if chunk.position > self._account.end:
            self._account.ledger.add_silence(self._format.ms(self._account.end), self._format.ms(chunk.position))
        if chunk.quiet is None:
            chunk = with_quiet(chunk)
        self._account.add_chunk(chunk)
        self.audio.add(chunk)

    def drop_unsent(self) -> bool:
        """Forget audio that was never sent: the user has ended a file. Returns whether it ends there, or in a pause."""
        dropped = self.audio.pending
        self.audio.drop_unsent()
        self._account.end = max(self._account.start, self.audio.sent)
        return dropped or self._account.ledger.is_quiet(self.cursor_ms - PAUSE_MS, self.cursor_ms)

    @property
    def cursor_ms(self) -> int:
        """The end of the audio that the running task was sent, in milliseconds."""
        return self._format.ms(self.audio.cursor)

    @property
    def ahead_s(self) -> float:
        """How many seconds of the sent audio a service that works in real time has not processed yet."""
        return self._settlement.ahead_s(self._clock())

    @property
    def undecided_end(self) -> int | None:
        """Position after the audio sent on this task; None if all of that audio is decided."""
        begin_ms = self._format.ms(self.audio.start)
        if not self._account.ledger.undecided(begin_ms, self.cursor_ms):
            return None
        return self.audio.cursor

    @property
    def sent_only_quiet(self) -> bool:
        """Whether the running task was sent audio, and all of it is quiet."""
        begin_ms = self._format.ms(self.audio.start)
        return begin_ms < self.cursor_ms and self._account.ledger.is_quiet(begin_ms, self.cursor_ms)

    def next(self) -> Chunk | None:
        """Return the chunk that may go out now; None if it is not `due` yet or the connection has no room."""
        self.due = None
        chunk = self.audio.next()
        if chunk is None or not self._connection.takes_audio:
            return None
        due = self._catch_up.due(self.audio.cursor + chunk.samples)  # a jump before the chunk takes no time
        if due is not None and due > self._clock():
            self.due = due
            return None
        return chunk

    def send_at_once(self) -> bool:
        """Send the chunk that was added last and return True; return False where other audio or a limit is before it.

        This is the fast path for nearly every chunk; `next` and `fits` are the general path.

        Raises:
            SendFailed: the connection was lost.
        """
        chunk = self.audio.only_waiting
        if chunk is None or chunk.cut_after or self._catch_up.active or self._account.behind_at is not None:
            return False
        if not self._connection.takes_audio:
            return False
        self.due = None
        self.send(chunk)
        return True

    def fits(self, chunk: Chunk) -> bool:
        """Whether a chunk can follow on the same task: after a jump only where the codec can report the jump."""
        jump = chunk.position - self.audio.cursor
        if jump and self.audio.cursor != self.audio.start and not self._connection.task.codec.skip(jump):
            return False
        self._catch_up.skip(jump)
        if jump and self.audio.cursor == self.audio.start:
            self._begin_at(chunk.position)
        return True

    def send(self, chunk: Chunk) -> None:
        """Send a chunk.

        Raises:
            SendFailed: the connection was lost.
        """
        codec = self._connection.task.codec
        now, end = self._clock(), chunk.end
        end_ms = self._format.ms(end)
        self.audio.cursor = end
        self.audio.sent = max(self.audio.sent, end)
        self._connection.task.sent_ms = end_ms
        is_answer_due = not chunk.quiet
        if codec.manual:  # no answer comes before the commit, which follows a chunk that ends an utterance
            is_answer_due = chunk.cut_after and self._lacks_text()
        if self._realtime and is_answer_due:
            self.stall_detector.speech_sent(now)
        self._settlement.sent(self._format.ms(chunk.position), end_ms, now, quiet=bool(chunk.quiet))
        self._connection.send(codec.audio(chunk.pcm))
        if not self._keeps_sent:
            self.audio.settle(end)
        self._account.add_sent(chunk.position, end, now)

    def message_arrived(self) -> None:
        """Note that a message of the service has come."""
        self._message_before_at, self.message_at = self.message_at, self._clock()
        self.stall_detector.answered()

    def settle(self) -> bool:
        """Decide audio that needs no text any more, and forget it; returns whether more silence was decided."""
        ledger, task, now = self._account.ledger, self._connection.task, self._clock()
        if slept_s := self._settlement.awake(now):
            self.stall_detector.slept(slept_s)
        is_due = self._settlement.is_due(now)
        decided = False
        until_ms = ledger.decided_until_ms
        if until_ms == self._settled_ms and not is_due:
            return False  # as for nearly every chunk
        self._settlement.forget_before(until_ms)
        if is_due and not task.codec.manual:
            arrived = now - self._connection.silent_s
            # A recognizer may hang behind a connection that answers pings, so sound needs a message to be settled. If
            # an earlier connection did not answer the same sound either, it is not speech.
            alive = self.message_at
            if self.stall_detector.extended:
                alive = arrived
            for begin_ms, end_ms, quiet in self._settlement.take_settled(now, arrived, alive, task.open_ms):
                if quiet or not is_unread(task):  # else it may be speech whose text could not be read
                    decided = ledger.add_silence(begin_ms, end_ms) or decided
                if not quiet:
                    self.stall_detector.answered()
            if arrived - self.message_at >= ANSWER_S and task.open_ms is None:
                ledger.confirm(task.offset_ms, self.cursor_ms)
        until_ms = ledger.decided_until_ms
        self.audio.settle(self._format.samples(max(0, until_ms - MARGIN_MS)))
        # Audio that is decided may be sent again after a loss: it is forgotten as it goes out.
        self._settled_ms = until_ms if until_ms <= self.cursor_ms else -1
        return decided

    def final_arrived(self) -> None:
        """Count the audio before a final as silence: the service has processed it and has opened no sentence in it."""
        task = self._connection.task
        if not task.codec.manual:
            until_ms = task.processed_ms
            if task.open_ms is not None:
                until_ms = min(until_ms, task.open_ms)
            self._account.ledger.add_silence(task.offset_ms, until_ms)

    def task_finished(self) -> bool:
        """Decide the audio of a task that came to its end: open sentences are lost, other audio is silence.

        Returns whether the service seems not to have processed the last part, which is then sent again.
        """
        task = self._connection.task
        end_ms = self.cursor_ms
        left_out_ms = self._left_out_ms()
        if left_out_ms is not None and self._keeps_sent:
            self._account.ledger.add_silence(task.offset_ms, left_out_ms)
            self._account.emit(Notice("info", f"{LEFT_OUT}; the rest is sent again"))
            self._left_out = self._has_left_out = True
            return True
        if left_out_ms is not None and task.left_open:
            self._account.add_missing(left_out_ms, end_ms, LEFT_OUT)
        if self.unanswered:
            self.unanswered = False
            self._account.add_missing(task.offset_ms, end_ms, UNANSWERED)
        self._account.add_untold(task, end_ms)
        return False

    def _left_out_ms(self) -> int | None:
        """Return where the sound begins that a service seems not to have processed at the end of a task; else None.

        Only for models whose tasks end after one sentence. With other models, sound after the text is music or noise:
        it would be charged twice, and a server that repeats itself would get it forever. There must be text before the
        sound, at a place that the service named. A service that got the audio no faster than real time has processed
        all of it, unless it ended the task in the middle of a sentence.
        """
        task = self._connection.task
        if not task.codec.one_sentence or not (task.left_open or (task.has_text and not task.estimates)):
            return None
        begin_ms, end_ms = task.offset_ms, self.cursor_ms
        if not task.left_open:
            begin_ms = max(begin_ms, end_ms - round(1000 * self.ahead_s))
        least_ms = LEFT_OUT_MS
        if not task.estimates and (task.left_open or self._has_left_out):
            least_ms = LEFT_OUT_AGAIN_MS
        sound = self._account.ledger.undecided_sound(begin_ms, end_ms)
        if length(sound) < least_ms or sound[0][0] < task.offset_ms + LEAST_PROGRESS_MS:
            return None
        return sound[0][0]

    def _lacks_text(self) -> bool:
        """Whether sound that the running task was sent is undecided."""
        return bool(self._account.ledger.undecided_sound(self._connection.task.offset_ms, self.cursor_ms))

    def ready(self) -> None:
        """Start the catch-up: the service is ready, and audio that has waited is sent at the pace of the catch-up."""
        self._catch_up.begin(self._clock(), self.audio.cursor, self.audio.backlog)

    def caught_up(self) -> None:
        """End the catch-up: no audio waits any more."""
        self._catch_up.end()
        self._account.caught_up()

    def end_task(self) -> None:
        """Prepare the next task: it begins after the audio of the last one, or where that one stopped processing."""
        if not self.idle:
            position = self.audio.cursor
            if self._left_out:
                position = self._resume_position()
            self._left_out = False
            self._next_task(position, keep=True)
            return
        position = max(self.audio.start, self._unheard_position())
        self._idle_task_end = self.audio.cursor
        if (open_ms := self._connection.task.open_ms) is not None:
            position = self._open_sentence_position(open_ms)
        elif not self._connection.task.has_text:
            self._lose_open_sentence(position)
        self._account.ledger.add_silence(self._connection.task.offset_ms, self._format.ms(position))
        self._next_task(position, keep=not self.idle)

    def _unheard_position(self) -> int:
        """Return where the audio begins that a service may not have processed when it ended the task by itself.

        The audio that was sent last may be the beginning of speech for which the service did not wait. Sound may have
        been in transit for longer: since the last message, and where the client ends utterances, since the last text.
        """
        ledger, start_ms, end_ms = self._account.ledger, self._format.ms(self.audio.start), self.cursor_ms
        listened_ms = end_ms - round(1000 * self.ahead_s)
        begin_ms = listened_ms - PREROLL_MS
        text_ms = ledger.text_until(end_ms)
        silent_ms = round(1000 * (self._clock() - self._message_before_at))
        unheard_ms = max(UNHEARD_MS, silent_ms, end_ms * self._connection.task.codec.manual)
        sound = ledger.undecided_sound(max(start_ms, listened_ms - unheard_ms), end_ms)
        sound, tried_ms = untried(sound, min(end_ms, self._format.ms(self._idle_task_end)))
        if sound:
            begin_ms = min(begin_ms, sound[0][0] - MARGIN_MS)
            text_ms = ledger.text_until(sound[0][0])
        return self._format.samples(max(start_ms, begin_ms, text_ms, tried_ms))  # what has its text is not sent again

    def _open_sentence_position(self, begin_ms: int) -> int:
        """Return where to begin for a sentence that a task left open; after the second try the sentence is lost."""
        begin = self._format.samples(max(0, begin_ms - MARGIN_MS, self._account.ledger.text_until(begin_ms)))
        if begin >= self.audio.start and begin > self._open_resent_from:
            self._open_resent_from, self._open_resent_to = begin, self.audio.cursor
            self.idle = False
            return begin
        self._account.add_missing(begin_ms, self.cursor_ms, NO_TEXT, whole=True)
        return self.audio.cursor

    def _lose_open_sentence(self, until: int) -> None:
        """Count a sentence as lost that a task left open and for which the next task, sent it again, gave no text."""
        begin_ms, end_ms = self._format.ms(self._open_resent_from), self._format.ms(min(until, self._open_resent_to))
        for sound in self._account.ledger.undecided_sound(max(0, begin_ms), end_ms):
            self._account.add_missing(*sound, NO_TEXT)

    def recover(self, skip_to: int | None, reason: str) -> None:
        """Go back to the first undecided audio, or to the quiet just before it. Audio before `skip_to` is lost."""
        ms = self._format.ms
        if skip_to is not None:
            self._account.add_missing(ms(self.audio.start), ms(skip_to), reason)
        begin = self._resume_position()
        if skip_to is not None:
            begin = max(begin, skip_to)  # not even the quiet before it is sent again: it is a part of the gap
        self._next_task(begin, keep=False)

    def _resume_position(self) -> int:
        """Return where the next task begins; audio before it that is no longer kept is lost."""
        decided = self._format.samples(self._account.ledger.decided_until_ms)
        wanted, begin = resume_position(self.audio, decided, self._format)
        self._account.add_missing(self._format.ms(wanted), self._format.ms(begin), FORGOTTEN)
        return begin

    def wake(self, *, input_ended: bool) -> bool:
        """Return whether to begin a task now for the audio that waits; quiet older than the pre-roll is skipped."""
        waiting = self.audio.waiting()
        due = self._connection.started_at + RENEW_EVERY_S
        since_s = RENEW_EVERY_S + (self._clock() - due)  # exactly RENEW_EVERY_S when it is due, in spite of rounding
        action = idle_action(
            waiting, idle=self.idle, input_ended=input_ended, tried=self._remainder_tried, since_start_s=since_s
        )
        self.due, ms = None, self._format.ms
        if action is IdleAction.START:
            self._remainder_tried = input_ended
            sound = self._account.ledger.undecided_sound(ms(self.audio.cursor), ms(waiting[-1].end))
            # A service ends a task for silence that it is sent: it would never hear what follows a long silence.
            position = self._format.samples(next((begin_ms for begin_ms, _ in sound), 0) - PREROLL_MS)
            if self.idle and position > self.audio.cursor:
                self._skip_quiet(position)
        elif action is IdleAction.SKIP:
            position = waiting[-1].end
            if not input_ended:
                position = max(self.audio.cursor, position - self._format.samples(PREROLL_MS))
            self._skip_quiet(position)
        elif action is IdleAction.GIVE_UP:
            self._account.add_missing(ms(waiting[0].position), ms(waiting[-1].end), NO_TEXT)
            self._begin_at(waiting[-1].end)
        elif waiting:
            self.due = due
        return action is IdleAction.START

    def _skip_quiet(self, until: int) -> None:
        self._account.ledger.add_silence(self._format.ms(self.audio.start), self._format.ms(until))
        self._begin_at(until)

    def find_quiet(self) -> None:
        """Find the quiet around sound without text inside the chunks of a file; until then all of a chunk is loud."""
        if self._realtime:
            return  # not for a microphone: what is quiet by this measure may be speech far away from it
        samples, ms, ledger = self._format.samples, self._format.ms, self._account.ledger
        for begin_ms, end_ms in ledger.undecided_sound(ledger.start_ms, ms(self.audio.sent)):
            for begin, end in quiet_edges(self.audio.kept, samples(begin_ms), samples(end_ms), samples(STEP_MS)):
                ledger.quiet.add(ms(begin), ms(end))

    def close(self) -> None:
        """Remove the audio from memory and disk."""
        self.audio.close()

    def _next_task(self, position: int, *, keep: bool) -> None:
        codec = self._connection.task.codec
        self._account.end_task(codec.usage, codec.dropped)
        self._connection.end_task(keep=keep, resent=self._account.recent_finals.since(self._format.ms(position)))
        self.stall_detector.next_task()
        self.due = None
        self._settlement = QuietSettlement()
        self._begin_at(position)

    def _begin_at(self, position: int) -> None:
        self._settled_ms = -1
        self.audio.skip_to(position)
        self._connection.task.begin_at(self._format.ms(position))
        self._connection.task.lacks_text = self._lacks_text
