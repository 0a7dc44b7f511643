"""Single requests against a real HTTP server under the control of the test: what is sent, what is repeated."""

import json
import re
import shutil
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from socketserver import StreamRequestHandler, ThreadingTCPServer
from typing import Any

import pytest

from asrcli.cli.advice import described
from asrcli.core.causes import Cause
from asrcli.core.errors import AsrError, ConnectFailed, ProtocolError, ServiceRefused, UsageError
from asrcli.core.settings import ConnectionSettings, Secret
from asrcli.transport.http_client import HttpClient
from tests.support.tls import certified

PATH = "/api/v1/tokens"
KEY = "sk-0123456789abcdef"
BUSY = {"code": "Throttling.RateQuota", "message": "Requests rate limit exceeded", "request_id": "r"}


class Service(ThreadingHTTPServer):
    """Gives its answers in order, the last one for all further requests; keeps the requests."""

    def __init__(self, *answers: tuple[int, Any, dict[str, str]] | None) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.answers, self.asked = list(answers), list[tuple[str, dict[str, str], bytes]]()

    @property
    def url(self) -> str:
        """Its address, with the scheme of a WebSocket."""
        return f"ws://127.0.0.1:{self.server_address[1]}/api-ws/v1/inference"


class Handler(BaseHTTPRequestHandler):
    """One request to a Service."""

    server: Service

    def do_POST(self) -> None:
        """Answer, or close the connection."""
        headers = {name.lower(): value for name, value in self.headers.items()}
        body = self.rfile.read(int(headers.get("content-length", 0)))
        self.server.asked.append((self.path, headers, body))
        answers = self.server.answers
        answer = answers.pop(0) if len(answers) > 1 else answers[0]
        if answer is None:
            self.close_connection = True
            return
        code, said, more = answer
        self.send_response(code)
        for name, value in more.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(said if isinstance(said, bytes) else json.dumps(said).encode())

    def log_message(self, *_: object) -> None:
        """Log nothing."""


@contextmanager
def serving(*answers: tuple[int, Any, dict[str, str]] | None, tls: ssl.SSLContext | None = None) -> Iterator[Service]:
    """A running service."""
    with Service(*answers) as service:
        if tls is not None:
            service.socket = tls.wrap_socket(service.socket, server_side=True)
        thread = threading.Thread(target=service.serve_forever, args=(0.01,), daemon=True)
        thread.start()
        yield service
        service.shutdown()


def ok(**said: Any) -> tuple[int, Any, dict[str, str]]:
    """A good answer."""
    return 200, said, {}


def asking(url: str, **more: Any) -> tuple[HttpClient, list[float]]:
    """A client, and the waits between its attempts, which take no time here."""
    waited: list[float] = []
    return HttpClient(ConnectionSettings(url, Secret(KEY), **more), waited.append, lambda: 1.0), waited


def test_a_request_says_who_asks_and_what() -> None:
    """JSON with Chinese in it, the key, the headers of the connection, and the query behind the path."""
    with serving(ok(a="词")) as service:
        rest, waited = asking(service.url, headers=(("X-DashScope-WorkSpace", "w"),))
        assert rest.post(PATH, {"b": "热词"}, {"expire_in_seconds": 5}) == {"a": "词"}
    ((path, headers, body),) = service.asked
    assert (path, json.loads(body)) == (f"{PATH}?expire_in_seconds=5", {"b": "热词"})
    assert headers["authorization"] == f"Bearer {KEY}"
    assert (headers["content-type"], headers["x-dashscope-workspace"]) == ("application/json", "w")
    assert headers["user-agent"].startswith("asrcli/")
    assert waited == []


def test_what_may_pass_is_tried_again_and_less_often_each_time() -> None:
    """A closed connection, a busy service, a failing service; then it answers."""
    with serving(None, (429, BUSY, {}), (500, b"<html>", {}), ok()) as service:
        rest, waited = asking(service.url)
        assert rest.post(PATH) == {}
    assert waited == [0.5, 1.0, 2.0]


