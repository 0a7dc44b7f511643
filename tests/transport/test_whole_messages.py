"""What a service sends comes to the same whether its whole messages are taken in one step or the library reads all."""

import asyncio
from collections.abc import Sequence
from itertools import pairwise
from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from websockets.client import ClientProtocol
from websockets.protocol import State
from websockets.uri import parse_uri
from websockets.utils import accept_key

from asrcli.core.message import Binary, Text
from asrcli.transport.websocket_protocol import WebSocketProtocol

TEXT, BINARY, CONT, CLOSE, PING, PONG, UNKNOWN = 1, 2, 0, 8, 9, 10, 3
FIN, RESERVED, MASKED = 0x80, 0x40, 0x80
SIZES = st.one_of(st.integers(0, 5), st.sampled_from([125, 126, 127, 300, 65535, 65536]))
CONTENTS = [b"A", b"\xff", bytes([FIN | TEXT, 0]), bytes([FIN | BINARY, 3])]  # also what looks like frames
CLOSED = (1000).to_bytes(2, "big") + b"bye"


def head(first: int, size: int, least: int = 0) -> bytes:
    """The head of a frame; a length is written longer than it need be where `least` says so."""
    if size < 126 and not least:
        return bytes([first, size])
    if size < 1 << 16 and least < 2:
        return bytes([first, 126]) + size.to_bytes(2, "big")
    return bytes([first, 127]) + size.to_bytes(8, "big")


WHOLE = st.builds(
    lambda opcode, size, least, some: head(FIN | opcode, size, least) + (some * size)[:size],
    st.sampled_from([TEXT, BINARY]), SIZES, st.integers(0, 2), st.sampled_from(CONTENTS),
)  # fmt: skip
CONTROL = st.builds(
    lambda opcode, data: head(FIN | opcode, len(data)) + data, st.sampled_from([PING, PONG]), st.binary(max_size=9)
)
IN_PARTS = st.builds(
    lambda opcode, parts, between: between.join(
        head((FIN if number == len(parts) - 1 else 0) | (CONT if number else opcode), len(part)) + part
        for number, part in enumerate(parts)
    ),
    st.sampled_from([TEXT, BINARY]),
    st.lists(st.binary(max_size=9), min_size=2, max_size=4),
    st.one_of(st.just(b""), CONTROL),
)  # fmt: skip
WRONG = st.sampled_from([
    head(FIN | CLOSE, len(CLOSED)) + CLOSED,
    head(FIN | UNKNOWN, 0),
    head(FIN | RESERVED | TEXT, 2) + b"ab",
    bytes([FIN | TEXT, MASKED | 2]) + b"maskab",
    head(FIN | CONT, 1) + b"a",
    head(BINARY, 1) + b"a" + head(FIN | TEXT, 1) + b"a",  # a message in the middle of another one
    head(FIN | BINARY, 1 << 30) + b"too large",
])  # fmt: skip


class Line(asyncio.Transport):
    """A transport that keeps what is written."""

    def __init__(self) -> None:
        super().__init__()
        self.written = b""
        self.closing = False

    def write(self, data: Any) -> None:
        """Keep it."""
        self.written += bytes(data)

    def write_eof(self) -> None:
        """Nothing to end."""

    def can_write_eof(self) -> bool:
        """As a socket."""
        return True

    def is_closing(self) -> bool:
        """Whether it was aborted."""
        return self.closing

    def abort(self) -> None:
        """Note it."""
        self.closing = True

    def set_write_buffer_limits(self, high: int | None = None, low: int | None = None) -> None:
        """There is no buffer."""


class ReadByTheLibrary(WebSocketProtocol):
    """The same connection without the short way."""

    def _take_messages(self, data: bytes) -> bytes:
        return data


class Heard:
    """A listener that keeps the messages."""

    def __init__(self) -> None:
        self.messages: list[Text | Binary] = []

    def message(self, message: Text | Binary) -> None:
        """Keep it."""
        self.messages.append(message)

    def room(self) -> None:
        """Nothing waits."""

    def end(self) -> None:
        """Nothing to do."""


async def heard(kind: type[WebSocketProtocol], sent: bytes, cuts: Sequence[int]) -> tuple[Any, ...]:
    """What comes of some bytes after the handshake, cut at these places: messages, state, close, size of answers."""
    protocol = ClientProtocol(parse_uri("ws://localhost"), max_size=16 << 20)
    connection, listener, line = kind(protocol), Heard(), Line()
    connection.connection_made(line)
    request = protocol.connect()
    protocol.send_request(request)
    connection.send_data()
    asked = len(line.written)
    answer = "HTTP/1.1 101 OK\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: "
    data = f"{answer}{accept_key(request.headers['Sec-WebSocket-Key'])}\r\n\r\n".encode() + sent
    places = [0, *sorted(cut % (len(data) + 1) for cut in cuts), len(data)]
    connection.listen(listener)
    for begin, end in pairwise(places):
        if begin < end:
            connection.data_received(data[begin:end])
    wrong = protocol.close_sent if protocol.state is not State.OPEN else None
    return listener.messages, protocol.state, protocol.close_rcvd, wrong, len(line.written) - asked, connection.goodbye


@given(
    st.lists(st.one_of(WHOLE, WHOLE, CONTROL, IN_PARTS), max_size=12),
    st.lists(WRONG, max_size=1),
    st.lists(WHOLE, max_size=2),
    st.lists(st.integers(0, 1 << 18), max_size=12),
    st.integers(0, 9),
)
def test_messages_are_the_same_however_they_are_cut(
    sent: list[bytes], wrong: list[bytes], behind: list[bytes], cuts: list[int], lacking: int
) -> None:
    """Whole and in parts, with pings between, up to the first error or close, and with an end that is not all there."""
    data = b"".join([*sent, *wrong, *behind])
    data = data[: max(0, len(data) - lacking)]
    assert asyncio.run(heard(WebSocketProtocol, data, cuts)) == asyncio.run(heard(ReadByTheLibrary, data, []))


def test_whole_messages_do_not_reach_the_library() -> None:
    """Also after one that came in two pieces; a ping between them is the library's."""

    async def frames() -> int:
        read: list[Any] = []

        class Counting(WebSocketProtocol):
            def process_event(self, event: Any) -> None:
                read.append(event)
                super().process_event(event)

        one = head(FIN | TEXT, 9) + b"123456789"
        sent = one * 10 + head(FIN | PING, 1) + b"?" + one * 10
        messages, *_ = await heard(Counting, sent, [-15])
        assert messages == [Text("123456789")] * 20
        return len(read)

    assert asyncio.run(frames()) == 3  # the answer to the handshake, the ping, and the message in two pieces
