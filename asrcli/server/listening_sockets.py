"""Listening sockets: with small buffers, and with an answer for clients when file descriptors run out."""

import asyncio
import contextlib
import errno
import os
import socket
import time

from asrcli.server.log_filter import log

RECEIVE_BUFFER_BYTES = 32 << 10  # audio that waits in the system: a second, which Linux doubles
SEND_BUFFER_BYTES = 64 << 10  # small, so that a client that does not read is noticed soon
_NO_DESCRIPTORS = frozenset({errno.EMFILE, errno.ENFILE})
_NO_MEMORY = frozenset({errno.ENOBUFS, errno.ENOMEM})
_NO_SUCH_ADDRESS = frozenset({errno.EAFNOSUPPORT, errno.EADDRNOTAVAIL})  # skipped when the host has other addresses
PAUSE_S = 0.05
MAX_AT_ONCE = 8  # clients that are accepted one after the other; then those that are there have their turn
LOG_EVERY_S = 60.0  # a lasting problem is logged once in this time


class ListeningSocket(socket.socket):
    """A listening socket that turns clients away while no file descriptor is left for them.

    One descriptor is kept in reserve: with it a client is accepted and closed at once. Left in the queue it would wait
    for an answer that does not come, and the event loop would try to accept it, and fail, as fast as it can.
    """

    def __init__(self, family: int, kind: int, protocol: int) -> None:
        super().__init__(family, kind, protocol)
        self._spare: int | None = None
        self._reserve()
        self._accepted = 0  # one after the other
        self._logged_at = -LOG_EVERY_S  # when it was logged last that clients are turned away

    def accept(self) -> tuple[socket.socket, object]:
        """Return the socket and address of the next client.

        Raises:
            BlockingIOError: there is none, or none that could be served; or others have to have their turn first.
        """
        self._accepted += 1
        if self._accepted > MAX_AT_ONCE:  # the event loop comes again at once, after what else is ready
            self._accepted = 0
            raise BlockingIOError
        try:
            client = super().accept()
        except BlockingIOError:
            self._accepted = 0
            raise
        except OSError as exc:
            if exc.errno not in _NO_DESCRIPTORS | _NO_MEMORY:
                raise
            if time.monotonic() - self._logged_at >= LOG_EVERY_S:
                log.warning("clients are turned away: %s", os.strerror(exc.errno))
                self._logged_at = time.monotonic()
            self._turn_away()
            raise BlockingIOError from None
        if self._spare is None:
            self._reserve()
        return client

    def close(self) -> None:
        """Close the socket and the descriptor in reserve."""
        super().close()
        if self._spare is not None:
            os.close(self._spare)
            self._spare = None

    def _turn_away(self) -> None:
        if self._spare is not None:
            os.close(self._spare)
            self._spare = None
            with contextlib.suppress(OSError):
                super().accept()[0].close()
        self._reserve()
        if self._spare is None:  # another thread took the descriptor: let it finish
            time.sleep(PAUSE_S)

    def _reserve(self) -> None:
        with contextlib.suppress(OSError):
            self._spare = os.open(os.devnull, os.O_RDONLY)


async def listen(host: str, port: int) -> list[socket.socket]:
    """Return listening sockets for all addresses of a host, all with one port; port 0 takes a free one.

    Raises:
        OSError: the host has no address, or cannot be listened at.
    """
    loop = asyncio.get_running_loop()
    addresses = await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    sockets: list[socket.socket] = []
    missing: OSError | None = None
    try:
        for family, kind, protocol, _, address in dict.fromkeys(addresses):
            if sockets:
                port = sockets[0].getsockname()[1]
            try:
                sockets.append(_bound(family, kind, protocol, (address[0], port, *address[2:])))
            except OSError as exc:
                if exc.errno not in _NO_SUCH_ADDRESS:
                    raise
                missing = exc
        if missing is not None and not sockets:
            raise missing
    except OSError:
        for bound in sockets:
            bound.close()
        raise
    return sockets


def _bound(family: int, kind: int, protocol: int, address: tuple[object, ...]) -> socket.socket:
    listening = ListeningSocket(family, kind, protocol)
    try:
        if os.name == "posix":
            listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if family == socket.AF_INET6:
            listening.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, RECEIVE_BUFFER_BYTES)
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, SEND_BUFFER_BYTES)
        listening.bind(address)
    except OSError:
        listening.close()
        raise
    return listening
