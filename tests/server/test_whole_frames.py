"""Whole messages are taken in one step, the rest comes to the same as before, and nobody has more than his turn."""

import json
import socket
import threading
from collections.abc import Iterable
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from asrcli.recognizers.scripted import Scripted, ScriptedResult
from asrcli.server.incoming_connection import MAX_FRAMES, IncomingConnection
from asrcli.server.local_server import in_background
from asrcli.transport.masked_frames import MaskedFrames
from asrcli.transport.whole_frames import FrameScanner, next_frame
from tests.support.wire import INFERENCE, REALTIME, finish_task, run_task, wire

PATIENCE_S = 30.0
MANY = 2000
ERROR = b'"type":"error"'
TEXT, BINARY, PING, FIRST_PART, LAST_PART = 0x81, 0x82, 0x89, 0x01, 0x80


@given(st.sampled_from([TEXT, BINARY]), st.integers(0, 70_000), st.binary(max_size=40), st.integers(0, 80_000))
def test_a_message_is_taken_once_all_of_it_is_there(first: int, size: int, around: bytes, cut: int) -> None:
    """Wherever it begins in the data and whatever is behind it; one byte too few, or a lower limit, and it is not."""
    payload = bytes(range(256)) * (size // 256) + bytes(size % 256)
    framed = MaskedFrames().frame(first, payload)
    data, end = around + framed + around, len(around) + len(framed)
    assert (payload, end) == next_frame(data, len(around), size, masked=True)
    assert next_frame(data[: min(cut, end - 1)], len(around), size, masked=True) is None
    assert next_frame(data, len(around), size - 1, masked=True) is None


@given(st.integers(0, 255).filter(lambda first: first not in {TEXT, BINARY}), st.binary(max_size=300))
def test_anything_else_is_left_to_the_library(first: int, payload: bytes) -> None:
    """Control frames, parts of messages, extensions, opcodes that nobody knows, and what has no mask."""
    assert next_frame(MaskedFrames().frame(first, payload), 0, 1000, masked=True) is None
    assert next_frame(bytes([TEXT, min(len(payload), 125)]) + payload[:125] + bytes(8), 0, 1000, masked=True) is None


@given(
    st.lists(st.tuples(st.integers(0, 255), st.integers(0, 300), st.booleans()), max_size=30),
    st.binary(max_size=20).filter(lambda request: b"\r\n\r\n" not in request + b"\r\n\r"),
    st.integers(1, 400),
    st.integers(1, 5),
)
def test_frames_are_counted_however_they_are_cut(
    frames: list[tuple[int, int, bool]], request: bytes, size: int, most: int
) -> None:
    """Behind the request, masked or not: in each turn at most so many begin, all bytes have their turn, none twice."""
    sent = [framed(*frame) for frame in frames]
    begins, at = set(), len(request) + 4
    for frame in sent:
        begins.add(at)
        at += len(frame)
    data = request + b"\r\n\r\n" + b"".join(sent)
    scanner, at = FrameScanner(), 0
    for piece in pieces(data, size):
        until = at + len(piece)
        while at < until:
            end = scanner.end_of(data[at:until], most)
            assert end > 0
            assert len(begins & set(range(at, at + end))) <= most
            at += end
            assert scanner.is_between_frames == (at in begins or at == len(data))
    assert at == len(data)


def framed(first: int, size: int, masked: bool) -> bytes:
    """A frame as a client sends it, or without a mask."""
    frame = MaskedFrames().frame(first, bytes(size))
    if masked:
        return frame
    head = 2 if size < 126 else 4
    return frame[:1] + bytes([frame[1] - 0x80]) + frame[2:head] + bytes(size)


def conversation() -> bytes:
    """A task whose messages come whole, in parts and with pings between them."""
    frames = MaskedFrames()
    start, finish = json.dumps(run_task()).encode(), json.dumps(finish_task()).encode()
    audio = bytes(3200)
    sent = [(FIRST_PART, start[:40]), (PING, b"in a message"), (LAST_PART, start[40:])]
    sent += [(BINARY, audio)] * 7 + [(PING, b"between"), (0x02, audio), (0x00, audio), (LAST_PART, audio)]
    return b"".join(frames.frame(*each) for each in [*sent, (TEXT, finish)])


def pieces(data: bytes, size: int) -> Iterable[bytes]:
    """The data in pieces of one size."""
    return (data[at : at + size] for at in range(0, len(data), size))


def opened(address: str, path: str = INFERENCE) -> socket.socket:
    """A connection behind its handshake, on which each piece travels alone."""
    host, port = address.removeprefix("ws://").split(":")
    line = socket.create_connection((host, int(port)), PATIENCE_S)
    line.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    key = "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n"
    upgrade = f"GET {path} HTTP/1.1\r\nHost: {host}:{port}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    line.sendall(f"{upgrade}{key}\r\n".encode())
    head = b""
    while not head.endswith(b"\r\n\r\n"):
        head += line.recv(1)
    return line


def answer(line: socket.socket, until: bytes) -> bytes:
    """All that comes until some bytes, or the end."""
    came = b""
    with suppress(ConnectionError):
        while until not in came and (data := line.recv(65536)):
            came += data
    return came


@pytest.mark.parametrize("size", [61, 3207, 3300, 1 << 20])
def test_messages_come_to_the_same_however_they_are_cut(size: int) -> None:
    """Whole or in parts, with pings between: all audio is heard once and in order, and each ping is answered."""
    with in_background(Scripted()) as address, opened(address) as line:
        for piece in pieces(conversation(), size):
            line.sendall(piece)
        came = answer(line, b"task-finished")
    assert (came.count(b"in a message"), came.count(b"between")) == (1, 1)
    assert came.count(b'"text":"sentence 1"') == 2  # the partial and the final
    assert b'"end_time":1000' in came
    assert came.index(b"in a message") < came.index(b"between") < came.index(b"task-finished")


@pytest.mark.parametrize(
    ("tiny", "answered"),
    [((PING, b""), b"\x8a\x00"), ((BINARY, b""), ERROR), ((TEXT, b"{"), ERROR), ((0x00, b""), b"")],
)
def test_a_client_with_thousands_of_tiny_frames_has_one_turn_like_all(
    monkeypatch: pytest.MonkeyPatch, tiny: tuple[int, bytes], answered: bytes
) -> None:
    """Few are read at once, the others have their turn between, and none is left out."""
    turns: list[int] = []
    take = IncomingConnection._take

    def counted(connection: IncomingConnection, data: bytes) -> None:
        take(connection, data)
        turns.append(len(data) - len(connection._waiting))

    monkeypatch.setattr(IncomingConnection, "_take", counted)
    frames = MaskedFrames()
    flood = [frames.frame(*tiny) for _ in range(MANY)]
    if not answered:
        flood = [frames.frame(FIRST_PART, b"{"), *flood, frames.frame(LAST_PART, b"")]
    flood.append(frames.frame(PING, b"the last"))
    came = b""
    with in_background(Scripted()) as address, opened(address, REALTIME + "?model=m") as line:
        threading.Thread(target=line.sendall, args=(b"".join(flood),)).start()
        while b"the last" not in came or (answered and came.count(answered) < MANY):
            came += line.recv(65536)
    assert max(turns[1:]) <= 2 * MAX_FRAMES * max(map(len, flood))


def test_what_is_sent_has_any_length_and_half_characters_become_question_marks() -> None:
    """With a length of 7, 16 and 64 bits, as the library's own client reads it."""
    said = ["short", "of\ud83d", "x" * 1000, "é" * 70_000]
    script = tuple(ScriptedResult(at, at + 100, text) for at, text in enumerate(said))
    with in_background(Scripted(script)) as address, wire(address) as client:
        client.say(run_task(), bytes(32_000), finish_task())
        heard = client.hear_all("task-finished")
    sentences = [value["payload"]["output"]["sentence"] for value in heard if "sentence" in str(value)]
    assert [each["text"] for each in sentences if each["sentence_end"]] == ["short", "of?", *said[2:]]


def test_a_whole_message_with_text_that_is_no_text_ends_the_connection() -> None:
    """With the close code 1007, as the protocol of WebSockets wants it, behind messages that were right."""
    frames = MaskedFrames()
    with in_background(Scripted()) as address, opened(address) as line:
        line.sendall(frames.frame(TEXT, json.dumps(run_task()).encode()))
        assert b"task-started" in answer(line, b"task-started")
        line.sendall(frames.frame(TEXT, b"\xff\xfe") + frames.frame(BINARY, bytes(3200)))
        came = answer(line, b"no more")
        assert (1007).to_bytes(2, "big") in came
