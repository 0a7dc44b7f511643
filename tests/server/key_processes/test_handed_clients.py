"""What clients hear whose process is gone."""

import asyncio
import socket
from contextlib import ExitStack

import pytest

from asrcli.server.http_server import TURNED_AWAY
from asrcli.server.key_processes import handed_clients
from asrcli.server.key_processes.handed_clients import HandedClients

CLOSED = b"\x88\x05\x03\xf3why"


class Clients:
    """The clients that a process has, and what each of them sees."""

    def __init__(self, stack: ExitStack) -> None:
        self.ended: list[str] = []
        self.all = HandedClients(self.ended.append)
        self._stack = stack

    def new(self, key: str = "k") -> tuple[int, socket.socket, socket.socket]:
        """The number of a client, its end, and that of the process."""
        listening = self._stack.enter_context(socket.create_server(("127.0.0.1", 0)))
        client = self._stack.enter_context(socket.create_connection(listening.getsockname(), timeout=60))
        accepted = self._stack.enter_context(listening.accept()[0])
        return self.all.add(accepted.fileno(), key), client, accepted


def heard(client: socket.socket) -> bytes:
    """All that a client is sent."""
    said = b""
    while more := client.recv(65536):
        said += more
    return said


def test_every_client_is_closed_once_and_told_why(monkeypatch: pytest.MonkeyPatch) -> None:
    """Those who had a WebSocket why it ends, the others that they are to come again; all are counted as ended."""
    monkeypatch.setattr(handed_clients, "GOODBYE_S", 60.0)  # this machine may be slow

    async def run(stack: ExitStack) -> None:
        clients = Clients(stack)
        (first, taken, _), (_, waiting, _), (gone, left, _) = (clients.new(key) for key in "abc")
        clients.all.taken(first)
        clients.all.taken(gone)
        left.close()
        for each in (taken, waiting):
            each.sendall(b"audio that nobody reads")
        hearing = [asyncio.create_task(asyncio.to_thread(heard, each)) for each in (taken, waiting)]
        ending = asyncio.create_task(clients.all.end_all("why"))
        await asyncio.sleep(0)
        assert clients.ended == ["a", "b", "c"]
        assert [await each for each in hearing] == [CLOSED, TURNED_AWAY]
        taken.close()
        waiting.close()
        await ending
        await clients.all.end_all("why")
        assert clients.ended == ["a", "b", "c"]

    with ExitStack() as stack:
        asyncio.run(run(stack))


def test_a_client_that_does_not_answer_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    """A client that is behind is told nothing either: it would take that for the rest of the message before."""
    monkeypatch.setattr(handed_clients, "GOODBYE_S", 0.05)

    async def run(stack: ExitStack) -> None:
        clients = Clients(stack)
        (number, client, process), (other, deaf, _) = clients.new(), clients.new()
        clients.all.taken(number)
        clients.all.taken(other)
        process.setblocking(False)
        sent = 0
        while True:
            try:
                sent += process.send(bytes(65536))
            except BlockingIOError:
                break
        await clients.all.end_all("why")
        process.close()
        assert len(heard(client)) == sent
        assert deaf.recv(len(CLOSED)) == CLOSED

    with ExitStack() as stack:
        asyncio.run(run(stack))


def test_a_connection_has_no_descriptor_longer_than_it_lasts() -> None:
    """Where the process says its end, and where the process did not get it; one that could not be taken is told."""
    with ExitStack() as stack:
        clients = Clients(stack)
        for how in (clients.all.ended, clients.all.forget):
            number, client, accepted = clients.new()
            accepted.close()
            how(number)
            assert heard(client) == (TURNED_AWAY if how == clients.all.ended else b"")
        assert clients.ended == ["k"]
        number, client, accepted = clients.new()
        clients.all.taken(number)
        accepted.close()
        clients.all.ended(number)
        assert heard(client) == b""
