"""The sessions of sources that are transcribed at the same time, and their events in one stream."""

from collections.abc import Generator, Hashable, Sequence
from functools import partial

from asrcli.core.errors import bare_url
from asrcli.core.events import Began, Event, Ready, Usage
from asrcli.core.interfaces import Source
from asrcli.engine.connection_pool import ConnectionPool
from asrcli.engine.outbox import Outbox, replaces
from asrcli.engine.session import SessionItem, TranscriptionSession
from asrcli.runs.plan import RunPlan, shared_thread


class SourceSession:
    """A source and its session, which begins at `begin_ms` on the timeline of the run."""

    def __init__(self, source: Source, begin_ms: int, plan: RunPlan, idle: ConnectionPool, progress_s: float) -> None:
        self.source = source
        self.begin_ms = begin_ms
        self._model = plan.model
        self.begun = False
        self.usage = Usage()  # what the service has counted up to now
        start = source.format.samples(begin_ms)
        pace = None
        if source.live is None:
            pace = plan.pace
        self.session = TranscriptionSession(
            source, start, lambda: plan.codec(source), plan.dial, plan.connection, pace, plan.clock, shared_thread,
            plan.retries, idle, plan.chance, plan.fallback, progress_s,
        )  # fmt: skip

    def begin(self, ready: Ready) -> Began:
        """Return the event for the moment when the service listens to this source for the first time."""
        source = self.source
        self.begun = True
        return Began(
            bare_url(source.name), self._model, ready.task_id, self.begin_ms, source.duration_ms, source.speaker,
            ready.engine,
        )  # fmt: skip


def merged_events(running: Sequence[SourceSession]) -> Generator[tuple[SourceSession, Event], None, None]:
    """Yield the events of sessions that run at the same time, as they come."""
    if len(running) == 1:
        yield from ((running[0], event) for event in running[0].session.events())
        return
    queue: Outbox[tuple[SourceSession, SessionItem]] = Outbox(_replaces)
    for one in running:
        one.session.start(partial(_put, queue, one))
    going_on = len(running)
    while going_on:
        one, item = queue.get()
        if (event := one.session.read(item)) is None:
            going_on -= 1
        else:
            yield one, event
    for one in running:
        one.session.join_capture()


def _put(queue: "Outbox[tuple[SourceSession, SessionItem]]", one: SourceSession, item: SessionItem) -> None:
    queue.put((one, item))


def _replaces(item: tuple[SourceSession, SessionItem]) -> tuple[int, Hashable] | None:
    key = replaces(item[1])
    if key is None:
        return None
    return id(item[0]), key
