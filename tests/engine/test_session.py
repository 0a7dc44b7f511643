"""Sessions against a service played by the test: order, loss, interruption, accounts."""

from collections.abc import Iterator
from threading import Event as Flag

import pytest

from asrcli.core.audio import Chunk
from asrcli.core.client_commands import SendAudio, StartTask
from asrcli.core.errors import ConnectFailed, ConnectionLost, ServiceRefused, SourceError
from asrcli.core.events import Billed, Event, Final, Finished, Gap, Notice, Partial, Progress, Ready, Usage
from asrcli.core.message import Closed, Message, Text
from asrcli.core.settings import ConnectionSettings, RecognitionSettings, RetrySettings
from asrcli.protocol.inference.codec import InferenceClient
from asrcli.protocol.realtime.codec import RealtimeClient
from tests.support.handshake import PATIENCE_S, RATE, Service, Tone, Wire, session
from tests.support.live_session import saying

READY = Ready("task")


def heard(events: list[Event]) -> list[Event]:
    """The events without progress, which comes as often as it likes."""
    return [event for event in events if not isinstance(event, Progress | Billed)]


def test_audio_waits_for_ready_and_finals_come_in_order() -> None:
    """Nothing is sent before the service is ready; the task ends by its own end event."""
    before_ready: list[bool] = []

    def serve(service: Service, wire: Wire) -> None:
        assert isinstance(service.asked(), StartTask)
        before_ready.append(wire.sent.empty())
        service.tell(READY)
        requests = service.until_finish()
        assert sum(isinstance(request, SendAudio) for request in requests) == 5
        service.tell(Partial("1", 0, "", "he"), Final("1", 0, 400, "hello"), Finished())

    asked = session(Tone(5), serve)
    events = heard(list(asked.events()))
    assert events == [READY, Partial("1", 0, "", "he"), Final("1", 0, 400, "hello"), Finished(Usage(1))]
    assert before_ready == [True]
    assert (asked.result.error, asked.result.broken, RATE.ms(asked.result.end)) == (None, False, 500)


def test_times_are_shifted_to_where_the_session_starts() -> None:
    """The service counts from its first sample, the run from its own."""
    serve = saying(Final("1", 100, 400, "hello"))

    asked = session(Tone(5), serve, start=RATE.samples(2000))
    assert Final("1", 2100, 2400, "hello") in list(asked.events())
    assert RATE.ms(asked.result.end) == 2500


def test_a_broken_connection_prints_finals_and_names_the_rest_as_a_gap() -> None:
    """From the end of the last final to the end of the audio, sent or not: no loss is hidden."""

    def serve(service: Service, wire: Wire) -> None:
        service.asked()
        service.tell(READY)
        service.asked()
        service.tell(Final("1", 0, 100, "one"), Partial("2", 150, "", "tw"))
        wire.say(Closed(1006, "the connection broke"))

    asked = session(Tone(40), serve)
    events = heard(list(asked.events()))
    assert isinstance(asked.result.error, ConnectionLost)
    assert asked.result.error.code == 1006
    assert Final("1", 0, 100, "one") in events
    assert events[-1] == Gap(100, 4000, str(asked.result.error))


def test_the_length_of_a_pipe_is_what_was_captured() -> None:
    """Nobody knows how long a pipe would have been: the gap ends where the capture did."""
    captured = Flag()

    def gate(number: int) -> None:
        if number == 3:
            captured.set()
            blocked.wait(PATIENCE_S)

    def serve(service: Service, wire: Wire) -> None:
        service.asked()
        captured.wait(PATIENCE_S)
        service.tell(READY)
        for _ in range(3):
            service.asked()
        wire.say(Closed(1011, "overloaded"))

    blocked = Flag()
    asked = session(Tone(10, gate=gate, known=False), serve)
    events = heard(list(asked.events()))
    blocked.set()
    assert isinstance(events[-1], Gap)
    assert (events[-1].begin_ms, events[-1].end_ms) == (0, 300)


