"""Counts what becomes of the audio of a session, its lost connections and its delays. Numbers only: no thread."""

from collections.abc import Callable, Iterable
from dataclasses import replace
from math import inf

from asrcli.core.audio import Chunk, Format
from asrcli.core.dataclass import dataclass, field
from asrcli.core.errors import AsrError
from asrcli.core.event_placement import decided_until_ms
from asrcli.core.events import Billed, Event, Final, Gap, Notice, Partial, Progress, Resumed, Usage
from asrcli.engine.inbox import AudioDropped, Inbox, Mark
from asrcli.engine.session_result import PROGRESS_EVERY_S, SessionFigures, SessionResult
from asrcli.engine.task import NO_TEXT, TranscriptionTask
from asrcli.recovery.duplicate_finals import RecentFinals
from asrcli.recovery.gap_order import GapOrder
from asrcli.recovery.ledger import Ledger
from asrcli.recovery.provisional import ProvisionalText
from asrcli.recovery.spans import Span

DROPPED = "the connection could not take the audio fast enough"
UNREAD = "what the service sent about this cannot be read"


@dataclass
class SessionAccount:
    """The running account of a session. Positions are in samples, times of the audio in ms, of the clock in s.

    Gaps, progress, bills and notices that follow from the numbers go to `emit`. A time of the clock that has not come
    yet is -1.
    """

    clock: Callable[[], float]
    emit: Callable[[Event], None]
    format: Format
    start: int  # position of the first sample
    progress_s: float = PROGRESS_EVERY_S  # how often the progress is emitted at most
    recent_finals: RecentFinals = field(default_factory=RecentFinals)
    end: int = field(init=False)  # position after the audio taken from the inbox
    ledger: Ledger = field(init=False)
    usage: Usage = Usage()  # of the tasks that are over
    billed: Usage = Usage()
    reported: Usage | None = None  # the last one of a task
    figures: SessionFigures = SessionFigures()
    first_sent_at: float = -1.0
    first_text_at: float = -1.0
    input_ended_at: float = -1.0
    last_final_at: float = -1.0
    progress_sent_at: float = -1.0
    lost_at: float | None = None  # when the connection was lost that has not been replaced yet
    behind_at: float | None = None  # since when audio waits because of a loss
    was_ready: bool = False  # the service was ready for this session, on some connection
    sent_to: int = field(init=False)  # position after the last sample that was ever sent
    resent: int = 0  # samples
    provisional: ProvisionalText = field(default_factory=ProvisionalText)
    gaps: GapOrder = field(default_factory=GapOrder)

    def __post_init__(self) -> None:
        self.end = self.sent_to = self.start
        self.ledger = Ledger(self.format.ms(self.start))

    def add_chunk(self, chunk: Chunk) -> None:
        """Count a chunk that came out of the inbox."""
        self.end = chunk.end
        if chunk.quiet:
            self.ledger.quiet.add(self.format.ms(chunk.position), self.format.ms(chunk.end))

    def add_sent(self, begin: int, end: int, now: float) -> None:
        """Count audio that went out at `now`, and emit the progress at most every `progress_s`."""
        if self.first_sent_at < 0:
            self.first_sent_at = now
        if begin < self.sent_to:
            self.resent += min(end, self.sent_to) - begin
        self.sent_to = max(self.sent_to, end)
        if now - self.progress_sent_at >= self.progress_s:
            self.progress_sent_at = now
            self.emit(Progress(self.format.ms(end)))

    def end_input(self) -> None:
        """Note the time: the last audio has come out of the inbox."""
        self.input_ended_at = self.clock()

    def add_event(self, event: Event) -> bool:
        """Count an event of the service, with times of the run; returns whether a final decides undecided audio."""
        if self.first_text_at < 0 and isinstance(event, Partial | Final) and event.text:
            self.first_text_at = self.clock()
        if not isinstance(event, Final):
            return False
        self.last_final_at = self.clock()
        if not event.text.strip():  # the service withdrew the sentence
            return self.ledger.add_silence(event.begin_ms, decided_until_ms(event))
        self.recent_finals.add(event)
        return self.ledger.add_final(event.begin_ms, event.end_ms, event.sure_ms)

    def add_mark(self, mark: Mark | AudioDropped) -> None:
        """Count and emit a gap or a pause that the source reports; audio that is a gap already is not counted again."""
        if isinstance(mark, AudioDropped):
            mark = Gap(self.format.ms(mark.begin), self.format.ms(mark.end), DROPPED)
        if isinstance(mark, Gap):
            self.add_missing(mark.begin_ms, mark.end_ms, mark.reason, whole=True)
        else:
            self.emit(mark)
            self.ledger.add_pause(mark.begin_ms, mark.end_ms)
        self.end = max(self.end, self.format.samples(mark.end_ms))

    def add_missing(self, begin_ms: int, end_ms: int, reason: str, *, whole: bool = False) -> None:
        """Count each undecided part of a span that will have no text as a gap; `whole` is that of Ledger.add_gap.

        A gap is emitted once the text of the sound before it is there: see release_gaps.
        """
        undecided = self.ledger.undecided(begin_ms, end_ms)
        for gap in self.ledger.add_gap(begin_ms, end_ms, whole=whole):
            around = next((part for part in undecided if part[0] <= gap[0] and gap[1] <= part[1]), gap)
            heard, withdrawn = self.provisional.take(*around, gap)
            self.ledger.add_local(heard.spans)
            self.gaps.add(Gap(*gap, reason, local_text=heard.text))
            self.emit_all(withdrawn)
        self.release_gaps()

    def add_untold(self, task: TranscriptionTask, end_ms: int) -> None:
        """Decide the audio without text of a task that came to its end: open sentences are lost, the rest is silence.

        Where none of its messages that may have had text could be read, nobody knows that, so all sound is lost.
        """
        for begin_ms, behind_ms in task.open_spans(end_ms):
            self.add_missing(begin_ms, behind_ms, NO_TEXT)
        self.ledger.confirm(task.offset_ms, end_ms)
        if is_unread(task):
            self.add_missing(task.offset_ms, end_ms, UNREAD)
        if task.codec.manual:
            self.add_missing(task.offset_ms, end_ms, NO_TEXT)
        self.ledger.add_silence(task.offset_ms, end_ms)

    def emit_after_gaps(self, event: Event) -> None:
        """Emit an event of the service, and before it the gaps that stand before its text."""
        if self.gaps.waiting and isinstance(event, Partial | Final):
            self.emit_all(self.gaps.taken_before(event.begin_ms))
        self.emit(event)
        if isinstance(event, Final):
            self.release_gaps()

    def release_gaps(self) -> None:
        """Emit the gaps that need not wait any longer, because no sound before them is undecided."""
        self.emit_all(self.gaps.taken_decided(self.ledger))

    def close(self, inbox: Inbox, duration_ms: int | None, error: AsrError, *, realtime: bool) -> None:
        """Emit gaps for all undecided audio after an error: up to the end of what was captured, or of the source.

        A service that was never ready was sent nothing. Then no audio of a file is counted. That of a `realtime`
        source cannot be captured again, so it stays undecided, and the run decides whether it is worth an account.
        """
        if not (self.was_ready or realtime):
            self.end = self.start
            self.emit_all(self.gaps.taken_before(inf))
            self.emit_all(self.provisional.clear())
            return
        cut_short = inbox.ended
        inbox.end()
        for item in inbox.drain():
            if isinstance(item, Chunk):
                self.add_chunk(item)
            elif isinstance(item, Gap | Resumed | AudioDropped):
                self.add_mark(item)
        if not self.was_ready:
            return
        if duration_ms is not None and not cut_short:
            self.end = max(self.end, self.start + self.format.samples(duration_ms))
        self.add_missing(self.ledger.start_ms, self.format.ms(self.end), str(error))
        self.emit_all(self.provisional.clear())

    def complete(self) -> None:
        """Emit gaps for undecided sound at the ordinary end of the session: nothing more will come for it."""
        self.add_missing(self.ledger.start_ms, self.format.ms(self.end), NO_TEXT)
        self.emit_all(self.provisional.clear())

    def emit_all(self, events: Iterable[Event]) -> None:
        """Emit events, in their order."""
        for event in events:
            self.emit(event)

    def undecided(self) -> list[Span]:
        """Return the audio up to now that is neither text, silence, gap nor pause, in milliseconds."""
        return self.ledger.undecided(self.ledger.start_ms, self.format.ms(self.end))

    @property
    def only_quiet_is_undecided(self) -> bool:
        """Whether all sound that was captured has its text, or a gap."""
        return all(self.ledger.is_quiet(*span) for span in self.undecided())

    def connection_lost(self, silent_s: float) -> None:
        """Note the time of a loss; further losses before the next recovery belong to the same outage.

        The outage of a connection that was abandoned because it was silent includes these `silent_s` seconds.
        """
        now = self.clock()
        if self.lost_at is None:
            self.lost_at = now - silent_s
        if self.behind_at is None:
            self.behind_at = now

    def connection_ready(self) -> None:
        """Count the outage that ends here, if there was one: the service is ready."""
        self.was_ready = True
        if self.lost_at is None:
            return
        outage_ms = round((self.clock() - self.lost_at) * 1000)
        self.lost_at = None
        self.figures += SessionFigures(reconnects=1, longest_outage_ms=outage_ms)
        self.emit(Notice("warning", f"connected again after {outage_ms / 1000:.1f} s"))

    def caught_up(self) -> None:
        """Count the delay that ends here, if there was a loss: no audio waits any more."""
        if self.behind_at is not None:
            behind_ms = round((self.clock() - self.behind_at) * 1000)
            self.behind_at = None
            self.figures += SessionFigures(longest_catch_up_ms=behind_ms)

    def update_bill(self, usage: Usage, *, task_ended: bool) -> None:
        """Emit the bill if it has changed. `usage` is the task's; that of an ended task is in the sum already."""
        if usage is self.reported and not task_ended:
            return  # as with nearly every message: a codec makes a new one when the service has counted
        self.reported = usage
        total = self.usage
        if not task_ended:
            total += usage
        if total != self.billed:
            self.billed = total
            self.emit(Billed(total))

    def end_task(self, usage: Usage, dropped: int) -> None:
        """Add what the service counted for a task that is over, and how many repeated finals its codec dropped."""
        self.usage += usage
        self.reported = None
        self.figures += SessionFigures(dropped=dropped)

    def drop_repeat(self, final: Final) -> None:
        """Count and report a final that was dropped because its text is final already."""
        self.figures += SessionFigures(dropped=1)
        self.ledger.add_final(final.begin_ms, final.end_ms, final.sure_ms)
        self.emit(Notice("warning", f"a repeated sentence was dropped at {final.begin_ms / 1000:.1f} s: {final.text}"))

    def result(self, error: AsrError | None, usage: Usage, dropped: int, *, broken: bool) -> SessionResult:
        """Return the account so far; `usage` and `dropped` are those of the task that is not over yet."""
        figures = replace(
            self.figures + SessionFigures(dropped=dropped),
            resent_ms=self.format.ms(self.resent),
            first_text_ms=_elapsed_ms(self.first_sent_at, self.first_text_at),
            final_after_stop_ms=_elapsed_ms(self.input_ended_at, self.last_final_at),
        )
        totals = self.ledger.totals(self.format.ms(self.end))
        return SessionResult(
            self.end,
            totals,
            tuple(self.undecided()),
            self.usage + usage,
            figures,
            error,
            broken,
            self.provisional.sentences,
            tuple(self.gaps.waiting),
        )


def is_unread(task: TranscriptionTask) -> bool:
    """Whether messages of a task may have had text, and none of them could be read."""
    return task.codec.unread > 0 and not task.has_text


def _elapsed_ms(start: float, end: float) -> int | None:
    if start < 0 or end < start:
        return None
    return round((end - start) * 1000)
