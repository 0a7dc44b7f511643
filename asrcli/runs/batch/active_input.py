"""An input of a batch while it is transcribed: how far its thread has got, and how to stop it."""

from collections import deque
from collections.abc import Callable
from threading import Lock
from typing import Protocol

from asrcli.core.dataclass import dataclass, field
from asrcli.core.errors import AsrError, ServiceRefused, without_secrets
from asrcli.core.events import Began, Billed, Ended, Event, Gap, Notice, Progress, Ready, Reconnecting
from asrcli.core.transcript import Transcript
from asrcli.recovery.classify import FaultClass, classify
from asrcli.runs.batch.decisions import Decision, LedgerRow
from asrcli.runs.batch.manifest import BatchInput
from asrcli.sources.audio_positions import lies_in_file


@dataclass(frozen=True)
class BatchTask:
    """An input that is to be transcribed; `row` is what the ledger will hold while that takes place."""

    given: BatchInput
    row: LedgerRow
    decision: Decision


@dataclass(frozen=True)
class InputOutcome:
    """The result of an input.

    Attributes:
        error: What was wrong; None if all of it has text, or if it was stopped.
        whole: All of it has text or is named as a gap, and its transcripts are closed.
        settled: It is whole, and all of its gaps are in the recording: another run would have the same ones.
        audio_ms: How much audio there is; None if it was not read to its end.
        seconds: How long it took.
        cost: What it cost, in CNY; None without a price.
        engine: The recognizer that answered.
        remarks: What its source had to say about the recording, as that it is cut short.
    """

    error: AsrError | None = None
    whole: bool = False
    audio_ms: int | None = None
    seconds: float = 0.0
    cost: float | None = None
    engine: str = ""
    settled: bool = False
    remarks: tuple[str, ...] = ()

    @property
    def remark(self) -> str:
        """The remarks as one sentence; empty without any."""
        return without_secrets("; ".join(self.remarks))


class Stoppable(Protocol):
    """A run that can be stopped from another thread."""

    def finish(self) -> None:
        """Take no more audio and wait for the last words."""
        ...

    def leave(self) -> None:
        """Wait for nothing more."""
        ...


@dataclass
class ActiveInput:
    """An output of its run, too. Its thread writes the figures, and the main thread reads them.

    Attributes:
        reached_ms: How much of its audio was sent.
        length_ms: How much audio there is; None if that is not known before the end.
        lost_audio: Audio was lost that the recording has.
        remarks: The warnings of its source.
        refusals: How often the service had too many requests.
        starts: How many tasks it has begun, or tried to; the main thread has counted `counted` of them.
        streams: How many connections it uses at once.
        wake: Tells the main thread that the input wants one more connection, or gives one back.
    """

    passive = True
    task: BatchTask
    reached_ms: int = 0
    length_ms: int | None = None
    cost: float | None = None
    engine: str = ""
    lost_audio: bool = False
    remarks: tuple[str, ...] = ()
    refusals: int = 0
    stopped: bool = False
    ended: Ended | None = None
    starts: int = 1
    counted: int = 1
    streams: int = 1
    wake: Callable[[], None] = lambda: None
    _is_first: bool = True  # the connection that it has from its beginning was not asked for
    _expected: int = 1  # how many of the counted tasks are not ready yet
    _wanted: deque[Callable[[], None]] = field(default_factory=deque)
    _runs: list[Stoppable] = field(default_factory=list)
    _left: bool = False
    _source: str = ""
    _lock: Lock = field(default_factory=Lock)

    def handle(self, event: Event, transcript: Transcript) -> None:
        """Take what an event says about the progress."""
        del transcript
        if isinstance(event, Progress):
            self.reached_ms = max(self.reached_ms, event.sent_ms)
        elif isinstance(event, Began):
            self.engine = event.engine or self.engine
            self._source = event.source
            if event.duration_ms is not None and self.length_ms is None:
                self.length_ms = event.begin_ms + event.duration_ms
        elif isinstance(event, Billed):
            self.cost = event.cost
        elif isinstance(event, Notice):
            self._take_notice(event)
        elif isinstance(event, Gap):
            self.lost_audio = self.lost_audio or not lies_in_file(event)
        elif isinstance(event, Ready):
            self.starts += not self._expected
            self._expected = max(0, self._expected - 1)
        elif isinstance(event, Reconnecting):
            self.starts += 1
            self._expected += 1
            self.lost(event.reason)
        elif isinstance(event, Ended):
            self.ended = event
            self.cost = event.cost

    def _take_notice(self, notice: Notice) -> None:
        """Keep a warning of the source, which begins with its name. The others are about the connection."""
        is_new = notice.level == "warning" and notice.text not in self.remarks
        if is_new and self._source and notice.text.startswith(f"{self._source}: "):
            self.remarks += (notice.text,)

    def close(self) -> None:
        """Do nothing: there is nothing to close."""

    def ask(self, granted: Callable[[], None]) -> None:
        """Ask for one more connection. The input has the first one from its beginning."""
        with self._lock:
            is_first, self._is_first = self._is_first, False
            if not is_first:
                self._wanted.append(granted)
        if is_first:
            granted()
        else:
            self.wake()

    def give_back(self) -> None:
        """Give one connection back."""
        with self._lock:
            self.streams -= 1
        self.wake()

    def lost(self, reason: str) -> None:
        """Note why a connection was lost."""
        self.refusals += is_throttled(reason)

    @property
    def wants_stream(self) -> bool:
        """Whether a part of it waits for a connection."""
        return bool(self._wanted) and not self.stopped

    def grant(self) -> None:
        """Let the part begin that has waited longest, if one still waits; for the main thread."""
        with self._lock:
            if not self._wanted:  # `begin_again` has come since the caller looked
                return
            self.streams += 1
            self._expected += 1
            granted = self._wanted.popleft()
        granted()

    def begin_again(self) -> None:
        """Count the input as one that has just begun: its earlier progress is lost."""
        with self._lock:
            self.streams = 1
            self.remarks = ()
            self._wanted.clear()

    def attach(self, run: Stoppable) -> None:
        """Let `stop` and `leave` reach this run; one that was called before is passed on now."""
        with self._lock:
            self._runs.append(run)
        if self._left:
            run.leave()
        elif self.stopped:
            run.finish()

    def stop(self) -> None:
        """Take no more audio, and wait for the last words. Safe in a signal handler."""
        self.stopped = True
        for run in list(self._runs):
            run.finish()

    def leave(self) -> None:
        """Wait for nothing more."""
        self.stopped = self._left = True
        for run in list(self._runs):
            run.leave()


def is_throttled(reason: str) -> bool:
    """Whether the reason of a reconnect is that the service has too many requests."""
    head, _, rest = reason.partition("refused by the service: ")
    return not head and bool(rest) and is_busy(ServiceRefused(rest.partition(":")[0].split(" ")[0], ""))


def is_busy(error: AsrError | None) -> bool:
    """Whether an error says that the service has too many requests."""
    return error is not None and classify(error, live=False) is FaultClass.BUSY
