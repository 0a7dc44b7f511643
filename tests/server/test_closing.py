"""How the server closes: also where a client is still sending, it gets the reason, the close, and a clean end."""

import json
import socket
from contextlib import suppress
from threading import Thread
from typing import Any

import pytest

from asrcli.core.settings import RecognitionSettings
from asrcli.recognizers.in_process import InProcessStream
from asrcli.recognizers.interface import RecognizerBusy
from asrcli.recognizers.scripted import Scripted
from asrcli.server import websocket_server
from asrcli.server.large_messages import LARGE_BYTES
from asrcli.server.limits import ServerLimits
from asrcli.server.local_server import in_background
from tests.support.raw_websocket import deaf, frame
from tests.support.wire import PATIENCE_S, finish_task, run_task

CLOSE = frame((1000).to_bytes(2, "big"), 8)


class Busy(Scripted):
    """A recognizer that takes no task."""

    async def open(self, recognition: RecognitionSettings) -> InProcessStream:
        """Refuse the task."""
        del recognition
        raise RecognizerBusy


AUDIO = frame(bytes(3200), 2)
LARGE = frame(bytes(LARGE_BYTES + 1), 2)
IN_PARTS = b"\x02" + AUDIO[1:] + b"\x00" + LARGE[1:] + b"\x80" + AUDIO[1:]
CONTEXT = {"header": finish_task()["header"] | {"action": "continue-task"}, "payload": {"input": {"context": []}}}
# Why the server ends the task: the recognizer, what the client asks for, and the code of the error.
REASONS = {
    "a message that cannot be read": (Scripted(), run_task(sample_rate=-3), "InvalidParameter"),
    "a setting that no recognizer takes": (Scripted(), run_task(sample_rate=1), "InvalidParameter"),
    "no room": (Busy(), run_task(), "Throttling"),
}
STILL_SENT = {
    "nothing": b"",
    "audio": AUDIO * 300,
    "large messages": LARGE * 3,
    "a message in parts": IN_PARTS * 3,
    "texts": frame(json.dumps(CONTEXT).encode()) * 100,
    "pings": (frame(b"p", 9) + AUDIO) * 100,
}


@pytest.fixture(autouse=True)
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """The server waits for the client's close as long as a test does: on a slow machine what is sent takes its time."""
    monkeypatch.setattr(websocket_server, "CLOSE_WITHIN_S", PATIENCE_S)


@pytest.mark.parametrize("still_sent", STILL_SENT.values(), ids=STILL_SENT)
@pytest.mark.parametrize(("recognizer", "asked", "code"), REASONS.values(), ids=REASONS)
def test_a_client_that_still_sends_gets_the_reason_and_a_clean_end(
    recognizer: Scripted, asked: dict[str, Any], code: str, still_sent: bytes
) -> None:
    """The error, the close frame, and the end of the connection as soon as it has answered: no reset, which loses data.

    It cannot know before that nobody takes its audio, and its own close comes after all of that.
    """
    closed = b"\x88" + bytes([2 + len(code)]) + (1000).to_bytes(2, "big") + code.encode()
    with in_background(recognizer, ServerLimits(unread_s=PATIENCE_S)) as address, deaf(address) as line:
        line.settimeout(PATIENCE_S)
        while b"\r\n\r\n" not in line.recv(1 << 16):
            pass
        sending = Thread(target=send, args=(line, frame(json.dumps(asked).encode()) + AUDIO * 2 + still_sent))
        sending.start()
        received = b""
        while closed not in received:
            piece = line.recv(1 << 16)
            assert piece, received
            received += piece
        sending.join()
        assert code in str(received.partition(closed)[0])
        line.sendall(CLOSE)
        while line.recv(1 << 16):  # answers to pings; a reset would raise
            pass


def send(line: socket.socket, data: bytes) -> None:
    """Send all of it, or as much as is taken before the end."""
    with suppress(OSError):
        line.sendall(data)
