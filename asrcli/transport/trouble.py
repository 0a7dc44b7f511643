"""What goes wrong on the way to a service, in words: shared by the WebSocket and by single requests. Opens nothing."""

import os
import re
import socket
import ssl
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from errno import ECONNREFUSED
from http.client import HTTPException
from typing import Any
from urllib.parse import urlsplit

from asrcli.core.errors import AsrError, ConnectFailed, ProtocolError, ServiceRefused, bare_url, shorten
from asrcli.core.message import Text
from asrcli.dashscope.endpoints import region_of
from asrcli.protocol.json_messages import read, text

PROXY_ADVICE = "check --proxy, HTTPS_PROXY and its like"
NO_SERVICE_ADVICE = "is this a speech service? check --url"
TLS_ADVICE = "check --url: wss:// needs a TLS server, ws:// a plain one"
PAGE_ADVICE = "a firewall, a proxy or a login page answers there: check the network and --url"
PORTAL = 511  # how a network says that somebody must log in first
MOST_WAIT_S = 60.0  # nobody is left alone for longer, whatever they ask for
EXPIRED, NOT_YET_VALID, OTHER_HOST, OTHER_ADDRESS = 10, 9, 62, 64  # what OpenSSL finds wrong with a certificate


def library_errors() -> tuple[type[Exception], ...]:
    """What the libraries at the edge raise of their own: all of it becomes one of our errors."""
    from concurrent.futures import CancelledError

    from websockets.exceptions import WebSocketException

    return (WebSocketException, OSError, EOFError, HTTPException, ValueError, LookupError, RuntimeError, CancelledError)


def explained(url: str, exc: BaseException, wanted: str = "WebSocket", through: str | None = None) -> tuple[str, str]:
    """Why a connection to this address did not come up, and what to do about it.

    `wanted` is what should be there, `through` the proxy that was asked to lead there.
    """
    exc = _plain(exc)
    if through is not None and isinstance(exc, OSError) and not isinstance(exc, ssl.SSLError):
        found = _of_proxy(exc, through)
        if found is not None:
            return found, PROXY_ADVICE
    if "Tunnel connection failed" in str(exc):
        return f"the proxy refuses: {exc}", PROXY_ADVICE
    if isinstance(exc, ssl.SSLCertVerificationError):
        return f"TLS failed: {exc.verify_message}", _about_certificate(exc)
    if isinstance(exc, socket.gaierror):
        return f"unknown host {_host(url)}", "check the network and --url"
    if isinstance(exc, ConnectionRefusedError):
        return "connection refused", "nothing listens there: check --url, or start the server"
    if isinstance(exc, ssl.SSLError):
        return (
            f"TLS failed: {getattr(exc, 'reason', '') or exc}",
            "check --url: wss:// needs a TLS server, ws:// a plain one",
        )
    if isinstance(exc, TimeoutError):
        return "no answer in time", "check the network and --url"
    if isinstance(exc, ConnectionError) and exc.errno is None and urlsplit(url).scheme in {"wss", "https"}:
        return "TLS failed: the other end hung up", TLS_ADVICE
    if isinstance(exc, OSError):
        return _words(exc), "check the network and --url"
    if isinstance(exc, UnicodeError):
        return f"{_host(url)} cannot be the name of a host", "check --url"
    return f"no {wanted} there ({shorten(str(exc) or type(exc).__name__, 60)})", NO_SERVICE_ADVICE


def retry_after(headers: Any) -> float | None:
    """For how long the service wants to be left alone, by its header of that name: seconds, or until a date.

    It is bounded: who asks for more than MOST_WAIT_S gets no more.
    """
    said = header(headers, "Retry-After").strip()
    if said.isascii() and said.isdecimal():
        return MOST_WAIT_S if len(said) > 9 else min(float(said), MOST_WAIT_S)
    try:
        wait_s = (parsedate_to_datetime(said) - datetime.now(UTC)).total_seconds() if said else None
    except (ValueError, TypeError, OverflowError):
        return None
    return None if wait_s is None else min(max(0.0, wait_s), MOST_WAIT_S)


def header(headers: Any, name: str) -> str:
    """A header's value, the first where it comes more than once; empty where it does not come."""
    values = headers.get_all(name) or [""]
    return str(values[0])


def is_redirect(status: int) -> bool:
    """Whether an answer of this status leads somewhere else."""
    return status in {300, 301, 302, 303, 307, 308}


