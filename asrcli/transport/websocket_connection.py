"""One open WebSocket: queues between its users and the I/O thread, which reads, writes and checks liveness."""

import asyncio
from collections import deque
from collections.abc import Callable, Coroutine
from enum import Enum, auto
from functools import partial
from queue import SimpleQueue
from threading import Event, Lock
from typing import Any, cast

from websockets.exceptions import ConnectionClosed

from asrcli.core.errors import ConnectionLost
from asrcli.core.message import Binary, Closed, Message, Text, Writable
from asrcli.protocol.engine_header import ENGINE_HEADER, engine_name
from asrcli.transport.connection_errors import header
from asrcli.transport.flow_control import MARKS, FlowControl, Liveness, LivenessAction
from asrcli.transport.io_thread import CLOSING, IoThread
from asrcli.transport.websocket_protocol import CLOSED_HERE, WebSocketProtocol, ended

MOST_UNREAD_BYTES, MOST_UNREAD = 4 << 20, 1000  # above these, bytes and messages, we stop reading from the network
GOODBYE_S = 0.25  # how long `close` waits until our last messages are on their way
PING_BYTES = 10


class _Order(Enum):
    """What the writer does between two messages."""

    PING = auto()
    MARK = auto()  # send a ping that measures how much was read
    CLOSE = auto()


