"""The faults of one server: handshakes that go wrong, and for each connection a socket that misbehaves."""

import asyncio
import contextlib
import socket
from http import HTTPStatus
from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

from asrcli.server.auth import refusal
from asrcli.server.faults.faulty_socket import FaultySocket
from asrcli.server.faults.script import CODES, FaultAction, FaultPlan, FaultTrigger, InjectedFault
from asrcli.server.faults.trigger import FaultWatch, LastWords
from asrcli.server.log_filter import log

if TYPE_CHECKING:
    from websockets.asyncio.server import ServerConnection
    from websockets.http11 import Response

    from asrcli.server.accepting import IncomingConnection
    from asrcli.server.socket_interface import ConversationSocket

SLOW_BUFFER_BYTES = 32 << 10  # of a connection that will not be read: soon full, as with a client far away


class FaultInjector:
    """The faults of one server. Without a plan nothing is touched."""

    def __init__(self, faults: FaultPlan | None = None) -> None:
        self._faults = faults
        self._connections = 0
        self._due: WeakKeyDictionary[ServerConnection, tuple[int, tuple[InjectedFault, ...]]] = WeakKeyDictionary()
        self._past = LastWords()
        self._over = asyncio.Event()

    async def on_handshake(self, connection: "ServerConnection") -> "Response | None":
        """Befall a handshake: refuse it, or let it wait."""
        if self._faults is None:
            return None
        self._connections += 1
        number, faults = self._connections, self._faults.of(self._connections)
        early = [fault for fault in faults if self._in_handshake(fault)]
        self._due[connection] = number, tuple(fault for fault in faults if fault not in early)
        if any(fault.do in {FaultAction.STOP_READING, FaultAction.SLOW_READER} for fault in faults):
            line = connection.transport.get_extra_info("socket")
            line.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, SLOW_BUFFER_BYTES)
        for fault in early:
            log.info("fault on connection %d: %s", number, fault)
            if fault.do is FaultAction.REFUSE:
                return _refused(connection, fault)
            await self._wait(fault.seconds)
            if fault.do is FaultAction.HALF_OPEN:
                connection.transport.abort()
        return None

    async def wrap(self, connection: "IncomingConnection", path: str) -> "ConversationSocket":
        """The socket a conversation gets."""
        if self._faults is None:
            return connection
        number, faults = self._due.pop(connection)
        faulty = FaultySocket(connection, FaultWatch(faults, path, self._past), number, self._over)
        await faulty.opened()
        return faulty

    def end(self) -> None:
        """Keep nobody waiting any more."""
        self._over.set()

    def _in_handshake(self, fault: InjectedFault) -> bool:
        if fault.do is FaultAction.REFUSE and fault.when is FaultTrigger.TASKS:
            return self._past.tasks >= fault.count
        return fault.when is FaultTrigger.HANDSHAKE and fault.do in {
            FaultAction.REFUSE,
            FaultAction.STALL,
            FaultAction.HALF_OPEN,
        }

    async def _wait(self, seconds: float) -> None:
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._over.wait(), seconds)


def _refused(connection: "ServerConnection", fault: InjectedFault) -> "Response":
    status = HTTPStatus(fault.status)
    response = refusal(connection, status, CODES[fault.status], "A fault on purpose.")
    if fault.retry_after not in {-1, ""}:
        response.headers["Retry-After"] = str(fault.retry_after)
    return response
