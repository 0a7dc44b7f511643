"""Single HTTP requests, with raw bytes: their answers, their limits and their keys."""

import json
import socket
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from typing import Any

import pytest

from asrcli.core.settings import Secret
from asrcli.dashscope.hotwords import HotWord
from asrcli.protocol.http.hotword_lists import HOTWORD_LISTS_PATH, BrowseLists, CreateList, QueryList, write_request
from asrcli.protocol.http.temporary_keys import TEMPORARY_KEYS_PATH
from asrcli.recognizers.scripted import Scripted
from asrcli.server import http_server
from asrcli.server.local_server import in_background
from tests.support.wire import INFERENCE, PATIENCE_S, status

KEY = "sk-right"


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    """A server without a key."""
    with in_background(Scripted()) as address:
        yield address


@pytest.fixture(scope="module")
def locked() -> Iterator[str]:
    """A server with one."""
    with in_background(Scripted(), key=Secret(KEY)) as address:
        yield address


@contextmanager
def line(address: str) -> Iterator[socket.socket]:
    """A bare connection."""
    host, port = address.removeprefix("ws://").rsplit(":", 1)
    with socket.create_connection((host, int(port)), PATIENCE_S) as opened:
        yield opened


def answer(opened: socket.socket) -> tuple[int, dict[str, str], bytes]:
    """All that comes before the connection is closed: status, headers, body."""
    said = b""
    while piece := opened.recv(65536):
        said += piece
    head, _, body = said.partition(b"\r\n\r\n")
    first, *rest = head.decode().split("\r\n")
    return (
        int(first.split()[1]),
        {name.lower(): value for name, _, value in (each.partition(": ") for each in rest)},
        body,
    )


def request(target: str, body: bytes = b"", method: str = "POST", *headers: str) -> bytes:
    """A request as bytes."""
    head = [f"{method} {target} HTTP/1.1", "Host: 127.0.0.1", f"Content-Length: {len(body)}", *headers]
    return "\r\n".join(head).encode() + b"\r\n\r\n" + body


def post(address: str, target: str, body: Any = None, *headers: str) -> tuple[int, dict[str, Any]]:
    """One request and its answer."""
    with line(address) as opened:
        opened.sendall(request(target, b"" if body is None else json.dumps(body).encode(), "POST", *headers))
        code, _, said = answer(opened)
    return code, json.loads(said)


def create(prefix: str = "a") -> dict[str, Any]:
    """The body of a request for a list."""
    return write_request(CreateList("fun-asr-realtime", prefix, (HotWord("a"),)))


def test_a_request_is_answered_in_json_and_the_connection_closed(server: str) -> None:
    """With the headers that clients go by."""
    with line(server) as opened:
        opened.sendall(request(HOTWORD_LISTS_PATH, json.dumps(create()).encode()))
        code, headers, body = answer(opened)
    assert (code, headers["content-type"], headers["connection"]) == (200, "application/json", "close")
    assert int(headers["content-length"]) == len(body)
    said = json.loads(body)
    assert said["output"]["vocabulary_id"].startswith("vocab-a-")
    assert (said["usage"], len(said["request_id"])) == ({"count": 1}, 32)


@pytest.mark.parametrize("size", [1, 2, 3, 7, 100])
def test_a_request_may_come_in_pieces_of_any_size(server: str, size: int) -> None:
    """A method cut in two is still no handshake."""
    whole = request(HOTWORD_LISTS_PATH, json.dumps(write_request(BrowseLists())).encode())
    with line(server) as opened:
        opened.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for at in range(0, len(whole), size):
            opened.sendall(whole[at : at + size])
        assert answer(opened)[0] == 200


def test_a_handshake_may_come_in_pieces_too(server: str) -> None:
    """What is kept until it is clear for whom is not lost."""
    headers = ("Upgrade: websocket", "Connection: Upgrade", "Sec-WebSocket-Version: 13")
    head = request(INFERENCE, b"", "GET", *headers, "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==")
    with line(server) as opened:
        opened.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for at in range(len(head)):
            opened.sendall(head[at : at + 1])
        assert opened.recv(12) == b"HTTP/1.1 101"


MISTAKES = {
    "another path": (request("/api/v2/tokens"), 404, "NotFound"),
    "the path of a wire": (request(INFERENCE), 404, "NotFound"),
    "another method": (request(HOTWORD_LISTS_PATH, b"", "DELETE"), 405, "MethodNotAllowed"),
    "no address": (request("//["), 404, "NotFound"),
    "no body": (request(HOTWORD_LISTS_PATH), 400, "InvalidParameter"),
    "no JSON": (request(HOTWORD_LISTS_PATH, b"{"), 400, "InvalidParameter"),
    "no text": (request(HOTWORD_LISTS_PATH, b"\xff"), 400, "InvalidParameter"),
    "no object": (request(HOTWORD_LISTS_PATH, b"[]"), 400, "InvalidParameter"),
    "no action": (
        request(HOTWORD_LISTS_PATH, b'{"model":"speech-biasing","input":{}}'),
        400,
        "InvalidParameter",
    ),
    "no such list": (
        request(
            HOTWORD_LISTS_PATH,
            json.dumps(write_request(QueryList("v"))).encode(),
        ),
        400,
        "BadRequest.ResourceNotExist",
    ),
    "no HTTP": (b"hello\r\n\r\n", 400, "InvalidParameter"),
    "too soon over": (
        request(HOTWORD_LISTS_PATH)[:-2] + b"Content-Type: text/pl",
        400,
        "InvalidParameter",
    ),
    "a long header": (
        request(HOTWORD_LISTS_PATH, b"", "POST", "X: " + "x" * 20_000),
        400,
        "InvalidParameter",
    ),
    "a large body": (request(HOTWORD_LISTS_PATH, bytes((1 << 20) + 1)), 413, "RequestTooLarge"),
}


