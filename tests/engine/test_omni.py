"""Sessions with a model that answers prompts: audio waits for answers, and a session is renewed before it expires."""

import json
from threading import Event as Flag
from threading import Semaphore
from typing import Any

import pytest

from asrcli.core.errors import ConnectionLost
from asrcli.core.events import (
    Event,
    Final,
    Finished,
    Gap,
    Notice,
    Partial,
    Progress,
    Ready,
    Resumed,
    SpeechStarted,
    SpeechStopped,
)
from asrcli.core.message import Closed, Text
from asrcli.core.settings import ConnectionSettings, RecognitionSettings, RetrySettings
from asrcli.engine.session import TranscriptionSession
from asrcli.protocol.omni.codec import LIFETIME_S, OmniClient, OmniServer
from tests.support.handshake import PATIENCE_S, RATE, Service, Wire
from tests.support.live_session import LiveSource, Play, listening
from tests.support.omni import MANUAL, VAD
from tests.support.pair import counting

OLD_S = LIFETIME_S


class Answering:
    """The service's end of an Omni session, and the names of all it is told, in order.

    `response` is what it calls the answer it was asked for last.
    """

    response = ""

    def __init__(self, wire: Wire, told: list[str]) -> None:
        self.wire, self.told = wire, told
        self.codec = OmniServer(counting("s"), MANUAL.model)
        self.read("session.update")
        self.tell(Ready(""))

    def read(self, last: str) -> int:
        """Read from the client up to an event of that name; return how many chunks of 100 ms came before it."""
        chunks = 0
        while True:
            message = self.wire.read()
            assert isinstance(message, Text)
            name: str = json.loads(message.data)["type"]
            chunks += name == "input_audio_buffer.append"
            self.told.append(name.rsplit(".", 1)[-1])
            for request in self.codec.receive(message):
                for said in self.codec.acknowledge(request):
                    assert isinstance(said, Text)
                    self.response = json.loads(said.data).get("response", {}).get("id", self.response)
                    self.wire.say(said)
            if name == last:
                return chunks

    def audio(self, chunks: int) -> None:
        """Read this many chunks."""
        assert sum(self.read("input_audio_buffer.append") for _ in range(chunks)) == chunks

    def tell(self, *events: Event) -> None:
        """Send the events that the recognizer would send."""
        for event in events:
            self.wire.say(*self.codec.encode(event))


def answered(
    recognition: RecognitionSettings, talk: LiveSource, *plays: Play, now: list[float], **settings: Any
) -> TranscriptionSession:
    """A session with the service of a test; the settings are those of `listening`."""
    ids = counting("c")
    return listening(talk, *plays, make_codec=lambda: OmniClient(recognition, ids), clock=lambda: now[0], **settings)


def following(told: list[str]) -> Play:
    """A service that is sent one sentence, 400 ms long."""

    def serve(_: Service, wire: Wire) -> None:
        service = Answering(wire, told)
        service.audio(4)
        service.tell(SpeechStarted("1", 0), SpeechStopped("1", 400), Final("1", 0, 400, "two"))
        service.read("session.finish")
        service.tell(Finished())

    return serve


def test_the_next_utterance_goes_out_after_the_answer() -> None:
    """All audio is captured and waits; the session ends after the last answer."""
    talk, all_taken = LiveSource(), Flag()
    told: list[str] = []

    def serve(_: Service, wire: Wire) -> None:
        service = Answering(wire, told)
        assert service.read("response.create") == 3
        assert all_taken.wait(PATIENCE_S)
        assert wire.sent.empty()
        told.append("ANSWER")
        service.tell(Final("1", 0, 300, "one"))
        assert service.read("response.create") == 2
        told.append("ANSWER")
        service.tell(Final("2", 300, 500, "two"))
        service.read("session.finish")
        service.tell(Finished())

    talk.say(3, cut_after=True)
    talk.say(2, cut_after=True)
    talk.tell(Resumed(500, 500))  # is told once all before it has been taken
    talk.end()
    asked, events = answered(MANUAL, talk, serve, now=[0.0]), []
    for event in asked.events():
        events.append(event)
        if isinstance(event, Resumed):
            all_taken.set()
    finals = [(event.begin_ms, event.end_ms, event.text) for event in events if isinstance(event, Final)]
    assert finals == [(0, 300, "one"), (300, 500, "two")]
    one, two = ["append"] * 3, ["append"] * 2
    assert told == ["update", *one, "commit", "create", "ANSWER", *two, "commit", "create", "ANSWER", "finish"]
    assert (asked.result.error, RATE.ms(asked.result.end)) == (None, 500)
    assert asked.result.usage.audio_tokens == 4 + 3


