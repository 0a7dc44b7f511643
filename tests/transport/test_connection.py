"""An open connection against peers that stop, drip, lie and leave: real sockets, and no library at the other end."""

import socket
import struct
import threading
import time
from contextlib import suppress

import psutil
import pytest

from asrcli.errors import ConnectionLost
from asrcli.message import Binary, Closed, Message, Text, Writable
from asrcli.transport.connection import WebSocket
from tests.support.peer import BINARY, CLOSE, PING, PONG, TEXT, Peer, meeting

CHUNK = Binary(bytes(3200))
STALL_S = 0.6


def last(opened: WebSocket) -> Closed:
    """How it ends."""
    while True:
        message = opened.recv()
        if isinstance(message, Closed):
            return message


def fill(opened: WebSocket) -> int:
    """Send while there is room, and a megabyte at most; how many bytes that were."""
    sent = 0
    while opened.writable and sent < 1 << 20:
        opened.send(CHUNK)
        sent += len(CHUNK.data)
    return sent


def pour(opened: WebSocket, least: int, sent: int = 0) -> tuple[int, Message | Writable]:
    """Send whenever there is room, until so much is out or something is said; how much, and what."""
    while (sent := sent + fill(opened)) < least and (said := opened.recv()) == Writable():
        assert opened.writable
    return sent, Writable() if sent >= least else said


def answered(opened: WebSocket) -> None:
    """Wait until the peer has said hello, which it says behind its first answer to a ping."""
    assert opened.recv() == Text("hello")


def greet(peer: Peer) -> None:
    """Answer the ping that comes first."""
    kind, data = peer.frame()
    assert kind == PING
    peer.say(PONG, data)
    peer.say(TEXT, b"hello")


def test_messages_go_out_and_come_in_their_order() -> None:
    """Text as text, binary as binary, in both directions, and then the close with its words."""
    sent: list[Text | Binary] = [Text("词"), *(Binary(bytes([n])) for n in range(200)), Text("")]

    def act(peer: Peer) -> None:
        found = [peer.message() for _ in sent]
        assert found == [m.data.encode() if isinstance(m, Text) else m.data for m in sent]
        peer.say(TEXT, "好".encode())
        peer.say(BINARY, b"\xff")
        peer.say(TEXT, b"\xff{}")
        peer.say(CLOSE, struct.pack("!H", 1013) + b"later")

    with meeting(act) as opened:
        for message in sent:
            opened.send(message)
        said: list[Message | Writable] = [opened.recv() for _ in range(4)]
        assert said == [Text("好"), Binary(b"\xff"), Text("\ufffd{}"), Closed(1013, "later")]
        assert opened.recv() == opened.recv() == Closed(1013, "later")
        with pytest.raises(ConnectionLost, match=r"later \(close code 1013\)"):
            opened.send(CHUNK)


def test_a_peer_that_stops_reading_gets_little_and_is_noticed() -> None:
    """What it has not answered for is bounded by pings, `send` never waits, and the reason names us."""
    with meeting(greet, STALL_S) as opened:
        answered(opened)
        began = time.monotonic()
        sent, end = pour(opened, 1 << 30)
        assert 128 << 10 <= sent < 192 << 10
        assert end == Closed(1006, "nothing sent or received for 0.6 s")
        assert STALL_S * 0.9 <= time.monotonic() - began < STALL_S * 2
        with pytest.raises(ConnectionLost, match="nothing sent or received"):
            opened.send(CHUNK)


def test_a_peer_that_never_answers_pings_is_bounded_by_the_buffers() -> None:
    """And is noticed when its system takes nothing any more."""
    with meeting(lambda peer: peer.say(TEXT, b"hello"), STALL_S, buffer=4096) as opened:
        answered(opened)
        sent, end = pour(opened, 1 << 30)
        assert 64 << 10 < sent < 32 << 20
        assert end == Closed(1006, "nothing sent or received for 0.6 s")


def test_a_peer_that_reads_and_never_answers_pings_is_left_in_peace() -> None:
    """For longer than the stall timeout, as long as it takes what we send; and all of it arrives."""
    total = []

    def act(peer: Peer) -> None:
        total.append(peer.rest(pongs=False))

    with meeting(act, STALL_S) as opened:
        until = time.monotonic() + 2.5 * STALL_S
        sent = 0
        while time.monotonic() < until:
            opened.send(CHUNK)
            sent += len(CHUNK.data)
            threading.Event().wait(0.02)
    assert total == [sent]


