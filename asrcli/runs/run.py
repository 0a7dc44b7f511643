"""A run: each source goes through a session, and its events through the transcript to the outputs."""

from collections import deque
from collections.abc import Generator, Iterator, Sequence
from contextlib import closing
from dataclasses import replace
from threading import Timer
from typing import TYPE_CHECKING

from asrcli.core.dataclass import dataclass
from asrcli.core.errors import (
    AsrError,
    AudioLost,
    BudgetReached,
    ConnectFailed,
    OutputError,
    ServiceRefused,
    SourceError,
    bare_url,
    combine_errors,
)
from asrcli.core.event_placement import label_event
from asrcli.core.events import (
    Billed,
    Ended,
    Event,
    Final,
    Finished,
    Gap,
    Notice,
    Partial,
    Progress,
    Ready,
    Reconnecting,
    Usage,
)
from asrcli.core.interfaces import Output, Source
from asrcli.core.lazy_module import LazyModule
from asrcli.core.transcript import Transcript, fold
from asrcli.engine.connection_pool import ConnectionPool
from asrcli.engine.session import SessionLeft, TranscriptionSession
from asrcli.engine.session_result import SessionResult
from asrcli.recovery.spans import Spans, length
from asrcli.runs.plan import RunPlan
from asrcli.runs.run_account import RunAccount
from asrcli.runs.source_session import RunningSessions, SourceSession

if TYPE_CHECKING:
    from asrcli.recovery import gap_order, provisional
else:  # for a session that is left in the middle
    gap_order = LazyModule("asrcli.recovery.gap_order")
    provisional = LazyModule("asrcli.recovery.provisional")

HOPELESS = (ConnectFailed, ServiceRefused, BudgetReached)  # the next source would fail in the same way
OF_THE_SERVICE = (Finished, Progress, Ready, Reconnecting)  # they come also where no device is open
LEFT = "left before its text came"
HURRY_S = 5.0  # after SIGTERM the last text is waited for no longer, because SIGKILL often follows
WAITING = "finishing: waiting for the last words; Ctrl-C again to leave now"


@dataclass(frozen=True)
class ConcurrentSources:
    """Sources that are transcribed at the same time, each in a session of its own, on one timeline."""

    sources: tuple[Source, ...]


def flatten_sources(sources: Sequence[Source | ConcurrentSources]) -> list[Source]:
    """Return all sources in one list, with those inside ConcurrentSources."""
    flat: list[Source] = []
    for source in sources:
        if isinstance(source, ConcurrentSources):
            flat += source.sources
        else:
            flat.append(source)
    return flat


