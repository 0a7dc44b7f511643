"""Clients that mean harm or are clumsy, each as often as it can.

    python -m tests.bench.attackers ADDRESS SECONDS [--pace A] [--client-key KEY] [KIND...]

The kinds of tests/live/test_hostile_clients.py and more. Each is a coroutine that makes one attack and is run again at
once, several times in parallel; with a pace, at most this many attacks begin in a second, of all kinds. Prints one JSON
object: how often each kind was made.
"""

import argparse
import asyncio
import json
import logging
import os
import random
import socket
import struct
import time
from base64 import b64encode
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from typing import Any

from asrcli.protocol.http.hotword_lists import HOTWORD_LISTS_PATH
from asrcli.protocol.http.phrase_lists import FINE_TUNES_PATH
from tests.bench.attack_lines import HOLD_S, AttackLines, read_some
from tests.support.raw_websocket import frame, handshake
from tests.support.wire import INFERENCE, REALTIME, finish_task, run_task

HANDS = 3  # of each kind at once
LATER_S = 0.02  # between two attacks of one hand: there must be a machine left to measure
EVIL = "\x1b]0;x\x07\x9b31m\u2028forged\nline\x85\ud800"
PATHS = (INFERENCE, REALTIME + "?model=qwen3-asr-flash-realtime", "/v1/realtime")


