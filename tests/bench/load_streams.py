"""The streams of tests/bench/load.py: each a connection to a server, in callbacks, for both wires."""

import asyncio
import json
from array import array
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from tests.support.raw_websocket import frame, handshake
from tests.support.wire import INFERENCE, REALTIME, finish_task, run_task

CHUNK_S = 0.1
BEHIND_S = 0.05  # a chunk that is sent later than this is behind
MODEL, REALTIME_MODEL = "fun-asr-realtime", "qwen3-asr-flash-realtime"


@dataclass
class Seen:
    """What all streams have seen.

    Attributes:
        late_s: How late results were, since `warm`.
        chunks: Chunks sent since then.
        after: Of these, sent too late.
        tasks: Tasks that have ended.
        lost: Seconds of audio without a final, of those.
        errors: What went wrong otherwise.
    """

    warm: bool = False
    late_s: "array[float]" = field(default_factory=lambda: array("d"))
    chunks: int = 0
    behind: int = 0
    tasks: int = 0
    lost: int = 0
    errors: list[str] = field(default_factory=list)


class Stream(asyncio.Protocol):
    """One connection of the inference wire, without a task of asyncio: a timer for each chunk, a call for what comes.

    Args:
        seen: Where it notes what it sees.
        chunks: Frames of audio, sent one after the other, again and again.
        task_chunks: How many of them a task has.
        counted: The engine finds one sentence in each second: what is missing is lost.
        name: Of the stream, in the ids of its tasks.
        end_at: When it ends, on the clock of the loop; the last task is finished.
        headers: Of the handshake.
    """

    path = INFERENCE

    def __init__(
        self,
        seen: Seen,
        chunks: list[bytes],
        task_chunks: int,
        *,
        counted: bool,
        name: str,
        end_at: float,
        headers: Sequence[str] = (),
    ) -> None:
        self.headers = headers
        self.seen, self.counted, self.name = seen, counted, name
        self.over: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.sent_at = array("d")
        self.finals = 0
        self._chunks, self._task_chunks, self._end_at = chunks, task_chunks, end_at
        self._tasks = 0
        self._came = bytearray()
        self._is_open = False
        self._began = 0.0
        self._loop = asyncio.get_running_loop()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Ask for the wire."""
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport
        host, port = transport.get_extra_info("peername")[:2]
        transport.write(handshake(f"{host}:{port}", self.path, *self.headers))

    def connection_lost(self, exc: Exception | None) -> None:
        """Note it, if it was not the end."""
        self.end(f"the connection was lost: {exc!r}")

    def end(self, problem: str = "") -> None:
        """End the stream, once."""
        if self.over.done():
            return
        if problem:
            self.seen.errors.append(problem[:200])
        self.over.set_result(None)
        self.transport.close()

    def data_received(self, data: bytes) -> None:
        """Take the frames that have come."""
        self._came += data
        if not self._is_open:
            head, behind, rest = self._came.partition(b"\r\n\r\n")
            if not behind:
                return
            if b" 101 " not in head:
                self.end(head[:60].decode())
                return
            self._is_open, self._came = True, rest
            self.opened()
        while payload := self._next_frame():
            first, data = payload
            if first & 15 == 1:
                self.handle(json.loads(data))
            elif first & 15 == 8:
                self.end(f"closed: {data!r}")

    def _next_frame(self) -> tuple[int, bytes] | None:
        came = self._came
        if len(came) < 2:
            return None
        size, at = came[1], 2
        if size > 125:
            at = 4 if size == 126 else 10
            size = int.from_bytes(came[2:at], "big")
        if len(came) < at + size:
            return None
        first, data = came[0], bytes(came[at : at + size])
        del came[: at + size]
        return first, data

    def opened(self) -> None:
        """Begin the first task."""
        self._start()

    def _start(self) -> None:
        self.finals = 0
        del self.sent_at[:]
        start: dict[str, Any] = run_task(f"{self.name}-{self._tasks}", heartbeat=True)
        start["payload"]["model"] = MODEL
        self.transport.write(frame(json.dumps(start).encode(), 1))

    def begin(self) -> None:
        """Send the first chunk once it has been spoken."""
        self._began = self._loop.time()
        self._loop.call_at(self._began + CHUNK_S, self._send)

    def _send(self) -> None:
        place, now, seen = len(self.sent_at), self._loop.time(), self.seen
        if place == self._task_chunks or (now > self._end_at and place % 10 == 0):
            self.transport.write(self.finish())
            return
        self.sent_at.append(now)
        self.transport.write(self._chunks[place % len(self._chunks)])
        seen.chunks += seen.warm
        seen.behind += seen.warm and now - self._began - (place + 1) * CHUNK_S > BEHIND_S
        self._loop.call_at(self._began + (place + 2) * CHUNK_S, self._send)

    def finish(self) -> bytes:
        """What ends the task."""
        return frame(json.dumps(finish_task(f"{self.name}-{self._tasks}")).encode(), 1)

    def finished(self) -> None:
        """Count a task that has ended, and begin the next one."""
        self.seen.tasks += 1
        self._tasks += 1
        if self.counted:
            self.seen.lost += abs(len(self.sent_at) // 10 - self.finals)
        if self._loop.time() < self._end_at:
            self._start()
        else:
            self.end()

    def handle(self, value: dict[str, Any]) -> None:
        """Take a message."""
        event = value["header"]["event"]
        if event == "result-generated":
            sentence = value["payload"]["output"]["sentence"]
            self.finals += sentence["sentence_end"]
            self.note(needed_ms(sentence))
        elif event == "task-started":
            self.begin()
        elif event == "task-finished":
            self.finished()
        else:
            self.end(str(value["header"]))

    def note(self, needed: int) -> None:
        """Note how late a result is that needs this much audio, in ms. Its time is an estimate within what was sent."""
        place = min(len(self.sent_at), -(-needed // 100)) - 1
        if self.seen.warm and place >= 0:
            self.seen.late_s.append(self._loop.time() - self.sent_at[place])


class RealtimeStream(Stream):
    """One connection of the realtime wire, with one session."""

    path = f"{REALTIME}?model={REALTIME_MODEL}"

    def opened(self) -> None:
        """Wait for the session."""

    def finish(self) -> bytes:
        """What ends the session."""
        return frame(b'{"type":"session.finish"}', 1)

    def handle(self, value: dict[str, Any]) -> None:
        """Take an event."""
        kind = value["type"]
        if kind == "session.created":
            self.begin()
        elif kind == "conversation.item.input_audio_transcription.completed":
            self.finals += 1
            self.note(self.finals * 1000 * self.counted)
        elif kind == "session.finished":
            self.finished()
        elif kind == "error":
            self.end(str(value))


STREAMS = {"inference": Stream, "realtime": RealtimeStream}


def needed_ms(sentence: dict[str, Any]) -> int:
    """How much audio a result needs; 0 where it does not count."""
    words = sentence["words"]
    if words and not sentence["sentence_end"]:
        return int(words[-1]["end_time"])
    if sentence["sentence_end"] and not words:
        return int(sentence["end_time"])
    return 0
