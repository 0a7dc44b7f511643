"""Session: one source through one task, as a stream of events for one listener. Owns the threads that make it so."""

from collections.abc import Callable, Iterator
from random import random
from threading import Thread

from asrcli.core.events import Event, Notice
from asrcli.core.interfaces import ClientCodec, Source, Transport
from asrcli.core.settings import ConnectionSettings, RetrySettings
from asrcli.engine.accounting import SessionResult
from asrcli.engine.capture import capture
from asrcli.engine.connection import TaskConnection
from asrcli.engine.connection_pool import ConnectionPool
from asrcli.engine.inbox import AbandonRequested, Inbox, StopRequested, ThreadCrashed
from asrcli.engine.loop import SessionLoop
from asrcli.engine.outbox import Outbox, replaces

ROOM = 50  # chunks between capture and wire: five seconds at 100 ms
CLOSE_S = 1.0  # how long a source may take to close; one that hangs in a read is left behind
LIVE_ROOM = 12_000  # of a microphone, at 50 ms: ten minutes while a connection comes up or lets us wait


class SessionLeft(Exception):
    """The listener was told not to wait any longer."""


class TranscriptionSession:
    """Started by `events`, ended by the end of its source, by `end_input`, or by what befalls the connection.

    `make_codec` makes the client end of the wire, fresh for each task; `chance` a number from 0 to 1, anew each time.
    """

    result: SessionResult  # set once `events` is exhausted

    def __init__(
        self,
        source: Source,
        start: int,
        make_codec: Callable[[], ClientCodec],
        dial: Callable[[str, ConnectionSettings], Transport],
        connection: ConnectionSettings,
        pace: float | None,
        clock: Callable[[], float],
        retries: RetrySettings | None = None,
        idle: ConnectionPool | None = None,
        chance: Callable[[], float] = random,
    ) -> None:
        self._source, self._start, self._pace, self._clock = source, start, pace, clock
        # A container cannot be sent again from its middle.
        retries = retries if retries is not None and source.audio_format == "pcm" else RetrySettings()
        retries = retries.of(realtime=source.realtime, pace=pace)
        self._catch_up = retries.catch_up
        room = LIVE_ROOM if source.realtime else ROOM
        self._inbox = Inbox(room, live=source.live is not None)
        self._events: Outbox[Event | SessionResult | ThreadCrashed | SessionLeft] = Outbox(replaces)
        line = TaskConnection(make_codec, dial, connection, self._inbox, clock, idle or ConnectionPool())
        self._loop = SessionLoop(
            line, self._inbox, self._events.put, clock, chance, source.format, start,
            realtime=source.realtime, retries=retries,
        )  # fmt: skip
        self._capturing: Thread | None = None
        self._conversing: Thread | None = None

    def events(self) -> Iterator[Event]:
        """Everything that happens, in order, until the session is over.

        Raises:
            Leave: `leave` was called.
        """
        self._capturing = Thread(target=self._capture, name="capture", daemon=True)
        self._capturing.start()
        self._conversing = Thread(target=self._converse, name="session", daemon=True)
        self._conversing.start()
        while not isinstance(item := self._events.get(), SessionResult):
            if isinstance(item, ThreadCrashed):
                raise item.error
            if isinstance(item, SessionLeft):
                raise item
            yield item
        self._capturing.join(CLOSE_S)  # a recording gets its end, a device is given back
        self.result = item

    def end_input(self, attempts: int | None = None) -> None:
        """Take no more audio and await the text of what is captured. Safe in a signal handler.

        Of a file only what was sent counts as captured. `attempts` is how often a lost connection is made anew from now
        on; None leaves that to how long it takes.
        """
        if self._source.live is not None:
            self._source.live.end()  # what it has heard up to now is on its way
        elif self._source.realtime:
            self._inbox.end()
        else:
            self._inbox.drop()
        self._inbox.put(StopRequested(attempts))

    def leave(self) -> None:
        """Let the listener wait no longer. Safe from any thread."""
        self._events.put(SessionLeft())

    def abandon(self) -> SessionResult:
        """End it at once, its threads and its connection too; what is known of it up to now."""
        self._inbox.end()
        self._inbox.put(AbandonRequested())
        if self._capturing is not None:
            self._capturing.join(CLOSE_S)
        return self._loop.result(None, broken=True)

    def join(self) -> None:
        """Wait until an abandoned session has hung up; one that is still dialling is left behind after a second."""
        if self._conversing is not None:
            self._conversing.join(CLOSE_S)

    def notify(self, notice: Notice) -> None:
        """Let the listener hear a notice, in order with the events."""
        self._events.put(notice)

    def _capture(self) -> None:
        capture(self._source, self._start, self._inbox, self._events.put, self._pace, self._clock, self._catch_up)

    def _converse(self) -> None:
        try:
            self._events.put(self._loop.run(self._source.duration_ms))
        except BaseException as exc:  # the top of a thread: the main thread must hear of it
            self._events.put(ThreadCrashed(exc))