@pytest.mark.parametrize("mute", [True, False])
def test_an_answer_that_never_comes_is_a_lost_connection(mute: bool) -> None:
    """Audio does not wait forever for an answer, whether the service is silent or has reported the turn."""
    talk = LiveSource()

    def serve(_: Service, wire: Wire) -> None:
        service = Answering(wire, [])
        service.audio(2)
        if not mute:
            service.read("response.create")
        while True:
            wire.read()

    asked = answered(MANUAL, talk, serve, now=[0.0], connection=ConnectionSettings("ws://test", idle_timeout_s=0.05))
    for event in asked.events():
        if isinstance(event, Ready):
            talk.say(2, cut_after=True)
            talk.say(2, cut_after=True)
    assert isinstance(asked.result.error, ConnectionLost)
    assert "no answer" in str(asked.result.error)


def test_after_an_answer_nothing_is_waited_for() -> None:
    """Speech a quarter of an hour later is transcribed in the same session."""
    talk, now = LiveSource(), [0.0]
    told: list[str] = []

    def serve(_: Service, wire: Wire) -> None:
        service = Answering(wire, told)
        for key in ("1", "2"):
            service.read("response.create")
            service.tell(Final(key, 0, 200, f"text {key}"))
        service.read("session.finish")
        service.tell(Finished())

    talk.say(2, cut_after=True)
    asked, texts = answered(MANUAL, talk, serve, now=now), []
    for event in asked.events():
        if isinstance(event, Final):
            texts.append(event.text)
            now[0] += 900
            talk.say(1)
        if isinstance(event, Progress) and event.sent_ms == 300:
            talk.say(1, cut_after=True)
            talk.end()
    assert (texts, asked.result.error, told.count("update")) == (["text 1", "text 2"], None, 1)


def test_an_answer_that_comes_slowly_is_waited_for() -> None:
    """Each piece of it is a sign of life."""
    talk, now, seen = LiveSource(), [0.0], Semaphore(0)

    def serve(_: Service, wire: Wire) -> None:
        service = Answering(wire, [])
        service.read("response.create")
        for name, fields in (("text.delta", {"delta": "o"}), ("text.delta", {"delta": "n"}), ("improved", {})):
            wire.say(Text(json.dumps({"type": f"response.{name}", "response_id": service.response, **fields})))
            assert seen.acquire(timeout=PATIENCE_S)
        service.tell(Final("1", 0, 200, "one"))
        service.read("response.create")
        service.tell(Final("2", 200, 400, "two"))
        service.read("session.finish")
        service.tell(Finished())

    for _ in range(2):
        talk.say(2, cut_after=True)
    talk.end()
    patience = ConnectionSettings("ws://test", idle_timeout_s=30, stall_timeout_s=300)
    asked = answered(MANUAL, talk, serve, now=now, connection=patience)
    finals: list[str] = []
    for event in asked.events():
        if isinstance(event, Partial | Notice) and not finals:
            now[0] += 20
            seen.release()
        if isinstance(event, Final):
            finals.append(event.text)
    assert (finals, asked.result.error) == (["one", "two"], None)


