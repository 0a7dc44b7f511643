"""How a connection is dialled: through proxies, with certificates, with headers; and the message of a refusal."""

import shutil
import socket
import ssl
import struct
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from http import HTTPStatus
from pathlib import Path

import pytest
from websockets.http11 import Request, Response
from websockets.sync.server import Server, ServerConnection, serve

from asrcli.core.causes import Cause
from asrcli.core.errors import ConnectFailed, ServiceRefused, UsageError
from asrcli.core.message import Text
from asrcli.core.settings import ConnectionSettings, Secret
from asrcli.protocol.engine_header import ENGINE_HEADER
from asrcli.transport.websocket import dial
from tests.support.relay import join
from tests.support.tls import certified, leaving

NOBODY = "http://me:secret@127.0.0.1:9"


@pytest.fixture(autouse=True)
def _no_proxies(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "https_proxy", "all_proxy", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)


@contextmanager
def service(
    tls: ssl.SSLContext | None = None,
    *,
    refusing: bool = False,
    status: HTTPStatus = HTTPStatus.UNAUTHORIZED,
    engines: Sequence[str] = (),
) -> Iterator[tuple[Server, list[str]]]:
    """A server that greets each client, and the headers that clients sent."""
    shown: list[str] = []

    def greet(connection: ServerConnection) -> None:
        assert connection.request is not None
        shown.append(connection.request.headers.get("X-DashScope-WorkSpace", ""))
        connection.send("hello")

    def refuse(connection: ServerConnection, request: Request) -> Response | None:
        del request
        return connection.respond(status, "no") if refusing else None

    def name(connection: ServerConnection, request: object, response: Response) -> None:
        del connection, request
        for engine in engines:
            response.headers[ENGINE_HEADER] = engine

    with serve(greet, "127.0.0.1", 0, ssl=tls, process_request=refuse, process_response=name) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server, shown
        server.shutdown()


@contextmanager
def tunnel(port: int, answer: bytes = b"HTTP/1.1 200 OK\r\n\r\n") -> Iterator[tuple[str, list[bytes]]]:
    """A proxy that forwards one connection to a port of this machine: its address, and the request it got."""
    asked: list[bytes] = []
    listener = socket.create_server(("127.0.0.1", 0))

    def lead() -> None:
        inside, _ = listener.accept()
        with inside:
            asked.append(inside.recv(4096))
            inside.sendall(answer)
            if b" 200 " not in answer:
                return
            with socket.create_connection(("127.0.0.1", port)) as outside:
                join(inside, outside)

    thread = threading.Thread(target=lead, daemon=True)
    thread.start()
    with listener:
        yield f"127.0.0.1:{listener.getsockname()[1]}", asked
        thread.join(60)


def test_a_proxy_leads_to_the_service_with_its_password(monkeypatch: pytest.MonkeyPatch) -> None:
    """The named proxy, whatever the environment says."""
    monkeypatch.setenv("HTTP_PROXY", "http://192.0.2.1:1")
    with service() as (server, _), tunnel(server.socket.getsockname()[1]) as (proxy, asked):
        opened = dial("ws://service.test", ConnectionSettings(proxy=f"http://me:p%40ss@{proxy}"))
        assert opened.recv() == Text("hello")
        opened.close()
    assert asked[0].startswith(b"CONNECT service.test:80 HTTP/1.1\r\n")
    assert b"Proxy-Authorization: Basic bWU6cEBzcw==" in asked[0]


def test_the_environment_names_a_proxy_too_and_none_leads_to_this_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    """No proxy is used for loopback addresses."""
    with service() as (server, _), tunnel(server.socket.getsockname()[1]) as (proxy, asked):
        monkeypatch.setenv("HTTPS_PROXY", f"http://{proxy}")
        monkeypatch.setenv("HTTP_PROXY", f"http://{proxy}")
        opened = dial("ws://service.test", ConnectionSettings())
        assert opened.recv() == Text("hello")
        opened.close()
        direct = dial(f"ws://127.0.0.1:{server.socket.getsockname()[1]}", ConnectionSettings(proxy=NOBODY))
        assert direct.recv() == Text("hello")
        direct.close()
    assert len(asked) == 1


@pytest.mark.parametrize(
    ("proxy", "kind", "said"),
    [
        ("ftp://me:secret@127.0.0.1:9", UsageError, "the proxy cannot be used: scheme"),
        (NOBODY, ConnectFailed, "the proxy 127.0.0.1:9 is not there"),
        ("http://me:secret@nowhere.invalid:9", ConnectFailed, "unknown proxy nowhere.invalid:9"),
    ],
)
def test_a_proxy_that_cannot_be_used_is_named_without_its_password(proxy: str, kind: type, said: str) -> None:
    """The message says what is wrong, and nothing secret."""
    with pytest.raises(kind, match=said) as caught:
        dial("ws://service.test", ConnectionSettings(proxy=proxy))
    assert "secret" not in str(caught.value)
    assert caught.value.__cause__ is None


