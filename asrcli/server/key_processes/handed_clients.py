"""The clients of the process of a key, as the server keeps them: to end their connections where the process cannot.

A connection has a descriptor in both processes. The process writes and reads; until it is gone, the server does nothing
with its own but close it.
"""

import asyncio
import os
import socket
import struct
import sys
from collections.abc import Callable
from contextlib import suppress

from asrcli.core.dataclass import dataclass
from asrcli.server.http_server import TURNED_AWAY
from asrcli.transport.whole_frames import CLOSE, unmasked_frame

CLOSE_CODE = 1011  # the server could not do what it should have done: a client may connect again
SIOCOUTQNSD = 0x894B  # of Linux; other systems do not know it
GOODBYE_S = 2.0  # that a client has to take its answer and to close


@dataclass(slots=True)
class _HandedClient:
    key_name: str
    connection: socket.socket
    taken: bool = False  # by the process, which answers its handshake at once


class HandedClients:
    """Keeps a descriptor of each connection until its end is told.

    Args:
        on_end: Called with the name of a key when a connection with it has ended.
    """

    def __init__(self, on_end: Callable[[str], None]) -> None:
        self._on_end = on_end
        self._clients: dict[int, _HandedClient] = {}
        self._next = 0

    def add(self, descriptor: int, key_name: str) -> int:
        """Keep a connection, and return the number by which it is called.

        Raises:
            OSError: no file is left for it.
        """
        connection = socket.socket(fileno=os.dup(descriptor))
        connection.setblocking(False)
        self._next += 1
        self._clients[self._next] = _HandedClient(key_name, connection)
        return self._next

    def forget(self, number: int) -> None:
        """Keep a connection no longer that the process did not get."""
        self._clients.pop(number).connection.close()

    def taken(self, number: int) -> None:
        """Note that the process has a connection."""
        self._clients[number].taken = True

    def ended(self, number: int) -> None:
        """Close a connection that has ended in the process; one that the process could not take is turned away."""
        client = self._clients.pop(number)
        if not client.taken:
            with suppress(OSError):  # it has gone
                client.connection.send(TURNED_AWAY)
        client.connection.close()
        self._on_end(client.key_name)

    async def end_all(self, reason: str) -> None:
        """End every connection that the process has left, and say why; those without an answer get one."""
        clients = tuple(self._clients.values())
        self._clients.clear()
        for client in clients:
            self._on_end(client.key_name)
        close = unmasked_frame(CLOSE, struct.pack("!H", CLOSE_CODE) + reason.encode())
        last = {True: close, False: TURNED_AWAY}
        await asyncio.gather(*(_end(each.connection, last[each.taken]) for each in clients))


async def _end(connection: socket.socket, last: bytes) -> None:
    """Send something, then wait until the client has closed: what it still sends would else take the answer from it."""
    loop = asyncio.get_running_loop()
    with connection, suppress(OSError):  # the client has gone, or does not answer
        async with asyncio.timeout(GOODBYE_S):
            if not _unsent_bytes(connection):
                await loop.sock_sendall(connection, last)
            connection.shutdown(socket.SHUT_WR)
            while await loop.sock_recv(connection, 1 << 16):
                pass


def _unsent_bytes(connection: socket.socket) -> int:
    """How many bytes wait in this system because the client does not read them; 0 if the system does not say.

    A client that is behind may have got half a message, and would take whatever comes next for the rest of it.
    """
    if sys.platform == "linux":
        from fcntl import ioctl

        with suppress(OSError):
            unsent: int = struct.unpack("i", ioctl(connection, SIOCOUTQNSD, bytes(4)))[0]
            return unsent
    return 0
