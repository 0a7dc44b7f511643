"""One open WebSocket: queues between the threads that use it and the I/O thread, which reads, writes and watches it."""

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
from asrcli.transport.flow_control import MARKS, FlowControl, Liveness, LivenessAction
from asrcli.transport.io_thread import CLOSING, IoThread
from asrcli.transport.websocket_protocol import OURS, WebSocketProtocol, ended

MOST_UNREAD_BYTES, MOST_UNREAD = 4 << 20, 1000  # what arrives waits in the network once so much waits here
GOODBYE_S = 0.25  # so long `close` waits until our last words are on their way
PING_BYTES = 10


class _Order(Enum):
    """What the writer does between two messages."""

    PING = auto()
    MARK = auto()  # ping behind so many bytes
    CLOSE = auto()


class WebSocket:
    """A Transport. What begins with an underscore and is a coroutine runs on the I/O thread."""

    def __init__(self, client: WebSocketProtocol, io: IoThread, stall_s: float, keepalive_s: float) -> None:
        self._client, self._io = client, io
        self._lock = Lock()  # of the four below
        self._flow = FlowControl()
        self._outgoing: deque[tuple[bytes, bool] | _Order] = deque()
        self._writer_waits = self._closing = False
        self._end: Closed | None = None
        self._wake, self._said_goodbye = asyncio.Event(), Event()
        self._incoming: SimpleQueue[Message | Writable | BaseException] = SimpleQueue()
        self._read_up, self._held = asyncio.Event(), False
        self._come_bytes = self._come = self._gone_bytes = self._gone = 0  # counted in, and out again by `recv`
        self._pulse = Liveness(stall_s, keepalive_s, io.loop.time())
        self._pings, self._marked_at = 0, deque[float]()
        self._ours = ""
        self._task = io.loop.create_task(self._live())

    @property
    def writable(self) -> bool:
        """Whether more audio should be handed over now; once the connection is over, `send` says so."""
        return self._flow.room or self._end is not None

    @property
    def silent_s(self) -> float:
        """Seconds since anything arrived, answers to pings included."""
        return max(0.0, self._io.loop.time() - self._client.heard_at)

    def send(self, message: Message) -> None:
        """Queue a text or binary message. Never waits.

        Raises:
            ConnectionLost: the connection is over.
        """
        text = isinstance(message, Text)
        data = message.data if isinstance(message, Binary) else getattr(message, "data", "").encode("utf-8", "replace")
        with self._lock:
            end = self._end or self._client.goodbye or (Closed(1000, OURS) if self._closing else None)
            if end is not None:
                raise ConnectionLost(end.reason, end.code)
            self._outgoing.append((data, text))
            if self._flow.queued(len(data)):
                self._outgoing.append(_Order.MARK)
        self._wake_writer()

    def recv(self) -> Message | Writable:
        """Wait for the next message; Closed once the connection is over, again and again."""
        item = self._incoming.get()
        if isinstance(item, BaseException):
            raise item
        if isinstance(item, Closed):
            self._incoming.put(item)
        elif isinstance(item, Text | Binary):
            self._gone += 1
            self._gone_bytes += len(item.data)
            if self._held and self._read_enough():
                self._io.soon(self._read_up.set)
        return item

    def close(self) -> None:
        """Say goodbye behind what was sent, and go: what the other end has to say to it is not waited for."""
        with self._lock:
            if self._closing or self._end is not None:
                return
            self._closing = True
            self._ours = self._ours or OURS
            self._outgoing.append(_Order.CLOSE)
        self._wake_writer()
        self._io.soon(self._client.bound_close)
        self._said_goodbye.wait(GOODBYE_S)

    def _wake_writer(self) -> None:
        """Wake the writer, once for all that was queued meanwhile."""
        with self._lock:
            waits, self._writer_waits = self._writer_waits, False
        if waits:
            self._io.soon(self._wake.set)

    async def _live(self) -> None:
        """Read to the end, with the others beside it."""
        others = [self._io.loop.create_task(self._top(part)) for part in (self._write, self._watch)]
        try:
            await self._top(self._read)
        finally:  # it is over, or the process ends
            for task in others:
                task.cancel()
            self._client.transport.abort()
            self._said_goodbye.set()

    async def _top(self, part: Callable[[], Coroutine[Any, Any, None]]) -> None:
        """Run the reader, the writer or the watch. Only the reader tells how the connection ends: after all it said."""
        try:
            await part()
        except ConnectionClosed:
            pass
        except Exception as exc:  # the top of a thread: whoever listens must hear of it
            self._incoming.put(exc)
            self._client.transport.abort()

    async def _read(self) -> None:
        while True:
            try:
                data = await self._client.recv(decode=False)
            except ConnectionClosed as exc:
                self._over(ended(exc, self._ours))
                return
            message = Text(data.decode("utf-8", "replace")) if self._client.texts.popleft() else Binary(data)
            self._come += 1
            self._come_bytes += len(message.data)
            self._incoming.put(message)
            if self._come - self._gone > MOST_UNREAD or self._come_bytes - self._gone_bytes > MOST_UNREAD_BYTES:
                self._held = True
                while not self._read_enough():
                    await self._read_up.wait()
                    self._read_up.clear()
                self._held = False

    def _read_enough(self) -> bool:
        few = self._come - self._gone <= MOST_UNREAD // 2
        return few and self._come_bytes - self._gone_bytes <= MOST_UNREAD_BYTES // 2

    async def _write(self) -> None:
        await self._ping(mark=False)  # whether it answers pings decides how it is measured
        while True:
            item = self._next()
            if item is None:
                await self._wake.wait()
                self._wake.clear()
            elif isinstance(item, _Order):
                await self._obey(item)
            else:
                data, text = item
                self._pulse.wrote(len(data), self._io.loop.time())
                await self._client.send(data, text=text)
                with self._lock:
                    self._tell_room(gained=self._flow.written(len(data)))

    def _next(self) -> "tuple[bytes, bool] | _Order | None":
        with self._lock:
            if self._outgoing:
                return self._outgoing.popleft()
            self._writer_waits = True
            return None

    async def _obey(self, order: "_Order") -> None:
        if order is not _Order.CLOSE:
            await self._ping(mark=order is _Order.MARK)
            return
        self._io.loop.create_task(self._client.close(), name=CLOSING).add_done_callback(_seen)
        await asyncio.sleep(0)  # by then the close is written
        self._said_goodbye.set()

    async def _ping(self, *, mark: bool) -> None:
        now = self._io.loop.time()
        self._pulse.wrote(PING_BYTES, now, ping=True)
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
            self._tell_room(gained=self._flow.answered(mark=mark))

    def _tell_room(self, *, gained: bool) -> None:
        if gained:
            self._incoming.put(Writable())

    async def _watch(self) -> None:
        while True:
            await asyncio.sleep(self._pulse.interval_s)
            now = self._io.loop.time()
            self._pulse.arrived(self._client.heard_at)
            sign = self._pulse.tick(now, self._client.unsent(), pinged=self._pings > 0, deaf=self._held)
            if sign is LivenessAction.DEAD:
                self._ours = f"nothing sent or received for {self._pulse.stall_s:g} s"
                self._client.transport.abort()
                return
            if sign is LivenessAction.PING:
                with self._lock:
                    self._outgoing.append(_Order.PING)
                self._wake_writer()
            if self._flow.marks >= MARKS and self._forgets_pings(now):
                self._marked_at.clear()
                with self._lock:
                    self._tell_room(gained=self._flow.distrust())

    def _forgets_pings(self, now: float) -> bool:
        """Whether it has answered our messages since, and is silent now because it waits for more of them."""
        quiet = self._pulse.quiet_s(now) >= self._pulse.stall_s / 2
        return quiet and bool(self._marked_at) and self._client.message_at > self._marked_at[0]

    def _over(self, end: Closed) -> None:
        with self._lock:
            self._end = end
        self._incoming.put(end)


def _seen(task: "asyncio.Task[None]") -> None:
    """Take note of how a task ended, so that nobody complains."""
    if not task.cancelled():
        task.exception()
