"""An open connection against peers that stop, drip, lie and leave: real sockets, and no library at the other end."""

import shutil
import struct
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from queue import SimpleQueue

import psutil
import pytest

from asrcli.core.errors import ConnectionLost
from asrcli.core.message import Binary, Closed, Message, Text, Writable
from asrcli.transport import websocket_protocol
from asrcli.transport.websocket_connection import WebSocket
from tests.support.peer import BINARY, CHUNK, CLOSE, PATIENCE_S, PING, PONG, TEXT, Peer, answered, greet, last, meeting
from tests.support.tls import certified

STALL_S = 1.0


def fill(opened: WebSocket) -> int:
    """Send while there is room, and a megabyte at most; how many bytes that were."""
    sent = 0
    while opened.writable and sent < 1 << 20:
        opened.send(CHUNK)
        sent += len(CHUNK.data)
    return sent


def pour(opened: WebSocket, least: int, sent: int = 0) -> tuple[int, Message | Writable]:
    """Send whenever there is room, until this much is out or something is said; how much, and what.

    Room that came while we sent may be used up before `recv` reports it, so nothing is asserted about it here.
    """
    while (sent := sent + fill(opened)) < least and (said := opened.recv()) == Writable():
        pass
    return sent, Writable() if sent >= least else said


def test_messages_go_out_and_come_in_their_order() -> None:
    """Text as text, binary as binary, in both directions, and then the close with its reason."""
    sent: list[Text | Binary] = [Text("词"), *(Binary(bytes([n])) for n in range(200)), Text("")]

    def act(peer: Peer) -> None:
        found = [peer.message() for _ in sent]
        assert found == [m.data.encode() if isinstance(m, Text) else m.data for m in sent]
        peer.say(TEXT, "好".encode())
        peer.say(BINARY, b"\xff")
        peer.say(TEXT, b"\xff{}")
        peer.say(CLOSE, struct.pack("!H", 1013) + b"later")
        peer.hang_up()

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
        assert end == Closed(1006, "nothing sent or received for 1 s")
        assert time.monotonic() - began >= STALL_S * 0.9
        with pytest.raises(ConnectionLost, match="nothing sent or received"):
            opened.send(CHUNK)


@pytest.mark.skipif(shutil.which("openssl") is None, reason="openssl is not installed")
@pytest.mark.parametrize(("act", "most"), [(greet, 192 << 10), (lambda peer: peer.say(TEXT, b"hello"), 32 << 20)])
def test_it_is_the_same_under_tls(tmp_path: Path, act: Callable[[Peer], object], most: int) -> None:
    """Whether it has answered pings or not."""
    tls, certificate, _ = certified(tmp_path)
    with meeting(act, STALL_S, buffer=4096, tls=(tls, certificate)) as opened:
        answered(opened)
        sent, end = pour(opened, 1 << 30)
        assert 64 << 10 < sent < most
        assert end == Closed(1006, "nothing sent or received for 1 s")


def test_a_peer_that_never_answers_pings_is_bounded_by_the_buffers() -> None:
    """And is noticed when its system takes nothing any more."""
    with meeting(lambda peer: peer.say(TEXT, b"hello"), STALL_S, buffer=4096) as opened:
        answered(opened)
        sent, end = pour(opened, 1 << 30)
        assert 64 << 10 < sent < 32 << 20
        assert end == Closed(1006, "nothing sent or received for 1 s")


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
    """A slow reader is not given up; nothing is lost and nothing waits longer than necessary."""
    total = []

    def act(peer: Peer) -> None:
        greet(peer)
        total.append(peer.rest())

    with meeting(act) as opened:
        answered(opened)
        sent, _ = pour(opened, 8 << 20)
    assert total == [sent]


