"""One open WebSocket: written on the I/O thread, with flow control, liveness, and a listener for what comes."""

from collections import deque
from collections.abc import Callable
from enum import Enum, auto
from functools import partial
from queue import SimpleQueue
from threading import Event, Lock
from typing import Any

from asrcli.core.errors import ConnectionLost
from asrcli.core.message import Binary, Closed, Message, Text, Writable
from asrcli.protocol.engine_header import ENGINE_HEADER, engine_name
from asrcli.transport.connection_errors import header
from asrcli.transport.flow_control import MARKS, UNTAKEN, FlowControl, Liveness, LivenessAction
from asrcli.transport.handshake import Handshake
from asrcli.transport.io_thread import CLOSING, IoThread
from asrcli.transport.websocket_protocol import CLOSED_HERE, WebSocketProtocol, ended

MOST_UNREAD_BYTES, MOST_UNREAD = 4 << 20, 1000  # above these, bytes and messages, we stop reading from the network
GOODBYE_S = 0.25  # how long `close` waits until our last messages are on their way
PING_BYTES = 10
MOST_ROUND_TRIPS = 20


class _Order(Enum):
    """What the writer does between two messages."""

    PING = auto()
    MARK = auto()  # send a ping that measures how much was read
    CLOSE = auto()


class WebSocket:
    """A Transport, and the listener of the library's connection.

    `send`, `recv`, `close`, `listen` and the properties are safe from any thread. The rest runs on the I/O thread,
    where `send` writes at once.
    """

    def __init__(self, client: WebSocketProtocol, io: IoThread, stall_s: float, keepalive_s: float) -> None:
        self._client = client
        self._io = io
        self._lock = Lock()  # guards the next four lines
        self._flow = FlowControl()
        self._outgoing: deque[tuple[bytes, bool] | _Order] = deque()
        self._closing = False
        self._end: Closed | None = None
        self._goodbye_sent = Event()
        self._incoming: SimpleQueue[Message | Writable | BaseException] = SimpleQueue()
        self._listener: Callable[[Message | Writable | BaseException], object] | None = None
        self._reading_paused = False
        self._arrived = self._arrived_bytes = 0  # messages that were put into the queue
        self._taken = self._taken_bytes = 0  # messages that `recv` took out of it
        self._liveness = Liveness(stall_s, keepalive_s, io.time())
        self._marked_at = deque[float]()
        self.round_trips_s = deque[float](maxlen=MOST_ROUND_TRIPS)  # of the last pings
        self._close_reason = ""  # why this end closed the connection; empty while it has not
        self._ticks = io.later(self._liveness.interval_s, self._tick)
        self._ping(mark=False)  # if the other end answers, pings will measure it
        io.abort_at_end(client)
        client.listen(self)

    @property
    def writable(self) -> bool:
        """Whether more audio should be sent now; also true after the end, which `send` raises."""
        return self._flow.room or self._end is not None

    @property
    def silent_s(self) -> float:
        """Seconds since any data arrived, answers to pings included."""
        return max(0.0, self._io.time() - self._client.data_at)

    @property
    def engine(self) -> str:
        """The recognizer that the other end named in the handshake; empty if it named none."""
        response = self._client.response
        return "" if response is None else engine_name(header(response.headers, ENGINE_HEADER))

    @property
    def handshake(self) -> Handshake:
        """What was sent and answered when the connection opened."""
        request, response = self._client.request, self._client.response
        assert request is not None  # noqa: S101  the connection is open
        assert response is not None  # noqa: S101
        sent, answered = tuple(request.headers.raw_items()), tuple(response.headers.raw_items())
        return Handshake(request.path, sent, response.status_code, response.reason_phrase, answered)

    def send(self, message: Message) -> None:
        """Queue a text or binary message. Never waits.

        Raises:
            ConnectionLost: the connection is over.
        """
        if text := isinstance(message, Text):
            data = message.data.encode("utf-8", "replace")
        elif isinstance(message, Binary):
            data = message.data
        else:
            data = b""
        with self._lock:
            end = self._end or self._client.goodbye
            if end is None and self._closing:
                end = Closed(1000, CLOSED_HERE)
            if end is not None:
                raise ConnectionLost(end.reason, end.code, end.silent_s)
            if at_once := self._io.is_current and not self._outgoing and not self._client.full:
                mark = self._flow.passed(len(data))
            else:
                self._outgoing.append((data, text))
                if self._flow.queued(len(data)):
                    self._outgoing.append(_Order.MARK)
        if not at_once:
            self._write_soon()
            return
        try:  # nothing waits before it: it needs no queue
            self._liveness.wrote(len(data))
            self._client.write(data, text=text)
            if mark:
                self._ping(mark=True)
        except Exception as exc:  # a fault of ours: the listener, or `recv`, raises it
            self._fail(exc)

    def listen(self, deliver: Callable[[Message | Writable | BaseException], object]) -> None:
        """Call `deliver` on the I/O thread with what has come and what will come; then nothing waits for `recv`."""
        if self._io.is_current:
            self._listen(deliver)
        else:
            self._io.soon(partial(self._listen, deliver))

    def recv(self) -> Message | Writable:
        """Wait for the next message; after the end of the connection every call returns Closed."""
        item = self._incoming.get()
        if isinstance(item, BaseException):
            raise item
        if isinstance(item, Closed):
            self._incoming.put(item)
        elif isinstance(item, Text | Binary):
            self._taken += 1
            self._taken_bytes += len(item.data)
            if self._reading_paused and self._read_enough():
                self._io.soon(self._resume_reading)
        return item

    def close(self) -> None:
        """Close the connection after the queued messages, without waiting for the answer of the other end."""
        with self._lock:
            if self._closing or self._end is not None:
                return
            self._closing = True
            self._close_reason = self._close_reason or CLOSED_HERE
            self._outgoing.append(_Order.CLOSE)
        self._write_soon()
        self._io.soon(self._client.bound_close)
        if not self._io.is_current:
            self._goodbye_sent.wait(GOODBYE_S)

    def message(self, message: Text | Binary) -> None:
        """Hand a message on; where nobody takes the messages, read no more of them from the network for a while."""
        if self._listener is not None:
            self._listener(message)
            return
        self._arrived += 1
        self._arrived_bytes += len(message.data)
        self._incoming.put(message)
        unread, unread_bytes = self._arrived - self._taken, self._arrived_bytes - self._taken_bytes
        if not self._reading_paused and (unread > MOST_UNREAD or unread_bytes > MOST_UNREAD_BYTES):
            self._reading_paused = True
            self._client.transport.pause_reading()
            self._resume_reading()  # `recv` may have taken them before it could see that we paused

    def room(self) -> None:
        """Write what waits: the library takes data again."""
        self._write()

    def end(self) -> None:
        """Report the end of the connection: it comes after all messages."""
        self._ticks.cancel()
        end = ended(self._client, self._close_reason, self._liveness.dead_s)
        with self._lock:
            self._end = end
        self._deliver(end)
        self._goodbye_sent.set()

    def _listen(self, deliver: Callable[[Message | Writable | BaseException], object]) -> None:
        while not self._incoming.empty():
            deliver(self._incoming.get())
        self._listener = deliver
        self._taken, self._taken_bytes = self._arrived, self._arrived_bytes
        self._resume_reading()

    def _deliver(self, item: Message | Writable | BaseException) -> None:
        (self._listener or self._incoming.put)(item)

    def _resume_reading(self) -> None:
        if self._reading_paused and self._read_enough():
            self._reading_paused = False
            self._client.transport.resume_reading()

    def _read_enough(self) -> bool:
        few = self._arrived - self._taken <= MOST_UNREAD // 2
        return few and self._arrived_bytes - self._taken_bytes <= MOST_UNREAD_BYTES // 2

    def _write_soon(self) -> None:
        """Write what waits, at once on the I/O thread."""
        if self._io.is_current:
            self._write()
        else:
            self._io.soon(self._write)

    def _fail(self, exc: Exception) -> None:
        self._deliver(exc)
        self._client.transport.abort()

    def _write(self) -> None:
        """Write what waits, as far as the library takes it."""
        try:
            while not self._client.full and self._outgoing:
                item = self._outgoing.popleft()  # only this thread takes items out
                if isinstance(item, _Order):
                    self._carry_out(item)
                    continue
                data, text = item
                self._liveness.wrote(len(data))
                self._client.write(data, text=text)
                with self._lock:
                    gained = self._flow.written(len(data))
                self._notify_room(gained=gained)
        except Exception as exc:  # a fault of ours: the listener, or `recv`, raises it
            self._fail(exc)

    def _carry_out(self, order: "_Order") -> None:
        if order is not _Order.CLOSE:
            self._ping(mark=order is _Order.MARK)
            return
        task = self._io.loop.create_task(self._client.close(), name=CLOSING)
        task.add_done_callback(_retrieve_exception)
        self._io.soon(self._goodbye_sent.set)  # by then the close is written

    def _ping(self, *, mark: bool) -> None:
        now = self._io.time()
        self._liveness.pinged(PING_BYTES, now)
        if mark:
            self._marked_at.append(now)
        self._client.write_ping(partial(self._answered, now, mark=mark))

    def _answered(self, pinged_at: float, *, mark: bool) -> None:
        self.round_trips_s.append(self._io.time() - pinged_at)
        if mark and self._marked_at:
            self._marked_at.popleft()
        with self._lock:
            gained = self._flow.answered(mark=mark)
        self._notify_room(gained=gained)

    def _notify_room(self, *, gained: bool) -> None:
        if gained:
            self._deliver(Writable())

    def _tick(self) -> None:
        """Check whether the other end lives, now and again."""
        now = self._io.time()
        self._liveness.arrived(self._client.data_at)
        action = self._liveness.tick(
            now, self._client.unsent(), pinged=self._client.pings > 0, reading_paused=self._reading_paused
        )
        if action is LivenessAction.DEAD:
            self._close_reason = self._liveness.dead_reason
            self._client.transport.abort()
            return
        if action is LivenessAction.PING:
            with self._lock:
                self._outgoing.append(_Order.PING)
            self._write()
        if self._flow.marks >= MARKS and self._answers_no_pings(now):
            self._marked_at.clear()
            with self._lock:
                gained = self._flow.distrust()
            self._notify_room(gained=gained)
        self._ticks = self._io.later(self._liveness.interval_s, self._tick)

    def _answers_no_pings(self, now: float) -> bool:
        """Whether the other end answers no pings any more, though it lives: more audio shows whether it reads.

        Either it has answered messages but not a ping, and is silent now because it waits for more audio; or it goes on
        sending messages for long.
        """
        if not self._marked_at or self._client.message_at <= self._marked_at[0]:
            return False
        quiet_s, stall_s = self._liveness.quiet_s(now), self._liveness.stall_s
        return quiet_s >= stall_s / 2 or now - self._marked_at[0] >= UNTAKEN * stall_s


def _retrieve_exception(task: Any) -> None:
    """Retrieve the exception of a task, so that asyncio does not report it."""
    if not task.cancelled():
        task.exception()
