"""Dials a WebSocket for a client, and explains in words why that failed. Imports heavy modules on the first call."""

import logging
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from asrcli.core.causes import Cause
from asrcli.core.errors import AsrError, ConnectFailed, ServiceRefused, SettingError, UsageError
from asrcli.core.lazy_module import deferred_import
from asrcli.core.settings import ConnectionSettings
from asrcli.protocol.addresses import ADDRESS_FORMS
from asrcli.transport.connection_errors import (
    HttpAnswer,
    failure_reason,
    header,
    library_errors,
    proxy_cause,
    retry_after,
    status_error,
)
from asrcli.transport.proxy import is_socks, proxy_label, proxy_of
from asrcli.transport.tls import tls_context

if TYPE_CHECKING:
    from websockets.http11 import Response

    from asrcli.transport.websocket_connection import WebSocket

BROKEN = {500, 501, 505}  # without an error body, a server answers every handshake with these: a retry does not help
# The library's own log shows headers, and the key is among them. What matters is raised as an error.
_wire_log = logging.getLogger("asrcli.transport.wire")
_wire_log.setLevel(logging.CRITICAL)


def dial(
    url: str,
    connection: ConnectionSettings,
    more_headers: Sequence[tuple[str, str]] = (),
    refusal_error: "Callable[[str, Response], AsrError] | None" = None,
) -> "WebSocket":
    """Open a connection. `more_headers` are sent too; `refusal_error` makes the error for a refused handshake.

    Raises:
        ConnectFailed: nothing listens there, it is no WebSocket server, or it does not answer in time.
        ServiceRefused: the handshake was refused with a reason.
        UsageError: the address, the proxy or the certificates cannot be used.
    """
    with deferred_import("importlib.metadata"):
        # Only versions of the library between two releases need it. It takes longer to load than all of the library.
        from websockets.exceptions import InvalidStatus

    from asrcli.transport.connecting import open_websocket
    from asrcli.transport.io_thread import io_thread

    proxy = proxy_of(url, connection.proxy)
    tls = proxy_tls = None
    if url.startswith("wss:"):
        tls = tls_context(connection.ca, insecure=connection.insecure_tls)
    if (proxy or "").startswith("https:"):
        proxy_tls = tls_context(connection.ca)  # a proxy is always checked
    io = io_thread()
    try:
        # No local variable holds the key: a traceback of what is raised here may show those.
        return io.run(
            open_websocket(
                io,
                url,
                connection,
                [*_key_header(url, connection), *connection.headers, *more_headers],
                proxy,
                tls,
                proxy_tls,
                _wire_log,
            )
        )
    except InvalidStatus as exc:
        error = (refusal_error or _refusal_error(keyless=connection.key is None))(url, exc.response)
        if isinstance(error, ServiceRefused):
            error.region = connection.region
            error.other_service = connection.other_service
        raise error from None
    except library_errors() as exc:
        raise failure(url, exc, proxy) from None


def _key_header(url: str, connection: ConnectionSettings) -> list[tuple[str, str]]:
    """The header with the key. A login in the address takes its place: there is one such header in a request."""
    if not connection.key or urlsplit(url).username is not None:
        return []
    return [("Authorization", f"Bearer {connection.key.reveal()}")]


def failure(url: str, exc: Exception, proxy: str | None) -> AsrError:
    """Return the error for an exception of the libraries while connecting, through `proxy` if not None."""
    from websockets.exceptions import InvalidProxy, InvalidURI, ProxyError

    if isinstance(exc, InvalidProxy):  # without its address: a password may be in it
        return UsageError(f"the proxy cannot be used: {exc.msg}", "write it as http://HOST:8080")
    if isinstance(exc, InvalidURI):
        return SettingError("url", f"not a WebSocket address: {exc.msg}", ADDRESS_FORMS)
    if isinstance(exc, ProxyError) and proxy is not None:
        reason: BaseException = exc
        if is_socks(proxy):
            reason = exc.__cause__ or exc
        return ConnectFailed(url, f"{proxy_label(proxy)} refuses: {reason}", proxy_cause(reason))
    return ConnectFailed(url, *failure_reason(url, exc, through=proxy))


def _refusal_error(*, keyless: bool) -> "Callable[[str, Response], AsrError]":
    def make(url: str, response: "Response") -> AsrError:
        """Return the error for a handshake that was answered with an HTTP error."""
        body = bytes(response.body or b"")
        answer = HttpAnswer(response.status_code, response.reason_phrase, body, response.headers)
        error = status_error(url, answer, keyless=keyless)
        if isinstance(error, ConnectFailed) and answer.status in BROKEN and not body.lstrip().startswith(b"{"):
            error.passing = False
        return error

    return make


def verbatim_refusal(url: str, response: "Response", *, keyless: bool, interpreted: bool) -> AsrError:
    """Return the error for a refused handshake with its status as it is; the caller shows the body.

    Args:
        url: The address.
        response: The answer.
        keyless: No key was sent.
        interpreted: The server speaks a known wire, so its error code says what to do.
    """
    status = f"HTTP {response.status_code} {response.reason_phrase}"
    if response.status_code in {401, 403, 429}:
        meant = _refusal_error(keyless=keyless)(url, response)
        code = ""
        if interpreted and isinstance(meant, ServiceRefused):
            code = meant.code
        refused = ServiceRefused(code, status, retry_after_s=retry_after(response.headers))
        refused.keyless = keyless
        return refused
    location = header(response.headers, "Location")
    if location:
        status += f" to {location}"
    body = " ".join((response.body or b"").decode("utf-8", "replace").split())
    return ConnectFailed(url, f"{status} {body}".rstrip(), Cause.HANDSHAKE)
