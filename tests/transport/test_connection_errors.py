"""Errors on the way to a service, each in one line of ours, whatever exception a library raises."""

import asyncio
import concurrent.futures
import errno
import http.client
import socket
import ssl
import urllib.error
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from email.message import Message
from email.utils import format_datetime
from http.client import BadStatusLine
from typing import Any

import pytest
import websockets.exceptions
from hypothesis import given
from hypothesis import strategies as st
from websockets.datastructures import Headers

from asrcli.cli.advice import advice_for, described
from asrcli.core.causes import Cause
from asrcli.core.errors import AsrError, ConnectFailed, ServiceRefused, UsageError
from asrcli.core.settings import ConnectionSettings
from asrcli.transport.connection_errors import HttpAnswer, failure_reason, library_errors, retry_after, status_error
from asrcli.transport.websocket import dial, failure

URL, OURS = "wss://there.test/x", "wss://dashscope.aliyuncs.com/x"
SLOTS: dict[str, Any] = {
    "verify_code": 1,
    "verify_message": "no",
    "code": 1,
    "msg": "no",
    "name": "x",
    "value": "y",
    "uri": "u",
    "proxy": "http://a:secret@b",
}


def tree(kind: type[Exception]) -> Iterator[type[Exception]]:
    """The kind and all of its descendants that are loaded."""
    yield kind
    for child in kind.__subclasses__():
        yield from tree(child)


ROOTS = [
    websockets.exceptions.WebSocketException, OSError, http.client.HTTPException, UnicodeError, EOFError,
    asyncio.IncompleteReadError, concurrent.futures.CancelledError, urllib.error.URLError, ssl.SSLError, socket.herror,
]  # fmt: skip
KINDS = sorted({kind for root in ROOTS for kind in tree(root)}, key=lambda kind: f"{kind.__module__}.{kind.__name__}")


def made(kind: type[Exception]) -> Exception:
    """An exception of that class, whatever arguments it takes."""
    error = kind.__new__(kind)
    vars(error).update(SLOTS)
    if issubclass(kind, websockets.exceptions.InvalidStatus | websockets.exceptions.InvalidProxyStatus):
        response = websockets.http11.Response(407, "No", Headers(), b"")
        vars(error)["response"] = response
    return error


def words(error: Exception) -> str:
    """Its text, if it has the attributes that its text needs."""
    try:
        return str(error)
    except (AttributeError, TypeError, IndexError):
        return ""


@pytest.mark.parametrize("proxy", [None, "http://me:secret@p.test:1", "socks5://me:secret@p.test:1"])
@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: f"{kind.__module__}.{kind.__name__}")
def test_whatever_a_library_raises_becomes_one_of_our_errors(kind: type[Exception], proxy: str | None) -> None:
    """All subclasses of each: one line, with advice, and without a password."""
    assert issubclass(kind, library_errors())
    error = made(kind)
    if not words(error):
        error = OSError() if issubclass(kind, OSError) else ValueError()
    told = failure(URL, error, proxy)
    assert isinstance(told, AsrError)
    line = described(told)
    assert "; " in line
    assert "\n" not in line
    assert "secret" not in line
    assert proxy is not None or "SOCKS" not in line


ADDRESSES = [
    "ws://[::1", "ws://127.0.0.1:99999", "ws://127.0.0.1:abc", "ftp://127.0.0.1:1", "ws://", "", "ws://exa mple:1",
    f"ws://{'a' * 64}.invalid", f"ws://{'a' * 300}.invalid", "ws://a..b.invalid", "ws://\u00fcn\u00efcode.invalid",
    "ws://127.0.0.1:1/#part", "ws://user@127.0.0.1:1", "ws://[fe80::1%25lo]:1", "http://127.0.0.1:1", "ws://\x00",
    "ws://" + "\u00fc" * 64 + ".invalid",
]  # fmt: skip


@pytest.mark.parametrize("url", ADDRESSES)
def test_an_odd_address_is_one_of_our_errors(url: str) -> None:
    """Never an exception of a library, whichever of them checks it first."""
    with pytest.raises((ConnectFailed, UsageError)):
        dial(url, ConnectionSettings(connect_timeout_s=5))


