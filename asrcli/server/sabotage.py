"""Faults on real connections: a handshake that goes wrong, and a socket that misbehaves under its conversation."""

import asyncio
import contextlib
import logging
from http import HTTPStatus
from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

from asrcli.server.faults import BROKEN, Do, Fault, Faults, When
from asrcli.server.gate import refusal
from asrcli.server.watch import Past, Watch

if TYPE_CHECKING:
    from websockets.asyncio.server import ServerConnection
    from websockets.http11 import Response

    from asrcli.server.connection import Socket

log = logging.getLogger("asrcli.server")

HANGING_S = 60  # a half-open connection is cut after so long: nobody waits for it any more

_CODES = {401: "InvalidApiKey", 403: "AccessDenied", 404: "ModelNotFound", 429: "Throttling", 500: "InternalError"}


class Sabotage:
    """The faults of one server. Without a plan nothing is touched."""

    def __init__(self, faults: Faults | None = None) -> None:
        self._faults = faults
        self._connections = 0
        self._due: WeakKeyDictionary[ServerConnection, tuple[int, tuple[Fault, ...]]] = WeakKeyDictionary()
        self._past = Past()
        self._over = asyncio.Event()

    async def greet(self, connection: "ServerConnection") -> "Response | None":
        """Befall a handshake: refuse it, or let it wait."""
        if self._faults is None:
            return None
        self._connections += 1
        number, faults = self._connections, self._faults.of(self._connections)
        self._due[connection] = number, tuple(fault for fault in faults if not _in_handshake(fault))
        for fault in filter(_in_handshake, faults):
            log.info("fault on connection %d: %s", number, fault)
            if fault.do is Do.REFUSE:
                return _refused(connection, fault)
            await self._wait(HANGING_S if fault.do is Do.HALF_OPEN else fault.seconds)
            if fault.do is Do.HALF_OPEN:
                connection.transport.abort()
        return None

    async def around(self, socket: "ServerConnection", path: str) -> "Socket":
        """The socket a conversation gets."""
        if self._faults is None:
            return socket
        number, faults = self._due.pop(socket)
        faulty = FaultySocket(socket, Watch(faults, path, self._past), number, self._over)
        await faulty.opened()
        return faulty

    def end(self) -> None:
        """Keep nobody waiting any more."""
        self._over.set()

    async def _wait(self, seconds: float) -> None:
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._over.wait(), seconds)


class FaultySocket:
    """A WebSocket connection on which things go wrong."""

    def __init__(self, socket: "ServerConnection", watch: Watch, number: int, over: asyncio.Event) -> None:
        self._socket, self._watch, self._number, self._over = socket, watch, number, over
        self._turn = asyncio.Lock()  # messages that wait go in the order in which they came
        self._loop = asyncio.get_running_loop()
        self._silent_until = self._delay_s = 0.0
        self._gone = False
        self._hanging: asyncio.Task[None] | None = None
        self._leaving: asyncio.Task[None] | None = None

    async def opened(self) -> None:
        """The handshake is done."""
        await self._strike(self._watch.opened())

    async def recv(self) -> str | bytes:
        """The next message of the client; one that brings a connection down is not heard."""
        await self._go_on()
        data = await self._socket.recv()
        await self._strike(self._watch.heard(data))
        while self._leaving is not None:  # a client in the middle of a message hears of the close only behind it
            await self._socket.recv()
        await self._go_on()
        return data

    async def send(self, data: str | bytes) -> None:
        """Send a message, when and as far as the faults allow."""
        async with self._turn:
            silent_s = max(self._delay_s, self._silent_until - self._loop.time())
            if silent_s > 0:
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(self._over.wait(), silent_s)
            await self._go_on()
            await self._socket.send(data)
            await self._strike(self._watch.said(data))

    async def close(self, code: int = 1000, reason: str = "") -> None:
        """Close, if the connection is still alive."""
        await self._go_on()
        await self._socket.close(code, reason)

    async def _strike(self, due: list[Fault]) -> None:
        for fault in due:
            log.info("fault on connection %d: %s", self._number, fault)
            if fault.do in {Do.CUT, Do.DROP} or fault.code == BROKEN:
                self._cut()
            elif fault.do is Do.HALF_OPEN:
                self._socket.transport.pause_reading()  # not even a ping is answered
                self._hanging = asyncio.create_task(self._hang())
            elif fault.do is Do.STALL:
                self._silent_until = self._loop.time() + fault.seconds
            elif fault.do is Do.SLOW:
                self._delay_s = fault.seconds
            elif fault.do is Do.CLOSE:
                self._leave(int(fault.code), "a fault on purpose")
            else:
                await self._say(fault)

    async def _say(self, fault: Fault) -> None:
        for words in self._watch.words(fault):
            await self._socket.send(words)
        if fault.do is Do.FAIL and fault.close:
            self._leave(self._watch.failed_code, str(fault.code))

    def _leave(self, code: int, reason: str) -> None:
        self._gone = True
        self._leaving = asyncio.create_task(self._socket.close(code, reason))

    def _cut(self) -> None:
        self._gone = True
        self._socket.transport.abort()

    async def _hang(self) -> None:
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._over.wait(), HANGING_S)
        self._cut()

    async def _go_on(self) -> None:
        """Return if this connection still does anything.

        Raises:
            ConnectionClosedError: it was cut or closed.
        """
        from websockets.exceptions import ConnectionClosedError

        if self._hanging is not None:
            await asyncio.shield(self._hanging)  # whoever waits may lose patience
        if self._gone:
            raise ConnectionClosedError(None, None)


def _in_handshake(fault: Fault) -> bool:
    return fault.when is When.HANDSHAKE and fault.do in {Do.REFUSE, Do.STALL, Do.HALF_OPEN}


def _refused(connection: "ServerConnection", fault: Fault) -> "Response":
    status = HTTPStatus(fault.status)
    response = refusal(connection, status, _CODES.get(fault.status, "ServiceUnavailable"), "A fault on purpose.")
    if fault.retry_after >= 0:
        response.headers["Retry-After"] = str(fault.retry_after)
    return response
