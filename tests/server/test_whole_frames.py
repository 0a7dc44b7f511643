"""Whole messages are taken in one step, and what is not whole, or not usual, comes to the same as before."""

import json
import socket
from collections.abc import Iterable
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from asrcli.recognizers.scripted import Scripted
from asrcli.server.local_server import in_background
from asrcli.server.whole_frames import next_frame
from asrcli.transport.masked_frames import MaskedFrames
from tests.support.wire import INFERENCE, finish_task, run_task

PATIENCE_S = 30.0
TEXT, BINARY, PING, FIRST_PART, LAST_PART = 0x81, 0x82, 0x89, 0x01, 0x80


@given(st.sampled_from([TEXT, BINARY]), st.integers(0, 70_000), st.binary(max_size=40), st.integers(0, 80_000))
def test_a_message_is_taken_once_all_of_it_is_there(first: int, size: int, around: bytes, cut: int) -> None:
    """Wherever it begins in the data and whatever is behind it; one byte too few, or a lower limit, and it is not."""
    payload = bytes(range(256)) * (size // 256) + bytes(size % 256)
    framed = MaskedFrames().frame(first, payload)
    data, end = around + framed + around, len(around) + len(framed)
    assert (payload, end) == next_frame(data, len(around), size)
    assert next_frame(data[: min(cut, end - 1)], len(around), size) is None
    assert next_frame(data, len(around), size - 1) is None


@given(st.integers(0, 255).filter(lambda first: first not in {TEXT, BINARY}), st.binary(max_size=300))
def test_anything_else_is_left_to_the_library(first: int, payload: bytes) -> None:
    """Control frames, parts of messages, extensions, opcodes that nobody knows, and what has no mask."""
    assert next_frame(MaskedFrames().frame(first, payload), 0, 1000) is None
    assert next_frame(bytes([TEXT, min(len(payload), 125)]) + payload[:125] + bytes(8), 0, 1000) is None


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


def opened(address: str) -> socket.socket:
    """A connection behind its handshake, on which each piece travels alone."""
    host, port = address.removeprefix("ws://").split(":")
    line = socket.create_connection((host, int(port)), PATIENCE_S)
    line.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    key = "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n"
    upgrade = f"GET {INFERENCE} HTTP/1.1\r\nHost: {host}:{port}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
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


def test_a_whole_message_with_text_that_is_no_text_ends_the_connection() -> None:
    """With the close code 1007, as the protocol of WebSockets wants it, behind messages that were right."""
    frames = MaskedFrames()
    with in_background(Scripted()) as address, opened(address) as line:
        line.sendall(frames.frame(TEXT, json.dumps(run_task()).encode()))
        assert b"task-started" in answer(line, b"task-started")
        line.sendall(frames.frame(TEXT, b"\xff\xfe") + frames.frame(BINARY, bytes(3200)))
        came = answer(line, b"no more")
        assert (1007).to_bytes(2, "big") in came
