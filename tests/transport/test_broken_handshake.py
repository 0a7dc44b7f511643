"""A connection that breaks while it is opened: after the TLS handshake, and before the answer of the WebSocket."""

import shutil
import socket
import struct
from collections.abc import Callable
from pathlib import Path

import pytest

from asrcli.core.causes import Cause
from asrcli.core.errors import ConnectFailed
from asrcli.core.settings import ConnectionSettings
from asrcli.transport.websocket import dial
from tests.support.tls import certified, leaving


def _reset(line: socket.socket) -> None:
    line.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


def _break_tls(line: socket.socket) -> None:
    socket.socket.send(line, b"HTTP/1.1 400 Bad Request\r\n\r\n")  # not through TLS


BROKEN: dict[str, tuple[str, Callable[[socket.socket], None], str, Cause]] = {
    "reset": ("ws", _reset, "Connection reset by peer", Cause.NETWORK),
    "reset in TLS": ("wss", _reset, "Connection reset by peer", Cause.NETWORK),
    "no TLS any more": ("wss", _break_tls, "TLS failed: (WRONG_VERSION_NUMBER|RECORD_LAYER_FAILURE)", Cause.TLS),
    "hung up": ("ws", lambda line: line.close(), "no WebSocket there", Cause.TLS),
}


@pytest.mark.skipif(shutil.which("openssl") is None, reason="openssl is not installed")
@pytest.mark.parametrize(("scheme", "leave", "said", "cause"), BROKEN.values(), ids=BROKEN)
def test_a_connection_that_breaks_before_the_answer_is_not_taken_for_another_server(
    scheme: str, leave: Callable[[socket.socket], None], said: str, cause: Cause, tmp_path: Path
) -> None:
    """The network or TLS has failed, so the advice must not be to look for another address."""
    tls, certificate, _ = certified(tmp_path)
    with leaving(tls if scheme == "wss" else None, leave) as place, pytest.raises(ConnectFailed, match=said) as caught:
        dial(f"{scheme}://{place}", ConnectionSettings(ca=str(certificate)))
    assert caught.value.cause is cause
