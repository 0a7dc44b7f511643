"""Connections with a temporary key: each is dialled with a key of its own that soon expires.

The service checks a temporary key only when a connection is opened, so a key that is valid for a minute is enough.
"""

from dataclasses import replace
from typing import TYPE_CHECKING

from asrcli.core.settings import ConnectionSettings
from asrcli.protocol.http import temporary_keys
from asrcli.transport.http_client import HttpClient
from asrcli.transport.websocket import dial

if TYPE_CHECKING:
    from asrcli.transport.websocket_connection import WebSocket


def temporary_key_connection(connection: ConnectionSettings) -> ConnectionSettings:
    """Return the connection with a new temporary key. The request is not repeated: the caller decides about retries.

    Raises:
        ConnectFailed, ServiceRefused, ProtocolError: as HttpClient.post.
    """
    token = temporary_keys.read_temporary_key(
        HttpClient(connection, retries=0).post(temporary_keys.TEMPORARY_KEYS_PATH)
    )
    return replace(connection, key=token.key)


def dial_with_temporary_key(url: str, connection: ConnectionSettings) -> "WebSocket":
    """Open a connection with a temporary key of its own.

    Raises:
        ConnectFailed, ServiceRefused, ProtocolError: as `dial`, or no key was made.
    """
    return dial(url, temporary_key_connection(connection))
