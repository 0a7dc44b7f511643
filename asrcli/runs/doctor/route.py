"""The way to a service, step by step: proxy, name, port, TLS, and the clock of the other end. Sends no key."""

import socket
import ssl
import time
from base64 import b64encode
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from email.utils import parsedate_to_datetime
from http.client import HTTPException
from queue import Empty, SimpleQueue
from threading import Thread
from typing import TypeVar
from urllib.parse import unquote, urlsplit

from asrcli.core.errors import ConnectFailed, bare_url
from asrcli.core.settings import ConnectionSettings
from asrcli.runs.doctor.finding import Finding, note, ok, skipped, wrong
from asrcli.transport.connection_errors import failure_reason
from asrcli.transport.http_opener import new_connection
from asrcli.transport.identifiers import USER_AGENT
from asrcli.transport.proxy import proxy_label, proxy_of
from asrcli.transport.tcp_connection import connect
from asrcli.transport.tls import tls_context

T = TypeVar("T")
STEP_S = 3.0  # for each step
SKEW_S = 60.0  # by how much a clock may be wrong
EXPIRES_S = 14 * 86_400  # a certificate that ends sooner is reported
HEAD_BYTES = 1 << 16
PORTS = {"wss": 443, "ws": 80}


class ServiceRoute:
    """The steps to the host of an address. Each step raises ConnectFailed when it fails.

    Args:
        url: The full address of a wire.
        connection: Its proxy and its certificates.
        clock: Seconds since the epoch.
    """

    def __init__(self, url: str, connection: ConnectionSettings, clock: Callable[[], float] = time.time) -> None:
        self._url = url
        self._connection = connection
        self._clock = clock
        parts = urlsplit(url)
        self._secure = parts.scheme == "wss"
        self._host = parts.hostname or ""
        self._port = parts.port or PORTS[parts.scheme]
        self._target = parts.path or "/"

    def check(self) -> Iterator[Finding]:
        """Yield a finding for each step.

        Raises:
            ConnectFailed: a step fails; the steps after it are not tried.
            UsageError: the proxy or the certificates cannot be used.
        """
        proxy = proxy_of(self._url, self._connection.proxy)
        if proxy is not None and not proxy.startswith("http://"):
            yield skipped("proxy", f"{proxy_label(proxy)} is tried with the handshake alone")
            return
        if proxy is None:
            yield ok("proxy", "none")
            yield self._name()
        line = self._line(proxy)
        with closing(line):
            through = ""
            if proxy is not None:
                yield ok("proxy", f"{proxy_label(proxy)} lets connections through")
                through = f" through {proxy_label(proxy)}"
            yield ok("TCP", f"{self._host}:{self._port} is open{through}")
            if not self._secure:
                yield self._clock_of(line)
                return
            with closing(self._encrypted(line)) as encrypted:
                yield self._certificate(encrypted)
                yield self._clock_of(encrypted)

    def _name(self) -> Finding:
        """Whether the name of the host has an address."""
        try:
            rows = _within(lambda: socket.getaddrinfo(self._host, self._port, type=socket.SOCK_STREAM))
        except (OSError, UnicodeError) as exc:
            raise self._failed(exc) from None
        addresses = list(dict.fromkeys(str(row[4][0]) for row in rows))
        if self._host in addresses:
            return ok("DNS", f"{self._host} is an address")
        return ok("DNS", f"{self._host} is {', '.join(addresses[:3])}")

    def _line(self, proxy: str | None) -> socket.socket:
        """A TCP connection to the host, directly or through an http:// proxy."""
        try:
            if proxy is None:
                return connect((self._host, self._port), STEP_S)
            parts = urlsplit(proxy)
            tunnel = new_connection(parts.hostname or "", parts.port or 80, STEP_S)
            headers = {}
            if parts.username is not None:
                user = f"{unquote(parts.username)}:{unquote(parts.password or '')}"
                headers["Proxy-Authorization"] = f"Basic {b64encode(user.encode()).decode()}"
            tunnel.set_tunnel(self._host, self._port, headers)
            tunnel.connect()
        except (OSError, HTTPException, ValueError) as exc:
            raise self._failed(exc, proxy) from None
        return tunnel.sock

    def _encrypted(self, line: socket.socket) -> ssl.SSLSocket:
        context = tls_context(self._connection.ca)
        try:
            return context.wrap_socket(line, server_hostname=self._host)
        except (OSError, ValueError) as exc:
            raise self._failed(exc) from None

    def _certificate(self, line: ssl.SSLSocket) -> Finding:
        ends_s = ssl.cert_time_to_seconds(str((line.getpeercert() or {})["notAfter"]))
        date = time.strftime("%Y-%m-%d", time.gmtime(ends_s))
        text = f"{line.version()}, the certificate is valid until {date}"
        if ends_s - self._clock() < EXPIRES_S:
            return note("TLS", text, "the service must renew it soon")
        return ok("TLS", text)

    def _clock_of(self, line: socket.socket) -> Finding:
        """How far this clock is from the date in an HTTP answer. The request is a handshake without a key."""
        with suppress(OSError, ValueError, TypeError, OverflowError):
            line.sendall(self._request())
            head = _head(line)
            row = next(row for row in head.split("\r\n") if row.lower().startswith("date:"))
            skew_s = self._clock() - parsedate_to_datetime(row.partition(":")[2].strip()).timestamp()
            if abs(skew_s) <= SKEW_S:
                return ok("clock", f"it agrees with that of {self._host}")
            direction = "ahead of" if skew_s > 0 else "behind"
            text = f"it is {_duration(abs(skew_s))} {direction} that of {self._host}"
            return wrong("clock", text, "set it: switch on the time of the network (NTP)")
        return skipped("clock", f"{self._host} does not say what time it is")

    def _request(self) -> bytes:
        fields = {
            "Host": urlsplit(self._url).netloc.rpartition("@")[2],
            "User-Agent": USER_AGENT,
            "Connection": "Upgrade",
            "Upgrade": "websocket",
            "Sec-WebSocket-Version": "13",
            "Sec-WebSocket-Key": b64encode(bytes(16)).decode(),
        }
        rows = [f"GET {self._target} HTTP/1.1", *(f"{name}: {value}" for name, value in fields.items())]
        return ("\r\n".join(rows) + "\r\n\r\n").encode("latin-1")

    def _failed(self, exc: Exception, proxy: str | None = None) -> ConnectFailed:
        return ConnectFailed(bare_url(self._url), *failure_reason(self._url, exc, through=proxy))


