"""Live streams to a server from a cheap client, and how late their results are: `python -m tests.bench.load ADDRESS`.

    [--streams N] [--warm S] [--span S] [--task S] [--wav FILE] [--wire inference|realtime] [--client-key KEY]

Each stream sends 100 ms of audio every 100 ms, in tasks of some seconds one after the other on one connection; on the
realtime wire in one session. A result is late by the time from when the audio that it needs was sent to when it came:
for a partial with words that is the end of its last word, for a final without words its own end, and on the realtime
wire, whose results have no times, that of the second that the scripted engine has counted. Frames are made beforehand,
sent by timers and read without a library, so that the client costs little beside the server. Prints one JSON object;
audio that could not be sent in time counts as behind.
"""

import argparse
import asyncio
import json
import ssl
import wave
from base64 import b64encode
from functools import partial
from typing import TYPE_CHECKING, Any

from tests.bench.load_streams import STREAMS, Seen, Stream
from tests.support.raw_websocket import frame

if TYPE_CHECKING:
    from array import array

CHUNK_BYTES = 3200
PATIENCE_S = 60.0


def quantiles(late_s: "array[float]") -> dict[str, float]:
    """The figures that count, in milliseconds."""
    found = sorted(late_s) or [float("nan")]
    parts = {"p50": 0.5, "p95": 0.95, "p99": 0.99, "max": 1.0}
    return {name: 1000 * found[min(len(found) - 1, int(len(found) * part))] for name, part in parts.items()}


def chunks_of(wav: str, wire: str) -> list[bytes]:
    """The audio of a file, or silence, as frames of a wire."""
    pcm = bytes(CHUNK_BYTES)
    if wav:
        with wave.open(wav) as file:
            pcm = file.readframes(file.getnframes())
    pieces = [pcm[at : at + CHUNK_BYTES] for at in range(0, len(pcm) // CHUNK_BYTES * CHUNK_BYTES, CHUNK_BYTES)]
    if wire == "inference":
        return [frame(piece, 2) for piece in pieces]
    messages = [{"type": "input_audio_buffer.append", "audio": b64encode(piece).decode()} for piece in pieces]
    return [frame(json.dumps(message).encode(), 1) for message in messages]


def trusting() -> ssl.SSLContext:
    """A client that takes every certificate."""
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


async def load(address: str, asked: argparse.Namespace) -> dict[str, Any]:
    """Run all streams; the figures."""
    scheme, _, place = address.partition("://")
    host, _, port = place.partition(":")
    tls = trusting() if scheme == "wss" else None
    chunks = chunks_of(asked.wav, asked.wire)
    seen, loop = Seen(), asyncio.get_running_loop()
    end_at = loop.time() + asked.warm + asked.span
    task_chunks = round(asked.task * 10) if asked.wire == "inference" else -1
    made = partial(STREAMS[asked.wire], seen, chunks, task_chunks, counted=not asked.wav, end_at=end_at)
    made = partial(made, headers=[f"Authorization: Bearer {asked.client_key}"] if asked.client_key else [])
    running: list[Stream] = []
    for number in range(asked.streams):  # not all in one moment: each has its own beat
        running.append((await loop.create_connection(partial(made, name=str(number)), host, int(port), ssl=tls))[1])
        await asyncio.sleep(min(0.05, asked.warm / 2 / asked.streams))
    await asyncio.sleep(max(0.0, end_at - asked.span - loop.time()))
    seen.warm = True
    print("warm", flush=True)
    await asyncio.sleep(max(0.0, end_at - loop.time()))
    seen.warm = False
    print("measured", flush=True)
    await asyncio.wait([stream.over for stream in running], timeout=PATIENCE_S)
    for stream in running:
        stream.end("its last task did not end")
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
    parser.add_argument("--wire", choices=STREAMS, default="inference")
    parser.add_argument("--client-key", default="", help="the key that the client has")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    given = parsed()
    print(json.dumps(asyncio.run(load(given.address, given))), flush=True)
