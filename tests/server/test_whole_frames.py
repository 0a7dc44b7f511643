"""Whole messages are taken in one step, the rest comes to the same as before, and nobody has more than his turn."""

import asyncio
import json
import socket
import threading
from collections.abc import Callable, Iterable
from contextlib import suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from asrcli.recognizers.scripted import Scripted, ScriptedResult
from asrcli.server.frame_reader import MAX_FRAMES, FrameReader
from asrcli.server.large_messages import LARGE_BYTES, LargeMessage, LargeMessageRoom
from asrcli.server.local_server import in_background
from asrcli.server.read_connection import Phase
from asrcli.server.reading_turns import BURST, FRAME_COST, ReadingTurns
from asrcli.transport.masked_frames import MaskedFrames
from asrcli.transport.whole_frames import next_frame
from tests.support.wire import INFERENCE, REALTIME, finish_task, run_task, wire

PATIENCE_S = 60.0
MANY = 2000
ERROR = b'"type":"error"'
TEXT, BINARY, PING, FIRST_PART, LAST_PART = 0x81, 0x82, 0x89, 0x01, 0x80


@given(st.sampled_from([TEXT, BINARY]), st.integers(0, 70_000), st.binary(max_size=40), st.integers(0, 80_000))
def test_a_message_is_taken_once_all_of_it_is_there(first: int, size: int, around: bytes, cut: int) -> None:
    """Wherever it begins in the data and whatever follows it; one byte too few, or a lower limit, and it is not."""
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


Part = tuple[int, int, bool]


class Read:
    """A connection that notes what a FrameReader finds: data for the library, and messages with their first byte."""

    def __init__(self) -> None:
        self.phase = Phase.HANDSHAKE
        self.library = self.sent = b""
        self.messages: list[tuple[int, bytes]] = []
        self.frames_in_turn = self.most_in_turn = 0
        self.is_paused = self.is_dropped = False

    def count(self) -> None:
        """Count what is read in one turn of the loop."""
        if not self.frames_in_turn:
            asyncio.get_running_loop().call_soon(self.end_turn)
        self.frames_in_turn += 1
        self.most_in_turn = max(self.most_in_turn, self.frames_in_turn)

    def end_turn(self) -> None:
        """Count again."""
        self.frames_in_turn = 0

    def hand_on(self, data: bytes, message_size: int | None = None) -> None:
        """Note it; a frame counts."""
        del message_size
        if self.phase is Phase.OPEN:
            self.count()
        self.library += data

    def send_frames(self, frames: bytes) -> None:
        """Note them."""
        self.sent += frames

    def deliver(self, first: int, payload: bytes) -> None:
        """Note it."""
        self.count()
        self.messages.append((first, payload))

    def deliver_large(self, message: LargeMessage) -> bool:
        """Take it at once."""
        self.deliver(TEXT if message.is_text else BINARY, bytes(message.data))
        return True

    def pause_reading(self) -> None:
        """Note it."""
        self.is_paused = True

    def resume_reading(self) -> None:
        """Note it."""
        self.is_paused = False

    def drop(self, why: str = "", /) -> None:
        """Note it."""
        self.is_dropped = True
        self.why_dropped = why


async def read(connection: Read, data: Iterable[bytes]) -> None:
    """Let a reader have data after a request, each piece when it is ready for more."""
    reader = FrameReader(connection, 1 << 20, LargeMessageRoom(), ReadingTurns())
    reader.take(b"GET / HTTP/1.1\r\n\r\n")
    connection.phase = Phase.OPEN
    reader.handshake_answered()
    for piece in data:
        await until_read(connection, reader)
        reader.take(piece)
    await until_read(connection, reader)


async def until_read(connection: Read, reader: FrameReader) -> None:
    """Let the reader go on, turn by turn, until it is ready for more; large messages are done with at once."""
    async with asyncio.timeout(PATIENCE_S):
        while connection.is_paused:
            await asyncio.sleep(0)
            reader.end_message()