@pytest.mark.parametrize("sent_more", [0, 2])
def test_a_session_is_renewed_between_sentences_before_the_service_closes_it(sent_more: int) -> None:
    """Audio sent after the sentence is transcribed there, the rest in the next session, all with its times."""
    talk, now, heard_of, gone = LiveSource(), [0.0], Flag(), Flag()
    told: list[str] = []

    def old(_: Service, wire: Wire) -> None:
        service = Answering(wire, told)
        service.audio(3 + sent_more)
        service.tell(SpeechStarted("1", 0))
        assert heard_of.wait(PATIENCE_S)
        now[0] = OLD_S
        service.tell(SpeechStopped("1", 300), Final("1", 0, 300, "one"))
        assert service.read("session.finish") == 12  # silence
        gone.set()
        if sent_more:
            service.tell(SpeechStarted("2", 300), SpeechStopped("2", 900), Final("2", 300, 900, "and more"))
        service.tell(Finished())

    talk.say(3 + sent_more)
    asked, events = answered(VAD, talk, old, following(told), now=now), []
    for event in asked.events():
        events.append(event)
        if isinstance(event, SpeechStarted):
            heard_of.set()
        if isinstance(event, Final) and event.text == "one":
            assert gone.wait(PATIENCE_S)
            talk.say(4)
            talk.end()
    end = 300 + 100 * sent_more
    more = [(300, end, "and more")] if sent_more else []
    finals = [(event.begin_ms, event.end_ms, event.text) for event in events if isinstance(event, Final)]
    assert finals == [(0, 300, "one"), *more, (end, end + 400, "two")]
    assert told.count("append") == 3 + sent_more + 12 + 4 + 12
    assert (told.count("update"), asked.result.error, RATE.ms(asked.result.end)) == (2, None, end + 400)
    assert not [event for event in events if isinstance(event, Gap)]


def test_a_session_that_is_lost_after_its_lifetime_keeps_an_answer_that_lacks_only_its_end() -> None:
    """Nothing more is asked of the lost connection, and the next session goes on behind the answer."""
    talk, now = LiveSource(), [0.0]

    def old(_: Service, wire: Wire) -> None:
        service = Answering(wire, [])
        service.audio(3)
        service.tell(SpeechStarted("1", 0), SpeechStopped("1", 300))
        wire.say(Text('{"type": "response.text.done", "response_id": "r", "text": "one"}'))
        now[0], wire.broken = OLD_S, ConnectionLost("closed by the server", 1006)
        wire.say(Closed(1006, "closed by the server"))
        talk.say(4)
        talk.end()

    talk.say(3)
    asked = answered(VAD, talk, old, following([]), now=now, retries=RetrySettings(limit=1, wait_s=0))
    finals = [(event.begin_ms, event.end_ms, event.text) for event in asked.events() if isinstance(event, Final)]
    assert finals == [(0, 300, "one"), (300, 700, "two")]
    assert (asked.result.error, asked.result.totals.lost_ms, asked.result.figures.reconnects) == (None, 0, 1)


def test_push_to_talk_is_renewed_after_an_answer() -> None:
    """The next utterance belongs to the next session as a whole."""
    talk, now = LiveSource(), [0.0]
    told: list[str] = []

    def serve(_: Service, wire: Wire) -> None:
        service = Answering(wire, told)
        service.read("response.create")
        now[0] += OLD_S
        service.tell(Final("1", 0, 200, "text"))
        service.read("session.finish")
        service.tell(Finished())

    for _ in range(2):
        talk.say(2, cut_after=True)
    talk.end()
    asked = answered(
        MANUAL, talk, serve, serve, now=now, connection=ConnectionSettings("ws://test", stall_timeout_s=10 * OLD_S)
    )
    finals = [(event.begin_ms, event.end_ms) for event in asked.events() if isinstance(event, Final)]
    assert finals == [(0, 200), (200, 400)]
    assert told == ["update", "append", "append", "commit", "create", "finish"] * 2
    assert asked.result.error is None
