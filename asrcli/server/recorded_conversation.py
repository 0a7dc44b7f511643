"""The server side of a record of the wire, for any client: its messages as they were. One event loop."""

import asyncio
import re
from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Any

from asrcli.core.errors import SourceError
from asrcli.core.message import Text
from asrcli.protocol.recorded_messages import has_audio, message_of
from asrcli.protocol.wire_record import RECEIVED, SENT, WireRecord
from asrcli.server.large_messages import LargeMessage
from asrcli.server.socket_interface import ConversationSocket, SocketClosed

CLOSE_CODES = frozenset({*range(1000, 1004), *range(1007, 1015), *range(3000, 5000)})  # that a server may send
_TASK_ID = re.compile(r'"task_id"\s*:\s*"([^"\\]+)"')


class RecordedServer:
    """The connections of a record, one for each client that connects; after the last the first comes again.

    Raises:
        SourceError: the record has no connection.
    """

    def __init__(self, name: str, record: WireRecord) -> None:
        opened = {line["connection"]: line for line in record.lines if line["type"] == "open"}
        self._connections = [
            [line for line in record.lines if line["type"] in {"message", "close"} and line["connection"] == number]
            for number in opened
        ]
        if not opened:
            raise SourceError(name, "no connection is in it")
        self.engine = str(next(iter(opened.values()))["engine"])
        self._next = 0

    def conversation(self, socket: ConversationSocket) -> "RecordedConversation":
        """The conversation with the next client."""
        lines = self._connections[self._next % len(self._connections)]
        self._next += 1
        return RecordedConversation(socket, lines)


class RecordedConversation:
    """One connection of a record, with a client that takes the part of the recorded one.

    A message comes when the client has sent as many messages without audio as the recorded one had sent before it,
    and as long after the last of them as it came then. The task id of the client takes the place of the recorded one.
    """

    def __init__(self, socket: ConversationSocket, lines: Sequence[Mapping[str, Any]]) -> None:
        self._socket = socket
        self._lines = lines
        self._requests = 0  # messages without audio that the client has sent
        self._more = asyncio.Event()
        self._ids: dict[str, str] = {}  # the client's id for each recorded one
        self._recorded_ids = [
            found[1]
            for line in lines
            if line.get("direction") == SENT and line.get("step", "start") == "start"
            if (found := _TASK_ID.search(line.get("text", "")))
        ]
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
        if found and found[1] not in self._ids.values() and self._recorded_ids:
            self._ids[self._recorded_ids.pop(0)] = found[1]
        self._requests += 1
        self._more.set()

    async def _play(self) -> None:
        loop = asyncio.get_running_loop()
        needed = 0
        since_ms = self._lines[0]["at_ms"] if self._lines else 0
        since_s = loop.time()
        for line in self._lines:
            if line.get("direction") == SENT:
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
