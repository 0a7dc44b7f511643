"""A recognizer for tests that computes, on any audio that is not silent, until the test lets it go on.

Where the test listens stands in the environment: the recognizer runs in a worker process.
"""

import os
import socket
from collections.abc import Iterator

from asrcli.core.events import Event, Final, SpeechStarted, SpeechStopped
from asrcli.core.settings import RecognitionSettings
from asrcli.recognizers.registry import RecognizerInfo, RecognizerOptions, RunsIn

PORT = "ASR_TESTS_HELD_PORT"


def compute_until_released() -> None:
    """Tell the test that it computes, and do so until a byte or the end comes back."""
    with socket.create_connection(("127.0.0.1", int(os.environ[PORT]))) as gate:
        gate.sendall(b"computing")
        gate.setblocking(False)
        while True:
            try:
                gate.recv(1)
            except BlockingIOError:
                sum(range(10_000))
            else:
                return


class HeldSession:
    """One task: all of its audio is one sentence."""

    def __init__(self, recognition: RecognitionSettings) -> None:
        self._bytes_per_ms = recognition.rate * 2 / 1000
        self._received_bytes = 0

    def feed(self, pcm: bytes) -> Iterator[Event]:
        """Count the audio; what is not silent takes as long as the test wants."""
        self._received_bytes += len(pcm)
        if any(pcm):
            compute_until_released()
        yield from ()

    def commit(self) -> Iterator[Event]:
        """Do nothing."""
        yield from ()

    def clear(self) -> None:
        """Do nothing."""

    def finish(self) -> Iterator[Event]:
        """Return the sentence."""
        end_ms = int(self._received_bytes / self._bytes_per_ms)
        yield SpeechStarted("1", 0)
        yield SpeechStopped("1", end_ms)
        yield Final("1", 0, end_ms, f"{end_ms} milliseconds")


class HeldEngine:
    """An Engine of such sessions."""

    def open(self, recognition: RecognitionSettings) -> HeldSession:
        """Begin a session."""
        return HeldSession(recognition)


def load(options: RecognizerOptions) -> HeldEngine:
    """Return the engine."""
    del options
    return HeldEngine()


HELD = RecognizerInfo(
    name="held",
    module="tests.support.held_recognizer",
    summary="held engine: computes until it is released",
    description="computes until it is released",
    runs_in=RunsIn.WORKERS,
)
