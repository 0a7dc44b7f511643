"""One WebSocket connection of a client. The only user of websockets on this side of the wire."""

import json
import logging
import socket
import ssl
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from ipaddress import ip_address
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from asrcli import __version__
from asrcli.config import Connection
from asrcli.errors import AsrError, ConnectFailed, ConnectionLost, ServiceRefused, shorten
from asrcli.message import Binary, Closed, Message, Text

if TYPE_CHECKING:
    from websockets.http11 import Response
    from websockets.sync.client import ClientConnection

CLOSE_TIMEOUT_S = 1


# The library's own log shows headers, and a key is among them; what matters comes as an error.
_wire_log = logging.getLogger("asrcli.transport.wire")
_wire_log.setLevel(logging.CRITICAL)


class WebSocket:
    """A Transport over websockets' threaded client."""

    def __init__(self, connection: "ClientConnection", goodbye: ExitStack) -> None:
        self._connection, self._goodbye = connection, goodbye

    def send(self, message: Message) -> None:
        """Send one message; waits while the other end is behind."""
        from websockets.exceptions import ConnectionClosed

        try:
            self._connection.send(message.data if isinstance(message, Text | Binary) else "")
        except ConnectionClosed as exc:
            raise ConnectionLost(_reason(exc), _code(exc)) from exc

    def recv(self) -> Message:
        """The next message, or Closed."""
        from websockets.exceptions import ConnectionClosed

        try:
            data = self._connection.recv()
        except ConnectionClosed as exc:
            return Closed(_code(exc), _reason(exc))
        return Text(data) if isinstance(data, str) else Binary(data)

    def close(self) -> None:
        """Say goodbye and go; the other end gets a second to answer."""
        self._goodbye.close()


def dial(
    url: str,
    connection: Connection,
    more_headers: Sequence[tuple[str, str]] = (),
    refused: "Callable[[str, Response], AsrError] | None" = None,
) -> WebSocket:
    """Open a connection, with headers beside our own; `refused` words a handshake that the other end refused.

    Raises:
        ConnectFailed: nobody there, no WebSocket there, or no answer in time.
        ServiceRefused: the handshake was refused with a reason.
    """
    from websockets.exceptions import InvalidHandshake, InvalidStatus
    from websockets.sync.client import connect

    headers = [("Authorization", f"Bearer {connection.key.reveal()}")] if connection.key else []
    options: dict[str, Any] = {"proxy": None} if _is_loopback(url) else {}
    goodbye = ExitStack()  # the library opens in a with block only; ours lasts until close()
    try:
        opened = goodbye.enter_context(
            connect(
                url,
                additional_headers=[*headers, *more_headers],
                user_agent_header=f"asrcli/{__version__}",
                open_timeout=connection.connect_timeout_s,
                close_timeout=CLOSE_TIMEOUT_S,
                ping_interval=connection.keepalive_s,
                ping_timeout=connection.pong_timeout_s,
                compression=None,  # PCM does not shrink
                logger=_wire_log,
                max_size=None,
                **options,
            )
        )
    except InvalidStatus as exc:
        raise (refused or refusal)(url, exc.response) from None
    except (OSError, InvalidHandshake, EOFError) as exc:
        raise ConnectFailed(url, *_explained(url, exc)) from None
    return WebSocket(opened, goodbye)


def refusal(url: str, response: "Response") -> AsrError:
    """The error for a handshake that was answered with an HTTP status and not with a WebSocket."""
    try:
        body = json.loads(response.body or b"")
    except ValueError:
        body = None
    status, after_s = response.status_code, _retry_after(response)
    if status >= 500:
        trouble = f"HTTP {status} {response.reason_phrase}"
        advice = "the service is in trouble: try again"
        return ConnectFailed(url, trouble, advice, passing=True, retry_after_s=after_s)
    if status == 429:
        return ServiceRefused("Throttling", f"HTTP {status}", retry_after_s=after_s)
    if status != 404 and isinstance(body, dict) and isinstance(body.get("code"), str):
        return ServiceRefused(body["code"], str(body.get("message", "")), str(body.get("request_id", "")))
    if status in {401, 403}:
        return ServiceRefused("InvalidApiKey" if status == 401 else "AccessDenied", f"HTTP {status}")
    said = shorten((response.body or b"").decode("utf-8", "replace"), 60)
    return ConnectFailed(url, f"HTTP {status} {said}".rstrip(), "is this a speech service? check --url")


def _retry_after(response: "Response") -> float | None:
    """For how long the service wants to be left alone: seconds, or until a date."""
    said = response.headers.get("Retry-After", "")
    if said.isdecimal():
        return float(said)
    try:
        return max(0.0, (parsedate_to_datetime(said) - datetime.now(UTC)).total_seconds()) if said else None
    except (ValueError, TypeError):
        return None


def as_it_came(url: str, response: "Response") -> AsrError:
    """The error for a refused handshake with its status and the whole of its body, for those who want to see."""
    body = " ".join((response.body or b"").decode("utf-8", "replace").split())
    status = f"HTTP {response.status_code} {response.reason_phrase}"
    if response.status_code in {401, 403, 429}:
        return ServiceRefused(status, body)
    return ConnectFailed(url, f"{status} {body}".rstrip(), "the handshake was refused")


def _explained(url: str, exc: Exception) -> tuple[str, str]:
    host = urlsplit(url).hostname or url
    if isinstance(exc, socket.gaierror):
        return f"unknown host {host}", "check the network and --url"
    if isinstance(exc, ConnectionRefusedError):
        return "connection refused", "nothing listens there: check --url, or start the server"
    if isinstance(exc, ssl.SSLError):
        return f"TLS failed: {exc.reason or exc}", "check --url: wss:// needs a TLS server, ws:// a plain one"
    if isinstance(exc, TimeoutError):
        return "no answer in time", "check the network and --url"
    if isinstance(exc, OSError):
        return exc.strerror or str(exc), "check the network and --url"
    return f"no WebSocket there ({shorten(str(exc), 60)})", "is this a speech service? check --url"


def _is_loopback(url: str) -> bool:
    host = urlsplit(url).hostname or ""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _reason(exc: Any) -> str:
    return exc.rcvd.reason or "closed by the other end" if exc.rcvd else "the connection broke"


def _code(exc: Any) -> int:
    return exc.rcvd.code if exc.rcvd else 1006