class Run:
    """Sources one after the other on one timeline, one transcript, any number of outputs.

    `idle` holds connections that several runs share; its owner closes it. Without it the run has its own.
    """

    def __init__(self, plan: RunPlan, outputs: Sequence[Output], idle: ConnectionPool | None = None) -> None:
        self._plan = plan
        self._outputs = list(outputs)
        self._transcript = Transcript()
        self._account = RunAccount()
        self._began = plan.clock()
        self._shows_progress = any(getattr(output, "shows_progress", False) for output in outputs)
        self._was_ready = False  # a service has listened to this run; one that never did is an error, and no account
        self._pool = idle or ConnectionPool()
        self._pool_is_shared = idle is not None
        self._accepts_delay = False  # all outputs do, and nobody iterates over `events`
        self._is_iterated = True  # somebody iterates over `events`
        self._live = False  # all sources are live
        self._output_errors: list[AsrError] = []  # the errors of outputs that get no more events
        self._held: list[
            Notice
        ] = []  # notices that wait until a device is open; if it cannot be opened, only the error is shown
        self._emitted: deque[Event] = deque()  # passed to the outputs, but not yet yielded by `events`
        self._current: list[TranscriptionSession] = []
        self._finishing = self._leaving = False  # `finish` or `leave` was called
        self._is_handing_over = False  # an output has an event in hand, and may wait
        self._interrupted = False  # a signal came
        self.ended: Ended | None = None

    def transcribe(self, sources: Sequence[Source | ConcurrentSources], notices: Sequence[Notice] = ()) -> Ended:
        """Run to the end, and return the account, which the outputs get too. They get `notices` first.

        Of a live run they get them when its device is open, and not at all if it is not there.

        Raises:
            AsrError: an error ended the run early or spoiled a source (several are combined), or AudioLost: all
                sources came to their end, but with gaps.
            KeyboardInterrupt: the user ended the run; the outputs have all settled text.
        """
        self._accepts_delay = all(getattr(output, "accepts_delay", False) for output in self._outputs)
        self._is_iterated = False
        for _ in self.events(sources, notices):
            pass
        assert self.ended is not None  # noqa: S101  otherwise `events` raises
        return self.ended

    def events(
        self, sources: Sequence[Source | ConcurrentSources], notices: Sequence[Notice] = ()
    ) -> Generator[Event, None, None]:
        """Do what `transcribe` does, and yield each event after the outputs have handled it.

        Closing the generator ends the sessions with their threads and connections at once.

        Raises:
            AsrError, KeyboardInterrupt: as `transcribe`.
        """
        errors = self._output_errors
        left = False
        self._live = all(source.live is not None for source in flatten_sources(sources))
        try:
            self._held = list(notices)
            if not self._live:
                self._emit_held()
            yield from self._transcribe_in_turn(sources, errors)
            if not errors or not all(isinstance(error, SourceError) for error in errors):
                self._emit_held()
        except KeyboardInterrupt:
            left = True
        finally:
            if not self._pool_is_shared:
                self._pool.close()
        elapsed_s = self._plan.clock() - self._began
        billed = self._billed(self._account.usage)
        ended = self._account.ended(self._transcript.sentences, elapsed_s, billed, self._plan.model, live=self._live)
        began = self._was_ready and (ended.wall_ms or not errors)  # else the error is all that there is to say
        if began or self._interrupted or self._finishing or left:
            self._emit(ended)
        self.ended = ended
        if not left:
            yield from self._handled()
        # To interrupt is the ordinary way to end a microphone.
        if left or (self._interrupted and not self._live and not errors):
            raise KeyboardInterrupt
        if errors:
            raise combine_errors(errors)
        if ended.lost_ms:
            raise AudioLost(ended.lost_ms)

    def finish(self) -> None:
        """Take no more audio and wait for the last text: the run then ends normally. Safe from any thread."""
        self._finishing = True
        for session in self._current:
            session.end_input()

    def leave(self) -> None:
        """Wait for nothing more: `transcribe` and `events` raise KeyboardInterrupt. Safe from any thread."""
        self._leaving = True
        for session in self._current:
            session.leave()

    def _leave_next(self) -> bool:
        """Leave after the event in hand, which reaches every output. False if an output or a listener may wait."""
        if self._is_iterated or self._is_handing_over:
            return False
        self.leave()
        return True

    def _handled(self) -> Iterator[Event]:
        """Yield the events that the outputs have handled since the last call."""
        while self._emitted:
            yield self._emitted.popleft()

    def _transcribe_in_turn(
        self, sources: Sequence[Source | ConcurrentSources], errors: list[AsrError]
    ) -> Generator[Event, None, None]:
        """Transcribe one source after the other; adds to `errors` what ended their sessions early."""
        for number, source in enumerate(sources, 1):
            failed = yield from self._transcribe_concurrently(flatten_sources([source]))
            errors += failed
            if self._interrupted or self._finishing or any(isinstance(error, HOPELESS) for error in failed):
                return
            if number == len(sources):
                return  # the caller reports the errors of the last source
            for error in failed:
                self._emit(Notice("warning", self._plan.describe(error)))
                error.reported = True

    def _transcribe_concurrently(self, sources: Sequence[Source]) -> Generator[Event, None, list[AsrError]]:
        """Transcribe sources at the same time, each in its session; returns the errors that ended sessions early."""
        plan = self._plan
        self._emit(Notice("info", f"connecting to {bare_url(plan.connection.url)}"))
        self._account.running_usage, begin_ms = Usage(), self._account.end_ms
        running = [
            SourceSession(one, begin_ms + one.begin_ms, plan, self._pool, shown=self._shows_progress) for one in sources
        ]
        # A device says that it is there by its level.
        shows_call = self._shows_progress and not self._live
        together = RunningSessions(running, plan.describe, accepts_delay=self._accepts_delay, shows_call=shows_call)
        try:
            sessions = self._current = [one.session for one in running]
            if self._leaving:  # called before there was a session to leave
                raise SessionLeft
            if self._finishing:
                self.finish()
            with (
                plan.interruptible(lambda: self._finish(sessions), lambda: self._hurry(sessions), self._leave_next),
                closing(together.events()) as merged,
            ):
                yield from self._handled()
                for one, event in merged:
                    self._take(event, one)
                    if self._is_iterated:
                        yield from self._handled()
        except (KeyboardInterrupt, SessionLeft):
            self._leave_all(together, running)
            raise KeyboardInterrupt from None
        except BaseException:  # also when the generator is closed
            for one in running:
                one.session.abandon()
            raise
        self._end_sessions(running)
        errors = [error for one in running if (error := one.session.result.error) is not None]
        # Ctrl-C also ends the program whose pipe is read: what is wrong with the input then is no error.
        return [error for error in errors if not (self._interrupted and isinstance(error, SourceError))]

    def _take(self, event: Event, one: SourceSession) -> None:
        """Emit an event of one of the running sessions, and what follows from it."""
        if isinstance(event, Billed):
            self._emit(self._billed(self._account.update_usage(one.usage, event.usage)))
            one.usage = event.usage
            return
        if self._held and not isinstance(event, OF_THE_SERVICE):
            self._emit_held()
        self._emit(label_event(event, one.source.speaker))
        if isinstance(event, Ready):
            self._was_ready = True
            self._emit(Notice("info", f"the service is ready: task {event.task_id}"))
            self._account.heard_by(event.engine)
            if not one.begun:
                self._emit(one.begin(event))

    def _billed(self, usage: Usage) -> Billed:
        """Return the bill for a usage; empty if nothing is charged."""
        if self._plan.free:
            return Billed(Usage())
        cost = self._plan.cost(usage)
        return Billed(usage, None if cost is None else round(cost, 6))

    def _end_sessions(self, running: Sequence[SourceSession]) -> None:
        """Add the accounts of sessions that ran at the same time and are over."""
        ends_ms = [one.source.format.ms(one.session.result.end) for one in running if one.begun]
        cut = self._interrupted or self._finishing
        cut = cut or any(isinstance(one.session.result.error, BudgetReached) for one in running)
        for one in running:
            result = one.session.result
            if ends_ms and not (one.begun or one.source.realtime):
                result = one.unheard(result, max(ends_ms), cut=cut)
            self._end_session(one, result, concurrent=one is not running[0])

    def _end_session(self, one: SourceSession, result: SessionResult, *, concurrent: bool) -> None:
        """Add the account of a session that is over.

        Captured audio to which the service has never listened is lost where the run has an account; a journal would
        take it for finished otherwise. Without an account the error says all.
        """
        if not one.begun and (self._was_ready or self._interrupted or self._finishing):
            self._leave(one, result, str(result.error), concurrent=concurrent)
            return
        shown: list[Event] = [*result.waiting_gaps]
        shown += provisional.ProvisionalText(result.provisional).clear()
        for event in shown:
            self._emit(label_event(event, one.source.speaker))
        self._account.add(result, one.begin_ms, one.source.format.ms(result.end), concurrent=concurrent)

    def _leave_all(self, together: RunningSessions, running: Sequence[SourceSession]) -> None:
        with closing(together.abandon()) as unread:
            for one, event in unread:
                self._take(event, one)
        for one in running:
            self._leave(one, one.session.result, LEFT, concurrent=one is not running[0])

    def _leave(self, left: SourceSession, result: SessionResult, reason: str, *, concurrent: bool) -> None:
        """Emit the settled words of open sentences as finals, and the other undecided audio as gaps."""
        speaker = left.source.speaker
        end_ms = left.source.format.ms(result.end)
        words = Spans()
        for partial in list(self._transcript.open.values()):
            if partial.speaker == speaker and (settled := partial.settled.strip()):
                final = Final(partial.key, partial.begin_ms, _settled_ms(partial), settled, speaker=speaker)
                self._emit(replace(final, translation=partial.translation, translated_into=partial.translated_into))
                words.add(final.begin_ms, final.end_ms)
        gaps = [part for span in result.undecided for part in words.missing(*span)]
        heard_here = provisional.ProvisionalText(result.provisional)
        told = gap_order.GapOrder(result.waiting_gaps)
        local_ms = 0
        for gap in gaps:
            heard, withdrawn = heard_here.take(*gap, gap)
            local_ms += length(heard.spans)
            told.add(Gap(*gap, reason, "", heard.text))
            for withdrawal in withdrawn:
                self._emit(label_event(withdrawal, speaker))
        for event in told.waiting:
            self._emit(label_event(event, speaker))
        result = replace(result, totals=result.totals.with_open_lost(length(gaps), local_ms))
        self._account.add(result, left.begin_ms, max(end_ms, left.begin_ms), concurrent=concurrent)

    def _emit_held(self) -> None:
        held, self._held = self._held, []
        for notice in held:
            self._emit(notice)

    def _emit(self, event: Event) -> None:
        """Fold an event into the transcript and pass it to each output; an output that fails is given up."""
        self._transcript = fold(self._transcript, event)
        if self._is_iterated:
            self._emitted.append(event)
        failed: list[OutputError] = []
        left = False
        for output in list(self._outputs):
            try:
                self._is_handing_over = True
                output.handle(event, self._transcript)
            except OutputError as exc:
                self._is_handing_over = False
                self._outputs.remove(output)
                failed.append(exc)
            except KeyboardInterrupt:
                left = True  # the others get the event first
            self._is_handing_over = False
        self._output_errors += failed
        if left:
            raise KeyboardInterrupt
        if self._output_errors and (failed or not isinstance(event, Ended)):
            self._check_outputs(failed)
        where = "going on without it"
        for output in self._outputs:
            if kept := getattr(output, "kept_as", ""):
                where = f"the run goes on, and its words are kept as {kept}: see asr sessions"
        for error in failed:
            self._emit(Notice("warning", f"{self._plan.describe(error)}; {where}", error.path))

    def _check_outputs(self, failed: Sequence[OutputError]) -> None:
        """Raise an OutputError if no output, as the journal, stores the words of files any more: they cost money."""
        if self._live or not all(getattr(output, "passive", False) for output in self._outputs):
            return
        for error in (*failed, *self._output_errors):
            if isinstance(error, OutputError):
                raise error

    def _finish(self, sessions: Sequence[TranscriptionSession]) -> None:
        """End the input of all sessions after Ctrl-C, and wait for the last text."""
        self._interrupted = True
        sessions[0].notify(Notice("warning", WAITING))  # first, because the end may come at once
        for session in sessions:
            session.end_input()

    def _hurry(self, sessions: Sequence[TranscriptionSession]) -> None:
        """End the input after SIGTERM: as after Ctrl-C, but with one reconnect at most, and leave after HURRY_S."""
        self._interrupted = True
        sessions[0].notify(Notice("warning", f"{WAITING}, at the latest in {HURRY_S:g} s"))
        for session in sessions:
            session.end_input(attempts=1)
            timer = Timer(HURRY_S, session.leave)
            timer.daemon = True
            timer.start()


def _settled_ms(partial: Partial) -> int:
    """Return where the settled words of a partial end, as far as it has word times; else where it begins."""
    rest = partial.settled
    end_ms = partial.begin_ms
    for word in partial.words:
        rest = rest.lstrip()
        if not rest.startswith(word.text):
            break
        rest, end_ms = rest[len(word.text) + len(word.punctuation) :], word.end_ms
    return end_ms
