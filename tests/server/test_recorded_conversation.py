"""A record that is served: each client has a connection of its own, read from one file while its messages are due."""

import asyncio
from io import BytesIO

import pytest

from asrcli.core.errors import SourceError
from asrcli.core.message import Text
from asrcli.protocol.recorded_messages import RecordedMessage, message_lines
from asrcli.protocol.wire_record import RECEIVED, SENT, close_line, header_line, open_line, pack, read_record
from asrcli.server import recorded_conversation
from asrcli.server.recorded_conversation import RecordedServer
from asrcli.server.socket_interface import SocketClosed

ABOUT = {"url": "ws://x", "engine": "e", "wire": "inference", "speaker": "", "settings": {}}


def start(task_id: str) -> Text:
    """The first message of a task."""
    return Text(f'{{"header":{{"task_id":"{task_id}"}}}}')


def member(number: int) -> bytes:
    """A connection, whose answer names its task."""
    messages = [
        RecordedMessage(0.001, number, SENT, start(f"recorded{number}"), 0, 0, "start", f"recorded{number}"),
        RecordedMessage(0.002, number, RECEIVED, Text(f'{{"n":{number},"task_id":"recorded{number}"}}')),
    ]
    lines = [open_line(0, number, ABOUT), message_lines(messages, 0, keep_audio=False), close_line(3, number, 1000, "")]
    return pack(lines)


class Client:
    """A socket: what was sent to it, until it is closed. It asks for a task of its own."""

    def __init__(self, name: str) -> None:
        self.heard: list[str | bytes] = []
        self._asked: asyncio.Queue[str] = asyncio.Queue()
        self._asked.put_nowait(start(name).data)

    async def recv(self) -> str:
        """What it asks, once; then its end."""
        asked = await self._asked.get()
        if not asked:
            raise SocketClosed
        return asked

    async def send(self, data: str | bytes, /) -> None:
        """Note it."""
        self.heard.append(data)

    async def close(self, code: int = 1000, reason: str = "") -> None:
        """End it."""
        del code, reason
        self._asked.put_nowait("")

    def gone(self) -> bool:
        """No."""
        return False

    def abort(self) -> None:
        """Not needed."""


def test_each_client_has_the_next_connection_with_its_own_task() -> None:
    """Clients at the same time read one file; after the last connection the first comes again."""
    record = read_record("r", BytesIO(pack([header_line({})]) + b"".join(member(number) for number in (1, 2))))
    server = RecordedServer("r", record)

    async def all_of_them() -> list[Client]:
        clients = [Client(f"own{number}") for number in range(3)]
        async with asyncio.timeout(30):
            await asyncio.gather(*(server.conversation(client).run() for client in clients))
        return clients

    heard = [client.heard for client in asyncio.run(all_of_them())]
    assert heard == [[f'{{"n":{number},"task_id":"own{own}"}}'] for own, number in enumerate((1, 2, 1))]
    assert server.engine == "e"


def test_a_record_without_connections_or_with_too_many_is_not_served(monkeypatch: pytest.MonkeyPatch) -> None:
    """One line says which."""
    monkeypatch.setattr(recorded_conversation, "MOST_CONNECTIONS", 1)
    for data, reason in ((b"", "no connection is in it"), (member(1) + member(2), "more than 1 connections")):
        with pytest.raises(SourceError, match=reason):
            RecordedServer("r", read_record("r", BytesIO(pack([header_line({})]) + data)))
