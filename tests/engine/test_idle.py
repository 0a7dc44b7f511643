"""Live sessions without speech: a task that ends for silence is followed by another, and nothing is lost."""

import pytest

from asrcli.core.client_commands import FinishTask
from asrcli.core.errors import ServiceRefused
from asrcli.core.events import Final, Finished, Gap, Notice, Partial
from asrcli.core.message import Closed
from asrcli.core.settings import ConnectionSettings, RecognitionSettings
from asrcli.protocol.inference.codec import InferenceClient
from tests.support.device import Clock
from tests.support.handshake import RATE, Service, Wire
from tests.support.live_session import READY, LiveSource, audio, heard, listening
from tests.support.pair import counting


@pytest.mark.parametrize(
    ("code", "words"),
    [
        ("RequestTimeOut", "Response timeout!"),
        ("NO_INPUT_AUDIO_ERROR", "no speech"),
        ("NO_VALID_AUDIO_ERROR", "nothing usable"),
        ("EmptyAudio", "No effective audio received"),
        ("CLIENT_ERROR", "request timeout after 23 seconds."),
    ],
)
def test_a_task_that_ends_for_silence_is_opened_again_at_the_next_speech(code: str, words: str) -> None:
    """With the quiet just before it; older quiet is not sent, and none of it is lost."""
    talk, clock = LiveSource(), Clock()

    def first(service: Service, wire: Wire) -> None:
        service.asked()
        service.tell(READY)
        audio(service, 10)
        clock.now = 60
        wire.say(*service.codec.fail(code, words), Closed(1000))

    def second(service: Service, wire: Wire) -> None:
        service.asked()
        service.tell(READY)
        audio(service, 20 + 5)
        assert isinstance(service.asked(), FinishTask)
        service.tell(Final("1", 2000, 2500, "hello"), Finished())
        assert wire

    talk.say(10, quiet=True)
    asked, events = listening(talk, first, second, clock=clock), []
    for event in asked.events():
        events.append(event)
        if isinstance(event, Notice):
            talk.say(100, quiet=True)
            talk.say(5)
            talk.end()
    assert heard(events) == [Final("1", 11_000, 11_500, "hello")]
    assert (asked.result.error, RATE.ms(asked.result.end)) == (None, 11_500)


def test_what_was_said_while_the_service_gave_up_is_heard_again() -> None:
    """Speech that began just before the end of the task begins the next task at once."""
    talk, clock = LiveSource(), Clock()

    def first(service: Service, wire: Wire) -> None:
        service.asked()
        service.tell(READY)
        audio(service, 31)
        clock.now = 60
        wire.say(*service.codec.fail("RequestTimeOut", "Response timeout!"), Closed(1000))

    def second(service: Service, wire: Wire) -> None:
        service.asked()
        service.tell(READY)
        audio(service, 20)
        talk.end()
        assert isinstance(service.asked(), FinishTask)
        service.tell(Final("1", 1900, 2000, "oh"), Finished())
        assert wire

    talk.say(30, quiet=True)
    talk.say(1)
    asked = listening(talk, first, second, clock=clock)
    assert heard(list(asked.events())) == [Final("1", 3000, 3100, "oh")]


@pytest.mark.parametrize("manual", [False, True])
def test_all_that_was_said_to_a_service_that_has_answered_none_of_it_is_heard_again(*, manual: bool) -> None:
    """It may hang until it gives up; and where the client ends utterances, no text comes before that."""
    talk, clock = LiveSource(), Clock()

    def made() -> InferenceClient:
        codec = InferenceClient(RecognitionSettings("fun-asr-realtime"), counting("task-"))
        codec.manual = manual
        return codec

    def first(service: Service, wire: Wire) -> None:
        service.asked()
        service.tell(READY)
        audio(service, 150)
        clock.now = 15
        if manual:
            service.tell(READY)  # a message about no text
        wire.say(*service.codec.fail("RequestTimeOut", "Response timeout!"), Closed(1000))

    def second(service: Service, wire: Wire) -> None:
        service.asked()
        service.tell(READY)
        audio(service, 150)
        talk.end()
        assert isinstance(service.asked(), FinishTask)
        service.tell(Final("1", 0, 15_000, "all of it"), Finished())
        assert wire

    talk.say(150)
    asked = listening(talk, first, second, clock=clock, make_codec=made)
    assert heard(list(asked.events())) == [Final("1", 0, 15_000, "all of it")]


def test_what_was_said_before_the_process_was_suspended_is_heard_again() -> None:
    """An old answer that is read only after the suspension is no sign that the service has heard what followed it."""
    talk, clock = LiveSource(), Clock()

    def first(service: Service, wire: Wire) -> None:
        service.asked()
        service.tell(READY)
        audio(service, 20)
        clock.now = 60
        service.tell(Final("1", 0, 1000, "one"))
        wire.say(*service.codec.fail("CLIENT_ERROR", "request timeout after 23 seconds."), Closed(1000))

    def second(service: Service, wire: Wire) -> None:
        service.asked()
        service.tell(READY)
        audio(service, 10)  # the second that has no text
        talk.end()
        assert isinstance(service.asked(), FinishTask)
        service.tell(Final("1", 0, 1000, "two"), Finished())
        assert wire

    talk.say(20)
    patient = ConnectionSettings("ws://test", stall_timeout_s=120.0)  # the clock goes on before the answer is there
    asked = listening(talk, first, second, clock=clock, connection=patient)
    assert heard(list(asked.events())) == [Final("1", 0, 1000, "one"), Final("1", 1000, 2000, "two")]


