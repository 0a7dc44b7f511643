"""Opens a WebSocket on the I/O thread, directly or through a proxy. Follows redirections on the same host only."""

import asyncio
import ssl
from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

from websockets.client import ClientProtocol
from websockets.exceptions import SecurityError
from websockets.uri import parse_uri

from asrcli.core.lazy_module import LazyModule
from asrcli.core.settings import ConnectionSettings
from asrcli.transport.identifiers import USER_AGENT
from asrcli.transport.io_thread import IoThread
from asrcli.transport.name_lookups import NEXT_ADDRESS_S
from asrcli.transport.redirections import redirection
from asrcli.transport.tls import tls_context
from asrcli.transport.websocket_connection import WebSocket
from asrcli.transport.websocket_protocol import MOST_BYTES, WebSocketProtocol

if TYPE_CHECKING:
    from asrcli.transport import proxied
else:  # most connections go through no proxy, and what the library has for proxies takes long to load
    proxied = LazyModule("asrcli.transport.proxied")

MOST_REDIRECTIONS = 10


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
    if proxy is None:
        client = await _directly(url, connection, headers, tls, log)
    else:
        client = await proxied.through(proxy, url, connection, headers, tls, proxy_tls, log)
    return WebSocket(client, io, connection.stall_timeout_s, connection.keepalive_s)


async def _directly(
    url: str, connection: ConnectionSettings, headers: Sequence[tuple[str, str]], tls: ssl.SSLContext | None, log: Any
) -> WebSocketProtocol:
    """Open a connection without a proxy, and follow redirections."""
    try:
        async with asyncio.timeout(connection.connect_timeout_s):
            for _ in range(MOST_REDIRECTIONS):
                if tls is None and url.startswith("wss:"):  # redirected from an address without TLS
                    tls = tls_context(connection.ca, insecure=connection.insecure_tls)
                client = await _connected(url, tls, log)
                try:
                    await client.handshake(headers, USER_AGENT)
                except BaseException as exc:
                    client.transport.abort()
                    if (leads_to := redirection(url, exc)) is None:
                        raise
                    url = leads_to
                else:
                    return client
    except TimeoutError as exc:
        raise TimeoutError("timed out during opening handshake") from exc
    raise SecurityError(f"more than {MOST_REDIRECTIONS} redirects")


async def _connected(url: str, tls: ssl.SSLContext | None, log: Any) -> WebSocketProtocol:
    """Connect to the host of an address."""
    uri = parse_uri(url)
    more: dict[str, Any] = {}
    if tls is not None:
        more = {"ssl": tls, "server_hostname": uri.host}
    made = partial(WebSocketProtocol, ClientProtocol(uri, max_size=MOST_BYTES, logger=log))
    loop = asyncio.get_running_loop()
    host = uri.host.replace("%25", "%", 1)  # the interface of a link-local address, as a URL should have it
    _, client = await loop.create_connection(made, host, uri.port, happy_eyeballs_delay=NEXT_ADDRESS_S, **more)
    return client
