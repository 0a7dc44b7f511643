"""The way to a service: each step that fails is the one that is named, with what to do."""

import socket
import time
from email.utils import formatdate
from pathlib import Path
from threading import Event

import pytest

from asrcli.core.causes import Cause
from asrcli.core.errors import ConnectFailed
from asrcli.core.settings import ConnectionSettings
from asrcli.runs.doctor import route
from asrcli.runs.doctor.finding import Finding, Health
from asrcli.runs.doctor.route import ServiceRoute
from tests.runs.doctor.route_server import answering

HOUR_S = 3600.0


def steps(url: str, connection: ConnectionSettings | None = None) -> dict[str, Finding]:
    """The findings by their subjects."""
    return {each.subject: each for each in ServiceRoute(url, connection or ConnectionSettings()).check()}


@pytest.mark.parametrize(
    ("off_s", "health", "text"),
    [
        (0.0, Health.OK, "it agrees with that of 127.0.0.1"),
        (-HOUR_S, Health.WRONG, "it is 60 minutes ahead of that of 127.0.0.1"),
        (5 * HOUR_S, Health.WRONG, "it is 5 hours behind that of 127.0.0.1"),
        (90.0, Health.WRONG, "s behind that of 127.0.0.1"),
    ],
)
def test_a_clock_that_is_wrong_is_told(off_s: float, health: Health, text: str) -> None:
    """By the date of any HTTP answer, a refusal too; the request contains no key."""
    date = formatdate(time.time() + off_s, usegmt=True)
    with answering("HTTP/1.1 401 Unauthorized", f"Date: {date}") as (url, asked, _):
        found = steps(url)
        assert [each.health for each in found.values()] == [Health.OK] * 3 + [health]
        assert found["clock"].text.endswith(text)
        assert ("NTP" in found["clock"].advice) is (health is Health.WRONG)
        assert b"uthorization" not in asked[-1]


@pytest.mark.parametrize("rows", [("HTTP/1.1 200 OK",), ("SSH-2.0-x",), ("HTTP/1.1 200 OK", "Date: soon"), ()])
def test_a_server_that_does_not_say_the_time_is_no_error(rows: tuple[str, ...]) -> None:
    """The step is skipped."""
    with answering(*rows) as (url, _, _):
        assert steps(url)["clock"].health is Health.SKIPPED


def test_a_certificate_is_checked_and_its_end_is_told(tmp_path: Path) -> None:
    """One that nobody has signed is the reason; trusted, it is a note because it ends tomorrow."""
    with answering("HTTP/1.1 404 No", f"Date: {formatdate(usegmt=True)}", folder=tmp_path) as (url, _, certificate):
        with pytest.raises(ConnectFailed) as caught:
            steps(url)
        assert caught.value.cause is Cause.CERTIFICATE_UNKNOWN
        found = steps(url, ConnectionSettings(ca=str(certificate)))
        assert (found["TLS"].health, found["clock"].health) == (Health.NOTE, Health.OK)
        assert "valid until" in found["TLS"].text
        month_ago = ServiceRoute(url, ConnectionSettings(ca=str(certificate)), lambda: time.time() - 30 * 24 * HOUR_S)
        assert {each.subject: each for each in month_ago.check()}["TLS"].health is Health.OK


def test_a_proxy_is_used_and_one_that_is_gone_is_the_reason() -> None:
    """The name is then for the proxy to find; its password is sent to it and shown to nobody."""
    host = "wss://service.invalid/x"
    with answering("HTTP/1.1 403 No") as (url, asked, _):
        port = url.split(":")[2].split("/")[0]
        with pytest.raises(ConnectFailed, match="Tunnel connection failed: 403") as caught:
            steps(host, ConnectionSettings(proxy=f"http://me:secret@127.0.0.1:{port}"))
        assert asked[-1].startswith(b"CONNECT service.invalid:443")
        assert b"Proxy-Authorization: Basic bWU6c2VjcmV0" in asked[-1]
        assert "secret" not in str(caught.value)
    with pytest.raises(ConnectFailed, match=r"the proxy 127\.0\.0\.1:1 is not there"):
        steps(host, ConnectionSettings(proxy="http://127.0.0.1:1"))
    found = steps(host, ConnectionSettings(proxy="https://127.0.0.1:1"))
    assert found["proxy"].health is Health.SKIPPED


def test_behind_a_proxy_the_steps_go_on() -> None:
    """TCP and the clock of the host are seen through it."""
    rows = ("HTTP/1.1 200 OK", "", f"HTTP/1.1 401 No\r\nDate: {formatdate(usegmt=True)}")
    with answering(*rows) as (url, _, _):
        port = url.split(":")[2].split("/")[0]
        found = steps("ws://service.invalid/x", ConnectionSettings(proxy=f"http://127.0.0.1:{port}"))
        assert found["TCP"].text == f"service.invalid:80 is open through the proxy 127.0.0.1:{port}"
        assert "DNS" not in found


def test_a_name_that_nobody_knows_or_answers_for_is_told_in_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """The resolver of the system takes no limit of time: it is left to itself."""
    forever = Event()

    def hang(*_: object, **__: object) -> None:
        forever.wait()
        raise OSError  # which is for this attempt alone: an answer would be for the next ones, too

    for name in ("HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.delenv(name, raising=False)
    with monkeypatch.context() as hanging:
        hanging.setattr(route, "STEP_S", 0.1)
        hanging.setattr("socket.getaddrinfo", hang)
        with pytest.raises(ConnectFailed, match="no answer in time"):
            steps("wss://service.invalid/x")
    forever.set()

    def unknown(*_: object, **__: object) -> None:
        raise socket.gaierror(-2, "Name or service not known")

    monkeypatch.setattr("socket.getaddrinfo", unknown)
    with pytest.raises(ConnectFailed, match=r"unknown host service\.invalid"):
        steps("wss://service.invalid/x")
    row = (socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", 1))
    monkeypatch.setattr("socket.getaddrinfo", lambda *_, **__: [row])
    found = ServiceRoute("wss://service.invalid:1/x", ConnectionSettings()).check()
    assert [next(found).text, next(found).text] == ["none", "service.invalid is 127.0.0.1"]
    with pytest.raises(ConnectFailed, match="connection refused"):
        next(found)
