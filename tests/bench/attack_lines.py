"""The connections of an attacker, and the attacks that flood a server with them: handshakes, wrong keys, questions."""

import asyncio
import os
import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from asrcli.protocol.http.hotword_lists import HOTWORD_LISTS_PATH
from tests.bench.load import trusting
from tests.support.raw_websocket import handshake
from tests.support.wire import INFERENCE

HOLD_S = 5.0
Lines = tuple[asyncio.StreamReader, asyncio.StreamWriter]
CLIENT_HELLO = bytes.fromhex("16030100f4010000f00303")  # how a handshake of TLS begins


class AttackLines:
    """Connections to one server.

    Args:
        host: Where it is.
        port: Where it listens.
        key: The key that the attackers have; empty for none.
        tls: Whether it wants TLS.
    """

    def __init__(self, host: str, port: int, key: str = "", *, tls: bool = False) -> None:
        self.host, self.port = host, port
        self.headers = [f"Authorization: Bearer {key}"] if key else []
        self.tls = trusting() if tls else None

    @asynccontextmanager
    async def line(self) -> AsyncIterator[Lines]:
        """A connection; its end is not waited for."""
        reader, writer = await asyncio.open_connection(self.host, self.port, ssl=self.tls)
        try:
            yield reader, writer
        finally:
            writer.transport.abort()

    @asynccontextmanager
    async def bare(self) -> AsyncIterator[Lines]:
        """A connection without TLS, whatever the server wants."""
        reader, writer = await asyncio.open_connection(self.host, self.port)
        try:
            yield reader, writer
        finally:
            writer.transport.abort()

    @asynccontextmanager
    async def connected(self, path: str = INFERENCE) -> AsyncIterator[Lines]:
        """A connection after its handshake."""
        async with self.line() as (reader, writer):
            writer.write(handshake(f"{self.host}:{self.port}", path, *self.headers))
            async with asyncio.timeout(HOLD_S):
                await reader.readuntil(b"\r\n\r\n")
            yield reader, writer

    async def silent(self) -> None:
        """Connects, and asks for nothing."""
        async with self.bare():
            await asyncio.sleep(HOLD_S)

    async def slow_head(self) -> None:
        """A byte at a time."""
        async with self.line() as (_, writer):
            for byte in handshake(self.host)[:80]:
                writer.write(bytes([byte]))
                await asyncio.sleep(0.1)

    async def slow_bodies(self) -> None:
        """A request whose body comes a byte at a time."""
        async with self.line() as (_, writer):
            writer.write(
                f"POST {HOTWORD_LISTS_PATH} HTTP/1.1\r\nHost: {self.host}\r\nContent-Length: 80\r\n\r\n".encode()
            )
            for _ in range(int(HOLD_S / 0.1)):
                writer.write(b"{")
                await asyncio.sleep(0.1)

    async def slow_tls(self) -> None:
        """A handshake of TLS that begins and does not go on."""
        async with self.bare() as (_, writer):
            writer.write(CLIENT_HELLO)
            await asyncio.sleep(HOLD_S)

    async def tls_handshakes(self) -> None:
        """Handshakes of TLS, which cost a signature each; without TLS, bytes that are none."""
        if self.tls is None:
            async with self.bare() as (reader, writer):
                writer.write(CLIENT_HELLO + os.urandom(240))
                await read_some(reader)
        else:
            async with self.line():
                pass

    async def wrong_keys(self) -> None:
        """Keys that are none; on a server without keys, connections that are opened and left."""
        async with self.line() as (reader, writer):
            guessed = f"Authorization: Bearer sk-{random.randbytes(16).hex()}"
            writer.write(handshake(f"{self.host}:{self.port}", INFERENCE, guessed))
            async with asyncio.timeout(HOLD_S):
                await reader.readuntil(b"\r\n\r\n")

    async def questions(self) -> None:
        """Asks what the server tells about itself."""
        path = random.choice(["/metrics", "/healthz", "/readyz", "/favicon.ico"])
        async with self.line() as (reader, writer):
            headers = "".join(f"{header}\r\n" for header in self.headers)
            writer.write(f"GET {path} HTTP/1.1\r\nHost: {self.host}\r\n{headers}\r\n".encode())
            await read_some(reader)


async def read_some(reader: asyncio.StreamReader) -> None:
    """Read what comes, for a moment."""
    async with asyncio.timeout(1):
        while await reader.read(65536):
            pass
