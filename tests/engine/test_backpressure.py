"""Audio waits where the transport has no room for it, in a session and in a raw exchange."""

from queue import Empty
from threading import Event as Flag
from threading import Thread

import pytest

from asrcli.core.client_commands import FinishTask, SendAudio
from asrcli.core.errors import ConnectionLost
from asrcli.core.events import Final, Finished, Ready
from asrcli.core.message import Binary, Closed, Message, Text, Writable
from asrcli.core.settings import ConnectionSettings, RecognitionSettings
from asrcli.engine.session import TranscriptionSession
from asrcli.protocol.inference.codec import InferenceClient
from asrcli.protocol.raw_exchange import exchange_without_wire
from asrcli.runs.raw_run import RawPiece, RawRun
from asrcli.transport.io_thread import io_thread
from tests.support.handshake import PATIENCE_S, Service, Tone, Wire


class Narrow(Wire):
    """It has room for one message of audio, until the test says that there is more."""

    def __init__(self) -> None:
        super().__init__()
        self.room = True

    @property
    def writable(self) -> bool:
        """As the test will have it."""
        return self.room

    def send(self, message: Message) -> None:
        """Hand it over; audio takes the room."""
        self.room = self.room and not isinstance(message, Binary)
        super().send(message)

    def make_room(self) -> None:
        """Make room, and report it."""
        self.room = True
        self.say(Writable())


def test_a_session_sends_no_audio_without_room_and_goes_on_when_room_is_reported() -> None:
    """Chunk by chunk, and the finish after the last one."""
    wire = Narrow()

    def serve() -> None:
        service = Service(wire)
        service.asked()
        service.tell(Ready("task"))
        for _ in range(5):
            assert isinstance(service.asked(), SendAudio)
            with pytest.raises(Empty):
                wire.sent.get(timeout=0.05)
            wire.make_room()
        assert isinstance(service.asked(), FinishTask)
        service.tell(Final("1", 0, 500, "all"), Finished())

    def dial(url: str, asked: ConnectionSettings) -> Wire:
        del url, asked
        Thread(target=serve, daemon=True).start()
        return wire

    codec = InferenceClient(RecognitionSettings("fun-asr-realtime"), lambda: "task")
    asked = TranscriptionSession(
        Tone(5),
        0,
        make_codec=lambda: codec,
        dial=dial,
        connection=ConnectionSettings("ws://test"),
        pace=None,
        clock=lambda: 0.0,
        shared=io_thread,
    )
    assert Final("1", 0, 500, "all") in list(asked.events())
    assert asked.result.error is None


def raw(wire: Wire, pieces: int) -> RawRun:
    """An exchange of this many pieces of audio."""
    return RawRun(
        wire, exchange_without_wire(None, None), (RawPiece(b"\0\0") for _ in range(pieces)), None, 0.3, lambda *_: None
    )


def test_a_raw_exchange_waits_for_room_too() -> None:
    """And sends all of it."""
    wire, found = Narrow(), list[Message]()

    def serve() -> None:
        for number in range(5):
            found.append(wire.read())
            # Without an end of its own the exchange closes after the last one, perhaps before this thread goes on.
            if number < 4:
                with pytest.raises(Empty):
                    wire.sent.get(timeout=0.05)
            wire.make_room()

    thread = Thread(target=serve, daemon=True)
    thread.start()
    raw(wire, 5).run()
    thread.join(PATIENCE_S)
    assert found == [Binary(b"\0\0")] * 5


def test_a_raw_exchange_without_room_ends_with_its_connection() -> None:
    """Room that cannot come any more is not waited for."""
    wire, ended = Narrow(), Flag()

    def close() -> None:
        wire.read()
        wire.broken = ConnectionLost("stalled", 1006)
        wire.say(Text("last"), Closed(1006, "stalled"))
        ended.set()

    Thread(target=close, daemon=True).start()
    with pytest.raises(ConnectionLost, match="stalled"):
        raw(wire, 5).run()
    assert ended.is_set()