def test_room_comes_back_with_each_answer() -> None:
    """A slow reader is waited for; nothing is lost and nothing waits longer than it must."""
    total = []

    def act(peer: Peer) -> None:
        greet(peer)
        total.append(peer.rest())

    with meeting(act) as opened:
        answered(opened)
        sent, _ = pour(opened, 8 << 20)
    assert total == [sent]


def test_an_idle_peer_that_answers_pings_only_lives_and_one_that_stops_is_dead() -> None:
    """Push to talk: nothing of ours flows, and nothing but answers comes."""
    for answers, lives in ((5, True), (1, False)):

        def act(peer: Peer, answers: int = answers) -> None:
            for _ in range(answers):
                kind, data = peer.frame()
                assert kind == PING
                peer.say(PONG, data)
            peer.say(TEXT, b"still here") if answers > 1 else None

        with meeting(act, STALL_S) as opened:
            said = opened.recv()
            assert said == (Text("still here") if lives else Closed(1006, "nothing sent or received for 0.6 s"))


def test_a_peer_that_answers_messages_and_forgets_pings_is_not_cut() -> None:
    """It has answered one ping and then none: what it says counts, and it is measured by the buffers alone."""
    total = []

    def act(peer: Peer) -> None:
        greet(peer)
        size = 0
        with suppress(EOFError):
            while True:
                size += len(peer.message(pongs=False))
                peer.say(TEXT, b"got it")
        total.append(size)

    with meeting(act, STALL_S) as opened:
        answered(opened)
        sent = 0
        while sent < 1 << 20:
            sent, said = pour(opened, 1 << 20, sent)
            assert said in {Text("got it"), Writable()}
    assert total == [sent]


def test_a_drip_is_a_sign_of_life() -> None:
    """A byte now and then of a message that is long in coming; then it is there."""

    def act(peer: Peer) -> None:
        peer.line.sendall(b"\x82\x0c")
        for n in range(12):
            threading.Event().wait(STALL_S / 6)
            peer.line.sendall(bytes([n]))

    with meeting(act, STALL_S) as opened:
        assert opened.recv() == Binary(bytes(range(12)))


def test_a_message_that_is_announced_as_a_terabyte_is_not_waited_for() -> None:
    """It costs no memory, what came before is there, and the reason says that it was us."""

    def act(peer: Peer) -> None:
        peer.say(TEXT, b"before")
        peer.line.sendall(struct.pack("!BBQ", 0x82, 127, 1 << 40))
        with suppress(OSError):
            for _ in range(1000):
                peer.line.sendall(bytes(1 << 16))

    before = psutil.Process().memory_info().rss
    with meeting(act) as opened:
        assert opened.recv() == Text("before")
        end = opened.recv()
    assert end == Closed(1006, "closed here: a message of more than 16 MB, or in too many parts")
    assert psutil.Process().memory_info().rss - before < 30 << 20


def test_who_breaks_the_protocol_is_told_so() -> None:
    """A frame of a kind that does not exist."""
    with meeting(lambda peer: peer.line.sendall(b"\x8f\x00")) as opened:
        assert last(opened).reason.startswith("closed here: the other end breaks the WebSocket protocol: ")


def test_what_nobody_reads_waits_in_the_network_and_kills_nobody() -> None:
    """A peer that floods us is held back, and is not taken for dead meanwhile; then all of it is there."""
    count, gone = 600, list[int]()

    def act(peer: Peer) -> None:
        greet(peer)
        for n in range(count):
            peer.say(BINARY, n.to_bytes(2, "big") * 20_000)
            gone.append(n)

    with meeting(act, STALL_S, buffer=8192) as opened:
        answered(opened)
        threading.Event().wait(1.5 * STALL_S)
        held = len(gone)
        assert held < count
        for n in range(count):
            assert opened.recv() == Binary(n.to_bytes(2, "big") * 20_000)


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
def test_who_leaves_without_a_word_is_told_so(leave: object, said: str) -> None:
    """What came before is delivered first."""

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


def test_close_says_goodbye_behind_what_was_sent_and_waits_for_nobody() -> None:
    """A peer that reads gets all and then the close; one that does not read keeps nobody."""
    found: list[tuple[int, int]] = []

    def act(peer: Peer) -> None:
        size = 0
        while True:
            kind, data = peer.frame()
            if kind == CLOSE:
                found.append((size, int.from_bytes(data[:2], "big")))
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
        assert time.monotonic() - began < 0.6
        assert last(opened) == Closed(1000, "closed here")
        assert time.monotonic() - began < 2


def test_close_wakes_who_listens() -> None:
    """From any thread."""
    with meeting(greet) as opened:
        answered(opened)
        threading.Timer(0.05, opened.close).start()
        assert last(opened) == Closed(1000, "closed here")
