"""How a connection is opened: over all addresses of a host, within its timeout, and to no other host."""

import socket
import ssl
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from http import HTTPStatus
from pathlib import Path

import pytest
from websockets.http11 import Request, Response
from websockets.sync.server import ServerConnection, serve

from asrcli.core.errors import ConnectFailed
from asrcli.core.message import Text
from asrcli.core.settings import ConnectionSettings, Secret
from asrcli.transport.redirections import same_host
from asrcli.transport.websocket import dial
from tests.support.command import environment
from tests.support.silent_port import silent_port
from tests.support.tls import certified

KEY = Secret("sk-0123456789abcdef")
Answer = Callable[[ServerConnection, Request], Response | None]


@contextmanager
def service(
    answer: Answer = lambda *_: None, host: str = "127.0.0.1", tls: ssl.SSLContext | None = None
) -> Iterator[tuple[int, list[str]]]:
    """A server that greets each client, and the keys that it got."""
    keys: list[str] = []

    def greet(connection: ServerConnection) -> None:
        connection.send("hello")
        for _ in connection:
            pass

    def first(connection: ServerConnection, request: Request) -> Response | None:
        keys.append(request.headers.get("Authorization", ""))
        return answer(connection, request)

    with serve(greet, host, 0, process_request=first, ssl=tls) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server.socket.getsockname()[1], keys
        server.shutdown()


@pytest.fixture
def hole() -> Iterator[int]:
    """A port of this machine that does not answer."""
    with silent_port() as port:
        yield port


def resolving(monkeypatch: pytest.MonkeyPatch, *ports: int) -> None:
    """Resolve every name to these addresses, in this order."""
    found = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", port)) for port in ports]
    monkeypatch.setattr("socket.getaddrinfo", lambda *_, **__: found)


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere a full queue refuses")
def test_an_address_that_answers_nothing_does_not_eat_the_time(monkeypatch: pytest.MonkeyPatch, hole: int) -> None:
    """The next address is tried at the same time."""
    with service() as (port, _):
        resolving(monkeypatch, hole, port)
        began = time.monotonic()
        opened = dial("ws://service.test", ConnectionSettings(connect_timeout_s=10))
        assert time.monotonic() - began < 9
        assert opened.recv() == Text("hello")
        opened.close()


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere a full queue refuses")
def test_the_timeout_covers_all_addresses_together(monkeypatch: pytest.MonkeyPatch, hole: int) -> None:
    """However many there are."""
    resolving(monkeypatch, *[hole] * 20)
    began = time.monotonic()
    with pytest.raises(ConnectFailed, match="no answer in time"):
        dial("ws://service.test", ConnectionSettings(connect_timeout_s=0.6))
    assert time.monotonic() - began < 8


def test_the_timeout_covers_the_look_up_of_a_name_and_the_handshake(monkeypatch: pytest.MonkeyPatch) -> None:
    """A resolver that hangs, a server that accepts and is silent: both end in time."""
    released = threading.Event()

    def hang(*_: object, **__: object) -> None:
        released.wait(60)
        raise OSError  # which is for this attempt alone: an answer would be for those of later tests, too

    with socket.create_server(("127.0.0.1", 0)) as silent:
        with monkeypatch.context() as hanging:
            hanging.setattr("socket.getaddrinfo", hang)
            with pytest.raises(ConnectFailed, match="no answer in time"):
                dial("ws://service.test", ConnectionSettings(connect_timeout_s=0.3))
        released.set()
        with pytest.raises(ConnectFailed, match="no answer in time"):
            dial(f"ws://127.0.0.1:{silent.getsockname()[1]}", ConnectionSettings(connect_timeout_s=0.3))


def test_when_all_of_several_addresses_refuse_the_refusal_is_reported(monkeypatch: pytest.MonkeyPatch) -> None:
    """As for one."""
    with ExitStack() as stack:
        # Bound, so that no other test gets their ports; nobody listens at them.
        lines = [stack.enter_context(socket.socket()) for _ in range(2)]
        for line in lines:
            line.bind(("127.0.0.1", 0))
        resolving(monkeypatch, *(line.getsockname()[1] for line in lines))
        with pytest.raises(ConnectFailed, match=r"connection refused$"):
            dial("ws://service.test", ConnectionSettings())


def test_an_ipv6_address_can_be_dialled() -> None:
    """In brackets."""
    try:
        with service(host="::1") as (port, _):
            opened = dial(f"ws://[::1]:{port}", ConnectionSettings())
            assert opened.recv() == Text("hello")
            opened.close()
    except OSError as exc:
        pytest.skip(f"no IPv6 here: {exc}")


def to(location: str | None, status: int = 302) -> Answer:
    """A redirection to another place, except for clients that are there already."""

    def answer(connection: ServerConnection, request: Request) -> Response | None:
        if request.path == "/there":
            return None
        response = connection.respond(HTTPStatus(status), "")
        if location is not None:
            response.headers["Location"] = location
        return response

    return answer


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_neither_key_nor_audio_follows_a_redirection_to_another_place(status: int) -> None:
    """Another port is another place; the message says where it leads."""
    with service() as (other, seen), service(to(f"ws://127.0.0.1:{other}/there?token=secret", status)) as (port, _):
        with pytest.raises(
            ConnectFailed, match=rf"HTTP {status} redirects to ws://127.0.0.1:{other}/there; neither"
        ) as caught:
            dial(f"ws://127.0.0.1:{port}", ConnectionSettings(key=KEY))
        assert "secret" not in str(caught.value)
    assert seen == []


