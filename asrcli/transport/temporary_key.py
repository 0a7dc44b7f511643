"""Connections that never see the real key: each is dialled with one that was made for it and soon expires.

Source of the facts: the service checks a temporary key when a connection is made, so one of a minute is enough for it.
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
    """The connection with a key made now; whether to try again is decided by whoever wants the connection.

    Raises:
        ConnectFailed, ServiceRefused, ProtocolError: as any request.
    """
    token = temporary_keys.read_temporary_key(
        HttpClient(connection, retries=0).post(temporary_keys.TEMPORARY_KEYS_PATH)
    )
    return replace(connection, key=token.key)


def dial_with_temporary_key(url: str, connection: ConnectionSettings) -> "WebSocket":
    """Open a connection with a key of its own.

    Raises:
        ConnectFailed, ServiceRefused: as `dial`, or nobody made a key.
    """
    return dial(url, temporary_key_connection(connection))