@pytest.mark.parametrize(("sent", "code", "name"), MISTAKES.values(), ids=MISTAKES)
def test_a_mistake_is_answered_in_the_service_s_form(server: str, sent: bytes, code: int, name: str) -> None:
    """And the next request is served."""
    with line(server) as opened:
        opened.sendall(sent)
        opened.shutdown(socket.SHUT_WR)
        status_code, _, body = answer(opened)
    said = json.loads(body)
    assert (status_code, said["code"], set(said)) == (code, name, {"code", "message", "request_id"})
    assert post(server, HOTWORD_LISTS_PATH, write_request(BrowseLists()))[0] == 200


def test_a_client_that_sends_too_much_still_gets_an_answer(server: str) -> None:
    """The answer is not taken away by the rest of the body; 100-continue is granted before it."""
    head = request(HOTWORD_LISTS_PATH, b"", "POST", "Expect: 100-continue")
    with line(server) as opened:
        opened.sendall(head.replace(b"Content-Length: 0", b"Transfer-Encoding: chunked"))
        assert opened.recv(100).startswith(b"HTTP/1.1 100 ")
        opened.sendall(b"%x\r\n" % 3_000_000 + bytes(3_000_000))
        opened.shutdown(socket.SHUT_WR)
        assert answer(opened)[0] == 413


@pytest.mark.parametrize("expect", [(), ("Expect: 100-continue",)], ids=["sends", "asks first"])
@pytest.mark.parametrize(("promised", "sent"), [((1 << 20) + 1, 0), (10**19, 0), (3_000_000, 3_000_000)])
def test_a_body_that_would_be_too_large_is_refused_before_it_comes(
    server: str, expect: tuple[str, ...], promised: int, sent: int
) -> None:
    """The client gets the answer without sending a byte of it, and also while it sends; nobody asks it to go on."""
    head = request(HOTWORD_LISTS_PATH, b"", "POST", *expect).replace(b"Length: 0", b"Length: %d" % promised)
    with line(server) as opened:
        opened.sendall(head + bytes(sent))
        assert answer(opened)[0] == 413


def test_a_body_of_the_largest_size_is_read(server: str) -> None:
    """What it says is another question."""
    with line(server) as opened:
        opened.sendall(request(HOTWORD_LISTS_PATH, bytes(1 << 20)))
        assert answer(opened)[0] == 400


def test_head_gets_no_body(server: str) -> None:
    """Only what it would have been."""
    with line(server) as opened:
        opened.sendall(request(TEMPORARY_KEYS_PATH, b"", "HEAD"))
        code, headers, body = answer(opened)
    assert (code, body) == (405, b"")
    assert int(headers["content-length"]) > 0


def test_a_slow_request_gets_an_error(server: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A request must be complete within its time limit."""
    monkeypatch.setattr(http_server, "WITHIN_S", 0.1)
    with line(server) as opened:
        opened.sendall(b"POST ")
        code, _, body = answer(opened)
    assert (code, json.loads(body)["code"]) == (408, "RequestTimeOut")


def test_a_server_that_stops_does_not_wait_for_half_a_request() -> None:
    """It ends at once."""
    with ExitStack() as stack:
        with in_background(Scripted()) as address:
            half = stack.enter_context(line(address))
            half.sendall(b"POST ")
            assert post(address, HOTWORD_LISTS_PATH, write_request(BrowseLists()))[0] == 200  # after the half one
            began = time.monotonic()
        assert time.monotonic() - began < 8
        with suppress(ConnectionResetError):
            assert half.recv(1) == b""


def test_a_server_with_a_key_asks_for_it(locked: str) -> None:
    """On both paths; a temporary one opens the lists, and makes no other."""
    right, wrong = f"Authorization: bearer {KEY}", "Authorization: Bearer sk-wrong"
    for target in (HOTWORD_LISTS_PATH, TEMPORARY_KEYS_PATH):
        for headers in ([], [wrong]):
            code, said = post(locked, target, create(), *headers)
            assert (code, said["code"], said["message"]) == (401, "InvalidApiKey", "Invalid API-key provided.")
        assert post(locked, target, create(), right)[0] == 200
    _, minted = post(locked, TEMPORARY_KEYS_PATH, None, right)
    temporary = f"Authorization: Bearer {minted['token']}"
    assert minted["token"].startswith("st-")
    assert post(locked, HOTWORD_LISTS_PATH, create(), temporary)[0] == 200
    assert post(locked, TEMPORARY_KEYS_PATH, None, temporary)[0] == 401


def test_a_temporary_key_opens_a_websocket(locked: str) -> None:
    """As the key itself does, in either place."""
    _, minted = post(locked, f"{TEMPORARY_KEYS_PATH}?expire_in_seconds=1800", None, f"Authorization: Bearer {KEY}")
    assert status(locked, INFERENCE, Authorization=f"Bearer {minted['token']}")[0] == 101
    assert status(locked, f"{INFERENCE}?api_key={minted['token']}")[0] == 101
    assert status(locked, INFERENCE, Authorization=f"Bearer {minted['token']}x")[0] == 401


@pytest.mark.parametrize("seconds", ["0", "1801", "-1", "1.5", "x", "９", "9" * 5000])
def test_a_temporary_key_lasts_from_a_second_to_half_an_hour(server: str, seconds: str) -> None:
    """Anything else is refused."""
    code, said = post(server, f"{TEMPORARY_KEYS_PATH}?expire_in_seconds={seconds}".encode().decode("latin-1"))
    assert (code, said["code"]) == (400, "InvalidParameter")
