"""The connections that have not sent a whole request yet: bounded, and where there are too many the slowest go first.

An honest client sends its request at once, so it is gone from here before the oldest one. Uses no socket.
"""

from collections.abc import Callable
from ipaddress import IPv6Address

from asrcli.server.log_filter import log

Peer = tuple[object, ...]  # host and port as the system says them, and more for IPv6
NETWORK_BYTES = 8  # of an IPv6 address: each customer has as many addresses in such a network as he likes


class PendingRequests:
    """Who has connected and is not answered yet, in the order of their coming, by network.

    Args:
        limit: How many there may be.
    """

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self._networks: dict[object, dict[Peer, Callable[[], None]]] = {}
        self._size = 0

    def __len__(self) -> int:
        """How many there are."""
        return self._size

    def enter(self, peer: Peer, turn_away: Callable[[], None]) -> None:
        """Add a client, or set what turns away one that is here already: its age stays the same.

        Where there are too many, one is turned away: of the network that has most of them, who came first.
        """
        clients = self._networks.setdefault(_network(peer), {})
        is_new = peer not in clients
        clients[peer] = turn_away
        self._size += is_new
        if self._size > self.limit:
            log.warning("clients are rejected: %d others have not sent a whole request", self.limit)
            self.turn_one_away()

    def leave(self, peer: Peer) -> None:
        """Remove a client, if it is here: its request is there, or it has gone."""
        network = _network(peer)
        clients = self._networks.get(network)
        if clients is not None and clients.pop(peer, None) is not None:
            self._size -= 1
            if not clients:
                del self._networks[network]

    def turn_one_away(self) -> bool:
        """Turn the next client away; returns whether there was one."""
        if not self._networks:
            return False
        clients = max(self._networks.values(), key=len)  # of equals the one that was here first
        peer, turn_away = next(iter(clients.items()))
        self.leave(peer)
        turn_away()
        return True


def _network(peer: Peer) -> object:
    host = peer[0]
    if isinstance(host, str) and ":" in host:
        return IPv6Address(host.partition("%")[0]).packed[:NETWORK_BYTES]
    return host
