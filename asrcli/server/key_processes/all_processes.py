"""All processes of a server that are for keys: which key has which."""

import asyncio
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from asrcli.core.settings import RecognitionSettings, Secret
from asrcli.server.api_keys import ApiKey, ApiKeys
from asrcli.server.auth import AccessControl
from asrcli.server.key_processes.key_process import KeyProcess
from asrcli.server.key_processes.messages import HandedOver, ServerPlan
from asrcli.server.monitoring import ServerMetrics
from asrcli.server.server_socket import ServerSocket

if TYPE_CHECKING:
    from asrcli.protocol.json_messages import Json

MAX_PROCESSES = 8  # each has about 35 MB, and a recognizer of its own; of more keys some share one


class KeyProcesses:
    """A process for each key that has places reserved for it.

    Args:
        plan: What they serve.
        keys: The keys of the server.
        access_control: Counts their connections.
        with_lists: Returns a recognition with the hot words of its lists.
    """

    def __init__(
        self,
        plan: ServerPlan,
        keys: ApiKeys,
        access_control: AccessControl,
        with_lists: Callable[[RecognitionSettings], RecognitionSettings],
    ) -> None:
        self._plan = plan
        self._keys = keys
        self._access_control = access_control
        self._with_lists = with_lists
        self._processes: list[KeyProcess] = []
        self._by_key: dict[str, KeyProcess] = {}

    def start(self) -> None:
        """Start the processes; there are others when there are other keys."""
        self._keys.on_replace = self._assign
        self._assign()

    def _assign(self) -> None:
        """Give each key with reserved places a process, if it has none yet. Where there are enough, some share one.

        The connections of a key that has no reserved places any more stay with the server from now on.
        """
        reserving = {key.name: key for key in self._keys.permanent if key.reserved is not None}
        self._by_key = {name: process for name, process in self._by_key.items() if name in reserving}
        for name in reserving:
            if name not in self._by_key:
                self._by_key[name] = self._free_process()
        for process in self._processes:
            names = [name for name, other in self._by_key.items() if other is process]
            process.set_limits({name: reserving[name].tasks_per_minute for name in names})

    def hand_over(self, socket: ServerSocket, key: ApiKey, session: "Json | None") -> bool:
        """Give a connection to the process of its key, and count it; returns False if the server has to keep it.

        Args:
            socket: The connection, whose handshake is not answered. The server is to leave it.
            key: That its client has given.
            session: The session that its client begins with, if the key brings one.
        """
        process = self._by_key.get(key.name)
        if process is None or not process.takes_connections:
            return False
        if not process.hand_over(socket.descriptor, HandedOver(key.name, session, socket.received)):
            return False
        self._access_control.opened(key)
        return True

    def metrics(self) -> Iterator[ServerMetrics]:
        """Yield what each has counted."""
        for process in self._processes:
            yield process.metrics

    @property
    def is_running(self) -> bool:
        """Whether there is any process."""
        return any(process.is_running for process in self._processes)

    def drain(self) -> None:
        """Let them take no connection any more; they let their tasks end, and end."""
        for process in self._processes:
            process.drain()

    async def stop(self, within_s: float) -> None:
        """Close every connection now, and kill those that have not ended after this time."""
        await asyncio.gather(*(process.stop(within_s) for process in self._processes))

    def _free_process(self) -> KeyProcess:
        """A process that no key has any more, a new one, or the one with the fewest keys."""
        shares = list(self._by_key.values())
        fewest = min(self._processes, key=shares.count, default=None)
        if fewest is not None and (fewest not in shares or len(self._processes) == MAX_PROCESSES):
            return fewest
        self._processes.append(KeyProcess(self._plan, self._with_lists, self._connection_ended))
        return self._processes[-1]

    def _connection_ended(self, key_name: str) -> None:
        self._access_control.closed(ApiKey(key_name, Secret("")))