def test_three_more_attempts_and_then_it_is_reported() -> None:
    """With the last message of the service."""
    with serving((429, BUSY, {})) as service:
        rest, waited = asking(service.url)
        with pytest.raises(ServiceRefused, match=r"Throttling.RateQuota: .* \(task r\)"):
            rest.post(PATH)
    assert (len(service.asked), len(waited)) == (4, 3)


def test_retry_after_is_respected_up_to_a_limit() -> None:
    """Retry-After, in seconds; a longer wait is cut to a minute."""
    asked = ("7", "61", "9" * 400)
    with serving(*((503, {}, {"Retry-After": wait}) for wait in asked), ok()) as service:
        rest, waited = asking(service.url)
        assert rest.post(PATH) == {}
    assert waited == [7.0, 60.0, 60.0]


@pytest.mark.parametrize(("answer", "tries"), [(None, 1), ((500, {}, {}), 1), ((503, {}, {}), 4), ((429, {}, {}), 4)])
def test_what_must_not_be_done_twice_is_tried_again_only_if_it_was_not(answer: Any, tries: int) -> None:
    """A service that closed the connection may have acted on it."""
    with serving(answer) as service, pytest.raises(AsrError):
        asking(service.url)[0].post(PATH, repeatable=False)
    assert len(service.asked) == tries


REFUSALS: dict[str, tuple[int, Any, type[AsrError], str]] = {
    "no key": (401, {"code": "InvalidApiKey", "message": "No."}, ServiceRefused, "InvalidApiKey: No; check"),
    "a bare 401": (401, b"", ServiceRefused, "InvalidApiKey: HTTP 401"),
    "a bare 403 of who is not the service": (403, b"", ConnectFailed, "HTTP 403 Forbidden; is this a speech"),
    "a page of a firewall": (403, b"<html>", ConnectFailed, "HTTP 403 with a web page instead of an answer; a fire"),
    "a login page": (401, b"\n<!DOCTYPE html>", ConnectFailed, "HTTP 401 with a web page"),
    "no such model": (404, {"code": "ModelNotFound", "message": "No."}, ServiceRefused, "ModelNotFound: No"),
    "no such path": (404, {"code": "NotFound", "message": "No."}, ConnectFailed, "HTTP 404 No.; is this a speech"),
    "no room": (429, {"code": "Throttling.AllocationQuota", "message": "No."}, ServiceRefused, "AllocationQuota: No"),
    "another's page": (400, b"<html>", ConnectFailed, "HTTP 400 with a web page instead of an answer"),
    "no JSON": (200, b"st-secret", ProtocolError, "an answer that is not a JSON object$"),
    "no text": (200, b"\xff", ProtocolError, "an answer that is not a JSON object$"),
    "no object": (200, [], ProtocolError, "an answer that is not a JSON object$"),
}


@pytest.mark.parametrize(("code", "said", "kind", "words"), REFUSALS.values(), ids=REFUSALS)
def test_a_no_is_reported_at_once(code: int, said: Any, kind: type[AsrError], words: str) -> None:
    """A request is not repeated if waiting would not help."""
    with serving((code, said, {})) as service, pytest.raises(kind) as caught:
        asking(service.url)[0].post(PATH)
    assert re.search(words, described(caught.value))
    assert len(service.asked) == 1


def test_a_redirection_is_not_followed() -> None:
    """The key is for this host only."""
    with (
        serving(ok()) as other,
        serving((302, b"", {"Location": other.url})) as service,
        pytest.raises(ConnectFailed, match="HTTP 302"),
    ):
        asking(service.url)[0].post(PATH)
    assert other.asked == []


def test_a_peer_that_does_not_answer_is_not_waited_for() -> None:
    """No longer than the connection's time-out, and once: who waits for one line has not four times as long."""
    with Service() as deaf:
        rest, waited = asking(deaf.url, connect_timeout_s=0.05)
        with pytest.raises(ConnectFailed, match="no answer in time"):
            rest.post(PATH)
    assert waited == []


