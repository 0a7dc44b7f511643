"""The injected faults of one server: handshakes that go wrong, and a faulty socket for each connection."""

import asyncio
from http import HTTPStatus
from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

from asrcli.server.auth import Refusal
from asrcli.server.faults.faulty_socket import FaultySocket, wait_for_end
from asrcli.server.faults.script import CODES, FaultAction, FaultPlan, FaultTrigger, InjectedFault
from asrcli.server.faults.trigger import ConnectionFaults, RecentResults
from asrcli.server.log_filter import log

if TYPE_CHECKING:
    from asrcli.protocol.registry import Wire
    from asrcli.server.server_socket import ServerSocket
    from asrcli.server.socket_interface import ConversationSocket

SMALL_BUFFER_BYTES = 32 << 10  # of a connection that will not be read: soon full, as with a client far away


class FaultInjector:
    """The faults of one server. Without a plan it changes nothing."""

    def __init__(self, plan: FaultPlan | None = None) -> None:
        self._plan = plan
        self._connections = 0
        self._pending: WeakKeyDictionary[ServerSocket, tuple[int, tuple[InjectedFault, ...]]] = WeakKeyDictionary()
        self._recent_results = RecentResults()
        self._ended = asyncio.Event()

    async def on_handshake(self, socket: "ServerSocket") -> Refusal | None:
        """Apply the faults of a handshake: refuse it, delay it, or let it hang."""
        if self._plan is None:
            return None
        self._connections += 1
        number = self._connections
        faults = self._plan.of(number)
        early = [fault for fault in faults if self._is_early(fault)]
        self._pending[socket] = (number, tuple(fault for fault in faults if fault not in early))
        if any(fault.action in {FaultAction.STOP_READING, FaultAction.SLOW_READER} for fault in faults):
            socket.shrink_receive_buffer(SMALL_BUFFER_BYTES)
        for fault in early:
            log.info("fault on connection %d: %s", number, fault)
            if fault.action is FaultAction.REFUSE:
                return _refusal(fault)
            await wait_for_end(self._ended, fault.seconds)
            if fault.action is FaultAction.HALF_OPEN:
                socket.abort()
        return None

    async def wrap(self, socket: "ServerSocket", wire: "Wire") -> "ConversationSocket":
        """Return the socket that a conversation gets, with the faults of its connection."""
        if self._plan is None:
            return socket
        number, faults = self._pending.pop(socket)
        faulty = FaultySocket(socket, ConnectionFaults(faults, wire, self._recent_results), number, self._ended)
        await faulty.opened()
        return faulty

    def end(self) -> None:
        """End all waits, because the server ends."""
        self._ended.set()

    def _is_early(self, fault: InjectedFault) -> bool:
        """Return whether a fault strikes in the handshake, before the connection is open."""
        if fault.action is FaultAction.REFUSE and fault.when is FaultTrigger.TASKS:
            return self._recent_results.tasks >= fault.count
        return fault.when is FaultTrigger.HANDSHAKE and fault.action in {
            FaultAction.REFUSE,
            FaultAction.STALL,
            FaultAction.HALF_OPEN,
        }


def _refusal(fault: InjectedFault) -> Refusal:
    retry_after = ""
    if fault.retry_after != -1:
        retry_after = str(fault.retry_after)
    return Refusal(HTTPStatus(fault.status), CODES[fault.status], "A fault on purpose.", retry_after)
