"""The program on one page: each source through a session, its events through the transcript to the outputs."""

from collections.abc import Callable, Hashable, Iterator, Sequence
from dataclasses import dataclass, replace
from random import random
from threading import Thread, Timer
from time import monotonic

from asrcli.core.errors import (
    AsrError,
    AudioLost,
    BudgetReached,
    ConnectFailed,
    OutputError,
    ServiceRefused,
    bare_url,
    combine_errors,
)
from asrcli.core.event_placement import label_event
from asrcli.core.events import Began, Billed, Ended, Event, Final, Gap, Notice, Partial, Ready, Usage
from asrcli.core.interfaces import ClientCodec, Output, Source, Transport
from asrcli.core.settings import ConnectionSettings, RetrySettings
from asrcli.core.transcript import Transcript, fold
from asrcli.engine.accounting import SessionResult
from asrcli.engine.connection_pool import ConnectionPool
from asrcli.engine.outbox import Outbox, replaces
from asrcli.engine.session import SessionLeft, TranscriptionSession
from asrcli.recovery.spans import Spans, length
from asrcli.runs.run_account import RunAccount
from asrcli.terminal.interrupts import interruptible

HOPELESS = (ConnectFailed, ServiceRefused, BudgetReached)  # the next source would fare no better
LEFT = "left before its text came"
HURRY_S = 5.0  # whoever sends SIGTERM kills soon after: the last words are waited for no longer
WAITING = "finishing: waiting for the last words; Ctrl-C again to leave now"


@dataclass(frozen=True)
class RunPlan:
    """How to transcribe: whom to ask for which model, and how fast to send (None: as fast as it is taken).

    `codec` makes a codec that suits a source, fresh for each task.
    """

    model: str  # what hears it, by name
    codec: Callable[[Source], ClientCodec]
    dial: Callable[[str, ConnectionSettings], Transport]
    connection: ConnectionSettings
    pace: float | None
    retries: RetrySettings = RetrySettings()  # noqa: RUF009  a frozen value
    free: bool = False  # nobody sends a bill
    cost: Callable[[Usage], float | None] = lambda _: None  # what so much costs, in CNY
    clock: Callable[[], float] = monotonic
    chance: Callable[[], float] = random


@dataclass(frozen=True)
class ConcurrentSources:
    """Sources that are heard at once, each in a session of its own, on one timeline."""

    sources: tuple[Source, ...]


def flatten_sources(sources: Sequence[Source | ConcurrentSources]) -> list[Source]:
    """All sources, one by one."""
    return [
        each for source in sources for each in (source.sources if isinstance(source, ConcurrentSources) else (source,))
    ]


