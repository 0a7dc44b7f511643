"""Opens a WebSocket on the I/O thread, directly or through a proxy. Follows redirections on the same host only."""

import ssl
from collections.abc import Sequence
from typing import Any
from urllib.parse import urljoin, urlsplit

from websockets.asyncio.client import connect
from websockets.exceptions import InvalidStatus

from asrcli import __version__
from asrcli.core.settings import ConnectionSettings
from asrcli.transport.connection_errors import header, is_redirect
from asrcli.transport.io_thread import IoThread
from asrcli.transport.websocket_connection import WebSocket
from asrcli.transport.websocket_protocol import CLOSE_TIMEOUT_S, MOST_BYTES, WebSocketProtocol

NEXT_ADDRESS_S = 0.25  # without an answer for this time, the next address of the host is tried as well
WRITE_LIMIT = 64 << 10  # bytes in the library's own buffer; more wait in WebSocket
_SOCKETS = {"http": "ws", "https": "wss"}


class Connect(connect):
    """The library's connector, which follows a redirection only to where the key and the audio may go."""

    def process_redirect(self, exc: Exception) -> Exception | str:
        """Return the new address if it is on the same host and as secure; else the error."""
        if not isinstance(exc, InvalidStatus) or not is_redirect(exc.response.status_code):
            return exc
        return same_host(self.uri, header(exc.response.headers, "Location")) or exc


def same_host(url: str, location: str) -> str | None:
    """Return the address that a redirection leads to; None if it is on another host or port, or less secure."""
    if not location or not location.isascii() or not location.isprintable() or " " in location:
        return None
    try:
        old, new = urlsplit(url), urlsplit(urljoin(url, location))
        new = new._replace(scheme=_SOCKETS.get(new.scheme, new.scheme), fragment="")
        ports = [parts.port or {"ws": 80, "wss": 443}.get(parts.scheme) for parts in (old, new)]
    except ValueError:
        return None
    upgraded = (old.scheme, new.scheme, *ports) == ("ws", "wss", 80, 443)
    same = (old.scheme, ports[0]) == (new.scheme, ports[1]) or upgraded
    if same and old.hostname == new.hostname and new.username is None:
        return new.geturl()
    return None


async def open_websocket(
    io: IoThread,
    url: str,
    connection: ConnectionSettings,
    headers: Sequence[tuple[str, str]],
    proxy: str | None,
    tls: ssl.SSLContext | None,
    proxy_tls: ssl.SSLContext | None,
    log: Any,
) -> WebSocket:
    """Open a WebSocket within the connect timeout. Raises the errors of the library, see `library_errors`."""
    proxy_options: dict[str, Any] = {}
    if proxy is None or proxy.startswith("http"):
        proxy_options["happy_eyeballs_delay"] = NEXT_ADDRESS_S
    if proxy_tls is not None:
        proxy_options["proxy_ssl"] = proxy_tls
    client = await Connect(
        url,
        additional_headers=headers,
        user_agent_header=f"asrcli/{__version__}",
        open_timeout=connection.connect_timeout_s,
        close_timeout=CLOSE_TIMEOUT_S,
        ping_interval=None,  # pings are sent, and judged, by WebSocket
        ping_timeout=None,
        compression=None,  # PCM does not shrink
        logger=log,
        max_size=MOST_BYTES,
        write_limit=WRITE_LIMIT,
        proxy=proxy,
        ssl=tls,
        create_connection=WebSocketProtocol,
        **proxy_options,
    )
    assert isinstance(client, WebSocketProtocol)  # noqa: S101  create_connection made it
    return WebSocket(client, io, connection.stall_timeout_s, connection.keepalive_s)
