"""A small recognizer for the test of the registry: each utterance's text is its length in milliseconds."""

from collections.abc import Iterator

from asrcli.core.events import Event, Final, Partial, SpeechStarted, SpeechStopped
from asrcli.core.settings import RecognitionSettings
from asrcli.recognizers.registry import RecognizerInfo, RecognizerOptions, RunsIn


class EchoSession:
    """One task: all of its audio is one sentence."""

    def __init__(self, recognition: RecognitionSettings) -> None:
        self._bytes_per_ms = recognition.rate * 2 / 1000
        self._received_bytes = 0

    def feed(self, pcm: bytes) -> Iterator[Event]:
        """Count the audio."""
        if not self._received_bytes:
            yield SpeechStarted("1", 0)
        self._received_bytes += len(pcm)
        yield Partial("1", 0, "", f"{self._end_ms} so far")

    def commit(self) -> Iterator[Event]:
        """Do nothing."""
        yield from ()

    def clear(self) -> None:
        """Do nothing."""

    def finish(self) -> Iterator[Event]:
        """End the sentence."""
        yield SpeechStopped("1", self._end_ms)
        yield Final("1", 0, self._end_ms, f"{self._end_ms} milliseconds")

    @property
    def _end_ms(self) -> int:
        return int(self._received_bytes / self._bytes_per_ms)


class EchoEngine:
    """An Engine of such sessions."""

    def open(self, recognition: RecognitionSettings) -> EchoSession:
        """Begin a session."""
        return EchoSession(recognition)


def load(options: RecognizerOptions) -> EchoEngine:
    """Return the engine."""
    del options
    return EchoEngine()


ECHO = RecognizerInfo(
    name="echo",
    module="tests.support.echo_recognizer",
    summary="echo engine: says how long the audio was",
    description="says how long the audio was",
    runs_in=RunsIn.SERVER,
    languages={"fr": "French"},
)
