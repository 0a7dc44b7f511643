"""Session: one source's conversation with a service, as a stream of events for one listener. Owns its threads."""

from collections.abc import Callable, Iterator
from functools import partial
from random import random
from threading import Thread

from asrcli.core.events import Event, Notice
from asrcli.core.interfaces import ClientCodec, LocalEngine, Source
from asrcli.core.settings import ConnectionSettings, RetrySettings
from asrcli.engine.accounting import SessionResult
from asrcli.engine.capture import capture
from asrcli.engine.connection_pool import ConnectionPool, Dial
from asrcli.engine.inbox import Inbox, SessionAbandoned, StopRequested, ThreadCrashed
from asrcli.engine.loop import SessionLoop
from asrcli.engine.outbox import Outbox, replaces
from asrcli.engine.task_connection import TaskConnection

ROOM = 50  # chunks between capture and connection: five seconds at 100 ms
CLOSE_S = 1.0  # how long a source may take to close; a source that hangs in a read is not waited for
LIVE_ROOM = 12_000  # chunks of a microphone, at 50 ms: ten minutes of audio while no connection takes it


class SessionLeft(Exception):
    """`leave` was called: the listener waits no longer."""


class TranscriptionSession:
    """Started by `events`; ended by the end of its source, by `end_input`, or by an error that no retry helps.

    Args:
        source: Where the audio comes from.
        start: Position of its first sample on the run's timeline.
        make_codec: Makes the client end of the wire, a fresh one for each task.
        dial: Opens a connection.
        connection: How to connect.
        pace: How many times real time the source is read; None as fast as its audio is taken.
        clock: Seconds, monotonic.
        retries: What to do after a loss.
        idle: Open connections that sessions share.
        chance: Returns a number from 0 to 1, a new one each time.
        fallback: The recognizer on this machine that hears while the service is away; None for none.

    Attributes:
        result: What the session came to; set once `events` is exhausted.
    """

    result: SessionResult

    def __init__(
        self,
        source: Source,
        start: int,
        make_codec: Callable[[], ClientCodec],
        dial: Dial,
        connection: ConnectionSettings,
        pace: float | None,
        clock: Callable[[], float],
        retries: RetrySettings | None = None,
        idle: ConnectionPool | None = None,
        chance: Callable[[], float] = random,
        fallback: LocalEngine | None = None,
    ) -> None:
        self._source = source
        self._start = start
        self._pace = pace
        self._clock = clock
        if retries is None or source.audio_format != "pcm":  # a container cannot be sent again from its middle
            retries = RetrySettings()
        retries = retries.of(realtime=source.realtime, pace=pace)
        self._catch_up = retries.catch_up
        room = LIVE_ROOM if source.realtime else ROOM
        self._inbox = Inbox(room, live=source.live is not None)
        self._events: Outbox[Event | SessionResult | ThreadCrashed | SessionLeft] = Outbox(replaces)
        task_connection = TaskConnection(make_codec, dial, connection, self._inbox, clock, idle or ConnectionPool())
        make_loop: Callable[..., SessionLoop] = SessionLoop
        if fallback is not None:
            from asrcli.engine.fallback_loop import FallbackLoop

            make_loop = partial(FallbackLoop, fallback)
        self._loop = make_loop(
            task_connection, self._inbox, self._events.put, clock, chance, source.format, start,
            realtime=source.realtime, retries=retries,
        )  # fmt: skip
        self._capture_thread: Thread | None = None
        self._loop_thread: Thread | None = None

    def events(self) -> Iterator[Event]:
        """Yield all events, in order, until the session is over.

        Raises:
            SessionLeft: `leave` was called.
        """
        self._capture_thread = Thread(target=self._capture, name="capture", daemon=True)
        self._capture_thread.start()
        self._loop_thread = Thread(target=self._run_loop, name="session", daemon=True)
        self._loop_thread.start()
        while not isinstance(item := self._events.get(), SessionResult):
            if isinstance(item, ThreadCrashed):
                raise item.error
            if isinstance(item, SessionLeft):
                raise item
            yield item
        self._capture_thread.join(CLOSE_S)  # a recording is completed, a device is released
        self.result = item

    def end_input(self, attempts: int | None = None) -> None:
        """Take no more audio, and wait for the text of the captured audio. Safe in a signal handler.

        Of a file only audio that was sent counts as captured. `attempts` bounds how often a lost connection is replaced
        from now on; None bounds only the time.
        """
        if self._source.live is not None:
            self._source.live.end()  # the device delivers what it has captured, then ends
        elif self._source.realtime:
            self._inbox.end()
        else:
            self._inbox.drop()
        self._inbox.put(StopRequested(attempts))

    def leave(self) -> None:
        """Make `events` raise SessionLeft. Safe from any thread."""
        self._events.put(SessionLeft())

    def abandon(self) -> SessionResult:
        """End the session, its threads and its connection at once; returns its result up to now."""
        self._inbox.end()
        self._inbox.put(SessionAbandoned())
        if self._capture_thread is not None:
            self._capture_thread.join(CLOSE_S)
        return self._loop.result(None, broken=True)

    def join(self) -> None:
        """Wait until an abandoned session has hung up; one that is still dialling is left behind after a second."""
        if self._loop_thread is not None:
            self._loop_thread.join(CLOSE_S)

    def notify(self, notice: Notice) -> None:
        """Add a notice to the events."""
        self._events.put(notice)

    def _capture(self) -> None:
        capture(self._source, self._start, self._inbox, self._events.put, self._pace, self._clock, self._catch_up)

    def _run_loop(self) -> None:
        try:
            self._events.put(self._loop.run(self._source.duration_ms))
        except BaseException as exc:  # the top of a thread: `events` raises it
            self._events.put(ThreadCrashed(exc))