class WebSocket:
    """A Transport. Its private coroutines run on the I/O thread; public methods are safe from any thread."""

    def __init__(self, client: WebSocketProtocol, io: IoThread, stall_s: float, keepalive_s: float) -> None:
        self._client = client
        self._io = io
        self._lock = Lock()  # guards the next four lines
        self._flow = FlowControl()
        self._outgoing: deque[tuple[bytes, bool] | _Order] = deque()
        self._writer_waits = self._closing = False
        self._end: Closed | None = None
        self._wake = asyncio.Event()
        self._goodbye_sent = Event()
        self._incoming: SimpleQueue[Message | Writable | BaseException] = SimpleQueue()
        self._reading_allowed = asyncio.Event()
        self._reading_paused = False
        self._arrived = self._arrived_bytes = 0  # messages that were put into the queue
        self._taken = self._taken_bytes = 0  # messages that `recv` took out of it
        self._liveness = Liveness(stall_s, keepalive_s, io.loop.time())
        self._pings = 0
        self._marked_at = deque[float]()
        self._close_reason = ""  # why this end closed the connection; empty while it has not
        self._task = io.loop.create_task(self._live())

    @property
    def writable(self) -> bool:
        """Whether more audio should be sent now; also true after the end, which `send` raises."""
        return self._flow.room or self._end is not None

    @property
    def silent_s(self) -> float:
        """Seconds since any data arrived, answers to pings included."""
        return max(0.0, self._io.loop.time() - self._client.data_at)

    @property
    def engine(self) -> str:
        """The recognizer that the other end named in the handshake; empty if it named none."""
        response = self._client.response
        return "" if response is None else engine_name(header(response.headers, ENGINE_HEADER))

    def send(self, message: Message) -> None:
        """Queue a text or binary message. Never waits.

        Raises:
            ConnectionLost: the connection is over.
        """
        text = isinstance(message, Text)
        data = _payload(message)
        with self._lock:
            end = self._end or self._client.goodbye
            if end is None and self._closing:
                end = Closed(1000, CLOSED_HERE)
            if end is not None:
                raise ConnectionLost(end.reason, end.code)
            self._outgoing.append((data, text))
            if self._flow.queued(len(data)):
                self._outgoing.append(_Order.MARK)
        self._wake_writer()

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
                self._io.soon(self._reading_allowed.set)
        return item

    def close(self) -> None:
        """Close the connection behind the queued messages, without waiting for the answer of the other end."""
        with self._lock:
            if self._closing or self._end is not None:
                return
            self._closing = True
            self._close_reason = self._close_reason or CLOSED_HERE
            self._outgoing.append(_Order.CLOSE)
        self._wake_writer()
        self._io.soon(self._client.bound_close)
        self._goodbye_sent.wait(GOODBYE_S)

    def _wake_writer(self) -> None:
        """Wake the writer if it waits."""
        with self._lock:
            waits, self._writer_waits = self._writer_waits, False
        if waits:
            self._io.soon(self._wake.set)

    async def _live(self) -> None:
        """Run the reader to its end, with the writer and the liveness check beside it."""
        others = [self._io.loop.create_task(self._run_part(part)) for part in (self._write, self._check_liveness)]
        try:
            await self._run_part(self._read)
        finally:  # the connection is over, or the process ends
            for task in others:
                task.cancel()
            self._client.transport.abort()
            self._goodbye_sent.set()

    async def _run_part(self, part: Callable[[], Coroutine[Any, Any, None]]) -> None:
        """Run one part. Only the reader reports the end of the connection, so it comes after all messages."""
        try:
            await part()
        except ConnectionClosed:
            pass
        except Exception as exc:  # the top of a task: `recv` raises it
            self._incoming.put(exc)
            self._client.transport.abort()

    async def _read(self) -> None:
        while True:
            try:
                data = await self._client.recv(decode=False)
            except ConnectionClosed as exc:
                self._end_with(ended(exc, self._close_reason))
                return
            message: Text | Binary = Binary(data)
            if self._client.texts.popleft():
                message = Text(data.decode("utf-8", "replace"))
            self._arrived += 1
            self._arrived_bytes += len(message.data)
            self._incoming.put(message)
            if self._arrived - self._taken > MOST_UNREAD or self._arrived_bytes - self._taken_bytes > MOST_UNREAD_BYTES:
                await self._pause_reading()

    async def _pause_reading(self) -> None:
        """Read nothing from the network until `recv` has taken half of what is allowed to wait."""
        self._reading_paused = True
        while not self._read_enough():
            await self._reading_allowed.wait()
            self._reading_allowed.clear()
        self._reading_paused = False

    def _read_enough(self) -> bool:
        few = self._arrived - self._taken <= MOST_UNREAD // 2
        return few and self._arrived_bytes - self._taken_bytes <= MOST_UNREAD_BYTES // 2

    async def _write(self) -> None:
        await self._ping(mark=False)  # if the other end answers, pings will measure it
        while True:
            item = self._next()
            if item is None:
                await self._wake.wait()
                self._wake.clear()
            elif isinstance(item, _Order):
                await self._carry_out(item)
            else:
                data, text = item
                self._liveness.wrote(len(data), self._io.loop.time())
                await self._client.send(data, text=text)
                with self._lock:
                    self._notify_room(gained=self._flow.written(len(data)))

    def _next(self) -> "tuple[bytes, bool] | _Order | None":
        with self._lock:
            if self._outgoing:
                return self._outgoing.popleft()
            self._writer_waits = True
            return None

    async def _carry_out(self, order: "_Order") -> None:
        if order is not _Order.CLOSE:
            await self._ping(mark=order is _Order.MARK)
            return
        self._io.loop.create_task(self._client.close(), name=CLOSING).add_done_callback(_retrieve_exception)
        await asyncio.sleep(0)  # by then the close is written
        self._goodbye_sent.set()

    async def _ping(self, *, mark: bool) -> None:
        now = self._io.loop.time()
        self._liveness.wrote(PING_BYTES, now, ping=True)
        self._pings += 1
        if mark:
            self._marked_at.append(now)
        answer = cast("asyncio.Future[float]", await self._client.ping())
        answer.add_done_callback(partial(self._answered, mark=mark))

    def _answered(self, answer: "asyncio.Future[float]", *, mark: bool) -> None:
        self._pings -= 1
        if answer.cancelled() or answer.exception() is not None:
            return
        if mark and self._marked_at:
            self._marked_at.popleft()
        with self._lock:
            self._notify_room(gained=self._flow.answered(mark=mark))

    def _notify_room(self, *, gained: bool) -> None:
        if gained:
            self._incoming.put(Writable())

    async def _check_liveness(self) -> None:
        while True:
            await asyncio.sleep(self._liveness.interval_s)
            now = self._io.loop.time()
            self._liveness.arrived(self._client.data_at)
            action = self._liveness.tick(
                now, self._client.unsent(), pinged=self._pings > 0, reading_paused=self._reading_paused
            )
            if action is LivenessAction.DEAD:
                self._close_reason = f"nothing sent or received for {self._liveness.stall_s:g} s"
                self._client.transport.abort()
                return
            if action is LivenessAction.PING:
                with self._lock:
                    self._outgoing.append(_Order.PING)
                self._wake_writer()
            if self._flow.marks >= MARKS and self._answers_no_pings(now):
                self._marked_at.clear()
                with self._lock:
                    self._notify_room(gained=self._flow.distrust())

    def _answers_no_pings(self, now: float) -> bool:
        """Whether the other end answered messages but not a ping, and is silent now because it waits for more audio."""
        quiet = self._liveness.quiet_s(now) >= self._liveness.stall_s / 2
        return quiet and bool(self._marked_at) and self._client.message_at > self._marked_at[0]

    def _end_with(self, end: Closed) -> None:
        with self._lock:
            self._end = end
        self._incoming.put(end)


def _retrieve_exception(task: "asyncio.Task[None]") -> None:
    """Retrieve the exception of a task, so that asyncio does not report it."""
    if not task.cancelled():
        task.exception()


def _payload(message: Message) -> bytes:
    """Return the bytes of a message on the wire; empty if it is neither text nor binary."""
    if isinstance(message, Binary):
        return message.data
    if isinstance(message, Text):
        return message.data.encode("utf-8", "replace")
    return b""