def _head(line: socket.socket) -> str:
    """The head of an HTTP answer.

    Raises:
        OSError: none comes in time.
    """
    data = b""
    until = time.monotonic() + STEP_S
    while b"\r\n\r\n" not in data and len(data) < HEAD_BYTES:
        line.settimeout(max(0.01, until - time.monotonic()))
        piece = line.recv(4096)
        if not piece:
            break
        data += piece
    if not data.startswith(b"HTTP/"):
        raise OSError
    return data.decode("latin-1") + "\r\ndate:"  # without that row the date is empty, which is no date


def _duration(seconds: float) -> str:
    if seconds < 120:
        return f"{seconds:.0f} s"
    if seconds < 7200:
        return f"{seconds / 60:.0f} minutes"
    return f"{seconds / 3600:.0f} hours"


def _within(call: Callable[[], T]) -> T:
    """The result of a call that may hang: the resolver of the system takes no limit of time.

    Raises:
        TimeoutError: it takes longer than STEP_S.
        OSError, UnicodeError: what the call raises.
    """
    answer: SimpleQueue[T | BaseException] = SimpleQueue()

    def run() -> None:
        try:
            answer.put(call())
        except BaseException as exc:  # the top of a thread: the caller raises it
            answer.put(exc)

    Thread(target=run, name="resolver", daemon=True).start()
    try:
        result = answer.get(timeout=STEP_S)
    except Empty:
        raise TimeoutError from None
    if isinstance(result, BaseException):
        raise result
    return result
