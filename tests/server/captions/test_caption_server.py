"""The server of the captions page: whom it answers, and that no browser holds up a run."""

import json
import socket
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from http.client import HTTPConnection
from time import monotonic

import pytest
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect

from asrcli.core.errors import UsageError
from asrcli.outputs.caption_page import CaptionLine, CaptionsNow
from asrcli.server.captions import caption_server
from asrcli.server.captions.caption_history import KEPT_LINES
from asrcli.server.captions.caption_server import CaptionServer
from tests.support.reading_page import ReadingPage
from tests.support.wire import PATIENCE_S

MOST = 8  # connections without a request, where a test needs few


@pytest.fixture
def server() -> Iterator[CaptionServer]:
    """A running server."""
    served = CaptionServer(0, every_s=0.005)
    served.start()
    yield served
    served.close()


def answer(server: CaptionServer, path: str = "/", **headers: str) -> tuple[int, str, dict[str, str]]:
    """Status, body and headers of a request."""
    asked = HTTPConnection(server.url.split("/")[2], timeout=PATIENCE_S)
    asked.request("GET", path, headers=headers)
    got = asked.getresponse()
    return got.status, got.read().decode(), dict(got.headers)


def feed(server: CaptionServer, query: str = "") -> str:
    """The address of the messages."""
    return f"{server.url.replace('http', 'ws')}feed{query}"


def end_of(line: socket.socket) -> bool:
    """Whether the server ends a connection, with or without an answer; raises TimeoutError if it does not."""
    with suppress(ConnectionError):
        while line.recv(1 << 16):
            pass
    return True


def test_the_page_may_load_nothing_but_itself(server: CaptionServer) -> None:
    """Each file has its kind and a strict policy; what is not there is 404."""
    for path, kind in (("/?size=40", "text/html"), ("/captions.css", "text/css"), ("/captions.js", "text/javascript")):
        status, body, headers = answer(server, path)
        assert (status, headers["Content-Type"]) == (200, f"{kind}; charset=utf-8")
        assert headers["Content-Security-Policy"].startswith("default-src 'none'; script-src 'self'; style-src 'self'")
        assert int(headers["Content-Length"]) == len(body.encode())
        assert "http://" not in body
        assert "https://" not in body
    assert "innerHTML" not in answer(server, "/captions.js")[1]
    assert [answer(server, path)[0] for path in ("/feed", "/../captions.js", "/page.html", "//[")] == [404] * 4


@pytest.mark.parametrize("host", ["evil.example", "evil.example:80", "127.0.0.1.evil.example", "192.168.0.7"])
def test_a_foreign_name_gets_nothing(server: CaptionServer, host: str) -> None:
    """Neither the page nor the words, also where that name was made to point to this machine."""
    server.publish(CaptionLine({"text": "secret"}))
    status, body, _ = answer(server, Host=host)
    assert (status, "secret" in body) == (403, False)
    with pytest.raises(InvalidStatus, match="403"):
        connect(feed(server), additional_headers={"Origin": f"http://{host}"}, proxy=None).close()


@pytest.mark.parametrize("origin", ["https://evil.example", "null", "http://127.0.0.1:1", "file://"])
def test_a_foreign_page_gets_no_words(server: CaptionServer, origin: str) -> None:
    """A page of another origin may ask, as every page of a browser may; the own page is let in."""
    with pytest.raises(InvalidStatus, match="403"):
        connect(feed(server), additional_headers={"Origin": origin}, proxy=None).close()
    with connect(feed(server), additional_headers={"Origin": server.url.rstrip("/")}, proxy=None) as wire:
        assert json.loads(wire.recv(PATIENCE_S))["state"] == "waiting"


def test_a_page_that_comes_late_or_comes_back_lacks_nothing(server: CaptionServer) -> None:
    """The last lines at once; after a lost connection only what is new."""
    for number in range(3):
        server.publish(CaptionLine({"text": f"line {number}"}))
    page = ReadingPage()
    with connect(feed(server), proxy=None) as wire:
        page.take(wire.recv(PATIENCE_S, decode=False))
    assert page.texts == ["line 0", "line 1", "line 2"]
    server.publish(CaptionLine({"text": "line 3"}))
    with connect(feed(server, f"?run={page.run}&after={page.last}"), proxy=None) as wire:
        message = wire.recv(PATIENCE_S, decode=False)
    assert [line["n"] for line in json.loads(message)["lines"]] == [4]
    page.take(message)
    assert (page.texts, page.begun) == ([f"line {number}" for number in range(4)], 1)
    for query in ("?run=x&after=2", f"?run={page.run}&after=99", f"?run={page.run}&after=²", "?after=1&after=2"):
        with connect(feed(server, query), proxy=None) as wire:
            assert json.loads(wire.recv(PATIENCE_S))["reset"] is True