class Attackers(AttackLines):
    """All kinds, or those that are named, against one server."""

    def __init__(
        self, host: str, port: int, names: Sequence[str] = (), pace: float = 0.0, key: str = "", *, tls: bool = False
    ) -> None:
        super().__init__(host, port, key, tls=tls)
        self.interval_s = 1 / pace if pace else 0.0
        self.next_at = 0.0
        self.made: Counter[str] = Counter()
        self.kinds: tuple[Callable[[], Awaitable[None]], ...] = (
            self.deaf, self.deaf_pings, self.silent, self.slow_head, self.huge, self.odd_values, self.odd_heads,
            self.cut, self.single_requests, self.churn, self.not_audio, self.not_frames, self.many_at_once,
            self.mistakes, self.many_values, self.parts, self.slow_large, self.pings, self.closes, self.questions,
            self.slow_bodies, self.slow_tls, self.tls_handshakes, self.wrong_keys,
        )  # fmt: skip
        if names:
            self.kinds = tuple(getattr(self, name) for name in names)

    async def deaf(self) -> None:
        """Makes the server say much, and reads nothing."""
        async with self.connected() as (reader, writer):
            reader._transport.pause_reading()  # type: ignore[attr-defined]
            writer.write(_start())
            async with asyncio.timeout(HOLD_S * 3):
                while True:
                    writer.write(frame(bytes(32_000), 2))
                    await writer.drain()
                    await asyncio.sleep(LATER_S)

    async def deaf_pings(self) -> None:
        """Pings, and no pong is read."""
        async with self.connected() as (reader, writer):
            reader._transport.pause_reading()  # type: ignore[attr-defined]
            async with asyncio.timeout(HOLD_S):
                while True:
                    writer.write(frame(b"x" * 125, 9) * 100)
                    await writer.drain()
                    await asyncio.sleep(LATER_S)

    async def huge(self) -> None:
        """A message beyond the limit, and one below it that holds nothing."""
        async with self.connected(PATHS[1]) as (_, writer):
            audio = b64encode(bytes(3 << 20)).decode()
            writer.write(frame(json.dumps({"type": "input_audio_buffer.append", "audio": audio}).encode(), 1))
            await writer.drain()
            writer.write(b"\x82\xff" + (25 << 20).to_bytes(8, "big") + bytes(4) + bytes(1 << 20))
            await writer.drain()
            await asyncio.sleep(1)

    async def odd_values(self) -> None:
        """Numbers, types and characters that nobody expects."""
        odd: dict[str, Any] = random.choice(
            [{"sample_rate": 10**9}, {"sample_rate": -1}, {"format": EVIL}, {"language_hints": 5}, {"vocabulary": []},
             {"max_sentence_silence": "x" * 1000}, {"sample_rate": 1e300}, {"format": {"a": [[[]]]}}]
        )  # fmt: skip
        async with self.connected() as (reader, writer):
            start = run_task(random.choice([EVIL, "t", "x" * 5000]), **odd)
            start["payload"]["input"] = {"context": 5}
            start["payload"]["model"] = random.choice([EVIL, "m" * 10_000, "fun-asr-realtime"])
            writer.write(frame(json.dumps(start).encode()[:60_000], 1))
            writer.write(frame(b'{"header":{"action":"run-task","x":' + b"[" * 5000, 1))
            await read_some(reader)

    async def odd_heads(self) -> None:
        """Two keys, foreign pages and names, paths that are none."""
        path, headers = random.choice(
            [(INFERENCE, ("Authorization: Bearer a", "Authorization: Bearer b")), (INFERENCE, ("Origin: https://e",)),
             ("//[", ()), (f"/{'a' * 7000}", ()), (INFERENCE, ("Host: evil.example",)), ("/metrics", ("Origin: https://e",)),
             (INFERENCE, tuple(f"X-{n}: {'y' * 90}" for n in range(200)))]
        )  # fmt: skip
        async with self.line() as (reader, writer):
            writer.write(handshake(self.host, path, *headers))
            await read_some(reader)

    async def cut(self) -> None:
        """Gone in the middle of a task, without a word."""
        async with self.connected() as (_, writer):
            writer.write(_start() + frame(bytes(3200), 2) * 5)
            await asyncio.sleep(random.random() / 5)
            line = writer.get_extra_info("socket")
            line.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))

    async def single_requests(self) -> None:
        """Hot-word lists without end, bodies that are too large or never come."""
        phrases = {"phrase_list": {f"a{n}": 1 for n in range(500)}}
        body = json.dumps(
            {"model": "paraformer-v1", "training_type": "compile_asr_phrase", "hyper_parameters": phrases}
        )
        path, body = random.choice(
            [(FINE_TUNES_PATH, body), (HOTWORD_LISTS_PATH, "{" * 5000), (HOTWORD_LISTS_PATH, "x" * (2 << 20)),
             (FINE_TUNES_PATH, json.dumps({"training_type": EVIL})), ("/api/v1/tokens", "")]
        )  # fmt: skip
        async with self.line() as (reader, writer):
            head = f"POST {path} HTTP/1.1\r\nHost: {self.host}\r\nContent-Length: {len(body) + (not body)}\r\n\r\n"
            writer.write(head.encode() + body.encode())
            await read_some(reader)

    async def churn(self) -> None:
        """Tasks that have hardly begun and end, and commands that belong to no task."""
        async with self.connected() as (reader, writer):
            for _ in range(20):
                writer.write(_start() + frame(json.dumps(finish_task("nobody's")).encode(), 1) + _finish())
                await read_some(reader)

    async def not_audio(self) -> None:
        """Random bytes that are announced as audio of some format."""
        async with self.connected() as (reader, writer):
            writer.write(_start(random.choice(["mp3", "opus", "aac", "amr", "speex", "wav"])))
            writer.write(frame(os.urandom(30_000), 2) * 5 + _finish())
            await read_some(reader)

    async def not_frames(self) -> None:
        """Bytes that are no frames, fragments without an end, text that is no text."""
        bad = random.choice(
            [os.urandom(2000), b"\x01\x85" + bytes(9), frame(b"\xff\xfe", 1), frame(b"x" * 20, 11), frame(b"", 8) * 3,
             (b"\x01\x80" + bytes(4)) + (b"\x00\x81" + bytes(4) + b"a") * 5000]
        )  # fmt: skip
        async with self.connected(random.choice(PATHS)) as (reader, writer):
            writer.write(bad)
            await read_some(reader)

    async def many_at_once(self) -> None:
        """More connections than the server has descriptors for."""
        lines = []
        for _ in range(120):
            with suppress(OSError, TimeoutError):
                async with asyncio.timeout(1):
                    lines.append((await asyncio.open_connection(self.host, self.port))[1])
        await asyncio.sleep(0.5)
        for writer in lines:
            writer.transport.abort()
        await asyncio.sleep(HOLD_S)

    async def mistakes(self) -> None:
        """Messages that no wire has, on every path."""
        async with self.connected(random.choice(PATHS)) as (reader, writer):
            said = [b"{", b'{"type":"input_audio_buffer.commit"}', b'{"type":"a"}', b"[]", b'"' + b"a" * 50_000 + b'"']
            writer.write(b"".join(frame(text, 1) for text in said) * 5)
            await read_some(reader)

    async def many_values(self) -> None:
        """JSON that takes long to read for its length: many values, deep ones, long numbers, escaped characters."""
        odd = random.choice(
            [b"[" + b"1.1e-300," * 6000 + b"1]", b"[" + b"[]," * 100_000 + b"1]", b'{"a":' * 50_000, b"1" * 60_000,
             b"{" + b",".join(b'"%x":{}' % n for n in range(11_000)) + b"}", b'"' + b"\\ud83d" * 10_000 + b'"',
             b'{"type":"' + b"\xe4\xb8\xad" * 900_000 + b'"}']
        )  # fmt: skip
        async with self.connected(PATHS[1]) as (reader, writer):
            writer.write(frame(odd, random.choice([1, 2])) * 3)
            await read_some(reader)

    async def parts(self) -> None:
        """A message of megabytes in thousands of frames, and another in few."""
        async with self.connected(PATHS[1]) as (reader, writer):
            writer.write(b"\x01\x80" + bytes(4) + (b"\x00\xfe\x03\xe8" + bytes(4) + b"A" * 1000) * 3000)
            writer.write(b"\x80\x80" + bytes(4))
            await writer.drain()
            await read_some(reader)

    async def slow_large(self) -> None:
        """Takes the room of large messages, and sends little of them."""
        async with self.connected(PATHS[1]) as (_, writer):
            writer.write(b"\x81\xff" + (19 << 20).to_bytes(8, "big") + bytes(4))
            for _ in range(int(HOLD_S / 0.1)):
                writer.write(b"A" * 2000)
                await writer.drain()
                await asyncio.sleep(0.1)

    async def pings(self) -> None:
        """Pings as fast as they are answered."""
        async with self.connected(random.choice(PATHS)) as (reader, writer):
            for _ in range(20):
                writer.write(frame(b"x" * 125, 9) * 100)
                await reader.readexactly(100 * 127)

    async def closes(self) -> None:
        """Connections that are closed as soon as they are open."""
        async with self.connected(random.choice(PATHS)) as (reader, writer):
            writer.write(frame((1000).to_bytes(2, "big"), 8))
            await read_some(reader)

    async def hand(self, kind: Callable[[], Awaitable[None]], end_at: float) -> None:
        """Make one attack after the other, each when the pace allows it."""
        while time.monotonic() < end_at:
            self.next_at = max(time.monotonic(), self.next_at + self.interval_s)
            await asyncio.sleep(self.next_at - time.monotonic())
            with suppress(OSError, EOFError, TimeoutError, asyncio.LimitOverrunError):
                await kind()
            self.made[kind.__name__] += 1
            await asyncio.sleep(LATER_S)

    async def run(self, seconds: float) -> None:
        """Attack for this long."""
        end_at = time.monotonic() + seconds
        await asyncio.gather(*(self.hand(kind, end_at) for kind in self.kinds for _ in range(HANDS)))


def _start(audio_format: str = "pcm") -> bytes:
    start = run_task(format=audio_format)
    start["payload"]["model"] = "fun-asr-realtime"
    return frame(json.dumps(start).encode(), 1)


def _finish() -> bytes:
    return frame(json.dumps(finish_task()).encode(), 1)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="python -m tests.bench.attackers")
    parser.add_argument("address")
    parser.add_argument("seconds", type=float)
    parser.add_argument("kinds", nargs="*")
    parser.add_argument("--pace", type=float, default=0.0, help="attacks that begin in a second; 0: as many as can be")
    parser.add_argument("--client-key", default="", help="the key that the attackers have")
    asked = parser.parse_args()
    scheme, _, place = asked.address.partition("://")
    host_, _, port_ = place.partition(":")
    attackers = Attackers(host_, int(port_), asked.kinds, asked.pace, asked.client_key, tls=scheme == "wss")
    logging.getLogger("asyncio").setLevel(logging.CRITICAL)  # that connections end is what the server is for
    asyncio.run(attackers.run(asked.seconds))
    print(json.dumps(attackers.made))
