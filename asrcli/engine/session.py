"""Session: one source through one task, as a stream of events for one listener. Owns the threads that make it so."""

from collections.abc import Callable, Iterator
from queue import SimpleQueue
from threading import Thread

from asrcli.config import Connection, Retries
from asrcli.engine.account import Over
from asrcli.engine.calls import IdleCalls
from asrcli.engine.capture import capture
from asrcli.engine.inbox import Crashed, Inbox
from asrcli.engine.line import Line
from asrcli.engine.loop import Loop
from asrcli.events import Event, Notice
from asrcli.seams import ClientCodec, Source, Transport

ROOM = 50  # chunks between capture and wire: five seconds at 100 ms
CLOSE_S = 1.0  # how long a source may take to close; one that hangs in a read is left behind
LIVE_ROOM = 12_000  # of a microphone, at 50 ms: ten minutes while a connection comes up or lets us wait


class Session:
    """Started by `events`, ended by the end of its source, by `end_input`, or by what befalls the connection.

    `make_codec` makes the client end of the wire, fresh for each task.
    """

    over: Over  # set once `events` is exhausted

    def __init__(
        self,
        source: Source,
        start: int,
        make_codec: Callable[[], ClientCodec],
        dial: Callable[[str, Connection], Transport],
        connection: Connection,
        pace: float | None,
        clock: Callable[[], float],
        retries: Retries | None = None,
        idle: IdleCalls | None = None,
    ) -> None:
        self._source, self._start, self._pace, self._clock = source, start, pace, clock
        live = source.live is not None
        # A container cannot be sent again from its middle.
        retries = retries if retries is not None and source.audio_format == "pcm" else Retries()
        self._inbox = Inbox(LIVE_ROOM if live else ROOM, live=live)
        self._events: SimpleQueue[Event | Over | Crashed] = SimpleQueue()
        line = Line(make_codec, dial, connection, self._inbox, clock, idle or IdleCalls())
        emit = self._events.put
        self._loop = Loop(line, self._inbox, emit, clock, source.format, start, live=live, retries=retries)

    def events(self) -> Iterator[Event]:
        """Everything that happens, in order, until the session is over."""
        self._capturing = Thread(target=self._capture, name="capture", daemon=True)
        self._capturing.start()
        Thread(target=self._converse, name="session", daemon=True).start()
        while not isinstance(item := self._events.get(), Over):
            if isinstance(item, Crashed):
                raise item.error
            yield item
        self._capturing.join(CLOSE_S)  # a recording gets its end, a device is given back
        self.over = item

    def end_input(self) -> None:
        """Take no more audio; what has been captured is still sent and its text awaited. Safe in a signal handler."""
        if self._source.live is None:
            self._inbox.end()
        else:
            self._source.live.end()  # what it has heard up to now is on its way

    def left(self) -> Over:
        """What is known of a session that nobody waits for any more."""
        self._inbox.end()
        self._capturing.join(CLOSE_S)
        return self._loop.over(None, broken=True)

    def notify(self, notice: Notice) -> None:
        """Let the listener hear a notice, in order with the events."""
        self._events.put(notice)

    def _capture(self) -> None:
        capture(self._source, self._start, self._inbox, self._events.put, self._pace, self._clock)

    def _converse(self) -> None:
        try:
            self._events.put(self._loop.converse(self._source.duration_ms))
        except BaseException as exc:  # the top of a thread: the main thread must hear of it
            self._events.put(Crashed(exc))