LOCATIONS = ["https://login.test/portal", "//login.test/", "ftp://[::1", "a b", "http://a:99999", None, "javascript:x"]


@pytest.mark.parametrize("location", LOCATIONS)
def test_a_redirection_that_cannot_be_followed_is_one_line(location: str | None) -> None:
    """A login page, an invalid address, or none: never an exception of a library."""
    with (
        service(to(location)) as (port, _),
        pytest.raises(
            ConnectFailed, match=r"HTTP 302 redirects (to .*|without an address); neither key nor audio is sent there$"
        ),
    ):
        dial(f"ws://127.0.0.1:{port}", ConnectionSettings(key=KEY))


def test_a_redirection_on_the_same_host_is_followed_with_the_key_and_not_forever() -> None:
    """A redirection to another path is followed; a circle ends."""
    with service(to("/there")) as (port, keys):
        opened = dial(f"ws://127.0.0.1:{port}", ConnectionSettings(key=KEY))
        assert opened.recv() == Text("hello")
        opened.close()
    assert keys == [f"Bearer {KEY.reveal()}"] * 2
    with service(to("/here")) as (port, _), pytest.raises(ConnectFailed, match="redirects"):
        dial(f"ws://127.0.0.1:{port}", ConnectionSettings(key=KEY))


@pytest.mark.parametrize("checked", [True, False])
def test_an_address_without_tls_may_lead_to_the_same_host_with_it(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, *, checked: bool
) -> None:
    """TLS is then as the settings want it: a certificate of another host ends it, before the key is sent."""
    tls, certificate, _ = certified(tmp_path)
    with service(tls=tls) as (safe, keys), service(to("wss://localhost/there")) as (unsafe, _):
        ports, look_up = {80: unsafe, 443: safe}, socket.getaddrinfo

        def resolved(_: str, port: int, *more: int) -> object:
            return look_up("127.0.0.1", ports[port], *more)

        monkeypatch.setattr("socket.getaddrinfo", resolved)
        settings = ConnectionSettings(key=KEY, ca=str(certificate), insecure_tls=not checked)
        if checked:
            with pytest.raises(ConnectFailed, match="TLS failed: Hostname mismatch"):
                dial("ws://localhost", settings)
            assert keys == []
            return
        opened = dial("ws://localhost", settings)
        assert opened.recv() == Text("hello")
        opened.close()
    assert keys == [f"Bearer {KEY.reveal()}"]


def test_a_login_in_the_address_goes_in_place_of_the_key() -> None:
    """A server that asks for a password gets one header, and no key."""
    with service() as (port, keys):
        opened = dial(f"ws://me:secret@127.0.0.1:{port}", ConnectionSettings(key=KEY))
        assert opened.recv() == Text("hello")
        opened.close()
    assert keys == ["Basic bWU6c2VjcmV0"]


PLACES = [
    ("ws://a/x", "/y?z=1#f", "ws://a/y?z=1"),
    ("ws://a/x", "http://a/y", "ws://a/y"),
    ("ws://a:80/x", "wss://a/y", "wss://a/y"),
    ("ws://a/x", "https://a:443/y", "wss://a:443/y"),
    ("wss://a/x", "https://a/y", "wss://a/y"),
    ("wss://a/x", "http://a/y", None),
    ("wss://a/x", "wss://b/y", None),
    ("wss://a/x", "wss://a.b/y", None),
    ("wss://a/x", "wss://a:444/y", None),
    ("ws://a:8080/x", "wss://a/y", None),
    ("wss://a/x", "wss://me:you@a/y", None),
    ("wss://a/x", "\x7f", None),
]


@pytest.mark.parametrize(("url", "location", "wanted"), PLACES)
def test_only_the_same_host_as_securely_is_followed(url: str, location: str, wanted: str | None) -> None:
    """And no less secure than before."""
    assert same_host(url, location) == wanted


LEAVING = """
import sys
from asrcli.core.settings import ConnectionSettings
from asrcli.core.message import Binary
from asrcli.transport.websocket import dial
opened = dial(sys.argv[1], ConnectionSettings())
assert opened.recv().data == "hello"
if sys.argv[2] == "forked":
    import os
    child = os.fork()
    if child == 0:
        opened = dial(sys.argv[1], ConnectionSettings())
        assert opened.recv().data == "hello"
    elif os.waitpid(child, 0)[1]:
        raise SystemExit("the child failed")
if sys.argv[2] == "closed":
    opened.close()
if sys.argv[2] == "full":
    for _ in range(3000):
        opened.send(Binary(bytes(3200)))
if sys.argv[2] == "failed":
    raise SystemExit(3)
"""


@pytest.mark.parametrize("how", ["open", "closed", "full", "failed", "forked"])
def test_a_process_ends_at_once_and_without_a_word(how: str) -> None:
    """Whatever state its connections are in; and a forked child opens its own."""
    with service() as (port, _):
        command = [sys.executable, "-X", "dev", "-W", "error", "-c", LEAVING, f"ws://127.0.0.1:{port}", how]
        done = subprocess.run(command, env=environment(PYTHONASYNCIODEBUG=""), capture_output=True, timeout=60)  # noqa: PLW1510
    said = [line for line in done.stderr.decode().splitlines() if not line.startswith("Executing <")]
    assert (said, done.returncode) == ([], 3 if how == "failed" else 0)