@pytest.mark.parametrize("tls", [False, True])
@pytest.mark.parametrize("place", ["status", "header", "body"])
def test_an_answer_that_comes_byte_by_byte_is_not_awaited_for_hours(tmp_path: Path, place: str, *, tls: bool) -> None:
    """Each byte comes in time, and the whole answer does not; after a thousand bytes it would be a good one."""
    if tls and shutil.which("openssl") is None:
        pytest.skip("openssl is not installed")
    head = {"status": "HTTP/1.1 200 ", "header": "HTTP/1.1 200 OK\r\nx: "}.get(place, "HTTP/1.1 200 OK\r\n\r\n")
    tail = {"body": "{}"}.get(place, "\r\n\r\n{}")
    ended = threading.Event()

    class Dripping(StreamRequestHandler):
        def handle(self) -> None:
            with suppress(OSError):
                self.request.recv(65536)
                self.wfile.write(head.encode())
                for _ in range(1000):
                    self.wfile.write(b" ")
                    ended.wait(0.01)
                self.wfile.write(tail.encode())

    certificate, more = tmp_path, dict[str, Any]()
    with ThreadingTCPServer(("127.0.0.1", 0), Dripping) as server:
        server.daemon_threads = True
        if tls:
            context, certificate, _ = certified(tmp_path)
            server.socket = context.wrap_socket(server.socket, server_side=True)
            more["ca"] = str(certificate)
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        url = f"{'wss' if tls else 'ws'}://127.0.0.1:{server.server_address[1]}"
        client, waited = asking(url, connect_timeout_s=0.5, **more)
        with pytest.raises(ConnectFailed, match="no answer in time"):
            client.post(PATH)
        ended.set()
        server.shutdown()
    assert waited == []


def test_an_address_where_nobody_listens_is_reported() -> None:
    """With its cause."""
    with Service() as gone:
        url = gone.url
    with pytest.raises(ConnectFailed, match=r"connection refused$") as caught:
        asking(url)[0].post(PATH)
    assert caught.value.cause is Cause.NOTHING_LISTENS


@pytest.mark.parametrize("named", [True, False])
def test_a_proxy_leads_to_other_machines(monkeypatch: pytest.MonkeyPatch, *, named: bool) -> None:
    """The one that is named, or that of the environment; with the name and password in its address."""
    with serving(ok()) as proxy:
        through = f"http://me:p%40ss@127.0.0.1:{proxy.server_address[1]}"
        monkeypatch.setenv("http_proxy", "http://192.0.2.1:1" if named else through)
        monkeypatch.setenv("no_proxy", "service.test" if named else "")
        assert asking("ws://service.test", proxy=through if named else None)[0].post(PATH) == {}
    ((path, headers, _),) = proxy.asked
    assert path == f"http://service.test{PATH}"
    assert headers["proxy-authorization"] == "Basic bWU6cEBzcw=="


def test_no_proxy_leads_to_this_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever is named."""
    monkeypatch.setenv("http_proxy", "http://192.0.2.1:1")
    with serving(ok()) as service:
        assert asking(service.url, proxy="http://192.0.2.1:1")[0].post(PATH) == {}


def test_a_proxy_of_another_kind_is_a_usage_error_without_its_password() -> None:
    """Only WebSockets can go through one."""
    with pytest.raises(
        UsageError, match=r"the proxy 192\.0\.2\.1:1 \(https://\): single requests go by http"
    ) as caught:
        asking("ws://service.test", proxy="https://me:secret@192.0.2.1:1")[0].post(PATH)
    assert "secret" not in str(caught.value)


@pytest.mark.skipif(shutil.which("openssl") is None, reason="openssl is not installed")
def test_a_certificate_is_trusted_where_it_is_named_and_nowhere_else(tmp_path: Path) -> None:
    """TLS is never switched off."""
    tls, certificate, key = certified(tmp_path)
    with serving(ok(), tls=tls) as service:
        url = service.url.replace("ws:", "wss:")
        assert asking(url, ca=str(certificate))[0].post(PATH) == {}
        rest, waited = asking(url)
        with pytest.raises(ConnectFailed, match="TLS failed"):
            rest.post(PATH)
        assert waited == []
    for wrong, reason in ((tmp_path / "none", "No such file"), (key, "holds no certificate")):
        with pytest.raises(UsageError, match=reason):
            asking(url, ca=str(wrong))[0].post(PATH)
