"""Handshakes that the library refuses, and mistakes of ours at a handshake: one line in the log, the right answer."""

import asyncio
import logging
from collections.abc import Awaitable, Callable

import pytest

from asrcli.core.settings import Secret
from asrcli.recognizers.scripted import Scripted
from asrcli.server.api_keys import ApiKey, ApiKeys
from asrcli.server.auth import AccessControl
from asrcli.server.local_server import LocalServer
from asrcli.server.log_filter import IN_PIECES
from tests.support.raw_websocket import frame

KEY = "sk-canary7f3e9d2c1b"
UPGRADE = {
    "Host": "127.0.0.1",
    "Upgrade": "websocket",
    "Connection": "Upgrade",
    "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
    "Sec-WebSocket-Version": "13",
    "Authorization": f"Bearer {KEY}",
}


def handshake(**changed: str) -> bytes:
    """A handshake with other headers; an empty one is left out."""
    headers = UPGRADE | {name.replace("_", "-"): value for name, value in changed.items()}
    lines = [f"{name}: {value}\r\n" for name, value in headers.items() if value]
    return f"GET /api-ws/v1/inference HTTP/1.1\r\n{''.join(lines)}\r\n".encode()


def said(sent: bytes, more: Callable[[asyncio.StreamWriter], Awaitable[None]] | None = None) -> bytes:
    """What a server with a key answers to this."""

    async def run() -> bytes:
        server = LocalServer(Scripted(), keys=ApiKeys([ApiKey("", Secret(KEY))]))
        host, port = (await server.start()).removeprefix("ws://").split(":")
        reader, writer = await asyncio.open_connection(host, int(port))
        writer.write(sent)
        if not sent:
            writer.write_eof()
        if more is not None:
            await more(writer)
        try:
            return await reader.read()
        except ConnectionResetError:
            return b""
        finally:
            writer.close()
            await server.stop()

    return asyncio.run(run())


@pytest.fixture
def logged(caplog: pytest.LogCaptureFixture) -> Callable[[], list[str]]:
    """The lines of the log."""
    caplog.set_level(logging.INFO, "asrcli.server")
    return lambda: [record.getMessage() for record in caplog.records if record.name == "asrcli.server"]


PROXY = "(a proxy in front of the server has to hand on Upgrade and Connection)"


@pytest.mark.parametrize(
    ("sent", "status", "line"),
    [
        (handshake(Upgrade=""), 426, f"no WebSocket handshake: Upgrade is missing or wrong {PROXY}"),
        (handshake(Upgrade=f"h2c, {KEY}"), 426, f"no WebSocket handshake: Upgrade is missing or wrong {PROXY}"),
        (handshake(Connection="close"), 426, f"no WebSocket handshake: Connection is missing or wrong {PROXY}"),
        (
            handshake(Sec_WebSocket_Key=KEY),
            400,
            "no WebSocket handshake: Sec-WebSocket-Key is missing or wrong",
        ),
        (
            handshake(Sec_WebSocket_Protocol=f"realtime,, openai-insecure-api-key.{KEY}, ="),
            400,
            "no WebSocket handshake: Sec-WebSocket-Protocol is missing or wrong",
        ),
        (handshake().replace(b"HTTP/1.1", b"HTTP/1.0"), 505, "no WebSocket handshake (InvalidProtocol)"),
        (handshake(X="a\rb: c"), 400, "a request that cannot be read, or is too long"),
        (handshake(X="a" * 20_000), 431, "a request that cannot be read, or is too long"),
        (b"GET /" + b"a" * 20_000, 414, "a request that cannot be read, or is too long"),
    ],
)
def test_the_operator_of_the_server_learns_why(
    logged: Callable[[], list[str]], sent: bytes, status: int, line: str
) -> None:
    """For example that a proxy does not hand on what makes a WebSocket. No key is in it."""
    assert said(sent).startswith(f"HTTP/1.1 {status} ".encode())
    assert logged() == [f"refused: InvalidParameter: {line}"]


def test_what_was_refused_here_is_logged_once(logged: Callable[[], list[str]]) -> None:
    """Not again as something that the library refuses."""
    assert said(handshake(Authorization="wrong")).startswith(b"HTTP/1.1 401 ")
    assert logged() == ["refused: InvalidApiKey: Invalid API-key provided."]


def test_a_probe_that_only_connects_is_not_logged(logged: Callable[[], list[str]]) -> None:
    """Balancers do that every second."""
    assert said(b"").startswith(b"HTTP/1.1 400 ")
    assert logged() == []


def test_a_client_that_sends_too_many_pieces_is_distinguished_from_one_that_does_not_read(
    logged: Callable[[], list[str]],
) -> None:
    """Both are dropped, for other reasons."""
    piece = bytes([0]) + frame(b"")[1:]
    said(handshake() + b"\x02" + frame(b"a")[1:] + piece * 20_000)
    assert IN_PIECES in logged()


def mistaken(*_: object) -> None:
    """Be a mistake of ours."""
    raise RuntimeError("a mistake")


@pytest.mark.parametrize(
    ("place", "answer"),
    [
        ((AccessControl, "check"), b"HTTP/1.1 500 "),
        ((LocalServer, "_with_recognizer"), b"HTTP/1.1 101 "),
    ],
)
def test_a_mistake_of_ours_is_logged_and_answered(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, place: tuple[type, str], answer: bytes
) -> None:
    """The library would log it where nobody reads."""
    monkeypatch.setattr(*place, mistaken)
    heard = said(handshake())
    assert heard.startswith(answer)
    assert answer.startswith(b"HTTP/1.1 5") or heard.endswith(b"\x88\x0f\x03\xf3InternalError")
    (record,) = [record for record in caplog.records if record.getMessage() == "a bug in the server"]
    assert record.exc_text is not None
    assert "a mistake" in record.exc_text
    assert KEY not in record.exc_text
