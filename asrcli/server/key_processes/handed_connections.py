"""Connections on their way from the server to the process of their key, by a Unix socket that carries descriptors.

One message is one connection: its descriptor, and a pickled HandedOver.
"""

import asyncio
import os
import socket
import sys
from collections.abc import Callable
from contextlib import suppress

from asrcli.core.packed_values import LENGTH, packed, unpacked
from asrcli.server.key_processes.messages import HandedOver

MAX_MESSAGE_BYTES = 24 << 10  # the system keeps a message of this size in one piece


def hand_over(channel: socket.socket, descriptor: int, handed: HandedOver) -> bool:
    """Give a connection away; returns False if it does not fit, or the other process is behind or gone.

    Args:
        channel: The Unix socket, which does not block.
        descriptor: Of the connection. It stays open here, and is to be closed.
        handed: What comes with it.
    """
    if sys.platform == "win32":  # which hands no descriptors over
        return False
    message = packed(handed)
    if len(message) > MAX_MESSAGE_BYTES:
        return False
    try:
        return socket.send_fds(channel, [message], [descriptor]) == len(message)
    except OSError:
        return False


class HandedConnections(socket.socket):
    """Stands where a listening socket does, and accepts the connections that the server hands over.

    Args:
        descriptor: Of the Unix socket.
        on_taken: Called with the number of a connection that has come.
        on_end: Called with the number of a connection that has ended.
    """

    def __init__(self, descriptor: int, on_taken: Callable[[int], None], on_end: Callable[[int], None]) -> None:
        super().__init__(fileno=descriptor)
        self._on_taken = on_taken
        self._on_end = on_end
        self._handed: dict[int, HandedOver] = {}

    def listen(self, backlog: int = 0, /) -> None:
        """Nothing is to be done: the server listens."""

    def accept(self) -> tuple[socket.socket, object]:
        """Return the socket and address of the next client.

        Raises:
            BlockingIOError: there is none now; or the server is gone, and there will be none.
        """
        if sys.platform == "win32":  # see `hand_over`
            raise BlockingIOError
        message, descriptors, _, _ = socket.recv_fds(self, MAX_MESSAGE_BYTES, 1)
        if not message:
            asyncio.get_running_loop().remove_reader(self.fileno())
            raise BlockingIOError
        handed: HandedOver = unpacked(message[LENGTH.size :])
        if not descriptors:  # no file is left for it here: the server, which has one, answers it
            self._on_end(handed.number)
            raise BlockingIOError
        os.set_inheritable(descriptors[0], False)
        client = _HandedSocket(descriptors[0], lambda: self._on_end(handed.number))
        self._on_taken(handed.number)
        try:
            peer = client.getpeername()
        except OSError as exc:  # it has gone meanwhile
            client.close()
            raise BlockingIOError from exc
        self._handed[client.fileno()] = handed
        return client, peer

    def taken(self, descriptor: int) -> HandedOver:
        """Remove and return what came with an accepted connection."""
        return self._handed.pop(descriptor)


class _HandedSocket(socket.socket):
    """A connection that says when it is closed."""

    def __init__(self, descriptor: int, on_end: Callable[[], None]) -> None:
        super().__init__(fileno=descriptor)
        self._on_end: Callable[[], None] | None = on_end

    def close(self) -> None:
        """End it: the server still has a descriptor of it, so that closing alone would tell the client nothing."""
        if self.fileno() >= 0:
            with suppress(OSError):  # it has ended already
                self.shutdown(socket.SHUT_RDWR)
        super().close()
        on_end, self._on_end = self._on_end, None
        if on_end is not None:
            on_end()