def test_the_time_of_each_answer_to_a_ping_is_kept() -> None:
    """From the ping to its answer; nothing is known before."""
    asked, may_answer = threading.Event(), threading.Event()

    def act(peer: Peer) -> None:
        kind, data = peer.frame()
        assert kind == PING
        asked.set()
        may_answer.wait(PATIENCE_S)
        peer.say(PONG, data)
        peer.say(TEXT, b"hello")

    with meeting(act) as opened:
        assert asked.wait(PATIENCE_S)
        assert not opened.round_trips_s
        may_answer.set()
        answered(opened)
        (round_trip_s,) = opened.round_trips_s
        assert 0 <= round_trip_s < PATIENCE_S


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
            assert said == (Text("still here") if lives else Closed(1006, "nothing sent or received for 1 s"))


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
    """A byte now and then of a message that comes slowly; then it is complete."""

    def act(peer: Peer) -> None:
        peer.line.sendall(b"\x82\x0c")
        for n in range(12):
            threading.Event().wait(STALL_S / 6)
            peer.line.sendall(bytes([n]))

    with meeting(act, STALL_S) as opened:
        assert opened.recv() == Binary(bytes(range(12)))


def test_a_message_that_is_announced_as_a_terabyte_is_not_waited_for() -> None:
    """It costs no memory, earlier messages are delivered, and the reason says that we closed."""

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


def test_a_peer_that_breaks_the_protocol_is_reported_as_that() -> None:
    """A frame of a kind that does not exist."""

    def act(peer: Peer) -> None:
        peer.line.sendall(b"\x8f\x00")
        peer.hang_up()

    with meeting(act) as opened:
        assert last(opened).reason.startswith("closed here: the other end breaks the WebSocket protocol: ")


def test_what_nobody_reads_waits_in_the_network_and_kills_nobody() -> None:
    """A peer that floods us is slowed down and not taken for dead; then all messages arrive. So it is the next time."""
    count, gone = 600, list[int]()

    def act(peer: Peer) -> None:
        greet(peer)
        for n in range(2 * count):
            if n == count:
                peer.message()
            peer.say(BINARY, n.to_bytes(2, "big") * 20_000)
            gone.append(n)

    with meeting(act, STALL_S, buffer=8192) as opened:
        answered(opened)
        for begin in (0, count):
            threading.Event().wait(1.5 * STALL_S)
            assert len(gone) < begin + count
            for n in range(begin, begin + count):
                assert opened.recv() == Binary(n.to_bytes(2, "big") * 20_000)
            opened.send(CHUNK)


def test_a_message_in_parts_is_one_message() -> None:
    """Also with a ping between two of its parts, and with a part in which there is nothing."""

    def act(peer: Peer) -> None:
        for frame in (b"\x01\x02he", b"\x00\x00", b"\x89\x00", b"\x80\x03llo", b"\x82\x01!"):
            peer.line.sendall(frame)

    with meeting(act) as opened:
        assert [opened.recv(), opened.recv()] == [Text("hello"), Binary(b"!")]


def test_a_message_in_endless_parts_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    """Parts without a byte never reach the limit of bytes."""
    monkeypatch.setattr(websocket_protocol, "MOST_PARTS", 50)
    with meeting(lambda peer: peer.line.sendall(b"\x01\x00" + 60 * b"\x00\x00")) as opened:
        assert last(opened) == Closed(1006, "closed here: a message of more than 16 MB, or in too many parts")


def test_a_listener_gets_what_waited_and_what_comes() -> None:
    """In order, from the I/O thread, to the end; then nothing waits for `recv`."""
    heard: SimpleQueue[object] = SimpleQueue()

    def act(peer: Peer) -> None:
        greet(peer)
        peer.say(TEXT, b"waits")
        peer.message()
        peer.say(TEXT, b"comes")
        peer.say(CLOSE, struct.pack("!H", 1013) + b"later")
        peer.hang_up()

    with meeting(act) as opened:
        answered(opened)
        while opened._incoming.empty():
            threading.Event().wait(0.001)
        opened.listen(heard.put)
        opened.send(CHUNK)
        found = [heard.get(timeout=PATIENCE_S) for _ in range(3)]
    assert found == [Text("waits"), Text("comes"), Closed(1013, "later")]
