"""Opens a WebSocket through a proxy with the connector of the library, which knows HTTP and SOCKS proxies."""

import ssl
from collections.abc import Sequence
from typing import Any

from websockets.asyncio.client import connect
from websockets.client import ClientProtocol

from asrcli.core.settings import ConnectionSettings
from asrcli.transport.identifiers import USER_AGENT
from asrcli.transport.name_lookups import NEXT_ADDRESS_S
from asrcli.transport.redirections import redirection
from asrcli.transport.websocket_protocol import MOST_BYTES, WebSocketProtocol


class Connect(connect):
    """The library's connector, which follows a redirection only to where the key and the audio may go."""

    def process_redirect(self, exc: Exception) -> Exception | str:
        """Return the new address if it is on the same host and as secure; else the error."""
        return redirection(self.uri, exc) or exc


async def through(
    proxy: str,
    url: str,
    connection: ConnectionSettings,
    headers: Sequence[tuple[str, str]],
    tls: ssl.SSLContext | None,
    proxy_tls: ssl.SSLContext | None,
    log: Any,
) -> WebSocketProtocol:
    """Open a connection through a proxy within the connect timeout.

    Raises the errors of the library, and ConnectionResetError where the connection ends while TLS begins in it.
    """
    more: dict[str, Any] = {}
    if proxy.startswith("http"):
        more["happy_eyeballs_delay"] = NEXT_ADDRESS_S
    if proxy_tls is not None:
        more["proxy_ssl"] = proxy_tls
    if tls is not None:
        more["ssl"] = tls

    def made(protocol: ClientProtocol, **_: object) -> WebSocketProtocol:
        """Return our connection. What the connector says of pings, queues and the close is for the library's own."""
        return WebSocketProtocol(protocol)

    create_connection: Any = made
    try:
        client: Any = await Connect(
            url,
            additional_headers=headers,
            user_agent_header=USER_AGENT,
            open_timeout=connection.connect_timeout_s,
            compression=None,  # PCM does not shrink
            logger=log,
            max_size=MOST_BYTES,
            proxy=proxy,
            create_connection=create_connection,
            **more,
        )
    except (TypeError, AssertionError) as exc:
        # If the connection ends while TLS is started in it, asyncio either calls a method of TLS with the arguments of
        # another transport, or returns no transport, and the library asserts that there is one.
        if tls is None:
            raise
        raise ConnectionResetError from exc
    assert isinstance(client, WebSocketProtocol)  # noqa: S101  `made` made it
    return client
