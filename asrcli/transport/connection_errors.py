"""Errors on the way to a service, in words, for the WebSocket and for single requests. Opens no connection."""

import os
import re
import socket
import ssl
from datetime import UTC, datetime
from errno import ECONNREFUSED
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from asrcli.core.causes import Cause
from asrcli.core.dataclass import dataclass
from asrcli.core.errors import AsrError, ConnectFailed, ProtocolError, ServiceRefused, bare_url, shorten, system_reason
from asrcli.core.lazy_module import LazyModule
from asrcli.core.message import Text
from asrcli.core.printable import harmless
from asrcli.dashscope.endpoints import region_of
from asrcli.protocol.json_messages import read, text
from asrcli.recovery.backoff import RETRY_AFTER_CAP_S
from asrcli.transport.proxy import proxy_label

if TYPE_CHECKING:
    from email import utils as email_utils
else:  # only errors have dates
    email_utils = LazyModule("email.utils")

PORTAL = 511  # the status by which a network asks for a login
PROXY_LOGIN = 407  # the status by which a proxy asks for a login
NO_TEXT = "the answer is not text"
NO_HTTP = {"InvalidMessage", "BadStatusLine"}  # what the libraries raise where an answer is no HTTP
EXPIRED, NOT_YET_VALID, OTHER_HOST, OTHER_ADDRESS = 10, 9, 62, 64  # error codes of OpenSSL for a certificate


def library_errors() -> tuple[type[Exception], ...]:
    """Return the exceptions of the libraries; each of them becomes one of our errors."""
    from concurrent.futures import CancelledError
    from http.client import HTTPException

    from websockets.exceptions import WebSocketException

    return (WebSocketException, OSError, EOFError, HTTPException, ValueError, LookupError, RuntimeError, CancelledError)


def failure_reason(
    url: str, exc: BaseException, wanted: str = "WebSocket", through: str | None = None
) -> tuple[str, Cause]:
    """Return why a connection to this address failed, in words and as a cause.

    `wanted` is the kind of server that should be there, `through` the proxy in use.
    """
    exc = _single_error(exc)
    if through is not None and isinstance(exc, OSError) and not isinstance(exc, ssl.SSLError):
        return _proxy_reason(exc, through), proxy_cause(exc)
    if "Tunnel connection failed" in str(exc):
        return f"the proxy refuses: {exc}", proxy_cause(exc)
    if isinstance(exc, ssl.SSLError):
        return _tls_failure(exc)
    if isinstance(exc, OSError):
        return _network_failure(url, exc)
    if isinstance(exc, UnicodeError):
        return f"{_host(url)} cannot be the name of a host", Cause.HOST_NAME
    cause = Cause.NO_SERVICE
    if type(exc).__name__ in NO_HTTP and urlsplit(url).scheme in {"ws", "http"}:
        cause = Cause.TLS  # a server of TLS answers so to a client that speaks plainly
    return f"no {wanted} there ({_quoted(exc)})", cause


def _quoted(exc: BaseException) -> str:
    """Return the text of an error. It may quote bytes of the other end that are not text."""
    said = shorten(harmless(str(exc)), 60)
    if type(exc).__name__ in NO_HTTP and not (said.isascii() and any(map(str.isalnum, said))):
        return NO_TEXT
    return said or type(exc).__name__


def proxy_cause(exc: BaseException) -> Cause:
    """Return why a proxy refuses, by the status that stands in the message of the library."""
    if re.search(rf"\b{PROXY_LOGIN}\b", str(exc)):
        return Cause.PROXY_LOGIN
    return Cause.PROXY


def retry_after(headers: Any) -> float | None:
    """Return the wait that a Retry-After header asks for, in seconds, at most RETRY_AFTER_CAP_S; None without one.

    The header has a number of seconds, or a date.
    """
    value = header(headers, "Retry-After").strip()
    if not value:
        return None
    if value.isascii() and value.isdecimal():
        return min(float(value), RETRY_AFTER_CAP_S)
    try:
        wait_s = (email_utils.parsedate_to_datetime(value) - datetime.now(UTC)).total_seconds()
    except (ValueError, TypeError, OverflowError):
        return None
    return min(max(0.0, wait_s), RETRY_AFTER_CAP_S)


def header(headers: Any, name: str) -> str:
    """Return the first value of a header; empty if it is missing."""
    values = headers.get_all(name) or [""]
    return str(values[0])


def is_redirect(status: int) -> bool:
    """Whether an HTTP status is a redirection."""
    return status in {300, 301, 302, 303, 307, 308}


@dataclass(frozen=True)
class HttpAnswer:
    """An HTTP answer of a service that is no success."""

    status: int
    reason: str
    body: bytes
    headers: Any

    @property
    def is_page(self) -> bool:
        """Whether it is a web page; no speech service sends one."""
        kind = header(self.headers, "Content-Type").lower()
        return "html" in kind or self.body.lstrip(b"\xef\xbb\xbf \t\r\n")[:1] == b"<"

    @property
    def line(self) -> str:
        """The status line, with the wait that the service asks for if that is longer than the wait it gets."""
        status = f"HTTP {self.status} {self.reason}".rstrip()
        wait = header(self.headers, "Retry-After").strip()
        if retry_after(self.headers) != RETRY_AFTER_CAP_S or wait == f"{RETRY_AFTER_CAP_S:.0f}":
            return status
        return f"{status} (asks for {shorten(wait, 40)}, is given {RETRY_AFTER_CAP_S:.0f} s)"


