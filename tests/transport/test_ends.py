"""How an open connection ends: broken without a close, or closed by us from any thread."""

import socket
import struct
import threading
import time

import pytest

from asrcli.core.errors import ConnectionLost
from asrcli.core.message import Closed, Text
from tests.support.peer import BINARY, CHUNK, CLOSE, TEXT, Peer, answered, greet, last, meeting

ENDS = {
    "half-closed": (lambda peer: peer.line.shutdown(socket.SHUT_WR), "the connection broke: the other end hung up"),
    "reset": (
        lambda peer: (
            peer.line.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0)),
            peer._read.close(),
            peer.line.close(),
        ),
        "the connection broke: connection reset by peer",
    ),
    "torn": (lambda peer: (peer.line.sendall(b"\x82\x7e\x01"), peer.line.shutdown(1)), "the other end hung up"),
}


@pytest.mark.parametrize(("leave", "said"), ENDS.values(), ids=ENDS)
def test_a_peer_that_leaves_without_a_close_is_reported_as_that(leave: object, said: str) -> None:
    """Earlier messages are delivered first."""

    def act(peer: Peer) -> None:
        peer.message()
        peer.say(TEXT, b"last words")
        peer.message()
        assert callable(leave)
        leave(peer)

    with meeting(act) as opened:
        opened.send(CHUNK)
        assert opened.recv() == Text("last words")
        opened.send(CHUNK)
        end = last(opened)
        assert end.code == 1006
        assert said in end.reason


def test_close_sends_its_frame_after_what_was_sent_and_waits_for_nobody() -> None:
    """A peer that reads gets all messages and then the close; a peer that does not read delays nobody."""
    found: list[tuple[int, int]] = []

    def act(peer: Peer) -> None:
        size = 0
        while True:
            kind, data = peer.frame()
            if kind == CLOSE:
                found.append((size, int.from_bytes(data[:2], "big")))
                peer.line.shutdown(socket.SHUT_RDWR)
                return
            size += len(data) if kind == BINARY else 0

    with meeting(act) as opened:
        for _ in range(10):
            opened.send(CHUNK)
        opened.close()
        with pytest.raises(ConnectionLost, match="closed here"):
            opened.send(CHUNK)
        assert last(opened) == Closed(1000, "closed here")
    assert found == [(32_000, 1000)]
    with meeting(lambda _: None, buffer=4096) as opened:
        for _ in range(4000):
            opened.send(CHUNK)
        began = time.monotonic()
        opened.close()
        assert time.monotonic() - began < 3
        assert last(opened) == Closed(1000, "closed here")
        assert time.monotonic() - began < 8


def test_close_wakes_a_listener() -> None:
    """From any thread."""

    def act(peer: Peer) -> None:
        greet(peer)
        peer.hang_up()

    with meeting(act) as opened:
        answered(opened)
        threading.Timer(0.05, opened.close).start()
        assert last(opened) == Closed(1000, "closed here")
