"""Session: one source's conversation with a service, as events for one listener. Owns its capture thread."""

from collections.abc import Callable, Iterable, Iterator
from functools import partial
from random import random
from threading import Event as Flag
from threading import Thread
from typing import TYPE_CHECKING

from asrcli.core.events import Event, Final, Notice
from asrcli.core.interfaces import ClientCodec, LocalEngine, Source
from asrcli.core.lazy_module import LazyModule
from asrcli.core.settings import ConnectionSettings, RetrySettings
from asrcli.core.shared_thread import SharedThread
from asrcli.engine.capture import capture
from asrcli.engine.connection_pool import ConnectionPool, Dial
from asrcli.engine.inbox import Inbox, SessionAbandoned, StopRequested, ThreadCrashed
from asrcli.engine.outbox import Outbox, replaces
from asrcli.engine.schedule import Batches, Schedule
from asrcli.engine.session_result import PROGRESS_EVERY_S, SessionResult

if TYPE_CHECKING:
    from asrcli.engine import driver, loop, task_connection
    from asrcli.recovery import resume_point
else:  # loaded when the clock of the session runs, while the first audio is spoken
    driver = LazyModule("asrcli.engine.driver")
    loop = LazyModule("asrcli.engine.loop")
    task_connection = LazyModule("asrcli.engine.task_connection")
    resume_point = LazyModule("asrcli.recovery.resume_point")

ROOM = 50  # chunks between capture and connection: five seconds at 100 ms
PACED_ROOM = 20  # chunks that are read before they are due
CLOSE_S = 1.0  # how long a source may take to close; a source that hangs in a read is not waited for
LIVE_ROOM = 12_000  # chunks of a microphone, at 50 ms: ten minutes of audio while no connection takes it


class SessionLeft(Exception):
    """Raised after `leave` was called: the listener does not wait any longer."""


SessionItem = Event | SessionResult | ThreadCrashed | SessionLeft


