"""The server side of a message record, for any client: its messages as they were. One event loop."""

import asyncio
import re
from collections.abc import Iterator, Mapping
from contextlib import suppress
from typing import Any, NamedTuple

from asrcli.core.errors import SourceError
from asrcli.core.message import Text
from asrcli.protocol.recorded_messages import has_audio, message_of
from asrcli.protocol.wire_record import RECEIVED, SENT, WireRecord
from asrcli.server.large_messages import LargeMessage
from asrcli.server.socket_interface import ConversationSocket, SocketClosed

CLOSE_CODES = frozenset({*range(1000, 1004), *range(1007, 1015), *range(3000, 5000)})  # that a server may send
MOST_CONNECTIONS = 100_000
MOST_TASKS = 1000  # that one side may be ahead of the other
_TASK_ID = re.compile(r'"task_id"\s*:\s*"([^"\\]+)"')


class ConnectionPlace(NamedTuple):
    """Where a connection of a record is.

    Attributes:
        number: Of the connection.
        first: The number of the member that holds its first line.
        last: The number of the member that holds its last line.
    """

    number: int
    first: int
    last: int


class RecordedServer:
    """The connections of a record, one for each client that connects; after the last the first comes again.

    The record stays open, and each conversation reads its own lines while they are due.

    Raises:
        SourceError: the record cannot be read, or has no connection or more than anybody could use.
    """

    def __init__(self, name: str, record: WireRecord) -> None:
        self._record = record
        self.engine = ""
        places: dict[int, ConnectionPlace] = {}
        for member, line in record.placed():
            number = line.get("connection")
            if line["type"] == "open":
                if not places:
                    self.engine = line["engine"]
                places.setdefault(line["connection"], ConnectionPlace(line["connection"], member, member))
                if len(places) > MOST_CONNECTIONS:
                    raise SourceError(name, f"has more than {MOST_CONNECTIONS:,} connections, and is not served")
            elif number in places:
                places[number] = places[number]._replace(last=member)
        if not places:
            raise SourceError(name, "no connection is in it")
        self._places = list(places.values())
        self._next = 0

    def conversation(self, socket: ConversationSocket) -> "RecordedConversation":
        """The conversation with the next client."""
        place = self._places[self._next % len(self._places)]
        self._next += 1
        return RecordedConversation(socket, self._record, place)


class RecordedConversation:
    """One connection of a record, with a client that takes the part of the recorded one.

    A message comes when the client has sent as many messages without audio as the recorded one had sent before it,
    and as long after the last of them as it came then. The task id of the client takes the place of the recorded one.
    """

    def __init__(self, socket: ConversationSocket, record: WireRecord, place: ConnectionPlace) -> None:
        self._socket = socket
        self._record = record
        self._place = place
        self._requests = 0  # messages without audio that the client has sent
        self._more = asyncio.Event()
        self._ids: dict[str, str] = {}  # the client's id for each recorded one
        self._client_ids: dict[str, None] = {}  # in order, those of the client that no recorded one was read for yet
        self._recorded_ids: list[str] = []  # and the other way round
        self._running: asyncio.Task[None] | None = None

    @property
    def busy(self) -> bool:
        """Nothing is lost when it is ended: always False."""
        return False

    def abandon(self) -> None:
        """End the conversation now."""
        self._socket.abort()
        if self._running is not None:
            self._running.cancel()

    async def run(self) -> None:
        """Play until one side closes."""
        self._running = asyncio.current_task()
        playing = asyncio.create_task(self._play())
        try:
            with suppress(SocketClosed):
                while True:
                    self._received(await self._socket.recv())
        finally:
            playing.cancel()
            with suppress(asyncio.CancelledError, SocketClosed):
                await playing

    def _received(self, data: str | bytes | LargeMessage) -> None:
        if isinstance(data, LargeMessage):
            data = data.whole()
        if isinstance(data, bytes) or has_audio(data):
            return
        found = _TASK_ID.search(data)
        if found and found[1] not in self._ids.values() and len(self._client_ids) < MOST_TASKS:
            self._client_ids[found[1]] = None
            self._pair_ids()
        self._requests += 1
        self._more.set()

    def _pair_ids(self) -> None:
        while self._client_ids and self._recorded_ids:
            client_id = next(iter(self._client_ids))
            del self._client_ids[client_id]
            self._ids[self._recorded_ids.pop(0)] = client_id

    async def _play(self) -> None:
        loop = asyncio.get_running_loop()
        needed = 0
        since_ms = 0
        since_s = loop.time()
        for number, line in enumerate(self._own_lines()):
            if number == 0:
                since_ms = line["at_ms"]
            if line.get("direction") == SENT:
                await asyncio.sleep(0)  # reading takes time that other clients need
                self._sent(line)
                if "text" in line and not {"audio", "audio_bytes"} & set(line):
                    needed += 1
                    since_ms = line["at_ms"]
                    await self._wait_for(needed)
                    since_s = loop.time()
                continue
            await asyncio.sleep(since_s + (line["at_ms"] - since_ms) / 1000 - loop.time())
            if line["type"] == "close":
                await self._close(line)
            elif line["direction"] == RECEIVED:
                await self._send(line)

    def _own_lines(self) -> Iterator[Mapping[str, Any]]:
        """The messages of this connection, and its end."""
        for member, line in self._record.placed(self._place.first):
            if member > self._place.last:
                return
            if line.get("connection") == self._place.number and line["type"] in {"message", "close"}:
                yield line

    def _sent(self, line: Mapping[str, Any]) -> None:
        """Take a message of the recorded client, which may be the first of a task."""
        found = _TASK_ID.search(line.get("text", ""))
        if found and line.get("step", "start") == "start" and len(self._recorded_ids) < MOST_TASKS:
            self._recorded_ids.append(found[1])
            self._pair_ids()

    async def _wait_for(self, needed: int) -> None:
        while self._requests < needed:
            self._more.clear()
            await self._more.wait()

    async def _send(self, line: Mapping[str, Any]) -> None:
        message = message_of(line)
        if isinstance(message, Text):
            text = _TASK_ID.sub(
                lambda found: found[0].replace(found[1], self._ids.get(found[1], found[1])), message.data
            )
            await self._socket.send(text)
        else:
            await self._socket.send(message.data)  # type: ignore[union-attr]

    async def _close(self, line: Mapping[str, Any]) -> None:
        """End the connection as it ended; where the recorded client closed it, this client does."""
        if line["reason"] == "closed here":
            return
        if line["code"] in CLOSE_CODES:
            await self._socket.close(line["code"], line["reason"].encode()[:120].decode("utf-8", "ignore"))
        else:
            self._socket.abort()
