"""The program on one page: each source through a session, its events through the transcript to the outputs."""

import signal
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from time import monotonic
from types import FrameType

from asrcli.audio import Format
from asrcli.config import Connection
from asrcli.engine.loop import Over
from asrcli.engine.session import Session
from asrcli.errors import AsrError, AudioLost, ConnectFailed, ServiceRefused, Several
from asrcli.events import Began, Ended, Event, Final, Gap, Notice, Partial, Ready
from asrcli.seams import ClientCodec, Output, Source, Transport
from asrcli.transcript import Transcript, fold

HOPELESS = (ConnectFailed, ServiceRefused)  # the next source would fare no better
STOPS = [getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name)]
TWICE_S = 0.25  # `timeout` sends its signal to the process and to its group: that is one request
LEFT = "left before its text came"
WAITING = "finishing: waiting for the last words; Ctrl-C again to leave now"


@dataclass(frozen=True)
class Plan:
    """How to transcribe: whom to ask for which model, and how fast to send (None: as fast as it is taken).

    `codec` makes a codec for audio at a rate.
    """

    model: str
    codec: Callable[[int], ClientCodec]
    dial: Callable[[str, Connection], Transport]
    connection: Connection
    pace: float | None
    free: bool = False  # nobody sends a bill
    clock: Callable[[], float] = monotonic


@dataclass
class _Account:
    """What the sessions of a run add up to."""

    end_ms: int = 0
    skipped_ms: int = 0  # left out of the sources at their beginnings
    billed_s: float | None = None
    overs: list[Over] = field(default_factory=list)

    def add(self, over: Over, end_ms: int) -> None:
        self.overs.append(over)
        self.end_ms = end_ms
        if over.billed_s is not None:
            self.billed_s = (self.billed_s or 0) + over.billed_s

    def ended(self, transcript: Transcript, elapsed_s: float, *, free: bool) -> Ended:
        firsts = [over.first_text_ms for over in self.overs if over.first_text_ms is not None]
        lasts = [over.final_after_stop_ms for over in self.overs if over.final_after_stop_ms is not None]
        audio_ms = self.end_ms - self.skipped_ms if self.overs else 0
        return Ended(
            audio_ms=audio_ms,
            covered_ms=audio_ms - transcript.lost_ms,
            lost_ms=transcript.lost_ms,
            sentences=transcript.sentences,
            reconnects=0,
            billed_s=None if free else self.billed_s,
            first_text_ms=firsts[0] if firsts else None,
            final_after_stop_ms=lasts[-1] if lasts else None,
            elapsed_ms=round(elapsed_s * 1000),
        )


class Run:
    """Sources one after the other on one timeline, one transcript, any number of outputs."""

    def __init__(self, plan: Plan, outputs: Sequence[Output]) -> None:
        self._plan, self._outputs = plan, outputs
        self._transcript = Transcript()
        self._account = _Account()
        self._began = plan.clock()
        self._interrupted = False
        self._final_ms = 0  # finals reach up to here
        self._heard = False  # a service has listened to us: there is something to account for

    def transcribe(self, sources: Sequence[Source], notices: Sequence[Notice] = ()) -> Ended:
        """Run to the end and let the outputs hear the account, and before it what a listener should know.

        Raises:
            AsrError: what ended the run early, what was wrong with a source (Several: with some of them), or AudioLost
                when all came to their end but with gaps.
            KeyboardInterrupt: the user ended it; all that was settled has been put out.
        """
        errors: list[AsrError] = []
        left = False
        try:
            for notice in notices:
                self._tell(notice)
            for number, source in enumerate(sources, 1):
                error = self._session(source)
                if error is not None:
                    errors.append(error)
                if self._interrupted or isinstance(error, HOPELESS):
                    break
                if error is not None and number < len(sources):
                    self._tell(Notice("warning", str(error)))
        except KeyboardInterrupt:
            left = True
        ended = self._account.ended(self._transcript, self._plan.clock() - self._began, free=self._plan.free)
        if self._heard:
            self._tell(ended)
        if left or (self._interrupted and not errors):
            raise KeyboardInterrupt
        if errors:
            raise errors[0] if len(errors) == 1 else Several(errors)
        if ended.lost_ms:
            raise AudioLost(ended.lost_ms)
        return ended

    def _session(self, source: Source) -> AsrError | None:
        self._tell(Notice("info", f"connecting to {self._plan.connection.url}"))
        plan, begin_ms = self._plan, self._account.end_ms + source.begin_ms
        self._account.skipped_ms += source.begin_ms
        start = source.format.samples(begin_ms)
        session = Session(
            source, start, plan.codec(source.format.rate), plan.dial, plan.connection, plan.pace, plan.clock
        )
        try:
            with self._interruptible(session):
                for event in session.events():
                    self._tell(event)
                    if isinstance(event, Ready):
                        self._heard = True
                        self._tell(Notice("info", f"the service listens: task {event.task_id}"))
                        self._tell(Began(source.name, plan.model, event.task_id, begin_ms, source.duration_ms))
        except KeyboardInterrupt:
            self._leave(session.left(), source.format)
            raise
        self._account.add(session.over, source.format.ms(session.over.end))
        return session.over.error

    def _leave(self, over: Over, audio_format: Format) -> None:
        """Put out the settled words of open sentences, and name what was sent and not waited for."""
        for partial in list(self._transcript.open.values()):
            if settled := partial.settled.strip():
                self._tell(Final(partial.key, partial.begin_ms, _settled_ms(partial), settled))
        end_ms = audio_format.ms(over.end)
        if end_ms > self._final_ms:
            self._tell(Gap(self._final_ms, end_ms, LEFT))
        self._account.add(over, end_ms)

    def _tell(self, event: Event) -> None:
        self._transcript = fold(self._transcript, event)
        if isinstance(event, Final):
            self._final_ms = max(self._final_ms, event.end_ms)
        for output in self._outputs:
            output.hear(event, self._transcript)

    @contextmanager
    def _interruptible(self, session: Session) -> Iterator[None]:
        """The first Ctrl-C ends the input, the second leaves at once; SIGTERM and a closed terminal count as Ctrl-C."""
        asked_at = [-1.0]

        def interrupt(number: int, frame: FrameType | None) -> None:
            del number, frame
            if self._interrupted:
                if monotonic() - asked_at[0] > TWICE_S:
                    raise KeyboardInterrupt
                return
            self._interrupted, asked_at[0] = True, monotonic()
            session.end_input()
            session.notify(Notice("warning", WAITING))

        before = {number: signal.signal(number, interrupt) for number in STOPS}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)


def _settled_ms(partial: Partial) -> int:
    """Where the settled words of a partial end, as far as it has word times; else where it begins."""
    rest = partial.settled
    end_ms = partial.begin_ms
    for word in partial.words:
        rest = rest.lstrip()
        if not rest.startswith(word.text):
            break
        rest, end_ms = rest[len(word.text) + len(word.punctuation) :], word.end_ms
    return end_ms