class TranscriptionSession:
    """Started by `events`; ended by the end of its source, by `end_input`, or by an error that no retry helps.

    Args:
        source: Where the audio comes from.
        start: Position of its first sample on the run's timeline.
        make_codec: Makes the client end of the wire, a fresh one for each task.
        dial: Opens a connection; called in a thread of its own, where it may wait.
        connection: How to connect.
        pace: How many times real time the source is read; None as fast as its audio is taken.
        clock: Seconds, monotonic.
        shared: Starts or returns the thread on which the session runs, with all others of the process.
        retries: What to do after a loss.
        idle: Open connections that sessions share.
        jitter: Returns a number from 0 to 1, a new one each time.
        fallback: The recognizer on this machine for outages; None for none.
        progress_s: How often the progress is emitted at most.
        earlier: Finals of an earlier run that this one continues: what comes again is not emitted.

    Attributes:
        result: The result of the session; set once `events` is exhausted.
    """

    result: SessionResult

    def __init__(
        self,
        source: Source,
        start: int,
        *,
        make_codec: Callable[[], ClientCodec],
        dial: Dial,
        connection: ConnectionSettings,
        pace: float | None,
        clock: Callable[[], float],
        shared: Callable[[], SharedThread],
        retries: RetrySettings | None = None,
        idle: ConnectionPool | None = None,
        jitter: Callable[[], float] = random,
        fallback: LocalEngine | None = None,
        progress_s: float = PROGRESS_EVERY_S,
        earlier: Iterable[Final] = (),
    ) -> None:
        self._source = source
        self._start = start
        self._clock = clock
        self._shared = shared
        if retries is None or source.audio_format != "pcm":  # a container cannot be sent again from its middle
            retries = RetrySettings()
        retries = retries.of(realtime=source.realtime, pace=pace, can_wait=source.live is None)
        room = ROOM
        schedule = batches = None
        if source.realtime:
            room = LIVE_ROOM
        if pace is not None:
            room = PACED_ROOM
            schedule = Schedule(clock, source.format.rate, pace, retries.catch_up)
        elif not source.realtime:
            batches = Batches(clock, ROOM // 2)
        self._inbox = Inbox(room, live=source.live is not None, schedule=schedule, batches=batches)
        self._outbox: Outbox[SessionItem] = Outbox(replaces)
        self._put: Callable[[SessionItem], object] = self._outbox.put
        pool = idle or ConnectionPool()
        self._connection = task_connection.TaskConnection(
            make_codec, dial, connection, self._inbox, clock, pool, earlier=earlier, begin_ms=source.format.ms(start)
        )
        self._loop = _loop_class(fallback)(
            self._connection, self._inbox, self._emit, clock, jitter, source.format, start,
            realtime=source.realtime, retries=retries, progress_s=progress_s,
        )  # fmt: skip
        self._capture_thread: Thread | None = None
        self._ended = Flag()
        self._ended.set()  # cleared while the session runs

    def events(self) -> Iterator[Event]:
        """Yield all events, in order, until the session is over.

        Raises:
            SessionLeft: `leave` was called.
        """
        self.start(self._outbox.put)
        while (event := self.read(self._outbox.get())) is not None:
            yield event
        self.join_capture()

    def announce(self) -> None:
        """Tell the sessions that share the connections that this one will connect, before any of them starts."""
        self._connection.announce()

    def start(self, put: Callable[[SessionItem], object]) -> None:
        """Begin. `put` is called with each item for `read`, from other threads, and must not wait."""
        self._put = put
        self._capture_thread = Thread(target=self._capture, name="capture", daemon=True)
        self._capture_thread.start()
        self._ended.clear()
        steps = self._loop.run(self._source.duration_ms)
        driver.SessionDriver(steps, self._inbox, self._shared(), self._clock, self._end).start()

    def read(self, item: SessionItem) -> Event | None:
        """Return the event that an item is; None at the end of the session, which sets `result`.

        Raises:
            SessionLeft: `leave` was called.
        """
        if isinstance(item, ThreadCrashed):
            raise item.error
        if isinstance(item, SessionLeft):
            raise item
        if isinstance(item, SessionResult):
            self.result = item
            return None
        return item

    def join_capture(self) -> None:
        """Wait until the source is closed, at most CLOSE_S: a recording is completed, a device is released."""
        if self._capture_thread is not None:
            self._capture_thread.join(CLOSE_S)

    def end_input(self, attempts: int | None = None) -> None:
        """Take no more audio, and wait for the text of the captured audio. Safe in a signal handler.

        Of a file only audio that was sent counts as captured, and what was read ahead up to the next pause. `attempts`
        bounds how often a lost connection is replaced from now on; None bounds only the time.
        """
        if self._source.live is not None:
            self._source.live.end()  # the device delivers what it has captured, then ends
        elif self._source.realtime:
            self._inbox.end()
        else:
            self._inbox.drop(partial(resume_point.until_pause, audio_format=self._source.format))
        self._inbox.put(StopRequested(attempts))

    def leave(self) -> None:
        """Make `events` raise SessionLeft. Safe from any thread."""
        self._put(SessionLeft())

    def abandon(self) -> SessionResult:
        """End the session, its capture thread and its connection now; returns its result up to now."""
        self._inbox.end()
        self._inbox.put(SessionAbandoned())
        self.join_capture()
        self._ended.wait(CLOSE_S)
        return self._loop.result(None, broken=True)

    def notify(self, notice: Notice) -> None:
        """Add a notice to the events."""
        self._put(notice)

    def _emit(self, event: Event) -> None:
        self._put(event)

    def _capture(self) -> None:
        capture(self._source, self._start, self._inbox, self._emit)

    def _end(self, result: SessionResult | ThreadCrashed) -> None:
        self._put(result)
        self._ended.set()


def _loop_class(fallback: LocalEngine | None) -> "Callable[..., loop.SessionLoop]":
    """Return what makes the loop of a session, with a recognizer on this machine or without."""
    if fallback is None:
        return loop.SessionLoop
    from asrcli.engine.fallback_loop import FallbackLoop

    return partial(FallbackLoop, fallback)