def test_a_pipe_at_full_pace_is_sent_as_fast_as_the_service_takes_it() -> None:
    """What waited for the connection is not sent at the pace of a catch-up: the clock of this test stands still."""
    requests = []

    def serve(service: Service, wire: Wire) -> None:
        service.asked()
        service.tell(READY)
        requests.extend(service.until_finish())
        service.tell(Final("1", 0, 4000, "all"), Finished())
        wire.say(Closed(1011, "no audio came"))

    pipe = Tone(40, known=False)
    pipe.realtime = True
    asked = session(pipe, serve, retries=RetrySettings(limit=0, catch_up=8.0))
    assert Final("1", 0, 4000, "all") in list(asked.events())
    assert sum(isinstance(request, SendAudio) for request in requests) == 40


def test_the_reason_and_the_finals_after_a_failed_send_are_heard() -> None:
    """A send fails before the refusal is read: the user still sees the refusal."""

    def serve(service: Service, wire: Wire) -> None:
        service.asked()
        wire.say(*service.codec.encode(READY))
        service.asked()
        wire.broken = ConnectionLost("the other end is gone", 1000)
        service.tell(Final("1", 0, 100, "one"))
        wire.say(*service.codec.fail("Arrearage", "pay"), Closed(1000))
        gone.set()

    gone = Flag()
    asked = session(Tone(9, gate=lambda number: number < 2 or gone.wait(PATIENCE_S)), serve)
    events = list(asked.events())
    assert Final("1", 0, 100, "one") in events
    assert isinstance(asked.result.error, ServiceRefused)
    assert asked.result.error.code == "Arrearage"


@pytest.mark.parametrize(
    ("said", "error"),
    [((Closed(1000, ""),), ConnectFailed), ((Text("nonsense"), Closed(1000, "")), ConnectFailed)],
    ids=["closes at once", "talks nonsense"],
)
def test_a_connection_that_never_came_up_loses_no_audio(
    said: tuple[Closed | Text, ...], error: type[Exception]
) -> None:
    """Before the service is ready there is nothing to lose: an error and no gap."""

    def serve(service: Service, wire: Wire) -> None:
        service.asked()
        wire.say(*said)

    asked = session(Tone(5), serve)
    assert [event for event in heard(list(asked.events())) if not isinstance(event, Notice)] == []
    assert isinstance(asked.result.error, error)


def test_a_service_that_never_answers_is_given_up() -> None:
    """The wait for Ready has an end, and the error says how long it was."""
    asked = session(Tone(5), lambda *_: None, connection=ConnectionSettings("ws://test", connect_timeout_s=0.01))
    assert list(asked.events()) == []
    assert isinstance(asked.result.error, ConnectFailed)


def test_a_service_that_goes_silent_after_finish_is_given_up() -> None:
    """The end is the end event with an idle timer, never a fixed wait."""

    def serve(service: Service, wire: Wire) -> None:
        service.asked()
        service.tell(READY)
        service.until_finish()
        service.tell(Final("1", 0, 200, "one"))
        assert wire

    asked = session(Tone(5), serve, connection=ConnectionSettings("ws://test", idle_timeout_s=0.05))
    events = heard(list(asked.events()))
    assert isinstance(asked.result.error, ConnectionLost)
    assert events[-1] == Gap(200, 500, str(asked.result.error))


def test_the_end_of_input_awaits_the_text_of_what_was_sent() -> None:
    """The first Ctrl-C in a file: what went out gets its words, what did not is not sent any more."""
    ended = Flag()

    def gate(number: int) -> None:
        if number == 3:
            assert ended.wait(PATIENCE_S)

    def serve(service: Service, wire: Wire) -> None:
        service.asked()
        service.tell(READY)
        for _ in range(3):
            service.asked()
        asked.end_input()
        ended.set()
        assert len(service.until_finish()) <= 2
        service.tell(Final("1", 0, 300, "all of it"), Finished())
        assert wire

    asked = session(Tone(1000, gate=gate), serve)
    events = heard(list(asked.events()))
    assert Final("1", 0, 300, "all of it") in events
    assert asked.result.error is None
    assert RATE.ms(asked.result.end) == 300


