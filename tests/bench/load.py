"""Live streams to a server from a cheap client, and how late their results are: `python -m tests.bench.load ADDRESS`.

    [--streams N] [--warm S] [--span S] [--task S] [--wav FILE]

Each stream sends 100 ms of audio every 100 ms, in tasks of some seconds one after the other on one connection. A result
is late by the time from when the audio that it needs was sent to when it came: for a partial with words that is the
end of its last word, for a final without words its own end. Frames are made beforehand and read without a library, so
that the client costs little beside the server. Prints one JSON object; audio that could not be sent in time counts as
behind.
"""

import argparse
import asyncio
import json
import time
import wave
from array import array
from dataclasses import dataclass, field
from typing import Any

from tests.support.wire import INFERENCE, finish_task, run_task

CHUNK_S, CHUNK_BYTES = 0.1, 3200
BEHIND_S = 0.05  # a chunk that is sent later than this is behind
MODEL = "fun-asr-realtime"
PATIENCE_S = 60.0


def frame(data: bytes, opcode: int = 2) -> bytes:
    """A masked frame whose mask changes nothing."""
    if len(data) < 126:
        size = bytes([0x80 | len(data)])
    elif len(data) < 1 << 16:
        size = b"\xfe" + len(data).to_bytes(2, "big")
    else:
        size = b"\xff" + len(data).to_bytes(8, "big")
    return bytes([0x80 | opcode]) + size + bytes(4) + data


def handshake(host: str, path: str = INFERENCE, *headers: str) -> bytes:
    """The request of a WebSocket client."""
    lines = [f"GET {path} HTTP/1.1", f"Host: {host}", "Upgrade: websocket", "Connection: Upgrade"]
    lines += ["Sec-WebSocket-Version: 13", f"Sec-WebSocket-Key: {'A' * 22}==", *headers]
    return ("\r\n".join(lines) + "\r\n\r\n").encode()