def status_error(url: str, answer: HttpAnswer, *, keyless: bool = False) -> AsrError:
    """Return the error for an HTTP status that is no success, with the service's own message if there is one.

    `keyless`: no key was sent.
    """
    try:
        error = read(Text(answer.body.decode("utf-8", "replace")))
    except ProtocolError:
        error = {}
    code, message, request_id = text(error, "code"), text(error, "message"), text(error, "request_id")
    status = answer.status
    wait_s = retry_after(answer.headers)
    if status == PORTAL:
        return ConnectFailed(url, answer.line, Cause.WEB_PAGE)
    if status >= 500:
        return ConnectFailed(url, answer.line, Cause.SERVICE_TROUBLE, passing=True, retry_after_s=wait_s)
    if status == 429:
        return ServiceRefused(code or "Throttling", message or answer.line, request_id, wait_s)
    if is_redirect(status):
        return _redirected(url, answer)
    if code and code != "NotFound":
        return _keyless(ServiceRefused(code, message, request_id), keyless=keyless)
    return _unexplained(url, answer, message, keyless=keyless)


def _unexplained(url: str, answer: HttpAnswer, message: str, *, keyless: bool) -> AsrError:
    """Return the error for a status that comes without an error code of the service."""
    status = answer.status
    if status == PROXY_LOGIN:
        return ConnectFailed(url, answer.line, Cause.PROXY_LOGIN)
    if answer.is_page:
        cause = Cause.NO_SERVICE
        if status >= 400:
            cause = Cause.WEB_PAGE
        return ConnectFailed(url, f"HTTP {status} with a web page instead of an answer", cause)
    if status == 401:
        return _keyless(ServiceRefused("InvalidApiKey", f"HTTP {status}"), keyless=keyless)
    if status == 403 and region_of(url):
        return ServiceRefused("AccessDenied", f"HTTP {status}")
    shown = shorten(message or answer.body.decode("utf-8", "replace"), 60) or answer.reason
    return ConnectFailed(url, f"HTTP {status} {shown}".rstrip(), Cause.NO_SERVICE)


def _keyless(error: ServiceRefused, *, keyless: bool) -> ServiceRefused:
    error.keyless = keyless
    return error


def _redirected(url: str, answer: HttpAnswer) -> ConnectFailed:
    to = header(answer.headers, "Location")
    where = "without an address"
    if to:
        where = f"to {shorten(bare_url(to), 80)}"
    return ConnectFailed(
        url, f"HTTP {answer.status} redirects {where}; neither key nor audio is sent there", Cause.WEB_PAGE
    )


def is_silent(exc: BaseException) -> bool:
    """Whether the other end, or every name server that could say where it is, has said nothing."""
    return isinstance(exc, TimeoutError) or (isinstance(exc, socket.gaierror) and exc.errno == socket.EAI_AGAIN)


def _network_failure(url: str, exc: OSError) -> tuple[str, Cause]:
    """Return why the network or the other end failed."""
    if isinstance(exc, socket.gaierror):
        if is_silent(exc):
            return f"cannot look up {_host(url)}: no name server answers", Cause.NETWORK
        return f"unknown host {_host(url)}", Cause.NETWORK
    if isinstance(exc, ConnectionRefusedError):
        return "connection refused", Cause.NOTHING_LISTENS
    if isinstance(exc, TimeoutError):
        return "no answer in time", Cause.NETWORK
    if isinstance(exc, ConnectionError) and exc.errno is None and urlsplit(url).scheme in {"wss", "https"}:
        return "TLS failed: the other end hung up", Cause.TLS
    return _os_message(exc), Cause.NETWORK


def _proxy_reason(exc: OSError, through: str) -> str:
    """Return why the connection to a proxy failed."""
    proxy = proxy_label(through)
    if isinstance(exc, socket.gaierror):
        if is_silent(exc):
            return f"cannot look up {proxy}: no name server answers"
        return f"unknown {proxy.removeprefix('the ')}"
    if isinstance(exc, ConnectionRefusedError):
        return f"{proxy} is not there"
    if isinstance(exc, TimeoutError):
        return f"no answer in time by {proxy}"
    return f"{proxy}: {_os_message(exc)}"


def _tls_failure(exc: ssl.SSLError) -> tuple[str, Cause]:
    """Return why TLS failed."""
    if not isinstance(exc, ssl.SSLCertVerificationError):
        return f"TLS failed: {getattr(exc, 'reason', '') or exc}", Cause.TLS
    cause = Cause.CERTIFICATE_UNKNOWN
    if exc.verify_code in {OTHER_HOST, OTHER_ADDRESS}:
        cause = Cause.CERTIFICATE_HOST
    elif exc.verify_code in {EXPIRED, NOT_YET_VALID}:
        cause = Cause.CERTIFICATE_TIME
    return f"TLS failed: {exc.verify_message}", cause


def _os_message(exc: OSError) -> str:
    if exc.errno is not None and exc.errno > 0 and not isinstance(exc, ssl.SSLError):
        return os.strerror(exc.errno)
    return system_reason(exc) or "the connection broke"


def _single_error(exc: BaseException) -> BaseException:
    """Return the error of one address, where the loop has joined the errors of all addresses into one text.

    A refused connection becomes ConnectionRefusedError, also if a library gives it another class.
    """
    if isinstance(exc, OSError) and exc.errno == ECONNREFUSED:
        return ConnectionRefusedError(exc.errno, exc.strerror)
    if isinstance(exc, OSError) and exc.errno is None and type(exc) is OSError:
        numbers = [int(number) for number in re.findall(r"\[Errno (\d+)\]", str(exc))]
        if numbers:
            refusals = [number for number in numbers if isinstance(OSError(number, ""), ConnectionRefusedError)]
            number = (refusals or numbers)[0]
            return OSError(number, os.strerror(number))
    return exc


def _host(url: str) -> str:
    try:
        return shorten(urlsplit(url).hostname or bare_url(url), 60)
    except ValueError:
        return shorten(bare_url(url), 60)
