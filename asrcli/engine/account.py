"""What a session knows of its audio and of its own delays. Numbers only: no wire, no thread."""

from collections.abc import Callable
from dataclasses import dataclass, field

from asrcli.audio import Chunk, Format
from asrcli.engine.inbox import Dropped, Inbox, Mark, Spent
from asrcli.errors import AsrError
from asrcli.events import Billed, Event, Final, Gap, Notice, Partial, Progress, Resumed, Usage
from asrcli.recovery.replay import Span, left_over

PROGRESS_EVERY_S = 0.1
DROPPED = "the connection could not take the audio fast enough"


@dataclass(frozen=True)
class Over:
    """The session is done: what it knows of the audio and of its own delays, and the error that ended it early.

    Attributes:
        end: Position of the first sample behind the audio.
        spared: What no final covers and what is no loss all the same, or is named by a gap already; in milliseconds.
        broken: The task did not come to its own end.
    """

    end: int
    spared: tuple[Span, ...]
    usage: Usage
    first_text_ms: int | None
    final_after_stop_ms: int | None
    error: AsrError | None
    broken: bool
    reconnects: int = 0
    longest_outage_ms: int = 0
    longest_catch_up_ms: int = 0


@dataclass
class Account:
    """The running account of a session. Positions are in samples, times of the audio in ms, of the clock in s.

    What it finds missing it tells through `emit`.
    """

    clock: Callable[[], float]
    emit: Callable[[Event], None]
    format: Format
    start: int  # position of the first sample
    end: int = field(init=False)  # position behind the audio taken from the inbox
    covered_ms: int = field(init=False)  # finals reach up to here
    spared: list[Span] = field(default_factory=list)
    usage: Usage = Usage()  # noqa: RUF009  a frozen value; of the tasks that are over
    billed: Usage = Usage()  # noqa: RUF009  as it was told last
    first_sent: float = -1.0
    first_text: float = -1.0
    stopped: float = -1.0
    last_final: float = -1.0
    told: float = -1.0
    lost_at: float | None = None  # when the connection went that is not back yet
    reconnects: int = 0
    longest_outage_ms: int = 0
    longest_catch_up_ms: int = 0
    behind_at: float | None = None  # since when audio waits that a lost connection left

    def __post_init__(self) -> None:
        self.end, self.covered_ms = self.start, self.format.ms(self.start)

    def sent(self, position: int) -> None:
        """Audio up to a position has gone out; that is told now and then."""
        now = self.clock()
        self.first_sent = now if self.first_sent < 0 else self.first_sent
        if now - self.told >= PROGRESS_EVERY_S:
            self.told = now
            self.emit(Progress(self.format.ms(position)))

    def spent(self) -> None:
        """There is no more audio."""
        self.stopped = self.clock()

    def heard(self, event: Event) -> bool:
        """The service said this, in times of the run; whether more of the audio is final now."""
        if isinstance(event, Partial | Final) and event.text and self.first_text < 0:
            self.first_text = self.clock()
        if not isinstance(event, Final | Gap):
            return False
        before_ms, self.last_final = self.covered_ms, self.clock()
        self.covered_ms = max(before_ms, event.end_ms)
        return before_ms < min(self.covered_ms, self.format.ms(self.end))  # what was never captured is no progress

    @property
    def all_final(self) -> bool:
        """Whether finals reach to the end of the audio."""
        return self.covered_ms >= self.format.ms(self.end)

    def spare(self, begin_ms: int, end_ms: int) -> None:
        """This is no loss, or is told already."""
        if self.spared and self.spared[-1][1] == begin_ms:
            begin_ms, _ = self.spared.pop()
        if begin_ms < end_ms:
            self.spared.append((begin_ms, end_ms))

    def mark(self, mark: Mark | Dropped) -> None:
        """Tell what is true of a span of the audio, and count none of it twice."""
        if isinstance(mark, Dropped):
            mark = Gap(self.format.ms(mark.begin), self.format.ms(mark.end), DROPPED)
        if isinstance(mark, Gap):
            self.miss(mark.begin_ms, mark.end_ms, mark.reason)
        else:
            self.emit(mark)
            self.spare(mark.begin_ms, mark.end_ms)
        self.end = max(self.end, self.format.samples(mark.end_ms))

    def miss(self, begin_ms: int, end_ms: int, reason: str) -> None:
        """This has no text and will have none, but for what is told already."""
        for gap_begin_ms, gap_end_ms in left_over(begin_ms, end_ms, self.spared):
            self.emit(Gap(gap_begin_ms, gap_end_ms, reason))
        self.spare(begin_ms, end_ms)

    def close(self, inbox: Inbox, duration_ms: int | None, error: AsrError) -> None:
        """Nothing more comes: what no final covers is missing, up to the end of what was captured, or of the source."""
        cut_short = inbox.ended
        inbox.end()
        while (item := inbox.get(0, audio=True)) is not None and not isinstance(item, Spent):
            if isinstance(item, Chunk):
                self.end = item.end
            elif isinstance(item, Gap | Resumed | Dropped):
                self.mark(item)
        if duration_ms is not None and not cut_short:
            self.end = max(self.end, self.start + self.format.samples(duration_ms))
        self.miss(self.covered_ms, self.format.ms(self.end), str(error))

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

    def bill(self, usage: Usage) -> None:
        """What the service counted for a task that is over."""
        self.usage += usage

    def over(self, error: AsrError | None, usage: Usage, *, broken: bool) -> Over:
        """As things stand; `usage` is the service's count of the task that still runs."""
        return Over(
            end=self.end,
            spared=tuple(self.spared),
            usage=self.usage + usage,
            first_text_ms=_between(self.first_sent, self.first_text),
            final_after_stop_ms=_between(self.stopped, self.last_final),
            error=error,
            broken=broken,
            reconnects=self.reconnects,
            longest_outage_ms=self.longest_outage_ms,
            longest_catch_up_ms=self.longest_catch_up_ms,
        )


def _between(start: float, end: float) -> int | None:
    return None if start < 0 or end < start else round((end - start) * 1000)