def test_a_proxy_of_the_environment_that_is_not_there_is_not_taken_for_the_service(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A user who set it long ago needs the hint; NO_PROXY is honoured."""
    monkeypatch.setenv("HTTP_PROXY", NOBODY)
    with pytest.raises(ConnectFailed, match=r"the proxy 127\.0\.0\.1:9 is not there") as caught:
        dial("ws://service.test", ConnectionSettings(connect_timeout_s=5))
    assert caught.value.cause is Cause.PROXY
    monkeypatch.setenv("NO_PROXY", "service.invalid")

    def unknown(*_: object) -> None:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr("socket.getaddrinfo", unknown)
    with pytest.raises(ConnectFailed, match=r"unknown host service\.invalid"):
        dial("ws://service.invalid", ConnectionSettings(connect_timeout_s=5))


@pytest.mark.parametrize(
    ("status", "cause"),
    [
        ("407 Proxy Authentication Required", Cause.PROXY_LOGIN),
        ("403 Forbidden", Cause.PROXY),
        ("502 407", Cause.PROXY),
    ],
)
def test_a_proxy_that_refuses_says_so(status: str, cause: Cause) -> None:
    """With its status, which may ask for a login."""
    with (
        tunnel(9, f"HTTP/1.1 {status}\r\n\r\n".encode()) as (proxy, _),
        pytest.raises(ConnectFailed, match=f"the proxy {proxy} refuses: .*HTTP {status[:3]}") as caught,
    ):
        dial("ws://service.test", ConnectionSettings(proxy=f"http://{proxy}"))
    assert caught.value.cause is cause


def _hang_up(line: socket.socket) -> None:
    line.close()


def _hang_up_in_order(line: socket.socket) -> None:
    if isinstance(line, ssl.SSLSocket):
        line = line.unwrap()
    line.close()


def _read_and_hang_up(line: socket.socket) -> None:
    line.recv(4096)
    line.close()


def _reset(line: socket.socket) -> None:
    line.recv(4096)
    line.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    line.close()


@pytest.mark.skipif(shutil.which("openssl") is None, reason="openssl is not installed")
@pytest.mark.parametrize("leave", [_hang_up, _hang_up_in_order, _read_and_hang_up, _reset])
@pytest.mark.parametrize("scheme", ["http", "https"])
def test_a_proxy_that_leaves_while_tls_begins_is_a_failed_connection(
    leave: Callable[[socket.socket], None], scheme: str, tmp_path: Path
) -> None:
    """With TLS inside the TLS of the proxy too, where asyncio raises errors that are none of the network."""
    tls, certificate, _ = certified(tmp_path)
    encrypted = tls if scheme == "https" else None
    with leaving(encrypted, leave, b"HTTP/1.1 200 OK\r\n\r\n") as place, pytest.raises(ConnectFailed) as caught:
        dial("wss://service.test", ConnectionSettings(proxy=f"{scheme}://{place}", ca=str(certificate)))
    assert caught.value.cause is Cause.PROXY
    assert f"the proxy {place}: " in str(caught.value)


@pytest.mark.skipif(shutil.which("openssl") is None, reason="openssl is not installed")
def test_a_certificate_is_trusted_where_it_is_named_and_nowhere_else(tmp_path: Path) -> None:
    """TLS is never switched off."""
    tls, certificate, _ = certified(tmp_path)
    with service(tls) as (server, _):
        url = f"wss://127.0.0.1:{server.socket.getsockname()[1]}"
        opened = dial(url, ConnectionSettings(ca=str(certificate)))
        assert opened.recv() == Text("hello")
        opened.close()
        with pytest.raises(ConnectFailed, match=r"TLS failed: ") as caught:
            dial(url, ConnectionSettings())
        assert caught.value.cause is Cause.CERTIFICATE_UNKNOWN


def test_headers_go_out_and_a_refused_key_says_where_it_was_tried() -> None:
    """A workspace, for one."""
    key = Secret("sk-0123456789abcdef")
    headers = (("X-DashScope-WorkSpace", "ws-1"),)
    with service() as (server, shown):
        opened = dial(f"ws://127.0.0.1:{server.socket.getsockname()[1]}", ConnectionSettings(key=key, headers=headers))
        assert opened.recv() == Text("hello")
        opened.close()
    assert shown == ["ws-1"]
    with service(refusing=True) as (server, _):
        url = f"ws://127.0.0.1:{server.socket.getsockname()[1]}"
        with pytest.raises(ServiceRefused, match="the key was tried in ap-southeast-1") as caught:
            dial(url, ConnectionSettings(key=key, region="ap-southeast-1"))
    assert key.reveal() not in str(caught.value)
    throttled = ServiceRefused("Throttling", "later")
    throttled.region = "ap-southeast-1"
    assert str(throttled) == "refused by the service: Throttling: later"  # the key was right


@pytest.mark.parametrize(
    ("engines", "name"),
    [((), ""), (("scripted",), "scripted"), (("a", "b"), "a"), (("x" * 900,), "x" * 64)],
)
def test_the_recognizer_that_a_server_names_is_known(engines: tuple[str, ...], name: str) -> None:
    """The service names none; what anybody else names is bounded and harmless."""
    with service(engines=engines) as (server, _):
        opened = dial(f"ws://127.0.0.1:{server.socket.getsockname()[1]}", ConnectionSettings())
        assert opened.engine == name
        opened.close()


@pytest.mark.parametrize(("status", "passing"), [(500, False), (501, False), (502, True), (503, True)])
def test_a_handshake_that_breaks_a_server_would_break_it_again(status: int, *, passing: bool) -> None:
    """Where it has no words for that; a gateway that finds nobody behind it may do so later."""
    with service(refusing=True, status=HTTPStatus(status)) as (server, _):
        with pytest.raises(ConnectFailed, match=f"HTTP {status}") as caught:
            dial(f"ws://127.0.0.1:{server.socket.getsockname()[1]}", ConnectionSettings())
        assert caught.value.passing is passing