def test_a_file_that_is_ended_before_anything_was_sent_sends_nothing() -> None:
    """The session does not wait for text of audio that was never sent."""
    said: list[int] = []

    def serve(service: Service, wire: Wire) -> None:
        service.asked()
        asked.end_input()
        service.tell(READY)
        said.append(len(service.until_finish()))  # or it is left before that
        service.tell(Finished())
        assert wire

    asked = session(Tone(1000), serve)
    list(asked.events())
    assert said in ([], [1])
    assert (asked.result.error, RATE.ms(asked.result.end)) == (None, 0)


def test_a_source_that_fails_midway_still_gets_its_finals() -> None:
    """The readable part is transcribed, then the error is reported."""
    serve = saying(Final("1", 0, 200, "one"))

    broken = SourceError("talk.wav", "cannot be read any further")
    asked = session(Tone(2, error=broken), serve)
    assert Final("1", 0, 200, "one") in list(asked.events())
    assert (asked.result.error, asked.result.broken) == (broken, False)


def test_a_service_that_ends_the_task_by_itself_is_a_loss() -> None:
    """An end that was not asked for leaves audio without text: a gap, not a success."""

    def serve(service: Service, wire: Wire) -> None:
        service.asked()
        service.tell(READY, Finished())
        assert wire

    asked = session(Tone(200), serve)
    events = heard(list(asked.events()))
    assert isinstance(asked.result.error, ConnectionLost)
    assert events[-1] == Gap(0, 20000, str(asked.result.error))


def test_notices_of_the_codec_and_of_the_source_reach_the_listener() -> None:
    """An unknown event is dropped and reported at debug level."""

    def serve(service: Service, wire: Wire) -> None:
        service.asked()
        service.tell(READY)
        service.until_finish()
        wire.say(Text('{"header":{"event":"result-improved"},"payload":{}}'))
        service.tell(Finished())

    asked = session(Tone(1), serve)
    notices = [event for event in asked.events() if isinstance(event, Notice)]
    assert [notice.level for notice in notices] == ["debug"]


def test_a_bug_in_a_thread_reaches_the_listener() -> None:
    """No thread ends silently: the exception is raised where the events come out."""

    class Broken(InferenceClient):
        def start(self) -> list[Message]:
            raise ZeroDivisionError

    asked = session(Tone(1), lambda *_: None, Broken(RecognitionSettings("m"), lambda: "task"))
    with pytest.raises(ZeroDivisionError):
        list(asked.events())


def test_manual_mode_commits_after_the_chunks_that_ask_for_it() -> None:
    """The codec's commit goes out right after the audio it ends."""
    codec = RealtimeClient(RecognitionSettings("qwen3-asr-flash-realtime", vad=False), lambda: "id")
    sent: list[str] = []

    def serve(service: Service, wire: Wire) -> None:
        wire.say(Text('{"type":"session.updated","session":{"id":"s"}}'))
        while True:
            message = wire.read()
            assert isinstance(message, Text)
            kind = message.data.split('"type":"')[1].split('"')[0]
            sent.append(kind)
            if kind == "session.finish":
                wire.say(Text('{"type":"session.finished"}'))
                return
        assert service

    class Cut(Tone):
        def chunks(self, start: int) -> Iterator[Chunk | Event]:
            yield from (Chunk(at, bytes(3200), cut_after=at == start + 1600) for at in range(start, start + 4800, 1600))

    assert list(session(Cut(3), serve, codec).events())
    append, commit = "input_audio_buffer.append", "input_audio_buffer.commit"
    assert sent == ["session.update", append, append, commit, append, commit, "session.finish"]
