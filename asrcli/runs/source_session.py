"""The sessions of sources that are transcribed at the same time, and their events in one stream."""

from collections.abc import Callable, Generator, Hashable, Iterator, Sequence
from dataclasses import replace
from functools import partial

from asrcli.core.errors import AsrError, BudgetReached, bare_url
from asrcli.core.event_placement import shift_final
from asrcli.core.events import Began, Event, Notice, Progress, Ready, Usage
from asrcli.core.interfaces import Source, earlier_finals
from asrcli.engine.connection_pool import ConnectionPool
from asrcli.engine.inbox import ThreadCrashed
from asrcli.engine.outbox import Outbox, is_passing, replaces
from asrcli.engine.session import SessionItem, SessionLeft, TranscriptionSession
from asrcli.engine.session_result import PROGRESS_EVERY_S, SessionResult
from asrcli.runs.plan import RunPlan, shared_thread

SLOW_S = 0.5  # a service that answers sooner is not worth a line that says that it is called
UNSHOWN_PROGRESS_S = 1.0  # how often progress is emitted at most where no output shows it


class SourceSession:
    """A source and its session, which begins at `begin_ms` on the timeline of the run.

    `shown` says whether an output shows its progress.
    """

    def __init__(
        self, source: Source, begin_ms: int, plan: RunPlan, idle: ConnectionPool, *, shown: bool = False
    ) -> None:
        self.source = source
        self.begin_ms = begin_ms
        self._model = plan.model
        self.begun = False
        self.usage = Usage()  # what the service has counted up to now
        start = source.format.samples(begin_ms)
        progress_s = UNSHOWN_PROGRESS_S
        if shown:
            progress_s = PROGRESS_EVERY_S
        pace = None
        if source.live is None:
            pace = plan.pace
        self.session = TranscriptionSession(
            source,
            start,
            make_codec=lambda: plan.codec(source),
            dial=plan.dial_for(source),
            connection=plan.connection,
            pace=pace,
            clock=plan.clock,
            shared=shared_thread,
            retries=plan.retries,
            idle=idle,
            jitter=plan.jitter,
            fallback=plan.fallback,
            progress_s=progress_s,
            earlier=[shift_final(final, begin_ms - source.begin_ms) for final in earlier_finals(source)],
        )

    def begin(self, ready: Ready) -> Began:
        """Return the event for the moment when the service listens to this source for the first time."""
        source = self.source
        self.begun = True
        return Began(
            bare_url(source.name), self._model, ready.task_id, self.begin_ms, source.duration_ms, source.speaker,
            ready.engine,
        )  # fmt: skip

    def unheard(self, result: SessionResult, end_ms: int, *, cut: bool) -> SessionResult:
        """Return the result of a channel of a file that no service has heard, while one heard others: it is undecided.

        It ends at `end_ms`, where others end, if its length is not known, or if the user or a budget has `cut` them.
        """
        if self.source.duration_ms is not None and not cut:
            end_ms = self.begin_ms + self.source.duration_ms
        end_ms = max(self.begin_ms, end_ms)
        totals = replace(result.totals, open_ms=end_ms - self.begin_ms)
        undecided = ((self.begin_ms, end_ms),)
        return replace(result, end=self.source.format.samples(end_ms), undecided=undecided, totals=totals)


class RunningSessions:
    """The sessions of sources that are transcribed at the same time.

    Args:
        sources: The sources with their sessions.
        describe: Returns the line for a person that tells of an error.
        accepts_delay: A passing event, such as a partial, may come together with the next event that is not passing.
        shows_call: Yield a Progress without audio if no service answers within SLOW_S.
    """

    def __init__(
        self,
        sources: Sequence[SourceSession],
        describe: Callable[[AsrError], str] = str,
        *,
        accepts_delay: bool,
        shows_call: bool = False,
    ) -> None:
        self._sources = sources
        self._shows_call = shows_call
        self._describe = describe
        can_wait = (lambda item: is_passing(item[1])) if accepts_delay else (lambda _: False)
        self._queue: Outbox[tuple[SourceSession, SessionItem]] = Outbox(_replaces, can_wait)

    def events(self) -> Generator[tuple[SourceSession, Event], None, None]:
        """Begin all of them, and yield their events as they come, until all are over.

        The error of a session is reported at once where others go on: that may be for hours.

        Raises:
            SessionLeft: `leave` of a session was called.
        """
        for one in self._sources:
            one.session.announce()
        for one in self._sources:
            one.session.start(partial(self._put, one))
        self._queue.filled_by(shared_thread())  # not before: to start it takes longer than to open a file
        going_on = len(self._sources)
        if self._shows_call and not self._queue.wait(SLOW_S):
            yield self._sources[0], Progress(self._sources[0].begin_ms)
        while going_on:
            one, item = self._queue.get()
            if (event := one.session.read(item)) is None:
                going_on -= 1
                error = one.session.result.error
                if going_on and error is not None and not isinstance(error, BudgetReached):  # it ends the others too
                    yield one, self._failed(one, error)
            else:
                yield one, event
        for one in self._sources:
            one.session.join_capture()

    def _failed(self, one: SourceSession, error: AsrError) -> Notice:
        error.reported = True
        name = one.source.speaker or bare_url(one.source.name)
        return Notice("warning", f"{name} is not transcribed any more: {self._describe(error)}")

    def abandon(self) -> Generator[tuple[SourceSession, Event], None, None]:
        """End all sessions now, where `events` was left in the middle, set their results, and yield what is unread.

        At once what has come: to end the sessions takes seconds, and another signal may come meanwhile. Then the rest:
        they go on until they end, and their results count all that they have emitted.
        """
        try:
            yield from self._unread()
        finally:
            for one in self._sources:
                one.session.result = one.session.abandon()
        yield from self._unread()

    def _unread(self) -> Iterator[tuple[SourceSession, Event]]:
        for one, item in self._queue.waiting():
            if not isinstance(item, SessionResult | ThreadCrashed | SessionLeft):
                yield one, item

    def _put(self, one: SourceSession, item: SessionItem) -> None:
        self._queue.put((one, item))


def _replaces(item: tuple[SourceSession, SessionItem]) -> tuple[int, Hashable] | None:
    key = replaces(item[1])
    if key is None:
        return None
    return id(item[0]), key
