"""One WebSocket connection of a client. The only user of websockets on this side of the wire."""

import logging
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any

from asrcli import __version__
from asrcli.config import Connection
from asrcli.errors import AsrError, ConnectFailed, ConnectionLost, ServiceRefused, UsageError
from asrcli.message import Binary, Closed, Message, Text
from asrcli.transport.trouble import PROXY_ADVICE, explained, is_loopback, proxy_of, refused, retry_after
from asrcli.transport.trust import trusting

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

    @property
    def writable(self) -> bool:
        """Always: `send` itself waits."""
        return True

    @property
    def silent_s(self) -> float:
        """Not known here."""
        return 0.0

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
    worded: "Callable[[str, Response], AsrError] | None" = None,
) -> WebSocket:
    """Open a connection, with headers beside our own; `worded` words a handshake that the other end refused.

    Raises:
        ConnectFailed: nobody there, no WebSocket there, or no answer in time.
        ServiceRefused: the handshake was refused with a reason.
        UsageError: a proxy or certificates that cannot be used.
    """
    from websockets.exceptions import InvalidHandshake, InvalidProxy, InvalidStatus, ProxyError
    from websockets.sync.client import connect

    headers = [("Authorization", f"Bearer {connection.key.reveal()}")] if connection.key else []
    goodbye = ExitStack()  # the library opens in a with block only; ours lasts until close()
    try:
        opened = goodbye.enter_context(
            connect(
                url,
                additional_headers=[*headers, *connection.headers, *more_headers],
                user_agent_header=f"asrcli/{__version__}",
                open_timeout=connection.connect_timeout_s,
                close_timeout=CLOSE_TIMEOUT_S,
                ping_interval=connection.keepalive_s,
                ping_timeout=connection.pong_timeout_s,
                compression=None,  # PCM does not shrink
                logger=_wire_log,
                max_size=None,
                proxy=None if is_loopback(url) else connection.proxy or True,  # True is what the environment names
                ssl=trusting(connection.ca) if url.startswith("wss:") else None,
            )
        )
    except InvalidStatus as exc:
        error = (worded or refusal)(url, exc.response)
        if isinstance(error, ServiceRefused):
            error.region = connection.region
        raise error from None
    except (InvalidProxy, ImportError) as exc:  # the library asks for python-socks where a proxy speaks SOCKS
        problem = exc.msg  # without the address of the proxy: a password may be in it
        raise UsageError(f"the proxy cannot be used: {problem}", "write it as http://HOST:PORT") from None
    except ProxyError as exc:
        raise ConnectFailed(url, str(exc), PROXY_ADVICE) from None
    except (OSError, InvalidHandshake, EOFError) as exc:
        raise ConnectFailed(url, *explained(url, exc, through=proxy_of(url, connection.proxy))) from None
    return WebSocket(opened, goodbye)


def refusal(url: str, response: "Response") -> AsrError:
    """The error for a handshake that was answered with an HTTP status and not with a WebSocket."""
    after_s = retry_after(response.headers.get("Retry-After", ""))
    return refused(url, response.status_code, response.reason_phrase, bytes(response.body or b""), after_s)


def as_it_came(url: str, response: "Response") -> AsrError:
    """The error for a refused handshake with its status and the whole of its body, for those who want to see."""
    body = " ".join((response.body or b"").decode("utf-8", "replace").split())
    status = f"HTTP {response.status_code} {response.reason_phrase}"
    if response.status_code in {401, 403, 429}:
        return ServiceRefused(status, body)
    return ConnectFailed(url, f"{status} {body}".rstrip(), "the handshake was refused")


def _reason(exc: Any) -> str:
    return exc.rcvd.reason or "closed by the other end" if exc.rcvd else "the connection broke"


def _code(exc: Any) -> int:
    return exc.rcvd.code if exc.rcvd else 1006
