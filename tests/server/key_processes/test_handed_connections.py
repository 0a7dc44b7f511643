"""Connections between two processes: what travels, and what cannot."""

import asyncio
import resource
import socket
from collections.abc import Awaitable, Callable
from contextlib import ExitStack

import pytest

from asrcli.server.key_processes.handed_connections import MAX_MESSAGE_BYTES, HandedConnections, hand_over
from asrcli.server.key_processes.messages import HandedOver


class Ends:
    """Both ends of a channel, and a connection of a client."""

    def __init__(self, stack: ExitStack) -> None:
        self.taken: list[int] = []
        self.ended: list[int] = []
        self.ours, theirs = socket.socketpair()
        self.handed = stack.enter_context(HandedConnections(theirs.detach(), self.taken.append, self.ended.append))
        listening = stack.enter_context(socket.create_server(("127.0.0.1", 0)))
        self.client = stack.enter_context(socket.create_connection(listening.getsockname()))
        self.accepted, self.peer = listening.accept()
        stack.enter_context(self.accepted)
        stack.enter_context(self.ours)
        for each in (self.ours, self.handed):
            each.setblocking(False)

    def hand_over(self, received: bytes = b"GET ", key: str = "k", number: int = 1) -> bool:
        """Give the connection away."""
        return hand_over(self.ours, self.accepted.fileno(), HandedOver(key, {"a": 1}, received, number))


def with_ends(test: Callable[[Ends], Awaitable[None]]) -> None:
    """Run a test in a loop."""

    async def run() -> None:
        with ExitStack() as stack:
            await test(Ends(stack))

    asyncio.run(run())


def test_a_connection_and_what_comes_with_it_arrive() -> None:
    """It stays open when the side that gave it away closes it, and its end is told once."""

    async def test(ends: Ends) -> None:
        assert ends.hand_over(b"GET /")
        ends.accepted.close()
        client, peer = ends.handed.accept()
        assert peer == ends.peer
        assert ends.handed.taken(client.fileno()) == HandedOver("k", {"a": 1}, b"GET /", 1)
        assert ends.taken == [1]
        assert not client.get_inheritable()
        client.sendall(b"here")
        assert ends.client.recv(4) == b"here"
        client.close()
        client.close()
        assert ends.ended == [1]
        assert ends.client.recv(1) == b""
        with pytest.raises(BlockingIOError):
            ends.handed.accept()

    with_ends(test)


def test_each_message_is_one_connection() -> None:
    """Also when many have come before the first is taken."""

    async def test(ends: Ends) -> None:
        sizes = [1, MAX_MESSAGE_BYTES - 500, 1, 2]
        assert [ends.hand_over(bytes(size), f"k{size}") for size in sizes] == [True] * 4
        for size in sizes:
            client, _ = ends.handed.accept()
            assert ends.handed.taken(client.fileno()) == HandedOver(f"k{size}", {"a": 1}, bytes(size), 1)
            client.close()

    with_ends(test)


def test_what_does_not_fit_stays() -> None:
    """A request that is too long, a channel that is full, a process that is gone: the server keeps the connection."""

    async def test(ends: Ends) -> None:
        assert not ends.hand_over(bytes(MAX_MESSAGE_BYTES))
        taken = 0
        while ends.hand_over(bytes(10_000)):
            taken += 1
        for _ in range(taken):
            client, _ = ends.handed.accept()
            assert len(ends.handed.taken(client.fileno()).received) == 10_000
            client.close()
        assert ends.hand_over()
        ends.handed.accept()[0].close()
        ends.handed.close()
        assert not ends.hand_over()

    with_ends(test)


def test_a_client_that_has_gone_meanwhile_is_counted_as_ended() -> None:
    """It is no error, and the next one is accepted."""

    async def test(ends: Ends) -> None:
        with socket.socket() as unconnected:
            assert hand_over(ends.ours, unconnected.fileno(), HandedOver("gone", None, b"", 2))
        assert ends.hand_over()
        with pytest.raises(BlockingIOError):
            ends.handed.accept()
        assert ends.ended == [2]
        ends.handed.accept()[0].close()
        assert ends.ended == [2, 1]

    with_ends(test)


def test_a_connection_without_a_file_left_for_it_is_counted_as_ended() -> None:
    """It was not taken: the server answers it."""

    async def test(ends: Ends) -> None:
        assert ends.hand_over()
        soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        free = ends.client.dup()
        lowest = free.fileno()
        free.close()
        resource.setrlimit(resource.RLIMIT_NOFILE, (lowest, hard))
        try:
            with pytest.raises(BlockingIOError):
                ends.handed.accept()
        finally:
            resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
        assert (ends.taken, ends.ended) == ([], [1])

    with_ends(test)


def test_where_the_server_is_gone_nobody_listens_any_more() -> None:
    """The loop would else be woken again and again."""

    async def test(ends: Ends) -> None:
        loop = asyncio.get_running_loop()
        loop.add_reader(ends.handed.fileno(), lambda: None)
        ends.ours.close()
        with pytest.raises(BlockingIOError):
            ends.handed.accept()
        assert not loop.remove_reader(ends.handed.fileno())

    with_ends(test)