@dataclass
class Seen:
    """What all streams have seen.

    Attributes:
        late_s: How late results were, since `warm`.
        chunks: Chunks sent since then.
        behind: Of these, sent too late.
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


class Stream:
    """One connection.

    Args:
        seen: Where it notes what it sees.
        chunks: Frames of audio, sent one after the other, again and again.
        task_chunks: How many of them a task has.
        counted: The engine finds one sentence in each second: what is missing is lost.
    """

    def __init__(self, seen: Seen, chunks: list[bytes], task_chunks: int, *, counted: bool) -> None:
        self._seen = seen
        self._chunks = chunks
        self._task_chunks = task_chunks
        self._counted = counted
        self._sent_at = array("d")
        self._finals = 0
        self._event = asyncio.Event()
        self._last = ""

    async def run(self, host: str, port: int, number: int, end_at: float) -> None:
        """Stream until the clock says so; the last task is ended."""
        try:
            reader, writer = await asyncio.open_connection(host, port, limit=1 << 20)
            writer.write(handshake(f"{host}:{port}"))
            head = await reader.readuntil(b"\r\n\r\n")
            if b" 101 " not in head:
                raise ConnectionError(head[:60].decode())
            reading = asyncio.create_task(self._read(reader))
            tasks = 0
            while time.monotonic() < end_at:
                await self._task(writer, f"{number}-{tasks}", end_at)
                tasks += 1
            reading.cancel()
            writer.close()
        except (OSError, EOFError, TimeoutError) as exc:
            self._seen.errors.append(repr(exc)[:100])

    async def _task(self, writer: asyncio.StreamWriter, name: str, end_at: float) -> None:
        start: dict[str, Any] = run_task(name, heartbeat=True)
        start["payload"]["model"] = MODEL
        self._finals = 0
        del self._sent_at[:]
        writer.write(frame(json.dumps(start).encode(), 1))
        await self._wait("task-started")
        began, seen = time.monotonic(), self._seen
        for place in range(self._task_chunks):
            due = began + (place + 1) * CHUNK_S
            if (wait_s := due - time.monotonic()) > 0:
                await asyncio.sleep(wait_s)
            now = time.monotonic()
            if now > end_at and place % 10 == 0:
                break
            self._sent_at.append(now)
            writer.write(self._chunks[place % len(self._chunks)])
            seen.chunks += seen.warm
            seen.behind += seen.warm and now - due > BEHIND_S
        writer.write(frame(json.dumps(finish_task(name)).encode(), 1))
        await self._wait("task-finished")
        seen.tasks += 1
        if self._counted:
            seen.lost += abs(len(self._sent_at) // 10 - self._finals)

    async def _wait(self, event: str) -> None:
        async with asyncio.timeout(PATIENCE_S):
            while self._last != event:
                self._event.clear()
                await self._event.wait()

    async def _read(self, reader: asyncio.StreamReader) -> None:
        try:
            while True:
                first, size = await reader.readexactly(2)
                if size > 125:
                    size = int.from_bytes(await reader.readexactly(2 if size == 126 else 8), "big")
                data = await reader.readexactly(size)
                if first & 15 == 1:
                    self._heard(data)
                elif first & 15 == 8:
                    raise EOFError(f"closed: {data!r}")
        except (OSError, EOFError) as exc:
            self._seen.errors.append(repr(exc)[:100])

    def _heard(self, data: bytes) -> None:
        now = time.monotonic()
        value = json.loads(data)
        event = value["header"]["event"]
        if event != "result-generated":
            self._last = event
            self._event.set()
            if event == "task-failed":
                self._seen.errors.append(str(value["header"])[:200])
            return
        sentence = value["payload"]["output"]["sentence"]
        self._finals += sentence["sentence_end"]
        place = (
            min(len(self._sent_at), -(-needed_ms(sentence) // 100)) - 1
        )  # a time is an estimate: not beyond what was sent
        if self._seen.warm and place >= 0:
            self._seen.late_s.append(now - self._sent_at[place])


def needed_ms(sentence: dict[str, Any]) -> int:
    """How much audio a result needs; 0 where it does not count."""
    words = sentence["words"]
    if words and not sentence["sentence_end"]:
        return int(words[-1]["end_time"])
    if sentence["sentence_end"] and not words:
        return int(sentence["end_time"])
    return 0


def quantiles(late_s: "array[float]") -> dict[str, float]:
    """The figures that count, in milliseconds."""
    found = sorted(late_s) or [float("nan")]
    parts = {"p50": 0.5, "p95": 0.95, "p99": 0.99, "max": 1.0}
    return {name: 1000 * found[min(len(found) - 1, int(len(found) * part))] for name, part in parts.items()}


async def load(address: str, asked: argparse.Namespace) -> dict[str, Any]:
    """Run all streams; the figures."""
    host, _, port = address.removeprefix("ws://").partition(":")
    chunks = [frame(bytes(CHUNK_BYTES))]
    if asked.wav:
        with wave.open(asked.wav) as file:
            pcm = file.readframes(file.getnframes())
        pcm = pcm[: len(pcm) // CHUNK_BYTES * CHUNK_BYTES]
        chunks = [frame(pcm[at : at + CHUNK_BYTES]) for at in range(0, len(pcm), CHUNK_BYTES)]
    seen = Seen()
    end_at = time.monotonic() + asked.warm + asked.span
    running = []
    for number in range(asked.streams):  # not all in one moment: each has its own beat
        stream = Stream(seen, chunks, round(asked.task * 10), counted=not asked.wav)
        running.append(asyncio.create_task(stream.run(host, int(port), number, end_at)))
        await asyncio.sleep(min(0.05, asked.warm / 2 / asked.streams))
    await asyncio.sleep(max(0.0, end_at - asked.span - time.monotonic()))
    seen.warm = True
    print("warm", flush=True)
    await asyncio.sleep(max(0.0, end_at - time.monotonic()))
    seen.warm = False
    print("measured", flush=True)
    await asyncio.gather(*running)
    figures = {"results": len(seen.late_s), "chunks": seen.chunks, "behind": seen.behind, "tasks": seen.tasks}
    return figures | quantiles(seen.late_s) | {"lost": seen.lost, "errors": seen.errors[:10]}


def parsed(arguments: list[str] | None = None) -> argparse.Namespace:
    """The arguments of the command."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench.load")
    parser.add_argument("address")
    parser.add_argument("--streams", type=int, default=1)
    parser.add_argument("--warm", type=float, default=3.0, help="seconds before anything counts")
    parser.add_argument("--span", type=float, default=10.0, help="seconds that count")
    parser.add_argument("--task", type=float, default=60.0, help="seconds of audio in a task")
    parser.add_argument("--wav", default="", help="a WAV file at 16 kHz instead of silence")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    given = parsed()
    print(json.dumps(asyncio.run(load(given.address, given))), flush=True)