def test_a_sentence_that_the_service_dropped_is_said_again_once_and_then_named() -> None:
    """From a little before its begin; a service that ends the task again is not asked for ever."""
    talk = LiveSource()

    def first(service: Service, wire: Wire) -> None:
        service.asked()
        service.tell(READY)
        audio(service, 30)
        service.tell(Partial("1", 1000, "", "hel"))
        wire.say(*service.codec.fail("RequestTimeOut", "Response timeout!"), Closed(1000))

    def second(service: Service, wire: Wire) -> None:
        service.asked()
        service.tell(READY)
        audio(service, 23)
        service.tell(Partial("1", 300, "", "hel"))
        wire.say(*service.codec.fail("RequestTimeOut", "Response timeout!"), Closed(1000))
        talk.end()

    talk.say(30, quiet=True)
    asked = listening(talk, first, second)
    events = heard(list(asked.events()))
    assert events[:2] == [Partial("1", 1000, "", "hel"), Partial("1", 1000, "", "hel")]
    assert [(gap.begin_ms, gap.end_ms) for gap in events if isinstance(gap, Gap)] == [(1000, 3000)]
    assert asked.result.error is None


@pytest.mark.parametrize("text_ms", [0, 1000])
def test_a_dropped_sentence_at_the_begin_of_the_audio_is_said_again_too(text_ms: int) -> None:
    """Nobody has sent it twice yet: it is the first of the session, or follows a final without a pause."""
    talk = LiveSource()

    def first(service: Service, wire: Wire) -> None:
        service.asked()
        service.tell(READY)
        audio(service, 30)
        if text_ms:
            service.tell(Final("1", 0, text_ms, "before"))
        service.tell(Partial("2", text_ms, "", "hel"))
        wire.say(*service.codec.fail("RequestTimeOut", "Response timeout!"), Closed(1000))

    def second(service: Service, wire: Wire) -> None:
        service.asked()
        service.tell(READY)
        audio(service, 30 - text_ms // 100)
        talk.end()
        assert isinstance(service.asked(), FinishTask)
        service.tell(Final("1", 0, 3000 - text_ms, "hello"), Finished())
        assert wire

    talk.say(30)
    asked = listening(talk, first, second)
    events = [event for event in heard(list(asked.events())) if not isinstance(event, Partial)]
    assert events[-1] == Final("1", text_ms, 3000, "hello")
    assert not [event for event in events if isinstance(event, Gap)]


def test_silence_to_the_end_is_a_good_end() -> None:
    """There was no more speech: no further task, no error, no gap."""
    talk = LiveSource()

    def serve(service: Service, wire: Wire) -> None:
        service.asked()
        service.tell(READY)
        audio(service, 5)
        wire.say(*service.codec.fail("NO_INPUT_AUDIO_ERROR", "no speech"), Closed(1000))
        talk.say(40, quiet=True)
        talk.end()

    talk.say(5, quiet=True)
    asked = listening(talk, serve)
    assert heard(list(asked.events())) == []
    assert (asked.result.error, RATE.ms(asked.result.end)) == (None, 4500)


def test_a_service_that_ends_each_task_at_once_is_not_asked_in_a_loop() -> None:
    """At most once a second, and once more at the end for the rest."""
    talk, clock, calls = LiveSource(), Clock(), []

    def serve(service: Service, wire: Wire) -> None:
        calls.append(clock.now)
        service.asked()
        wire.say(*service.codec.fail("NO_VALID_AUDIO_ERROR", "no"), Closed(1000))

    talk.say(1)
    asked = listening(talk, *[serve] * 9, clock=clock)
    for event in asked.events():
        if isinstance(event, Notice) and len(calls) < 3:
            clock.now += 0.5
            talk.say(1)  # too early
            clock.now += 0.5
            talk.say(1)
        elif isinstance(event, Notice):
            talk.end()
    assert calls[:3] == [0.0, 1.0, 2.0]
    assert len(calls) <= 4


def test_other_refusals_end_a_live_session_too() -> None:
    """A refusal for an unpaid bill is no silence."""
    talk = LiveSource()

    def serve(service: Service, wire: Wire) -> None:
        service.asked()
        service.tell(READY)
        audio(service, 1)
        wire.say(*service.codec.fail("Arrearage", "pay"), Closed(1000))

    talk.say(1)
    asked = listening(talk, serve)
    list(asked.events())
    assert isinstance(asked.result.error, ServiceRefused)
