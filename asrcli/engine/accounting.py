"""What a session knows of its audio and of its own delays. Numbers only: no wire, no thread."""

from collections.abc import Callable
from dataclasses import dataclass, field

from asrcli.core.audio import Chunk, Format
from asrcli.core.errors import AsrError
from asrcli.core.events import Billed, Event, Final, Gap, Notice, Partial, Progress, Resumed, Usage
from asrcli.engine.inbox import AudioDropped, Inbox, Mark, SourceEnded
from asrcli.engine.task import UNTOLD
from asrcli.recovery.duplicate_finals import RecentFinals
from asrcli.recovery.ledger import Ledger, Totals
from asrcli.recovery.spans import Span

PROGRESS_EVERY_S = 0.1
DROPPED = "the connection could not take the audio fast enough"


@dataclass(frozen=True)
class SessionResult:
    """The session is done: what it knows of the audio and of its own delays, and the error that ended it early.

    Attributes:
        end: Position of the first sample behind the audio.
        totals: How the audio adds up.
        undecided: What has neither text nor a gap yet, of a session that was left in the middle.
        broken: The task did not come to its own end.
        resent_ms: Audio that was sent again, each time it was.
        repeats: Finals that were dropped because they said again what was settled.
    """

    end: int
    totals: Totals
    undecided: tuple[Span, ...]
    usage: Usage
    first_text_ms: int | None
    final_after_stop_ms: int | None
    error: AsrError | None
    broken: bool
    reconnects: int = 0
    longest_outage_ms: int = 0
    longest_catch_up_ms: int = 0
    resent_ms: int = 0
    repeats: int = 0


