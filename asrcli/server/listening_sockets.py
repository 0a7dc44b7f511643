"""Listening sockets: with small buffers, and with an answer for clients when file descriptors run out."""

import asyncio
import contextlib
import errno
import os
import re
import socket
import time
from functools import partial
from ipaddress import ip_address

from asrcli.core.causes import Cause
from asrcli.core.errors import SettingError
from asrcli.core.loopback_hosts import is_loopback_host
from asrcli.server.http_server import TURNED_AWAY
from asrcli.server.log_filter import log
from asrcli.server.pending_requests import Peer, PendingRequests

RECEIVE_BUFFER_BYTES = 32 << 10  # audio that waits in the system: a second, which Linux doubles
SEND_BUFFER_BYTES = 64 << 10  # small, so that a client that does not read is noticed soon
_NO_DESCRIPTORS = frozenset({errno.EMFILE, errno.ENFILE})
_NO_MEMORY = frozenset({errno.ENOBUFS, errno.ENOMEM})
# This machine has not the address; it is skipped when the host has other ones.
NO_SUCH_ADDRESS = frozenset({errno.EAFNOSUPPORT, errno.EADDRNOTAVAIL})
PAUSE_S = 0.05
MAX_REQUEST_BYTES = 64 << 10  # that are read of a client who is turned away
MAX_AT_ONCE = 8  # clients that are accepted one after the other; then those that are there have their turn
LOG_EVERY_S = 60.0  # a lasting problem is logged once in this time


class ListeningSocket(socket.socket):
    """A listening socket that turns clients away while no file descriptor is left for them.

    The clients that are slowest with their request are turned away first. If there are none, one descriptor is kept in
    reserve: with it a client is accepted and answered. Otherwise the client would wait for an answer that never comes,
    and the event loop would try to accept it, and fail, as fast as it can.

    Args:
        family: As for every socket.
        kind: As for every socket.
        protocol: As for every socket.
        pending: The connections whose request is not whole yet.
        answer: What a client is sent who is turned away; nothing where clients expect TLS.
    """

    def __init__(
        self,
        family: int,
        kind: int,
        protocol: int,
        pending: PendingRequests | None = None,
        answer: bytes = TURNED_AWAY,
    ) -> None:
        super().__init__(family, kind, protocol)
        self._pending = pending
        self._answer = answer
        self._answered: socket.socket | None = None  # who was turned away last, instead of the reserve
        self._spare: int | None = None
        self._reserve()
        self._accepted = 0  # one after the other
        self._logged_at = -LOG_EVERY_S  # when it was logged last that clients are rejected

    def accept(self) -> tuple[socket.socket, Peer]:
        """Return the socket and address of the next client.

        Raises:
            BlockingIOError: there is none, or none that could be served; or others have to have their turn first.
        """
        self._accepted += 1
        if self._accepted > MAX_AT_ONCE:  # the event loop comes again at once, after what else is ready
            self._accepted = 0
            raise BlockingIOError
        try:
            client, peer = super().accept()
        except BlockingIOError:
            self._accepted = 0
            raise
        except OSError as exc:
            if exc.errno not in _NO_DESCRIPTORS | _NO_MEMORY:
                raise
            if time.monotonic() - self._logged_at >= LOG_EVERY_S:
                log.warning("clients are rejected: %s", os.strerror(exc.errno))
                self._logged_at = time.monotonic()
            if self._pending is None or not self._pending.turn_one_away():
                self._turn_away()
            raise BlockingIOError from None
        if self._spare is None:
            self._reserve()
        if self._pending is None:
            return client, peer
        accepted = _AcceptedSocket(client, self._pending, peer)
        self._pending.enter(peer, accepted.end)
        return accepted, peer

    def close(self) -> None:
        """Close the socket and the descriptor in reserve."""
        super().close()
        self._release()

    def _turn_away(self) -> None:
        """Accept a client with the descriptor in reserve, and answer it. It may read that until the next one comes."""
        self._release()
        with contextlib.suppress(OSError):
            self._answered = super().accept()[0]
            self._answered.setblocking(False)
            self._answered.send(self._answer)
            self._answered.shutdown(socket.SHUT_WR)
        if self._answered is None:
            self._reserve()
            if self._spare is None:  # another thread took the descriptor: let it finish
                time.sleep(PAUSE_S)

    def _release(self) -> None:
        if self._spare is not None:
            os.close(self._spare)
            self._spare = None
        if self._answered is not None:
            with contextlib.suppress(OSError):  # closed with a request that nobody has read, it would lose its answer
                self._answered.recv(MAX_REQUEST_BYTES)
            self._answered.close()
            self._answered = None

    def _reserve(self) -> None:
        self._release()
        with contextlib.suppress(OSError):
            self._spare = os.open(os.devnull, os.O_RDONLY)