@pytest.mark.parametrize("proxy", ["http://[::1", "::::", "ftp://x:1", "http://", "http://a:b", "http://\x00:1"])
def test_an_odd_proxy_is_one_of_our_errors(proxy: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Named or found in the environment."""
    with pytest.raises((ConnectFailed, UsageError)):
        dial("ws://there.test", ConnectionSettings(proxy=proxy, connect_timeout_s=5))
    if "\x00" in proxy:
        return
    monkeypatch.setenv("HTTP_PROXY", proxy)
    monkeypatch.setenv("HTTPS_PROXY", proxy)
    with pytest.raises((ConnectFailed, UsageError)):
        dial("ws://there.test", ConnectionSettings(connect_timeout_s=5))


class OfALibrary(OSError):
    """As python-socks has its own."""


def test_a_proxy_is_named_by_its_kind_and_only_where_it_was_asked() -> None:
    """Whatever its library calls a refusal."""
    error = OfALibrary(errno.ECONNREFUSED, "could not connect to the proxy")
    assert (
        failure_reason(URL, error, through="socks5h://me:secret@gate.test:1")[0]
        == "the SOCKS proxy gate.test:1 is not there"
    )
    assert failure_reason(URL, error)[0] == "connection refused"
    assert (
        failure_reason(URL, TimeoutError(), through="http://gate.test")[0] == "no answer in time by the proxy gate.test"
    )
    assert failure_reason(URL, socket.gaierror(), through="http://gate.test")[0] == "unknown proxy gate.test"
    assert failure_reason(URL, ssl.SSLError(1, "no"), through="http://gate.test")[1] is Cause.TLS
    wants_login = OSError("Tunnel connection failed: 407 Proxy Authentication Required")
    assert failure_reason(URL, wants_login, through="http://gate.test")[1] is Cause.PROXY_LOGIN
    assert failure_reason(URL, wants_login)[1] is Cause.PROXY_LOGIN
    assert failure_reason(URL, OSError("Tunnel connection failed: 403 Forbidden"))[1] is Cause.PROXY


def test_a_server_that_hangs_up_during_tls_is_an_error_about_tls() -> None:
    """The loop raises an error without a message."""
    assert failure_reason(URL, ConnectionResetError())[0] == "TLS failed: the other end hung up"
    assert failure_reason("ws://there.test", ConnectionResetError())[0] == "the connection broke"
    assert failure_reason(URL, ConnectionResetError(errno.ECONNRESET, "x"))[0] == "Connection reset by peer"


CERTIFICATES = [
    (62, "the certificate is for another host: check --url"),
    (64, "the certificate is for another host: check --url"),
    (10, "check the clock of this machine"),
    (9, "check the clock of this machine"),
    (18, "if you know its owner, trust it with --ca FILE"),
    (20, "if you know its owner, trust it with --ca FILE"),
]


@pytest.mark.parametrize(("code", "advice"), CERTIFICATES)
def test_only_a_certificate_of_nobody_we_know_is_answered_with_a_file_of_certificates(code: int, advice: str) -> None:
    """Another host's would be wrong with it too."""
    error = ssl.SSLCertVerificationError(1, "no")
    error.verify_code, error.verify_message = code, "no good"
    assert advice_for(ConnectFailed(URL, *failure_reason(URL, error))).startswith(advice)


def waiting(said: str) -> float | None:
    """Return the wait for a header with this text."""
    found = Message()
    found["Retry-After"] = said
    return retry_after(found)


@given(said=st.one_of(st.text(st.characters(min_codepoint=32, max_codepoint=255)), st.integers().map(str)))
def test_a_wait_that_a_server_dictates_is_bounded(said: str) -> None:
    """Whatever the header says."""
    wait_s = waiting(said)
    assert wait_s is None or 0 <= wait_s <= 60


@pytest.mark.parametrize(
    ("said", "wait_s"), [("7", 7), ("99999999999", 60), ("9" * 5000, 60), ("-1", None), ("x", None)]
)
def test_retry_after_can_be_seconds(said: str, wait_s: float | None) -> None:
    """A number too large for a float is a long wait too."""
    assert waiting(said) == wait_s


@pytest.mark.parametrize(("days", "wait_s"), [(1, 60), (-1, 0), (300_000, 60)])
def test_retry_after_can_be_a_date(days: int, wait_s: float) -> None:
    """In the past it is now."""
    assert waiting(format_datetime(datetime.now(UTC) + timedelta(days=days), usegmt=True)) == wait_s


def answer(status: int, said: bytes = b"", **headers: str) -> HttpAnswer:
    """An answer with these headers."""
    found = Message()
    for name, value in headers.items():
        found[name.replace("_", "-")] = value
    return HttpAnswer(status, "No", said, found)


def test_a_wait_that_was_cut_short_is_reported() -> None:
    """With the wait that was asked for."""
    told = status_error(URL, answer(503, Retry_After="86400"))
    assert isinstance(told, ConnectFailed)
    assert (told.retry_after_s, told.brief) == (60, "cannot connect: HTTP 503 No (asks for 86400, is given 60 s)")
    assert status_error(URL, answer(503, Retry_After="60")).brief == "cannot connect: HTTP 503 No"
    throttled = status_error(URL, answer(429, Retry_After="1" * 400))
    assert isinstance(throttled, ServiceRefused)
    assert throttled.retry_after_s == 60


TWICE = Headers([("Location", "/a"), ("Location", "/b")])
PAGE = b"\xef\xbb\xbf\n <!DOCTYPE html><title>Log in</title>"
REFUSALS: dict[str, tuple[str, HttpAnswer, bool, type[AsrError], str]] = {
    "a wrong key": (URL, answer(401), False, ServiceRefused, "check the key"),
    "no key": (URL, answer(401), True, ServiceRefused, "no key was sent; run asr login, set DASHSCOPE_API_KEY"),
    "no key, in the service's words": (
        URL, answer(401, b'{"code":"InvalidApiKey","message":"m"}'), True, ServiceRefused, "m; no key was sent",
    ),
    "no access": (OURS, answer(403), False, ServiceRefused, "AccessDenied: HTTP 403; ask for access"),
    "another's no": (URL, answer(403), False, ConnectFailed, "HTTP 403 No; is this a speech service? check --url"),
    "another's path": (URL, answer(404), False, ConnectFailed, "HTTP 404 No; is this a speech service"),
    "no access without a key": (URL, answer(403, b'{"code":"AccessDenied"}'), True, ServiceRefused, "; ask for"),
    "a web server": (URL, answer(200, PAGE), False, ConnectFailed, "HTTP 200 with a web page instead of an answer; i"),
    "a firewall": (OURS, answer(403, PAGE), False, ConnectFailed, "HTTP 403 with a web page instead of an answer; a"),
    "a portal": (OURS, answer(404, b"x", Content_Type="text/HTML"), True, ConnectFailed, "HTTP 404 with a web page"),
    "a proxy": (OURS, answer(407, PAGE), False, ConnectFailed, "HTTP 407 No; put user and password before the host"),
    "a network": (OURS, answer(511, PAGE), False, ConnectFailed, "HTTP 511 No; a firewall, a proxy or a login page"),
    "twice": (URL, HttpAnswer(302, "", b"", TWICE), False, ConnectFailed, "redirects to /a; neither"),
}  # fmt: skip


@pytest.mark.parametrize(("url", "said", "keyless", "kind", "told"), REFUSALS.values(), ids=REFUSALS)
def test_a_refusal_is_reported_as_what_it_is(
    url: str, said: HttpAnswer, kind: type, told: str, *, keyless: bool
) -> None:
    """A missing key is another error than a wrong key, and a web page is no answer of a speech service."""
    error = status_error(url, said, keyless=keyless)
    assert type(error) is kind
    assert told in described(error)


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("SSH-2.0-OpenSSH_9\r\n", "no HTTP there (SSH-2.0-OpenSSH_9)"),
        ("\x15\x03\x01\x00\x02\x02\x16", "no HTTP there (the answer is not text)"),
        ("\x00\x01\xff\xfe\n", "no HTTP there (the answer is not text)"),
        (" \t\n", "no HTTP there (the answer is not text)"),
        ("\x1b[31mred\n", "no HTTP there ([31mred)"),
    ],
)
def test_a_server_of_another_kind_is_quoted_as_far_as_it_can_be_shown(line: str, reason: str) -> None:
    """Bytes that a terminal does not show left an empty pair of brackets."""
    assert failure_reason("http://h/", BadStatusLine(line), "HTTP")[0] == reason
