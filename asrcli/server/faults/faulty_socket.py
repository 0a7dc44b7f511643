"""A WebSocket connection on which things go wrong, under a conversation that knows nothing of it."""

import asyncio
import contextlib
from typing import TYPE_CHECKING

from asrcli.server.faults.script import BROKEN, FaultAction, InjectedFault
from asrcli.server.faults.trigger import FaultWatch, is_end, is_partial
from asrcli.server.log_filter import log

if TYPE_CHECKING:
    from asrcli.server.accepting import IncomingConnection


class FaultySocket:
    """One connection and its faults. `over` is set when the server ends: nothing hangs any longer then."""

    def __init__(self, socket: "IncomingConnection", watch: FaultWatch, number: int, over: asyncio.Event) -> None:
        self._socket, self._watch, self._number, self._over = socket, watch, number, over
        self._turn = asyncio.Lock()  # messages that wait go in the order in which they came
        self._loop = asyncio.get_running_loop()
        self._silent_until = self._quiet_until = self._delay_s = 0.0
        self._endless = False  # no task comes to its end
        self._pace: tuple[float, float, float] | None = None  # since when, from which second of audio on, how fast
        self._gone = False
        self._deaf = False  # nothing is read, although something may still be said
        self._hanging: asyncio.Task[None] | None = None
        self._leaving: asyncio.Task[None] | None = None
        self._dropping: asyncio.TimerHandle | None = None

    async def opened(self) -> None:
        """The handshake is done."""
        await self._strike(self._watch.opened())

    async def recv(self) -> str | bytes:
        """The next message of the client; one that brings a connection down is not heard."""
        await self._hear_nothing()
        await self._go_on()
        if self._pace is not None:
            since, from_s, speed = self._pace
            await self._wait(since + (self._watch.heard_s - from_s) / speed - self._loop.time())
        data = await self._socket.recv()
        await self._strike(self._watch.heard(data))
        while self._leaving is not None:  # a client in the middle of a message hears of the close only behind it
            await self._socket.recv()
        await self._hear_nothing()
        await self._go_on()
        return data

    async def send(self, data: str | bytes) -> None:
        """Send a message, when and as far as the faults allow."""
        if self._endless and is_end(data):
            return
        async with self._turn:
            if self._loop.time() < self._quiet_until and is_partial(data):
                return
            waited_until = max(self._silent_until, self._quiet_until)
            await self._wait(max(self._delay_s, waited_until - self._loop.time()))
            await self._go_on()
            await self._socket.send(data)
            await self._strike(self._watch.said(data))

    async def close(self, code: int = 1000, reason: str = "") -> None:
        """Close, if the connection is still alive."""
        await self._go_on()
        await self._socket.close(code, reason)

    def gone(self) -> bool:
        """Whether the client has gone."""
        return self._socket.gone()

    def abort(self) -> None:
        """End it now."""
        self._cut()

    async def _strike(self, due: list[InjectedFault]) -> None:
        for fault in due:
            log.info("fault on connection %d: %s", self._number, fault)
            if fault.do in {FaultAction.CUT, FaultAction.DROP} or fault.code == BROKEN:
                self._cut()
            elif fault.do is FaultAction.CLOSE:
                self._leave(int(fault.code), "a fault on purpose")
            elif fault.do is FaultAction.TORN_FRAME:
                self._gone = True
                self._socket.transport.write(self._watch.torn())
                self._socket.transport.close()
            elif not (self._hang(fault) or self._be_slow(fault)):
                await self._say(fault)

    def _hang(self, fault: InjectedFault) -> bool:
        """Faults after which a connection is there and of no more use."""
        if fault.do is FaultAction.HALF_CLOSE:
            self._socket.transport.set_protocol(_Sink(self._socket))
            self._socket.transport.write_eof()
        elif fault.do in {FaultAction.HALF_OPEN, FaultAction.STOP_READING}:
            self._socket.transport.pause_reading()  # not even a ping is answered
        else:
            return False
        self._deaf = fault.do is FaultAction.STOP_READING
        self._hanging = asyncio.create_task(self._hold(fault.seconds))
        return True

    def _be_slow(self, fault: InjectedFault) -> bool:
        """Faults that take time, or leave something out."""
        now = self._loop.time()
        if fault.do is FaultAction.STALL:
            self._silent_until = now + fault.seconds
        elif fault.do is FaultAction.QUIET:
            self._quiet_until = now + fault.seconds
        elif fault.do is FaultAction.SLOW:
            self._delay_s = fault.seconds
        elif fault.do is FaultAction.SLOW_READER:
            self._pace = now, self._watch.heard_s, fault.speed
        elif fault.do is FaultAction.NEVER_FINISH:
            self._endless = True
        elif fault.do is FaultAction.DROP_AFTER:
            self._dropping = self._loop.call_later(fault.seconds, self._cut)
        else:
            return False
        return True

    async def _say(self, fault: InjectedFault) -> None:
        for words in self._watch.words(fault):
            await self._socket.send(words)
        if fault.do in {FaultAction.FAIL, FaultAction.REFUSE, FaultAction.EMPTY_AUDIO} and fault.close:
            self._leave(self._watch.failed_code, str(fault.code))

    def _leave(self, code: int, reason: str) -> None:
        self._gone = True
        self._leaving = asyncio.create_task(self._socket.close(code, reason))

    def _cut(self) -> None:
        self._gone = True
        self._socket.transport.abort()

    async def _wait(self, seconds: float) -> None:
        if seconds > 0:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._over.wait(), seconds)

    async def _hold(self, seconds: float) -> None:
        """Wait until it has lasted, the client has gone, or the server ends; then cut."""
        ends = [asyncio.ensure_future(self._over.wait()), asyncio.ensure_future(self._socket.wait_closed())]
        await asyncio.wait(ends, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
        for end in ends:
            end.cancel()
        self._cut()

    async def _hear_nothing(self) -> None:
        if not self._deaf or self._hanging is None:
            return
        try:
            await asyncio.shield(self._hanging)
        except asyncio.CancelledError:
            self._deaf = False  # who loses patience with the client must not be heard of either
            raise

    async def _go_on(self) -> None:
        """Return if this connection still does anything.

        Raises:
            ConnectionClosedError: it was cut or closed.
        """
        from websockets.exceptions import ConnectionClosedError

        if self._hanging is not None and not self._deaf:
            await asyncio.shield(self._hanging)  # whoever waits may lose patience
        if self._gone:
            raise ConnectionClosedError(None, None)


class _Sink(asyncio.Protocol):
    """Reads what comes and forgets it; the connection behind it hears of its own end only."""

    def __init__(self, socket: "IncomingConnection") -> None:
        self._socket = socket

    def connection_lost(self, exc: Exception | None) -> None:
        """The client has gone, or it was cut."""
        self._socket.connection_lost(exc)
