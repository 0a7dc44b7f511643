"""What a session knows of its audio and of its own delays. Numbers only: no wire, no thread."""

from collections.abc import Callable
from dataclasses import dataclass, field

from asrcli.errors import AsrError
from asrcli.events import Event, Final, Gap, Partial
from asrcli.recovery.replay import Span, left_over

PROGRESS_EVERY_S = 0.1


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
    billed_s: float | None
    first_text_ms: int | None
    final_after_stop_ms: int | None
    error: AsrError | None
    broken: bool


@dataclass
class Account:
    """The running account of a session. Positions are in samples, times of the audio in ms, of the clock in s."""

    clock: Callable[[], float]
    end: int  # position behind the audio taken from the inbox
    covered_ms: int  # finals reach up to here
    spared: list[Span] = field(default_factory=list)
    billed_s: float | None = None  # of the tasks that are over
    first_sent: float = -1.0
    first_text: float = -1.0
    stopped: float = -1.0
    last_final: float = -1.0
    told: float = -1.0

    def sent(self) -> bool:
        """Audio has gone out; whether it is time to say how far."""
        now = self.clock()
        self.first_sent = now if self.first_sent < 0 else self.first_sent
        due = now - self.told >= PROGRESS_EVERY_S
        self.told = now if due else self.told
        return due

    def spent(self) -> None:
        """There is no more audio."""
        self.stopped = self.clock()

    def heard(self, event: Event) -> None:
        """The service said this, in times of the run."""
        if isinstance(event, Partial | Final) and event.text and self.first_text < 0:
            self.first_text = self.clock()
        if isinstance(event, Final | Gap):
            self.covered_ms = max(self.covered_ms, event.end_ms)
            self.last_final = self.clock()

    def spare(self, begin_ms: int, end_ms: int) -> None:
        """This is no loss, or is told already."""
        if self.spared and self.spared[-1][1] == begin_ms:
            begin_ms, _ = self.spared.pop()
        if begin_ms < end_ms:
            self.spared.append((begin_ms, end_ms))

    def unheard(self, end_ms: int) -> list[Span]:
        """What is lost when nothing more comes: no final covers it, and nothing excuses it."""
        return left_over(self.covered_ms, end_ms, self.spared)

    def bill(self, billed_s: float | None) -> None:
        """What the service counted for a task that is over."""
        self.billed_s = _sum(self.billed_s, billed_s)

    def over(self, error: AsrError | None, billed_s: float | None, *, broken: bool) -> Over:
        """As things stand; `billed_s` is the service's count of the task that still runs."""
        return Over(
            end=self.end,
            spared=tuple(self.spared),
            billed_s=_sum(self.billed_s, billed_s),
            first_text_ms=_between(self.first_sent, self.first_text),
            final_after_stop_ms=_between(self.stopped, self.last_final),
            error=error,
            broken=broken,
        )


def _sum(some: float | None, more: float | None) -> float | None:
    return some if more is None else (some or 0) + more


def _between(start: float, end: float) -> int | None:
    return None if start < 0 or end < 0 else max(0, round((end - start) * 1000))