class HeldTurns(ReadingTurns):
    """Turns that come when the test says so."""

    def __init__(self) -> None:
        super().__init__()
        self.held: list[tuple[str, Callable[[], None]]] = []

    def wait(self, key_name: str, read: Callable[[], None]) -> None:
        """Note who waits."""
        self.held.append((key_name, read))


def test_a_client_that_sends_much_waits_for_a_turn_of_its_key() -> None:
    """Nothing more of it is received or delivered until then; what has come is delivered whole."""

    async def run() -> None:
        connection, turns = Read(), HeldTurns()
        reader = FrameReader(connection, 1 << 20, LargeMessageRoom(), turns)
        reader.receive(b"GET / HTTP/1.1\r\n\r\n")
        connection.phase = Phase.OPEN
        reader.handshake_answered()
        reader.key_name = "anna"
        sent = 0
        while not turns.held:
            assert len(connection.messages) == sent < 100
            assert not connection.is_paused
            reader.receive(MaskedFrames().frame(BINARY, bytes(10_000)))
            sent += 1
        assert BURST < sent * (10_000 + FRAME_COST) < 2 * BURST
        assert (len(connection.messages), connection.is_paused) == (sent - 1, True)
        ((key_name, read_now),) = turns.held
        read_now()
        assert (key_name, len(connection.messages), connection.is_paused) == ("anna", sent, False)

    asyncio.run(run())


PAYLOADS = st.one_of(st.binary(max_size=300), st.integers(LARGE_BYTES - 2, LARGE_BYTES + 70_000).map(bytes))


@settings(deadline=None, max_examples=60)
@given(
    st.lists(st.tuples(st.sampled_from([TEXT, BINARY, PING]), st.lists(PAYLOADS, min_size=1, max_size=4)), max_size=6),
    st.integers(1, 90_000),
)
def test_messages_are_the_same_however_they_are_cut(sent: list[tuple[int, list[bytes]]], size: int) -> None:
    """In frames and in reads, large and small; pings are answered, and none of it comes twice or in another order."""
    size = max(size, sum(len(part) for _, parts in sent for part in parts) // 300)
    data, pongs, messages = b"", b"", []
    frames = MaskedFrames()
    for first, given_parts in sent:
        if first == PING:
            ping = given_parts[0][:125]
            pongs += b"\x8a" + bytes([len(ping)]) + ping
            data += frames.frame(PING, ping)
            continue
        parts = [part.decode("latin-1").encode() for part in given_parts]  # text has to be UTF-8
        messages.append((first, b"".join(parts)))
        opcodes = [first & 0x0F] + [0] * (len(parts) - 1)
        opcodes[-1] |= 0x80
        data += b"".join(frames.frame(opcode, part) for opcode, part in zip(opcodes, parts, strict=True))
    connection = Read()
    asyncio.run(read(connection, pieces(data, size)))
    assert connection.messages == messages
    assert (connection.sent, connection.library) == (pongs, b"GET / HTTP/1.1\r\n\r\n")
    assert connection.most_in_turn <= MAX_FRAMES


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
    """A connection after its handshake, on which each piece travels alone."""
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
    take = FrameReader.take

    def counted(reader: FrameReader, data: bytes) -> None:
        before = len(reader._waiting)
        take(reader, data)
        turns.append(before + len(data) - len(reader._waiting))

    monkeypatch.setattr(FrameReader, "take", counted)
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
    """With the close code 1007, as the protocol of WebSockets wants it, after messages that were right."""
    frames = MaskedFrames()
    with in_background(Scripted()) as address, opened(address) as line:
        line.sendall(frames.frame(TEXT, json.dumps(run_task()).encode()))
        assert b"task-started" in answer(line, b"task-started")
        line.sendall(frames.frame(TEXT, b"\xff\xfe") + frames.frame(BINARY, bytes(3200)))
        came = answer(line, b"no more")
        assert (1007).to_bytes(2, "big") in came