@dataclass(frozen=True)
class HttpAnswer:
    """What a service said that did not do what it was asked for."""

    status: int
    reason: str
    said: bytes
    headers: Any

    @property
    def is_page(self) -> bool:
        """Whether it is a page for a person to look at, as no speech service sends."""
        kind = header(self.headers, "Content-Type").lower()
        return "html" in kind or self.said.lstrip(b"\xef\xbb\xbf \t\r\n")[:1] == b"<"

    @property
    def line(self) -> str:
        """The status, and what is asked for with it."""
        asked, wait_s = header(self.headers, "Retry-After").strip(), retry_after(self.headers)
        more = f" (asks for {shorten(asked, 40)}, is given {MOST_WAIT_S:.0f} s)" if wait_s == MOST_WAIT_S else ""
        return f"HTTP {self.status} {self.reason}".rstrip() + (more if asked != f"{MOST_WAIT_S:.0f}" else "")


def refused(url: str, answer: HttpAnswer, *, keyless: bool = False) -> AsrError:
    """The error for an HTTP status that is no success, with the service's own words where it gives some.

    `keyless`: no key was sent.
    """
    try:
        body = read(Text(answer.said.decode("utf-8", "replace")))
    except ProtocolError:
        body = {}
    code, message, request_id = text(body, "code"), text(body, "message"), text(body, "request_id")
    status, after_s = answer.status, retry_after(answer.headers)
    if status == PORTAL:
        return ConnectFailed(url, answer.line, PAGE_ADVICE)
    if status >= 500:
        advice = "the service is in trouble: try again"
        return ConnectFailed(url, answer.line, advice, passing=True, retry_after_s=after_s)
    if status == 429:
        return ServiceRefused(code or "Throttling", message or answer.line, request_id, after_s)
    if is_redirect(status):
        return _redirected(url, answer)
    if code and code != "NotFound":
        return _keyless(ServiceRefused(code, message, request_id), keyless=keyless)
    if status == 407:
        return ConnectFailed(url, answer.line, PROXY_ADVICE)
    if answer.is_page:
        advice = PAGE_ADVICE if status >= 400 else NO_SERVICE_ADVICE
        return ConnectFailed(url, f"HTTP {status} with a web page in place of an answer", advice)
    if status == 401:
        return _keyless(ServiceRefused("InvalidApiKey", f"HTTP {status}"), keyless=keyless)
    if status == 403 and region_of(url):
        return ServiceRefused("AccessDenied", f"HTTP {status}")
    shown = shorten(message or answer.said.decode("utf-8", "replace"), 60) or answer.reason
    return ConnectFailed(url, f"HTTP {status} {shown}".rstrip(), NO_SERVICE_ADVICE)


def _keyless(error: ServiceRefused, *, keyless: bool) -> ServiceRefused:
    error.keyless = keyless
    return error


def _redirected(url: str, answer: HttpAnswer) -> ConnectFailed:
    to = header(answer.headers, "Location")
    where = f" leads to {shorten(bare_url(to), 80)}" if to else " leads nowhere"
    return ConnectFailed(url, f"HTTP {answer.status}{where}, where neither key nor audio goes", PAGE_ADVICE)


def _of_proxy(exc: OSError, through: str) -> str | None:
    """What is wrong with a proxy, where it is the proxy: what comes after its answer is not."""
    from asrcli.transport.proxy import proxy_label

    proxy = proxy_label(through)
    if isinstance(exc, socket.gaierror):
        return f"unknown {proxy.removeprefix('the ')}"
    if isinstance(exc, ConnectionRefusedError):
        return f"{proxy} is not there"
    if isinstance(exc, TimeoutError):
        return f"no answer in time by {proxy}"
    return f"{proxy}: {_words(exc)}"


def _about_certificate(exc: ssl.SSLCertVerificationError) -> str:
    if exc.verify_code in {OTHER_HOST, OTHER_ADDRESS}:
        return "the certificate is for another host: check --url"
    if exc.verify_code in {EXPIRED, NOT_YET_VALID}:
        return "check the clock of this machine; otherwise the service must renew it"
    return "trust it with --ca FILE, if you know whose it is"


def _words(exc: OSError) -> str:
    if exc.errno is not None and exc.errno > 0 and not isinstance(exc, ssl.SSLError):
        return os.strerror(exc.errno)
    return exc.strerror or str(exc) or "the connection broke"


def _plain(exc: BaseException) -> BaseException:
    """The error of one address, where all of a host were tried and the loop has put their errors into one text.

    Where a library gives a refusal a class of its own, it is a refusal all the same.
    """
    if isinstance(exc, OSError) and exc.errno == ECONNREFUSED:
        return ConnectionRefusedError(exc.errno, exc.strerror)
    if isinstance(exc, OSError) and exc.errno is None and type(exc) is OSError:
        numbers = [int(number) for number in re.findall(r"\[Errno (\d+)\]", str(exc))]
        if numbers:
            refused = [number for number in numbers if isinstance(OSError(number, ""), ConnectionRefusedError)]
            number = (refused or numbers)[0]
            return OSError(number, os.strerror(number))
    return exc


def _host(url: str) -> str:
    try:
        return shorten(urlsplit(url).hostname or bare_url(url), 60)
    except ValueError:
        return shorten(bare_url(url), 60)