class Run:
    """Sources one after the other on one timeline, one transcript, any number of outputs.

    `idle` holds connections that runs share; whoever made it closes it.
    """

    def __init__(self, plan: RunPlan, outputs: Sequence[Output], idle: ConnectionPool | None = None) -> None:
        self._plan, self._outputs = plan, list(outputs)
        self._transcript = Transcript()
        self._account = RunAccount()
        self._began = plan.clock()
        self._interrupted = False
        self._heard = False  # a service has listened to us: there is something to account for
        self._idle, self._shared = idle or ConnectionPool(), idle is not None
        self._live = False  # all that is heard is of the present
        self._failed: list[AsrError] = []  # outputs that were given up

    def transcribe(self, sources: Sequence[Source | ConcurrentSources], notices: Sequence[Notice] = ()) -> Ended:
        """Run to the end and let the outputs hear the account, and before it what a listener should know.

        Raises:
            AsrError: what ended the run early, what was wrong with a source (Several: with some of them), or AudioLost
                when all came to their end but with gaps.
            KeyboardInterrupt: the user ended it; all that was settled has been put out.
        """
        errors = self._failed
        left, self._live = False, all(source.live is not None for source in flatten_sources(sources))
        try:
            for notice in notices:
                self._emit(notice)
            for number, source in enumerate(sources, 1):
                failed = self._sessions(flatten_sources([source]))
                errors += failed
                if self._interrupted or any(isinstance(error, HOPELESS) for error in failed):
                    break
                for error in failed if number < len(sources) else ():
                    self._emit(Notice("warning", str(error)))
                    error.reported = True
        except KeyboardInterrupt:
            left = True
        finally:
            if not self._shared:
                self._idle.close()
        elapsed_s = self._plan.clock() - self._began
        billed = self._billed(self._account.usage)
        ended = self._account.ended(self._transcript.sentences, elapsed_s, billed, self._plan.model, live=self._live)
        if self._heard:
            self._emit(ended)
        if left or (self._interrupted and not self._live and not errors):  # to interrupt is the way to end a microphone
            raise KeyboardInterrupt
        if errors:
            raise combine_errors(errors)
        if ended.lost_ms:
            raise AudioLost(ended.lost_ms)
        return ended

    def _sessions(self, sources: Sequence[Source]) -> list[AsrError]:
        """Sources at once, each in its session; what went wrong with them."""
        plan, now_ms = self._plan, self._account.end_ms
        self._emit(Notice("info", f"connecting to {bare_url(plan.connection.url)}"))
        heard = [_SourceSession(source, now_ms + source.begin_ms, plan, self._idle) for source in sources]
        try:
            sessions = [each.session for each in heard]
            with interruptible(lambda: self._finish(sessions), lambda: self._hurry(sessions)):
                for each, event in _merged(heard):
                    if isinstance(event, Billed):
                        each.usage = event.usage
                        self._emit(self._billed(sum((one.usage for one in heard), self._account.usage)))
                        continue
                    self._emit(label_event(event, each.source.speaker))
                    if isinstance(event, Ready):
                        self._heard = True
                        self._emit(Notice("info", f"the service listens: task {event.task_id}"))
                        if not each.begun:
                            self._emit(each.began(event.task_id))
        except (KeyboardInterrupt, SessionLeft):
            for each in heard:
                self._leave(each, each.session.abandon(), concurrent=each is not heard[0])
            raise KeyboardInterrupt from None
        except BaseException:
            for each in heard:
                each.session.abandon()
            raise
        for each in heard:
            result, abreast = each.session.result, each is not heard[0]
            self._account.add(result, each.begin_ms, each.source.format.ms(result.end), concurrent=abreast)
        return [error for each in heard if (error := each.session.result.error) is not None]

    def _billed(self, usage: Usage) -> Billed:
        """What that comes to; nothing where nobody sends a bill."""
        if self._plan.free:
            return Billed(Usage())
        cost = self._plan.cost(usage)
        return Billed(usage, None if cost is None else round(cost, 6))

    def _leave(self, each: "_SourceSession", result: SessionResult, *, concurrent: bool) -> None:
        """Put out the settled words of open sentences, and name what was sent and not waited for."""
        speaker, end_ms = each.source.speaker, each.source.format.ms(result.end)
        kept: list[tuple[int, int]] = []
        for partial in list(self._transcript.open.values()):
            if partial.speaker == speaker and (settled := partial.settled.strip()):
                final = Final(partial.key, partial.begin_ms, _settled_ms(partial), settled, speaker=speaker)
                self._emit(replace(final, translation=partial.translation, translated_into=partial.translated_into))
                kept.append((final.begin_ms, final.end_ms))
        words = Spans(kept)
        gaps = [part for span in result.undecided for part in words.missing(*span)]
        for gap_begin_ms, gap_end_ms in gaps:
            self._emit(Gap(gap_begin_ms, gap_end_ms, LEFT, speaker))
        lost_ms = length(gaps)
        totals = result.totals
        final_ms = totals.final_ms + totals.open_ms - lost_ms
        totals = replace(totals, final_ms=final_ms, lost_ms=totals.lost_ms + lost_ms, open_ms=0)
        self._account.add(
            replace(result, totals=totals), each.begin_ms, max(end_ms, each.begin_ms), concurrent=concurrent
        )

    def _emit(self, event: Event) -> None:
        """Fold an event and let each output hear it; an output that fails is given up, and the others go on."""
        self._transcript = fold(self._transcript, event)
        failed: list[OutputError] = []
        for output in list(self._outputs):
            try:
                output.handle(event, self._transcript)
            except OutputError as exc:
                self._outputs.remove(output)
                failed.append(exc)
        self._failed += failed
        if failed and not self._live and not any(not getattr(output, "passive", False) for output in self._outputs):
            raise failed[0]  # a file is not transcribed, and paid for, for nobody
        for error in failed:
            self._emit(Notice("warning", f"{error}; going on without it"))

    def _finish(self, sessions: Sequence[TranscriptionSession]) -> None:
        self._interrupted = True
        for session in sessions:
            session.end_input()
        sessions[0].notify(Notice("warning", WAITING))

    def _hurry(self, sessions: Sequence[TranscriptionSession]) -> None:
        """SIGTERM: like Ctrl-C, with one attempt at most, and an end that comes whatever the service does."""
        self._interrupted = True
        sessions[0].notify(Notice("warning", f"{WAITING}, at the latest in {HURRY_S:g} s"))
        for session in sessions:
            session.end_input(attempts=1)
            timer = Timer(HURRY_S, session.leave)
            timer.daemon = True
            timer.start()


class _SourceSession:
    """A source in its session."""

    def __init__(self, source: Source, begin_ms: int, plan: RunPlan, idle: ConnectionPool) -> None:
        self.source, self.begin_ms, self.begun, self._model = source, begin_ms, False, plan.model
        self.usage = Usage()  # as the service has counted it by now
        start, pace = source.format.samples(begin_ms), plan.pace if source.live is None else None
        self.session = TranscriptionSession(
            source, start, lambda: plan.codec(source), plan.dial, plan.connection, pace, plan.clock, plan.retries, idle,
            plan.chance,
        )  # fmt: skip

    def began(self, task_id: str) -> Began:
        """What is told when the service listens for the first time."""
        source, self.begun = self.source, True
        return Began(bare_url(source.name), self._model, task_id, self.begin_ms, source.duration_ms, source.speaker)


def _merged(heard: Sequence[_SourceSession]) -> Iterator[tuple[_SourceSession, Event]]:
    """The events of sessions that run at once, as they come."""
    if len(heard) == 1:
        yield from ((heard[0], event) for event in heard[0].session.events())
        return
    queue: Outbox[tuple[_SourceSession, Event | BaseException | None]] = Outbox(_replaces)

    def listen(each: _SourceSession) -> None:
        try:
            for event in each.session.events():
                queue.put((each, event))
            queue.put((each, None))
        except BaseException as exc:  # the top of a thread: the main thread must hear of it
            queue.put((each, exc))

    for each in heard:
        Thread(target=listen, args=(each,), name="listen", daemon=True).start()
    ended = 0
    while ended < len(heard):
        each, item = queue.get()
        if isinstance(item, BaseException):
            raise item
        if item is None:
            ended += 1
        else:
            yield each, item


def _replaces(item: tuple[_SourceSession, Event | BaseException | None]) -> tuple[int, Hashable] | None:
    key = replaces(item[1])
    return None if key is None else (id(item[0]), key)


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
