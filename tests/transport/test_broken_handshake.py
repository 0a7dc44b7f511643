"""A connection that breaks while it is opened: behind the TLS handshake, and before the answer of the WebSocket."""

import shutil
import socket
import struct
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from asrcli.core.causes import Cause
from asrcli.core.errors import ConnectFailed
from asrcli.core.settings import ConnectionSettings
from asrcli.transport.websocket import dial
from tests.support.tls import certified


def _reset(line: socket.socket) -> None:
    line.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


def _break_tls(line: socket.socket) -> None:
    socket.socket.send(line, b"HTTP/1.1 400 Bad Request\r\n\r\n")  # not through TLS


BROKEN: dict[str, tuple[str, Callable[[socket.socket], None], str, Cause]] = {
    "reset": ("ws", _reset, "Connection reset by peer", Cause.NETWORK),
    "reset in TLS": ("wss", _reset, "Connection reset by peer", Cause.NETWORK),
    "no TLS any more": ("wss", _break_tls, "TLS failed: WRONG_VERSION_NUMBER", Cause.TLS),
    "hung up": ("ws", lambda line: line.close(), "no WebSocket there", Cause.TLS),
}


@pytest.mark.skipif(shutil.which("openssl") is None, reason="openssl is not installed")
@pytest.mark.parametrize(("scheme", "leave", "said", "cause"), BROKEN.values(), ids=BROKEN)
def test_a_connection_that_breaks_before_the_answer_is_not_taken_for_another_server(
    scheme: str, leave: Callable[[socket.socket], None], said: str, cause: Cause, tmp_path: Path
) -> None:
    """The network or TLS has failed, so the advice must not be to look for another address."""
    tls, certificate, _ = certified(tmp_path)
    listener = socket.create_server(("127.0.0.1", 0))

    def serve_one() -> None:
        line, _ = listener.accept()
        if scheme == "wss":
            line = tls.wrap_socket(line, server_side=True)
        with line:
            line.recv(4096)
            leave(line)

    thread = threading.Thread(target=serve_one, daemon=True)
    thread.start()
    url = f"{scheme}://127.0.0.1:{listener.getsockname()[1]}"
    with listener, pytest.raises(ConnectFailed, match=said) as caught:
        dial(url, ConnectionSettings(ca=str(certificate)))
    thread.join(60)
    assert caught.value.cause is cause
