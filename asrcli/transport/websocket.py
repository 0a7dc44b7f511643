"""Dials a WebSocket for a client, and says in words why that failed. What is heavy is imported when it is called."""

import logging
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from asrcli.core.errors import AsrError, ConnectFailed, ServiceRefused, UsageError
from asrcli.core.settings import ConnectionSettings
from asrcli.transport.proxy import is_socks, proxy_label, proxy_of
from asrcli.transport.tls import tls_context
from asrcli.transport.trouble import PROXY_ADVICE, HttpAnswer, explained, header, library_errors, refused, retry_after

if TYPE_CHECKING:
    from websockets.http11 import Response

    from asrcli.transport.websocket_connection import WebSocket

BROKEN = {500, 501, 505}  # to a handshake a server says so again and again, where it has no words of its own for it
# The library's own log shows headers, and a key is among them; what matters comes as an error.
_wire_log = logging.getLogger("asrcli.transport.wire")
_wire_log.setLevel(logging.CRITICAL)


def dial(
    url: str,
    connection: ConnectionSettings,
    more_headers: Sequence[tuple[str, str]] = (),
    worded: "Callable[[str, Response], AsrError] | None" = None,
) -> "WebSocket":
    """Open a connection, with headers beside our own; `worded` words a handshake that the other end refused.

    Raises:
        ConnectFailed: nobody there, no WebSocket there, or no answer in time.
        ServiceRefused: the handshake was refused with a reason.
        UsageError: an address, a proxy or certificates that cannot be used.
    """
    from websockets.exceptions import InvalidStatus

    from asrcli.transport.connecting import opened
    from asrcli.transport.io_thread import io_thread

    proxy = proxy_of(url, connection.proxy)
    tls = tls_context(connection.ca) if url.startswith("wss:") or (proxy or "").startswith("https:") else None
    io = io_thread()
    try:
        # No local variable holds the key: a traceback of what is raised here may show those.
        return io.run(
            opened(
                io,
                url,
                connection,
                [*_key_header(connection), *connection.headers, *more_headers],
                proxy,
                tls,
                _wire_log,
            )
        )
    except InvalidStatus as exc:
        error = (worded or _worded(keyless=connection.key is None))(url, exc.response)
        if isinstance(error, ServiceRefused):
            error.region = connection.region
        raise error from None
    except library_errors() as exc:
        raise failure(url, exc, proxy) from None


def _key_header(connection: ConnectionSettings) -> list[tuple[str, str]]:
    return [("Authorization", f"Bearer {connection.key.reveal()}")] if connection.key else []


def failure(url: str, exc: Exception, proxy: str | None) -> AsrError:
    """The error for whatever the libraries raised while they connected, by this proxy if by any."""
    from websockets.exceptions import InvalidProxy, InvalidURI, ProxyError

    if isinstance(exc, InvalidProxy):  # without its address: a password may be in it
        return UsageError(f"the proxy cannot be used: {exc.msg}", "write it as http://HOST:PORT")
    if isinstance(exc, InvalidURI):
        return UsageError(f"--url: not a WebSocket address: {exc.msg}", "write it as wss://HOST or ws://HOST:PORT")
    if isinstance(exc, ProxyError) and proxy is not None:
        why = str(exc.__cause__ or exc) if is_socks(proxy) else str(exc)
        return ConnectFailed(url, f"{proxy_label(proxy)} refuses: {why}", PROXY_ADVICE)
    return ConnectFailed(url, *explained(url, exc, through=proxy))


def _worded(*, keyless: bool) -> "Callable[[str, Response], AsrError]":
    def refusal(url: str, response: "Response") -> AsrError:
        """The error for a handshake that was answered with an HTTP status and not with a WebSocket."""
        body = bytes(response.body or b"")
        answer = HttpAnswer(response.status_code, response.reason_phrase, body, response.headers)
        error = refused(url, answer, keyless=keyless)
        if isinstance(error, ConnectFailed) and answer.status in BROKEN and not body.lstrip().startswith(b"{"):
            error.passing = False
        return error

    return refusal


def as_it_came(url: str, response: "Response") -> AsrError:
    """The error for a refused handshake with its status and the whole of its body, for those who want to see."""
    body = " ".join((response.body or b"").decode("utf-8", "replace").split())
    status = f"HTTP {response.status_code} {response.reason_phrase}"
    if response.status_code in {401, 403, 429}:
        return ServiceRefused(status, body, retry_after_s=retry_after(response.headers))
    location = header(response.headers, "Location")
    to = f" to {location}" if location else ""
    return ConnectFailed(url, f"{status}{to} {body}".rstrip(), "the handshake was refused")
