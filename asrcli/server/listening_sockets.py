"""Sockets that are listened at: with a small buffer for what comes, and at no loss when descriptors run out."""

import asyncio
import contextlib
import errno
import os
import socket
import time

from asrcli.server.log_filter import log

BUFFER_BYTES = 32 << 10  # what the kernel takes ahead of us: a second of audio, which Linux doubles
SENT_BYTES = 64 << 10  # what it holds for a client: of one that reads nothing we know soon
_NO_DESCRIPTORS = frozenset({errno.EMFILE, errno.ENFILE})
_NO_MEMORY = frozenset({errno.ENOBUFS, errno.ENOMEM})
_NO_SUCH_ADDRESS = frozenset({errno.EAFNOSUPPORT, errno.EADDRNOTAVAIL})  # one family may be missing
PAUSE_S = 0.05
QUIET_S = 60.0  # what lasts is said once, and again when it has lasted so long


class ListeningSocket(socket.socket):
    """A listening socket that turns clients away while no descriptor is left for them.

    One descriptor is kept in reserve: with it a client is let in and shown out at once. Left in the queue it would wait
    for an answer that does not come, and the event loop would ask for it, and fail, as fast as it can.
    """

    def __init__(self, family: int, kind: int, protocol: int) -> None:
        super().__init__(family, kind, protocol)
        self._spare: int | None = os.open(os.devnull, os.O_RDONLY)
        self._said_at = -QUIET_S  # when it was last said that some are turned away

    def accept(self) -> tuple[socket.socket, object]:
        """The next client.

        Raises:
            BlockingIOError: there is none, or none that could be served.
        """
        try:
            client = super().accept()
        except OSError as exc:
            if exc.errno not in _NO_DESCRIPTORS | _NO_MEMORY:
                raise
            if time.monotonic() - self._said_at >= QUIET_S:
                log.warning("clients are turned away: %s", os.strerror(exc.errno))
                self._said_at = time.monotonic()
            self._turn_away()
            raise BlockingIOError from None
        if self._spare is None:
            self._reserve()
        return client

    def close(self) -> None:
        """Close, and give the reserve back."""
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
        if self._spare is None:  # somebody else was quicker: let them be done
            time.sleep(PAUSE_S)

    def _reserve(self) -> None:
        with contextlib.suppress(OSError):
            self._spare = os.open(os.devnull, os.O_RDONLY)


async def listen(host: str, port: int) -> list[socket.socket]:
    """Sockets for all addresses of a host, with one port for all.

    Raises:
        OSError: one of them cannot be listened at.
    """
    loop = asyncio.get_running_loop()
    found = await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    sockets: list[socket.socket] = []
    missing: OSError | None = None
    try:
        for family, kind, protocol, _, address in dict.fromkeys(found):
            number = sockets[0].getsockname()[1] if sockets else port
            try:
                sockets.append(_bound(family, kind, protocol, (address[0], number, *address[2:])))
            except OSError as exc:
                if exc.errno not in _NO_SUCH_ADDRESS:
                    raise
                missing = exc
        if missing is not None and not sockets:
            raise missing
    except OSError:
        for line in sockets:
            line.close()
        raise
    return sockets


def _bound(family: int, kind: int, protocol: int, address: tuple[object, ...]) -> socket.socket:
    line = ListeningSocket(family, kind, protocol)
    try:
        if os.name == "posix":
            line.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if family == socket.AF_INET6:
            line.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        line.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, BUFFER_BYTES)
        line.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, SENT_BYTES)
        line.bind(address)
    except OSError:
        line.close()
        raise
    return line
