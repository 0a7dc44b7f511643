"""Single HTTP requests with JSON bodies and JSON answers, repeated a few times where that may help."""

import json
import random
import ssl
import time
from base64 import b64encode
from collections.abc import Callable, Mapping
from contextlib import closing
from http.client import HTTPException
from urllib.error import URLError
from urllib.parse import unquote, urlencode, urlsplit
from urllib.request import OpenerDirector, Request

from asrcli.core.causes import Cause
from asrcli.core.errors import AsrError, ConnectFailed, ProtocolError, ServiceRefused, UsageError
from asrcli.core.message import Text
from asrcli.core.settings import ConnectionSettings
from asrcli.protocol.addresses import rest_url
from asrcli.protocol.json_messages import Json, read
from asrcli.transport.connection_errors import HttpAnswer, failure_reason, status_error
from asrcli.transport.http_opener import new_opener
from asrcli.transport.identifiers import USER_AGENT
from asrcli.transport.limited_response import LimitedResponse
from asrcli.transport.proxy import is_socks, proxy_label, proxy_of
from asrcli.transport.tls import tls_context

RETRIES = 3
FIRST_WAIT_S = 0.5  # before the first repetition; it doubles each time
MOST_BYTES = 8 << 20  # of an answer
QUOTA_CODE = "Throttling.AllocationQuota"  # a limit that waiting does not lift


class _TransientFailure(Exception):
    """A failure that may be over soon.

    Attributes:
        error: The failure.
        not_done: The service has certainly not acted on the request.
        answered: The service has answered, and may have said when to ask again.
    """

    def __init__(self, error: AsrError, *, not_done: bool, answered: bool) -> None:
        super().__init__(error)
        self.error = error
        self.not_done = not_done
        self.answered = answered


