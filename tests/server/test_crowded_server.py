"""A server with more clients than places: whoever asks is answered, and who does not ask makes room."""

import asyncio
import ssl
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from asrcli.core.errors import SettingError
from asrcli.core.settings import Secret
from asrcli.protocol.http.hotword_lists import HOTWORD_LISTS_PATH
from asrcli.recognizers.scripted import Scripted
from asrcli.server import websocket_server
from asrcli.server.api_keys import ApiKey, ApiKeys
from asrcli.server.auth import AccessControl, Refusal
from asrcli.server.limits import ServerLimits
from asrcli.server.local_server import LocalServer
from tests.support.tls import certified
from tests.support.wire import INFERENCE

PATIENCE_S = 60.0
BUSY = (b"HTTP/1.1 503", b"\r\nRetry-After: 1\r\n", b"Too many connections.")
PAYING, OTHER = ApiKey("paying", Secret("sk-paying"), reserved=2), ApiKey("other", Secret("sk-other"))
Line = tuple[asyncio.StreamReader, asyncio.StreamWriter]


class Crowd:
    """The clients of one server.

    Args:
        port: Where it listens.
        tls: What the clients trust.
    """

    def __init__(self, port: int, tls: ssl.SSLContext | None) -> None:
        self.port, self.tls = port, tls
        self.lines: list[Line] = []

    async def connect(self, *, tls: bool = True) -> Line:
        """Connect, and say nothing."""
        context = self.tls if tls else None
        self.lines.append(await asyncio.open_connection("127.0.0.1", self.port, ssl=context))
        return self.lines[-1]

    async def ask(self, key: str = "") -> bytes:
        """The head of the answer to a handshake."""
        reader, writer = await self.connect()
        head = (
            f"GET {INFERENCE} HTTP/1.1\r\nHost: 127.0.0.1:{self.port}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        )
        head += f"Authorization: Bearer {key}\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: {'A' * 22}==\r\n\r\n"
        writer.write(head.encode())
        return await reader.readuntil(b"\r\n\r\n")


@asynccontextmanager
async def crowded(
    keys: Sequence[ApiKey] = (), connections: int = 3, certificate: tuple[ssl.SSLContext, Path] | None = None
) -> AsyncIterator[Crowd]:
    """A server in this loop; its clients hang up at the end."""
    served_tls = trusted = None
    if certificate is not None:
        served_tls, trusted = certificate[0], ssl.create_default_context(cafile=certificate[1])
    given_keys = ApiKeys(keys) if keys else None
    server = LocalServer(Scripted(), keys=given_keys, limits=ServerLimits(connections=connections), tls=served_tls)
    async with asyncio.timeout(PATIENCE_S):
        crowd = Crowd(int((await server.start()).rsplit(":", 1)[1]), trusted)
        try:
            yield crowd
        finally:
            for _, writer in crowd.lines:
                writer.transport.abort()
                with suppress(OSError):
                    await writer.wait_closed()
            await server.stop()


@pytest.mark.parametrize("begun", [b"", b"GE", b"GET / HTTP/1.1\r\nHost: a\r\n"])
def test_a_client_that_asks_for_nothing_makes_room(monkeypatch: pytest.MonkeyPatch, begun: bytes) -> None:
    """The first who came is told that there are too many, and not just cut off; whoever asks comes in."""
    monkeypatch.setattr(websocket_server, "MAX_NEWCOMERS", 3)

    async def run() -> None:
        async with crowded(connections=2) as crowd:
            slow = [await crowd.connect() for _ in range(3)]
            for _, writer in slow:
                writer.write(begun)
            for _ in range(2):
                assert b" 101 " in await crowd.ask()
            answer = await slow[0][0].read()
            assert [part for part in BUSY if part not in answer] == []
            assert not slow[2][0].at_eof()

    asyncio.run(run())


def test_a_client_that_does_not_finish_its_tls_handshake_makes_room(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """It cannot be told anything, and its connection ends; with TLS the others are told, too."""
    monkeypatch.setattr(websocket_server, "MAX_NEWCOMERS", 3)
    context, certificate, _ = certified(tmp_path)

    async def run() -> None:
        async with crowded(connections=2, certificate=(context, certificate)) as crowd:
            slow = [await crowd.connect(tls=False), await crowd.connect(), await crowd.connect()]
            assert b" 101 " in await crowd.ask()
            assert await slow[0][0].read() == b""
            for _ in range(2):
                await crowd.connect(tls=False)
            answer = await slow[1][0].read()
            assert [part for part in BUSY if part not in answer] == []

    asyncio.run(run())


def test_a_connection_with_tls_has_a_small_buffer(tmp_path: Path) -> None:
    """Of the event loop's 256 KB each, hundreds that only begin a handshake would take much."""
    context, certificate, _ = certified(tmp_path)

    async def run() -> None:
        async with crowded(certificate=(context, certificate)) as crowd:
            _, writer = await crowd.connect()
            ours: Any = writer.transport  # made by the same loop as the server's end
            assert len(ours._ssl_protocol._ssl_buffer) == websocket_server.TLS_BUFFER_BYTES

    asyncio.run(run())


def test_a_slow_single_request_makes_room_for_others() -> None:
    """It gets its answer, and may read that: the next one is answered as if nobody else was there."""

    async def run() -> None:
        async with crowded() as crowd:
            slow = [await crowd.connect() for _ in range(65)]
            for _, writer in slow:
                writer.write(f"POST {HOTWORD_LISTS_PATH} HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\n{{".encode())
                await writer.drain()
            answer = await slow[0][0].read()
            assert [part for part in BUSY if part not in answer] == []
            reader, writer = await crowd.connect()
            writer.write(
                f"POST {HOTWORD_LISTS_PATH} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 2\r\n\r\n{{}}".encode()
            )
            assert (await reader.read()).startswith(b"HTTP/1.1 400")

    asyncio.run(run())


def test_a_key_has_places_that_no_other_key_can_take() -> None:
    """A refusal is a whole answer that says when to come again."""

    async def run() -> None:
        async with crowded([PAYING, OTHER], connections=4) as crowd:
            heads = [await crowd.ask("sk-other") for _ in range(4)]
            assert [head[9:12] for head in heads] == [b"101", b"101", b"503", b"503"]
            assert b"\r\nRetry-After: 1\r\n" in heads[-1]
            heads = [await crowd.ask("sk-paying") for _ in range(3)]
            assert [head[9:12] for head in heads] == [b"101", b"101", b"503"]

    asyncio.run(run())


def test_no_more_places_are_reserved_than_there_are() -> None:
    """Said at the start."""
    with pytest.raises(SettingError, match=r"^max_connections 1: the keys reserve 2 connections, which is more"):
        LocalServer(Scripted(), keys=ApiKeys([PAYING, OTHER]), limits=ServerLimits(connections=1))


@given(
    st.lists(st.one_of(st.none(), st.integers(1, 4)), min_size=1, max_size=5),
    st.integers(0, 8),
    st.lists(st.tuples(st.integers(0, 4), st.booleans()), max_size=80),
)
def test_a_client_with_a_reserved_place_always_finds_it(
    reserved: list[int | None], more: int, steps: list[tuple[int, bool]]
) -> None:
    """Whatever the others do; and there are never more connections than places."""
    keys = [ApiKey(f"k{n}", Secret(f"sk-{n}"), reserved=number) for n, number in enumerate(reserved)]
    places = sum(number or 1 for number in reserved) + more
    control = AccessControl(frozenset([INFERENCE]), ApiKeys(keys), places)
    held = dict.fromkeys(range(len(keys)), 0)
    for step, opens in steps:
        number = step % len(keys)
        if not opens:
            if held[number]:
                held[number] -= 1
                control.closed(keys[number])
            continue
        checked = control.check(f"{INFERENCE}?api_key=sk-{number}", lambda _: [])
        least = keys[number].reserved or int(2 * len(keys) <= places)
        if held[number] < least:
            assert not isinstance(checked, Refusal)
        if not isinstance(checked, Refusal):
            assert checked.name == f"k{number}"
            held[number] += 1
            control.opened(checked)
        assert sum(held.values()) <= places
    if len(keys) == 1:
        assert held[0] == sum(held.values())
