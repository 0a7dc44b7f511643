"""Large messages beside each other: one memory for all, each in its turn, and the audio of each whole and in order."""

import asyncio
import json
import threading
from base64 import b64encode
from collections.abc import Callable
from functools import partial
from itertools import pairwise

import pytest

from asrcli.recognizers.counting import Counting
from asrcli.recognizers.scripted import Scripted
from asrcli.server import websocket_server
from asrcli.server.large_messages import LARGE_BYTES, LargeMessage, LargeMessageRoom, RoomReservation
from asrcli.server.local_server import in_background
from tests.support.counted import counted
from tests.support.raw_websocket import deaf
from tests.support.wire import INFERENCE, REALTIME, Wire, finish_task, run_task, wait_until, wire

CHUNKS = 400  # of counted audio: 1.3 MB
AUDIO = counted(CHUNKS)
PATIENCE_S = 60.0
NEVER = partial(pytest.fail, "nobody asked for it")


def numbers(client: Wire) -> list[str]:
    """The numbers of the chunks that were heard, in order."""
    heard = client.hear_all("task-finished")
    sentences = [each["payload"]["output"]["sentence"] for each in heard if "sentence" in str(each)]
    return " ".join(each["text"] for each in sentences if each["sentence_end"]).split()


def append(pcm: bytes) -> str:
    """Audio of the realtime wire."""
    return json.dumps({"type": "input_audio_buffer.append", "audio": b64encode(pcm).decode()})


def realtime_numbers(client: Wire, *messages: str | bytes) -> list[str]:
    """What is heard of messages with audio, in manual mode."""
    client.say({"type": "session.update", "session": {"turn_detection": None}}, *messages)
    client.say({"type": "input_audio_buffer.commit"}, {"type": "session.finish"})
    heard = client.hear_all("session.finished")
    assert not [each for each in heard if each["type"] == "error"]
    return " ".join(each.get("transcript", "") for each in heard).split()


EXPECTED = [str(number) for number in range(CHUNKS)]


def test_large_and_small_binary_messages_keep_their_order() -> None:
    """With what stands around them in the same piece, whole or in parts."""
    cuts = [0, 999, 999 + LARGE_BYTES + 1, 200_001, 201_000, len(AUDIO)]
    parts = [AUDIO[begin:end] for begin, end in pairwise(cuts)]
    with in_background(Counting()) as address, wire(address, INFERENCE) as client:
        client.say(run_task(), *parts, finish_task())
        assert numbers(client) == EXPECTED
        client.say(run_task())
        client.socket.send(iter(AUDIO[at : at + 50_001] for at in range(0, len(AUDIO), 50_001)))
        client.say(finish_task())
        assert numbers(client) == EXPECTED


@pytest.mark.parametrize("kind", [str, str.encode], ids=["text", "binary"])
def test_large_and_small_appends_keep_their_order(kind: Callable[[str], str | bytes]) -> None:
    """On a wire whose audio is base64 in text, which some clients send as binary messages."""
    cuts = [0, 999, 500_000, 500_999, len(AUDIO)]
    parts = [kind(append(AUDIO[begin:end])) for begin, end in pairwise(cuts)]
    with in_background(Counting()) as address, wire(address, f"{REALTIME}?model=m") as client:
        assert realtime_numbers(client, *parts) == EXPECTED


class CountedRoom(LargeMessageRoom):
    """A room that is small, and keeps how much was in use."""

    def __init__(self) -> None:
        super().__init__(len(append(AUDIO)) * 2)
        self.most_bytes = self.most_waiting = 0
        ROOMS.append(self)

    def enter(self, size_bytes: int, taken: Callable[[], None], too_slow: Callable[[], None]) -> RoomReservation:
        """Note it."""
        reservation = super().enter(size_bytes, taken, too_slow)
        self.note()
        return reservation

    def leave(self, reservation: RoomReservation) -> None:
        """Note it."""
        super().leave(reservation)
        self.note()

    def note(self) -> None:
        """Note what is in use, and who waits."""
        self.most_bytes = max(self.most_bytes, sum(each.size_bytes for each in self._reservations))
        self.most_waiting = max(self.most_waiting, len(self._waiting))


ROOMS: list[CountedRoom] = []