def test_a_browser_that_stands_still_holds_up_nobody(server: CaptionServer) -> None:
    """Publishing never waits, another page gets everything, and the slow one starts again when it wakes up."""
    with (
        connect(feed(server), proxy=None, max_queue=1) as slow,
        connect(feed(server), proxy=None, max_queue=None) as fast,
    ):
        began = monotonic()
        for number in range(4000):
            server.publish(CaptionLine({"text": f"line {number} {'x' * 2000}"}))
            server.publish(CaptionsNow(({"settled": "x" * 5000},)))
        took_s = monotonic() - began
        healthy, sleeper = ReadingPage(), ReadingPage()
        for page, wire in ((healthy, fast), (sleeper, slow)):
            while page.last < 4000:
                page.take(wire.recv(PATIENCE_S, decode=False))
            assert [text.split()[1] for text in page.texts[-KEPT_LINES:]] == [
                str(number) for number in range(4000 - KEPT_LINES, 4000)
            ]
        assert took_s < PATIENCE_S
        assert sleeper.begun > 1


def test_the_end_is_shown_and_waits_for_nobody(server: CaptionServer, monkeypatch: pytest.MonkeyPatch) -> None:
    """A page hears that the run has ended; one that reads nothing is given half a second."""
    monkeypatch.setattr(caption_server, "FAREWELL_S", 2.0)  # a busy machine may need it for the page that reads
    monkeypatch.setattr(caption_server, "JOIN_S", PATIENCE_S)
    slow = connect(feed(server), proxy=None, max_queue=1, close_timeout=0.1)
    with slow, connect(feed(server), proxy=None, max_queue=None) as wire:
        for _ in range(3000):
            server.publish(CaptionLine({"text": "x" * 3000}))
        page = ReadingPage()
        while page.last < 3000:
            page.take(wire.recv(PATIENCE_S, decode=False))
        began = monotonic()
        server.close()
        assert [json.loads(message)["state"] for message in wire][-1] == "ended"
        assert monotonic() - began < PATIENCE_S
        server.publish(CaptionLine({"text": "too late"}))
    CaptionServer(0).publish(CaptionLine({"text": "too early"}))
    CaptionServer(0).close()


def test_the_number_of_open_pages_is_limited(server: CaptionServer, monkeypatch: pytest.MonkeyPatch) -> None:
    """A page that reconnects forever in a hundred windows does not fill the memory."""
    monkeypatch.setattr(caption_server, "MOST_PAGES", 1)
    with connect(feed(server), proxy=None) as first:
        first.recv(PATIENCE_S)
        with pytest.raises(InvalidStatus, match="503"):
            connect(feed(server), proxy=None).close()


@pytest.mark.parametrize("sent", [b"", b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n", b"\x16\x03\x01"])
def test_connections_that_ask_for_nothing_cost_a_bounded_number_of_files(
    sent: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The oldest of them goes when there are too many: the run needs its files, and pages that are open stay open."""
    monkeypatch.setattr(caption_server, "REQUEST_WITHIN_S", 2 * PATIENCE_S)
    monkeypatch.setattr(caption_server, "MOST_PENDING", MOST)
    server = CaptionServer(0)
    address = ("127.0.0.1", int(server.start().rstrip("/").rpartition(":")[2]))
    with connect(feed(server), proxy=None) as page, ExitStack() as idle:
        page.recv(PATIENCE_S)
        lines = [idle.enter_context(socket.create_connection(address, PATIENCE_S)) for _ in range(3 * MOST)]
        for line in lines:
            with suppress(OSError):  # of some the end has come already
                line.sendall(sent)
        for line in lines[: 2 * MOST]:
            assert end_of(line)
        server.publish(CaptionLine({"text": "still here"}))
        assert "still here" in page.recv(PATIENCE_S)
        assert answer(server)[0] == 200
    server.close()


def test_a_port_that_is_taken_is_reported() -> None:
    """At once, and in one line."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        served = CaptionServer(port)
        with pytest.raises(UsageError, match=f"captions cannot be served at port {port}: address already in use"):
            served.start()
        served.close()
