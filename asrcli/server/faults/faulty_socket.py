"""A WebSocket connection with injected faults. The conversation that uses it does not know of them."""

import asyncio
import contextlib
from typing import TYPE_CHECKING

from asrcli.server.faults.script import BROKEN, FaultAction, InjectedFault
from asrcli.server.faults.trigger import ConnectionFaults, is_end, is_partial
from asrcli.server.large_messages import LargeMessage
from asrcli.server.log_filter import log
from asrcli.server.socket_interface import SocketClosed

if TYPE_CHECKING:
    from asrcli.server.server_socket import ServerSocket


async def wait_for_end(ended: asyncio.Event, seconds: float) -> None:
    """Wait for this many seconds, but not beyond the end of the server."""
    if seconds > 0:
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(ended.wait(), seconds)


class FaultySocket:
    """One connection and its faults: a ConversationSocket. `ended` is set when the server ends: then no fault waits."""

    def __init__(self, socket: "ServerSocket", faults: ConnectionFaults, number: int, ended: asyncio.Event) -> None:
        self._socket = socket
        self._faults = faults
        self._number = number
        self._ended = ended
        self._send_lock = asyncio.Lock()  # delayed messages go in the order in which they came
        self._loop = asyncio.get_running_loop()
        self._silent_until = self._no_partials_until = self._delay_s = 0.0
        self._never_finish = False
        self._pace: tuple[float, float, float] | None = None  # start time, second of audio at that time, speed
        self._gone = False
        self._not_reading = False  # messages are not read, but answers may still be sent
        self._hanging: asyncio.Task[None] | None = None
        self._closing: asyncio.Task[None] | None = None
        self._drop_timer: asyncio.TimerHandle | None = None

    async def opened(self) -> None:
        """Apply the faults that are due after the handshake."""
        await self._apply(self._faults.opened())

    async def recv(self) -> str | bytes | LargeMessage:
        """Return the next message of the client; one that brings the connection down is not returned."""
        await self._wait_while_not_reading()
        await self._check_alive()
        if self._pace is not None:
            since, from_s, speed = self._pace
            await wait_for_end(self._ended, since + (self._faults.received_s - from_s) / speed - self._loop.time())
        data = await self._socket.recv()
        seen = data
        if isinstance(seen, LargeMessage):
            seen = seen.whole()
        await self._apply(self._faults.received(seen))
        del seen
        while self._closing is not None:  # a client in the middle of a message sees the close only after that message
            await self._socket.recv()
        await self._wait_while_not_reading()
        await self._check_alive()
        return data

    async def send(self, data: str | bytes, /) -> None:
        """Send a message, when and if the faults allow it."""
        if self._never_finish and is_end(data):
            return
        async with self._send_lock:
            if self._loop.time() < self._no_partials_until and is_partial(data):
                return
            waited_until = max(self._silent_until, self._no_partials_until)
            await wait_for_end(self._ended, max(self._delay_s, waited_until - self._loop.time()))
            await self._check_alive()
            await self._socket.send(data)
            await self._apply(self._faults.sent(data))

    async def close(self, code: int = 1000, reason: str = "") -> None:
        """Close the connection if it is still alive."""
        await self._check_alive()
        await self._socket.close(code, reason)

    def gone(self) -> bool:
        """Return whether the client has gone."""
        return self._socket.gone()

    def abort(self) -> None:
        """End the connection now."""
        self._cut()

    async def _apply(self, due: list[InjectedFault]) -> None:
        for fault in due:
            log.info("fault on connection %d: %s", self._number, fault)
            if fault.action in {FaultAction.CUT, FaultAction.DROP} or fault.code == BROKEN:
                self._cut()
            elif fault.action is FaultAction.CLOSE:
                self._start_close(int(fault.code), "a fault on purpose")
            elif fault.action is FaultAction.TORN_FRAME:
                self._gone = True
                self._socket.end_after(self._faults.torn_frame())
            elif not (self._hang(fault) or self._slow_down(fault)):
                await self._send_messages(fault)

    def _hang(self, fault: InjectedFault) -> bool:
        """Apply a fault after which the connection is open and useless; returns False for any other fault."""
        if fault.action is FaultAction.HALF_CLOSE:
            self._socket.half_close()
        elif fault.action in {FaultAction.HALF_OPEN, FaultAction.STOP_READING}:
            self._socket.pause_reading()
        else:
            return False
        self._not_reading = fault.action is FaultAction.STOP_READING
        self._hanging = asyncio.create_task(self._cut_after(fault.seconds))
        return True

    def _slow_down(self, fault: InjectedFault) -> bool:
        """Apply a fault that takes time or leaves something out; returns False for any other fault."""
        now = self._loop.time()
        if fault.action is FaultAction.STALL:
            self._silent_until = now + fault.seconds
        elif fault.action is FaultAction.QUIET:
            self._no_partials_until = now + fault.seconds
        elif fault.action is FaultAction.SLOW:
            self._delay_s = fault.seconds
        elif fault.action is FaultAction.SLOW_READER:
            self._pace = (now, self._faults.received_s, fault.speed)
        elif fault.action is FaultAction.NEVER_FINISH:
            self._never_finish = True
        elif fault.action is FaultAction.DROP_AFTER:
            self._drop_timer = self._loop.call_later(fault.seconds, self._cut)
        else:
            return False
        return True

    async def _send_messages(self, fault: InjectedFault) -> None:
        for message in self._faults.messages(fault):
            await self._socket.send(message)
        if fault.action in {FaultAction.FAIL, FaultAction.REFUSE, FaultAction.EMPTY_AUDIO} and fault.close:
            self._start_close(self._faults.close_code, str(fault.code))

    def _start_close(self, code: int, reason: str) -> None:
        self._gone = True
        self._closing = asyncio.create_task(self._socket.close(code, reason))

    def _cut(self) -> None:
        self._gone = True
        self._socket.abort()

    async def _cut_after(self, seconds: float) -> None:
        """Wait until the time has passed, the client has gone, or the server ends; then cut the connection."""
        ends = [asyncio.ensure_future(self._ended.wait()), asyncio.ensure_future(self._socket.wait_closed())]
        await asyncio.wait(ends, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
        for end in ends:
            end.cancel()
        self._cut()

    async def _wait_while_not_reading(self) -> None:
        if not self._not_reading or self._hanging is None:
            return
        try:
            await asyncio.shield(self._hanging)
        except asyncio.CancelledError:
            # The conversation no longer waits for this client: what it sends now must not reach the client either.
            self._not_reading = False
            raise

    async def _check_alive(self) -> None:
        """Return if this connection still does anything; waits while it hangs.

        Raises:
            SocketClosed: it was cut or closed.
        """
        if self._hanging is not None and not self._not_reading:
            await asyncio.shield(self._hanging)  # the conversation may stop waiting: the fault goes on
        if self._gone:
            raise SocketClosed("a fault on purpose")