def test_large_messages_wait_for_room_and_none_is_lost(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of many at once few are in the memory. Clients that go in the middle, or while they wait, hold up nobody."""
    monkeypatch.setattr(websocket_server, "LargeMessageRoom", CountedRoom)
    heard: list[list[str]] = []
    path = f"{REALTIME}?model=m"
    size = len(append(AUDIO))

    def speak(address: str) -> None:
        with wire(address, path) as client:
            heard.append(realtime_numbers(client, append(AUDIO)))

    with in_background(Counting()) as address:
        with deaf(address, path) as one, deaf(address, path) as two, deaf(address, path) as waiting:
            for line in (one, two, waiting):
                line.sendall(b"\x81\xff" + size.to_bytes(8, "big") + bytes(4) + b"{" * 20_000)
            wait_until(lambda: ROOMS[-1].most_waiting == 1, PATIENCE_S)
            speakers = [threading.Thread(target=speak, args=(address,)) for _ in range(4)]
            for each in speakers:
                each.start()
            wait_until(lambda: ROOMS[-1].most_waiting >= 3, PATIENCE_S)
        for each in speakers:
            each.join(PATIENCE_S)
        with deaf(address, path) as broken:  # text that is no text takes no room for longer than it comes
            broken.settimeout(PATIENCE_S)
            broken.sendall(b"\x81\xff" + size.to_bytes(8, "big") + bytes(4) + b"\xff" * size)
            assert b"\x03\xef" in b"".join(iter(lambda: broken.recv(65536), b""))  # the close code 1007
        speak(address)
    assert heard == [EXPECTED] * 5
    assert ROOMS[-1].most_bytes <= 2 * size
    assert not ROOMS[-1]._reservations


def test_messages_that_wait_for_room_get_it_in_order() -> None:
    """Nobody passes who came before; who goes while it waits is passed over; one message has room in any case."""

    async def run() -> None:
        room = LargeMessageRoom(room_bytes=100)
        taken: list[str] = []

        def enter(name: str, size: int) -> RoomReservation:
            return room.enter(size, partial(taken.append, name), NEVER)

        first = enter("first", 300)
        assert first.is_taken
        second, gone, third, last = enter("2", 60), enter("gone", 10), enter("3", 40), enter("last", 1)
        assert not any(each.is_taken for each in (second, gone, third, last))
        room.leave(gone)
        room.leave(first)
        assert taken == ["2", "3"]
        room.leave(second)
        assert taken == ["2", "3", "last"]

    asyncio.run(run())


def test_a_message_that_does_not_come_ends_when_others_wait() -> None:
    """One that is whole is with its recognizer, and one that has just begun has its time."""

    async def run() -> None:
        room, ended = LargeMessageRoom(room_bytes=10, within_s=0.01), []
        came = asyncio.Event()
        whole = room.enter(5, NEVER, NEVER)
        whole.is_whole = True
        slow: RoomReservation

        def end() -> None:
            ended.append("slow")
            room.leave(slow)

        slow = room.enter(5, NEVER, end)
        room.enter(5, came.set, NEVER)
        async with asyncio.timeout(PATIENCE_S):
            await came.wait()
        assert ended == ["slow"]

    asyncio.run(run())


def test_a_large_message_that_no_wire_takes_is_answered() -> None:
    """In a line, without reading it all; the session goes on.

    Of audio with a mistake nothing counts, wherever it is, as nothing of a small message counts.
    """
    bad: list[str | bytes] = [
        json.dumps({"type": "x", "words": ["w" * 99] * 4000}),
        "[" + "[]," * 30_000 + "1]",
        b"\xff" * 100_000,
    ]
    with in_background(Scripted()) as address, wire(address, f"{REALTIME}?model=m") as client:
        whole = append(bytes(96_000))
        client.say(*bad, whole[:-2] + '*"}', whole[:90_000] + "*" + whole[90_001:], whole, {"type": "session.finish"})
        heard = client.hear_all("session.finished")
    *errors, middle = [each["error"]["message"] for each in heard if each["type"] == "error"]
    assert middle.startswith("protocol error: audio is not base64: ")
    assert errors == [
        "protocol error: a message without audio has at most 256 KB",
        "protocol error: a message has at most 8000 values",
        "protocol error: a binary message instead of a text message",
        "protocol error: audio is not base64: AAAA*",
    ]
    assert [each["transcript"] for each in heard if "transcript" in each] == ["sentence 1", "sentence 2", "sentence 3"]


def test_a_large_message_can_be_had_whole() -> None:
    """For a message record and for injected faults, which look at all of it."""
    text, binary = LargeMessage(100, is_text=True), LargeMessage(100, is_text=False)
    for message in (text, binary):
        message.add(b'{"a"')
        message.add(b":1}")
        message.end()
    assert (text.whole(), binary.whole()) == ('{"a":1}', b'{"a":1}')