class HttpClient:
    """Requests to the service of a connection. Redirections are not followed: the key is for this host only.

    Args:
        connection: The service, the key, the proxy and the timeout.
        sleep: Waits for seconds.
        jitter: A random number from 0 to 1.
        retries: How often a request is repeated.
        clock: Seconds that only grow.
    """

    def __init__(
        self,
        connection: ConnectionSettings,
        sleep: Callable[[float], None] = time.sleep,
        jitter: Callable[[], float] = random.random,
        retries: int = RETRIES,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._connection = connection
        self._sleep = sleep
        self._jitter = jitter
        self._retries = retries
        self._clock = clock

    def post(
        self,
        path: str,
        body: Json | None = None,
        query: Mapping[str, str | int] | None = None,
        *,
        repeatable: bool = True,
    ) -> Json:
        """Send one request and return its answer. If not `repeatable`, it is repeated only where it was not done.

        Raises:
            ConnectFailed: nothing listens there, or what listens is not the service.
            ServiceRefused: the service refuses the request.
            ProtocolError: the service accepts the request, but its answer cannot be read.
            UsageError: the address, the proxy or the certificates cannot be used.
        """
        url = rest_url(self._connection.url, path)
        search = ""
        if query:
            search = f"?{urlencode(query)}"
        deadline_s = self._clock() + self._connection.connect_timeout_s
        for attempt in range(self._retries + 1):
            try:
                return self._once(url, body, search)
            except ServiceRefused as refusal:
                refusal.region = self._connection.region
                raise
            except _TransientFailure as failure:
                error = failure.error
                wait_s = FIRST_WAIT_S * 2**attempt * (1 + self._jitter()) / 2
                wait_s = max(wait_s, error.retry_after_s or 0.0)
                may_help = attempt < self._retries and (repeatable or failure.not_done)
                # Attempts that fail slowly, as while name servers are silent, share one timeout.
                in_time = failure.answered or self._clock() < deadline_s
                if not (may_help and in_time):
                    raise error from None
                self._sleep(wait_s)
        raise AssertionError

    def _once(self, url: str, body: Json | None, search: str) -> Json:
        keyless = self._connection.key is None
        proxy = proxy_of(url, self._connection.proxy)
        opener, request = self._prepared(url, body, search, proxy)
        try:
            with closing(opener.open(request, timeout=self._connection.connect_timeout_s)) as response:
                content = response.read(MOST_BYTES + 1)
                answer = HttpAnswer(response.status, response.reason or "", content, response.headers)
        except URLError as exc:  # while connecting or sending
            cause: Exception = exc
            if isinstance(exc.reason, Exception):
                cause = exc.reason
            raise _failed(url, cause, proxy, not_done=True) from None
        except (OSError, EOFError, HTTPException, ValueError, LookupError) as exc:
            raise _failed(url, exc, proxy, not_done=False) from None
        if 200 <= answer.status < 300:
            return _parsed(content)
        raise _refusal(status_error(url, answer, keyless=keyless), answer.status)

    def _prepared(
        self, url: str, body: Json | None, search: str, proxy: str | None
    ) -> "tuple[OpenerDirector, Request]":
        connection = self._connection
        data = b""
        if body is not None:
            data = json.dumps(body, ensure_ascii=False).encode()
        headers = {"Content-Type": "application/json", "User-Agent": USER_AGENT}
        headers |= dict(connection.headers)
        if connection.key:
            headers["Authorization"] = f"Bearer {connection.key.reveal()}"
        request = Request(url + search, data, headers, method="POST")  # noqa: S310  rest_url lets http and https through
        tls = None
        if url.startswith("https"):
            tls = tls_context(connection.ca)
        opener = new_opener(tls, LimitedResponse)
        if proxy is not None:
            use_proxy(request, proxy)
        return opener, request


def use_proxy(request: "Request", proxy: str) -> None:
    """Send the request through a proxy.

    Raises:
        UsageError: the proxy is no http:// proxy.
    """
    try:
        parts = urlsplit(proxy)
        usable = parts.hostname and parts.port != 0
    except ValueError:
        usable = False
    if not usable or parts.scheme != "http":
        kind = ""
        if usable and not is_socks(proxy):  # the label of a SOCKS proxy says so
            kind = f" ({parts.scheme}://)"
        problem = f"{proxy_label(proxy)}{kind}: single requests go by http:// proxies only"
        raise UsageError(problem, cause=Cause.PROXY_KIND)
    host = parts.netloc.rpartition("@")[2]
    if parts.username is not None:
        user = f"{unquote(parts.username)}:{unquote(parts.password or '')}"
        request.add_header("Proxy-Authorization", f"Basic {b64encode(user.encode()).decode()}")
    request.set_proxy(host, "http")


def _parsed(content: bytes) -> Json:
    """Parse an answer. An answer that is no JSON is not shown in the error, because a key may be in it."""
    try:
        return read(Text(content.decode("utf-8")))
    except (UnicodeDecodeError, ProtocolError):
        raise ProtocolError("an answer that is not a JSON object") from None


def _failed(url: str, exc: Exception, proxy: str | None, *, not_done: bool) -> Exception:
    error = ConnectFailed(url, *failure_reason(url, exc, "HTTP", proxy))
    # Who said nothing for the whole timeout would say nothing again: a person waits for one timeout and not for four.
    if isinstance(exc, ssl.SSLError | TimeoutError) or not isinstance(exc, OSError):
        return error
    return _TransientFailure(error, not_done=not_done, answered=False)


def _refusal(error: AsrError, status: int) -> Exception:
    """Return the error for a status other than success, wrapped in _TransientFailure if it may be over soon."""
    if isinstance(error, ConnectFailed) and error.passing:
        return _TransientFailure(error, not_done=status == 503, answered=True)
    throttled = isinstance(error, ServiceRefused) and status == 429 and not error.code.startswith(QUOTA_CODE)
    if throttled:
        return _TransientFailure(error, not_done=True, answered=True)
    return error
