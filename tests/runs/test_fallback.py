"""The recognizer on this machine beside a run: its events come back, and nothing of it is left behind."""

import json
import threading
from collections.abc import AsyncIterator, Iterator
from contextlib import suppress
from queue import SimpleQueue
from typing import Any

import pytest

import asrcli
from asrcli.core.client_commands import Command, SendAudio
from asrcli.core.events import Event, Final, Finished, Notice, Partial, Progress
from asrcli.core.settings import RecognitionSettings
from asrcli.recognizers.counting import Counting
from asrcli.recognizers.in_process import InProcessRecognizer
from asrcli.recognizers.interface import RecognizerBusy, RecognizerFailed, RecognizerStream
from asrcli.recognizers.registry import RECOGNIZERS
from asrcli.runs.fallback import Fallback
from asrcli.server.faults.script import parse_script
from asrcli.server.local_server import in_background
from tests.support.counted import counted
from tests.support.echo_recognizer import EchoEngine
from tests.support.requirements import needs_pocketsphinx

RUN = RecognitionSettings("fun-asr-realtime", languages=("en",), hotwords=(("asr", 3), ("你好", 3)), silence_ms=400)
SECOND = bytes(32000)
PATIENCE_S = 60


class Asked(InProcessRecognizer):
    """A recognizer that notes what it was asked for, and fails where the test says."""

    def __init__(self, fails: Exception | None = None, dies: bool = False) -> None:
        super().__init__(RECOGNIZERS["pocketsphinx"], EchoEngine())
        self.fails, self.dies = fails, dies
        self.asked: list[RecognitionSettings] = []
        self.closed = False

    async def open(self, recognition: RecognitionSettings) -> RecognizerStream:  # type: ignore[override]
        """Note it."""
        self.asked.append(recognition)
        if self.fails is not None:
            raise self.fails
        stream = await super().open(recognition)
        return Dying(stream) if self.dies else stream

    async def close(self) -> None:
        """Note it."""
        self.closed = True


class Dying:
    """A stream whose recognizer dies of its first audio."""

    def __init__(self, stream: RecognizerStream) -> None:
        self._stream = stream

    async def send(self, command: Command) -> None:
        """Die."""
        if isinstance(command, SendAudio):
            raise RecognizerFailed("its process is gone")

    def events(self) -> AsyncIterator[Event]:
        """None come."""
        return self._stream.events()

    async def close(self) -> None:
        """Nothing is left."""


def until_finished(events: "SimpleQueue[Event]") -> Iterator[Event]:
    """The events up to Finished."""
    while not isinstance(event := events.get(timeout=PATIENCE_S), Finished):
        yield event


def test_audio_goes_in_and_events_come_back() -> None:
    """With the settings that this recognizer can use; progress says how much was heard, and the thread ends."""
    recognizer, events = Asked(), SimpleQueue[Event]()
    fallback = Fallback(recognizer, RUN)
    session = fallback.open(16000, events.put)
    session.add_audio(SECOND)
    session.add_audio(SECOND)
    session.finish()
    heard = list(until_finished(events))
    assert [event.sent_ms for event in heard if isinstance(event, Progress)] == [1000, 2000]
    assert [event.text for event in heard if isinstance(event, Partial)] == ["1000 so far", "2000 so far"]
    assert [event.text for event in heard if isinstance(event, Final)] == ["2000 milliseconds"]
    (asked,) = recognizer.asked
    assert (asked.rate, asked.languages, asked.silence_ms) == (16000, ("en",), 400)
    assert asked.hotwords == (("asr", 3),)
    fallback.close()
    assert recognizer.closed
    assert "fallback" not in [thread.name for thread in threading.enumerate()]
    session.add_audio(SECOND)
    session.close()


@pytest.mark.parametrize(
    "recognizer", [Asked(RecognizerBusy("all 4 sessions are taken")), Asked(RecognizerFailed("no")), Asked(dies=True)]
)
def test_a_recognizer_that_fails_is_reported_and_ends_its_session(recognizer: Asked) -> None:
    """The conversation with the service goes on without it."""
    events = SimpleQueue[Event]()
    fallback = Fallback(recognizer, RUN)
    session = fallback.open(16000, events.put)
    session.add_audio(SECOND)
    (notice,) = [event for event in until_finished(events) if isinstance(event, Notice)]
    assert notice.text.startswith("no provisional text in this outage: ")
    fallback.close()


def test_a_run_without_an_outage_starts_no_thread() -> None:
    """And closes nothing."""
    recognizer = Asked()
    Fallback(recognizer, RUN).close()
    assert (recognizer.asked, recognizer.closed) == ([], False)


def test_the_python_api_has_the_fallback() -> None:
    """With the engine that is named: `Provisional` events while the service is away, and their text in the gap."""
    cut = {"connection": 1, "after_bytes": 96_000, "do": "cut"}
    refusals = [{"connection": number, "do": "refuse", "status": 503} for number in range(2, 60)]
    plan = parse_script([json.dumps(fault) for fault in (cut, *refusals)])
    heard: list[asrcli.Event] = []
    with in_background(Counting(), faults=plan) as url:
        talk = asrcli.transcribe(counted(100), url=url, pace=4, fallback="local", engine="counting")
        with suppress(asrcli.AudioLost):
            for event in talk:
                heard.append(event)
                if isinstance(event, asrcli.Provisional):
                    talk.finish()
    assert [event for event in heard if isinstance(event, asrcli.Provisional)]
    assert any(gap.local_text for gap in heard if isinstance(gap, asrcli.Gap))
    assert "fallback" not in [thread.name for thread in threading.enumerate()]


@pytest.mark.parametrize(
    ("asked", "problem"),
    [
        ({"fallback": "cloud"}, "fallback 'cloud': only 'local' is supported"),
        ({"fallback": "local", "local": True}, "fallback with local=True"),
        ({"fallback": "local", "retries": 0, "languages": ["en"]}, "lost connections are not restored"),
        pytest.param(
            {"fallback": "local", "engine": "pocketsphinx"},
            "the language is not named, and the recognizer pocketsphinx",
            marks=needs_pocketsphinx,
        ),
        ({"fallback": "local", "engine": "nobody"}, "'nobody' is not one of"),
        ({"engine": "pocketsphinx"}, "without local=True or fallback"),
    ],
)
def test_what_cannot_be_is_refused_before_the_first_event(asked: dict[str, Any], problem: str) -> None:
    """In the words of the arguments."""
    address: dict[str, Any] = {} if asked.get("local") else {"url": "ws://127.0.0.1:9"}
    with pytest.raises(asrcli.UsageError) as error:
        asrcli.transcribe(counted(1), **asked, **address)
    assert problem in str(error.value)
