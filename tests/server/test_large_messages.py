"""What large messages, and messages in very many pieces, leave behind in a server: nothing."""

import gc
import json
from collections.abc import Iterator
from contextlib import suppress

import pytest
from websockets.frames import Frame
from websockets.streams import StreamReader

from asrcli.recognizers.scripted import Scripted
from asrcli.server.large_messages import LargeMessage
from asrcli.server.local_server import in_background
from asrcli.server.message_assembly import MAX_FRAGMENTS
from tests.support.raw_websocket import deaf
from tests.support.wire import PATIENCE_S, REALTIME, wait_until

LARGE = 1 << 20
TEXT = json.dumps({"type": "input_audio_buffer.append", "audio": "A" * LARGE}).encode()
HEAD = b"\xff" + len(TEXT).to_bytes(8, "big") + bytes(4)
WHOLE = b"\x81" + HEAD + TEXT
PING = b"\x89\x88" + bytes(4) + b"the ping"
CUT = {
    "one before a mistake": WHOLE + b"\x81\x00",
    "one before too large a one": WHOLE + b"\x82\xff" + (1 << 40).to_bytes(8, "big") + bytes(4),
}


@pytest.fixture
def no_collections() -> Iterator[None]:
    """Garbage that refers to itself stays, as it does in a server that makes few objects."""
    gc.collect()
    gc.disable()
    yield
    gc.enable()


def kept() -> list[object]:
    """What holds a large message. To look is to hold what is found, for a moment."""
    found = []
    for each in gc.get_objects():
        is_message = isinstance(each, LargeMessage) and each.size > LARGE // 4
        is_frame = isinstance(each, Frame) and len(each.data) > LARGE // 4
        if is_message or is_frame or (isinstance(each, StreamReader) and len(each.buffer) > LARGE // 4):
            found.append(each)
    return found


@pytest.mark.usefixtures("no_collections")
def test_half_of_a_large_message_goes_with_the_client() -> None:
    """At once: many such clients would fill the memory before a collection."""
    with in_background(Scripted()) as address:
        with deaf(address, f"{REALTIME}?model=m") as line:
            line.settimeout(PATIENCE_S)
            line.sendall(WHOLE[: LARGE // 2])
            wait_until(lambda: bool(kept()), within_s=PATIENCE_S)
        wait_until(lambda: not kept(), within_s=PATIENCE_S)


@pytest.mark.usefixtures("no_collections")
def test_a_large_message_is_gone_once_it_is_recognized() -> None:
    """Also while its client stays."""
    with in_background(Scripted()) as address, deaf(address, f"{REALTIME}?model=m") as line:
        line.settimeout(PATIENCE_S)
        line.sendall(WHOLE + PING)
        came = b""
        while b"the ping" not in came:
            came += line.recv(65536)
        wait_until(lambda: not kept(), within_s=PATIENCE_S)


@pytest.mark.usefixtures("no_collections")
@pytest.mark.parametrize("sent", CUT.values(), ids=CUT)
def test_a_large_message_goes_with_a_client_that_is_cut(sent: bytes) -> None:
    """The error that ends the connection does not keep it."""
    with in_background(Scripted()) as address:
        with deaf(address, f"{REALTIME}?model=m") as line:
            line.settimeout(PATIENCE_S)
            line.sendall(sent)
            while line.recv(65536):
                pass
        # A server that ends cancels who still reads a message, and the cancelled task keeps it.
        wait_until(lambda: not kept(), within_s=PATIENCE_S)


def test_a_message_in_very_many_pieces_ends_the_connection() -> None:
    """Empty pieces have no size that would be bounded."""
    with in_background(Scripted()) as address, deaf(address) as line:
        line.settimeout(PATIENCE_S)
        with suppress(ConnectionError):  # it may be cut before all is sent
            line.sendall(b"\x01\x80" + bytes(4) + (b"\x00\x80" + bytes(4)) * (MAX_FRAGMENTS + 1))
            while line.recv(65536):
                pass