class _AcceptedSocket(socket.socket):
    """A connection that is not pending any more once it is closed, also where its TLS handshake was never done."""

    def __init__(self, accepted: socket.socket, pending: PendingRequests, peer: Peer) -> None:
        super().__init__(accepted.family, accepted.type, accepted.proto, accepted.detach())
        self._pending = pending
        self._peer = peer

    def end(self) -> None:
        """End the connection; the event loop notices it."""
        with contextlib.suppress(OSError):
            self.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        """Close it."""
        super().close()
        self._pending.leave(self._peer)


def listening_host(text: str) -> str:
    """Return a host as sockets take it: an address without the brackets of a URL, or a name in lower case.

    Raises:
        SettingError: the text is neither an address nor the name of a machine.
    """
    host = text.removeprefix("[").removesuffix("]")
    try:
        ip_address(host)
    except ValueError:
        if not re.fullmatch(r"[\w.-]+", host):
            advice = "name one without a port, such as 127.0.0.1, ::1 or localhost"
            raise SettingError("host", "not an address", advice, value=text) from None
        return host.lower()
    return host


async def listen(
    host: str, port: int, pending: PendingRequests | None = None, answer: bytes = TURNED_AWAY
) -> list[socket.socket]:
    """Return listening sockets for all addresses of a host, all with one port; port 0 takes a free one.

    Args:
        host: A name or an address.
        port: The port.
        pending: The connections whose request is not whole yet.
        answer: What a client is sent who is turned away.

    Raises:
        OSError: the host has no address, or cannot be listened at.
    """
    loop = asyncio.get_running_loop()
    addresses = await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    sockets: list[socket.socket] = []
    made = partial(ListeningSocket, pending=pending, answer=answer)
    missing: OSError | None = None
    try:
        for family, kind, protocol, _, address in dict.fromkeys(addresses):
            if sockets:
                port = sockets[0].getsockname()[1]
            try:
                sockets.append(_bound(made(family, kind, protocol), (address[0], port, *address[2:])))
            except OSError as exc:
                if exc.errno not in NO_SUCH_ADDRESS:
                    raise
                missing = exc
        if missing is not None and not sockets:
            raise missing
    except OSError:
        for bound in sockets:
            bound.close()
        raise
    return sockets


def listening_cause(host: str, error: OSError, taken: Cause) -> Cause:
    """Return why a host and port cannot be listened at; `taken` is the cause where only the port may be another one."""
    if isinstance(error, socket.gaierror):
        return Cause.NO_SUCH_ADDRESS
    if error.errno in NO_SUCH_ADDRESS:
        if is_loopback_host(host) and ":" not in host:  # IPv6 may be switched off where IPv4 is not
            return Cause.NO_LOOPBACK
        return Cause.NO_SUCH_ADDRESS
    return taken


def _bound(listening: ListeningSocket, address: tuple[object, ...]) -> socket.socket:
    try:
        if os.name == "posix":
            listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if listening.family == socket.AF_INET6:
            listening.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, RECEIVE_BUFFER_BYTES)
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, SEND_BUFFER_BYTES)
        listening.bind(address)
    except OSError:
        listening.close()
        raise
    return listening