@dataclass
class SessionAccount:
    """The running account of a session. Positions are in samples, times of the audio in ms, of the clock in s.

    What it finds missing it tells through `emit`.
    """

    clock: Callable[[], float]
    emit: Callable[[Event], None]
    format: Format
    start: int  # position of the first sample
    end: int = field(init=False)  # position behind the audio taken from the inbox
    ledger: Ledger = field(init=False)
    recent_finals: RecentFinals = field(default_factory=RecentFinals)
    usage: Usage = Usage()  # noqa: RUF009  a frozen value; of the tasks that are over
    billed: Usage = Usage()  # noqa: RUF009  as it was told last
    first_sent: float = -1.0
    first_text: float = -1.0
    stopped: float = -1.0
    last_final: float = -1.0
    progress_sent_at: float = -1.0
    lost_at: float | None = None  # when the connection went that is not back yet
    reconnects: int = 0
    longest_outage_ms: int = 0
    longest_catch_up_ms: int = 0
    behind_at: float | None = None  # since when audio waits that a lost connection left
    sent_to: int = field(init=False)  # position behind the last sample that was ever sent
    resent: int = 0  # samples
    repeats: int = 0

    def __post_init__(self) -> None:
        self.end = self.sent_to = self.start
        self.ledger = Ledger(self.format.ms(self.start))

    def taken(self, chunk: Chunk) -> None:
        """A chunk came out of the inbox."""
        self.end = chunk.end
        if chunk.quiet:
            self.ledger.quiet.add(self.format.ms(chunk.position), self.format.ms(chunk.end))

    def sent(self, begin: int, end: int) -> None:
        """Audio has gone out; that is told now and then."""
        now = self.clock()
        self.first_sent = now if self.first_sent < 0 else self.first_sent
        self.resent += max(0, min(end, self.sent_to) - begin)
        self.sent_to = max(self.sent_to, end)
        if now - self.progress_sent_at >= PROGRESS_EVERY_S:
            self.progress_sent_at = now
            self.emit(Progress(self.format.ms(end)))

    def spent(self) -> None:
        """There is no more audio."""
        self.stopped = self.clock()

    def received(self, event: Event) -> bool:
        """The service said this, in times of the run; whether audio that had no text has it now."""
        if isinstance(event, Partial | Final) and event.text and self.first_text < 0:
            self.first_text = self.clock()
        if not isinstance(event, Final):
            return False
        self.last_final = self.clock()
        if not event.text.strip():  # the service took the sentence back
            return self.ledger.add_silence(event.begin_ms, event.end_ms)
        self.recent_finals.add(event)
        return self.ledger.add_final(event.begin_ms, event.end_ms)

    def mark(self, mark: Mark | AudioDropped) -> None:
        """Tell what is true of a span of the audio, and count none of it twice."""
        if isinstance(mark, AudioDropped):
            mark = Gap(self.format.ms(mark.begin), self.format.ms(mark.end), DROPPED)
        if isinstance(mark, Gap):
            self.add_missing(mark.begin_ms, mark.end_ms, mark.reason, whole=True)
        else:
            self.emit(mark)
            self.ledger.add_pause(mark.begin_ms, mark.end_ms)
        self.end = max(self.end, self.format.samples(mark.end_ms))

    def add_missing(self, begin_ms: int, end_ms: int, reason: str, *, whole: bool = False) -> None:
        """This has no text and will have none, but for what is decided already; `whole`: not even quiet was heard."""
        for gap_begin_ms, gap_end_ms in self.ledger.add_gap(begin_ms, end_ms, whole=whole):
            self.emit(Gap(gap_begin_ms, gap_end_ms, reason))

    def close(self, inbox: Inbox, duration_ms: int | None, error: AsrError) -> None:
        """Nothing more comes: what has no text is missing, up to the end of what was captured, or of the source."""
        cut_short = inbox.ended
        inbox.end()
        while (item := inbox.get(0, audio=True)) is not None and not isinstance(item, SourceEnded):
            if isinstance(item, Chunk):
                self.taken(item)
            elif isinstance(item, Gap | Resumed | AudioDropped):
                self.mark(item)
        if duration_ms is not None and not cut_short:
            self.end = max(self.end, self.start + self.format.samples(duration_ms))
        self.add_missing(self.ledger.start_ms, self.format.ms(self.end), str(error))

    def undecided(self) -> list[Span]:
        """What of the audio up to now has neither text nor another fate."""
        return self.ledger.undecided(self.ledger.start_ms, self.format.ms(self.end))

    def complete(self) -> None:
        """The session came to its own end: what is undecided and not quiet has no text and will have none."""
        self.add_missing(self.ledger.start_ms, self.format.ms(self.end), UNTOLD)

    def lost(self) -> None:
        """The connection is gone."""
        now = self.clock()
        self.lost_at = now if self.lost_at is None else self.lost_at
        self.behind_at = now if self.behind_at is None else self.behind_at

    def recovered(self) -> None:
        """The service listens; after a loss it is told how long it had not."""
        if self.lost_at is not None:
            outage_ms, self.lost_at = round((self.clock() - self.lost_at) * 1000), None
            self.reconnects, self.longest_outage_ms = self.reconnects + 1, max(self.longest_outage_ms, outage_ms)
            self.emit(Notice("warning", f"connected again after {outage_ms / 1000:.1f} s"))

    def caught_up(self) -> None:
        """Nothing waits any more."""
        if self.behind_at is not None:
            behind_ms, self.behind_at = round((self.clock() - self.behind_at) * 1000), None
            self.longest_catch_up_ms = max(self.longest_catch_up_ms, behind_ms)

    def counted(self, usage: Usage, *, over: bool) -> None:
        """What the service has counted of a task by now; told when it has grown. `over`: it is in the sum already."""
        total = self.usage if over else self.usage + usage
        if total != self.billed:
            self.billed = total
            self.emit(Billed(total))

    def bill(self, usage: Usage, repeats: int) -> None:
        """What the service counted for a task that is over, and how many finals it repeated."""
        self.usage += usage
        self.repeats += repeats

    def repeated(self, final: Final) -> None:
        """A final was dropped: it said again what is settled."""
        self.repeats += 1
        self.ledger.add_final(final.begin_ms, final.end_ms)
        self.emit(Notice("warning", f"a repetition was dropped at {final.begin_ms / 1000:.1f} s: {final.text}"))

    def result(self, error: AsrError | None, usage: Usage, repeats: int, *, broken: bool) -> SessionResult:
        """As things stand; `usage` is the service's count of the task that still runs, `repeats` what it repeated."""
        end_ms = self.format.ms(self.end)
        return SessionResult(
            end=self.end,
            totals=self.ledger.totals(end_ms),
            undecided=tuple(self.undecided()),
            usage=self.usage + usage,
            first_text_ms=_between(self.first_sent, self.first_text),
            final_after_stop_ms=_between(self.stopped, self.last_final),
            error=error,
            broken=broken,
            reconnects=self.reconnects,
            longest_outage_ms=self.longest_outage_ms,
            longest_catch_up_ms=self.longest_catch_up_ms,
            resent_ms=self.format.ms(self.resent),
            repeats=self.repeats + repeats,
        )


def _between(start: float, end: float) -> int | None:
    return None if start < 0 or end < start else round((end - start) * 1000)
