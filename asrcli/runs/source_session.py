"""A source in its session, and the events of several such sessions as one stream."""

from collections.abc import Generator, Hashable, Sequence
from threading import Thread

from asrcli.core.errors import bare_url
from asrcli.core.events import Began, Event, Usage
from asrcli.core.interfaces import Source
from asrcli.engine.connection_pool import ConnectionPool
from asrcli.engine.outbox import Outbox, replaces
from asrcli.engine.session import TranscriptionSession
from asrcli.runs.plan import RunPlan


class SourceSession:
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


def merge_events(heard: Sequence[SourceSession]) -> Generator[tuple[SourceSession, Event], None, None]:
    """The events of sessions that run at once, as they come."""
    if len(heard) == 1:
        yield from ((heard[0], event) for event in heard[0].session.events())
        return
    queue: Outbox[tuple[SourceSession, Event | BaseException | None]] = Outbox(_replaces)

    def listen(each: SourceSession) -> None:
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


def _replaces(item: tuple[SourceSession, Event | BaseException | None]) -> tuple[int, Hashable] | None:
    key = replaces(item[1])
    return None if key is None else (id(item[0]), key)
