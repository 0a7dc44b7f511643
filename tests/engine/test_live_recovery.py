"""Lost connections of live audio, and of a wire without times: queues, limits, stalls, commits."""

import pytest

from asrcli.core.client_commands import FinishTask
from asrcli.core.errors import ConnectFailed
from asrcli.core.events import Final, Finished, Gap, Progress, Ready, Reconnecting
from asrcli.core.message import Text
from asrcli.core.settings import FILE_RETRY_FOR_S, ConnectionSettings, RecognitionSettings, RetrySettings
from asrcli.protocol.realtime.codec import RealtimeClient
from asrcli.recovery.backoff import STOPPED_S
from tests.engine.simulated_runs import accounted
from tests.support.handshake import Service, Wire
from tests.support.live_session import (
    BROKEN,
    READY,
    LiveSource,
    Play,
    audio,
    dropping,
    finishing,
    listening,
    without_reconnects,
)
from tests.support.pair import counting
from tests.support.simulated_service import SPEECH, Life
from tests.support.simulation import PAUSE, simulated, tape

AT_ONCE = RetrySettings(limit=5, wait_s=0)


def test_live_audio_queues_while_the_connection_is_away() -> None:
    """A microphone cannot wait: audio captured meanwhile is sent after the audio that is sent again."""
    talk = LiveSource()

    def first(service: Service, wire: Wire) -> None:
        service.asked()
        service.tell(READY)
        audio(service, 3)
        service.tell(Final("1", 0, 200, "one"))
        wire.say(BROKEN)

    def second(service: Service, wire: Wire) -> None:
        assert wire
        service.asked()
        service.tell(READY)
        audio(service, 11)
        assert isinstance(service.asked(), FinishTask)
        service.tell(Final("1", 0, 1100, "two"), Finished())

    talk.say(3)
    asked = listening(
        talk, first, ConnectFailed("ws://test", "no route"), second, retries=RetrySettings(limit=None, wait_s=0)
    )
    events = []
    for event in asked.events():
        events.append(event)
        if isinstance(event, Reconnecting) and event.attempt == 1:
            talk.say(10)
            talk.end()
    assert without_reconnects(events) == [Final("1", 0, 200, "one"), Final("1", 200, 1300, "two")]


def test_a_user_who_stopped_is_not_kept_forever() -> None:
    """There is no limit while more audio may come; after its end the last text is waited for as for a file."""
    talk, now = LiveSource(), [0.0]

    def clock() -> float:
        now[0] += 1.0
        return now[0]

    talk.say(2)
    talk.end()
    down = [ConnectFailed("ws://test", "down")] * 400
    asked = listening(talk, dropping(2), *down, retries=RetrySettings(None, wait_s=0), clock=clock)
    attempts = [event.attempt for event in asked.events() if isinstance(event, Reconnecting)]
    assert attempts == list(range(1, len(attempts) + 1))
    assert FILE_RETRY_FOR_S <= now[0] < FILE_RETRY_FOR_S + 60
    assert isinstance(asked.result.error, ConnectFailed)


def test_a_user_who_ended_the_run_waits_half_a_minute() -> None:
    """The outage may be long; a user who presses Ctrl-C during it does not want to wait."""
    talk, now = LiveSource(), [0.0]

    def clock() -> float:
        now[0] += 1.0
        return now[0]

    talk.say(2)
    asked = listening(
        talk,
        dropping(2),
        *[ConnectFailed("ws://test", "down")] * 400,
        retries=RetrySettings(None, wait_s=0),
        clock=clock,
    )
    ended_at = None
    for event in asked.events():
        if isinstance(event, Reconnecting) and event.attempt == 3:
            ended_at = now[0]
            talk.end()
            asked.end_input()
    assert ended_at is not None
    assert now[0] < ended_at + STOPPED_S + 60
    assert isinstance(asked.result.error, ConnectFailed)


def test_a_service_that_answers_nothing_to_speech_is_given_up_and_silence_is_no_stall() -> None:
    """Only speech needs an answer."""
    talk, now = LiveSource(), [0.0]
    quick = ConnectionSettings("ws://test", stall_timeout_s=0.2)

    def mute(service: Service, wire: Wire) -> None:
        assert wire
        service.asked()
        service.tell(READY)

    talk.say(5, quiet=True)
    asked = listening(
        talk, mute, finishing(6, Final("1", 500, 600, "hello")), retries=AT_ONCE, connection=quick, clock=lambda: now[0]
    )
    events = []
    for event in asked.events():
        events.append(event)
        if isinstance(event, Ready) and len(events) == 1:
            talk.say(1)
        if isinstance(event, Reconnecting):
            assert "no answer to speech" in event.reason
            talk.end()
    assert Final("1", 500, 600, "hello") in events


def test_a_service_that_takes_utterances_and_gives_no_text_is_given_up_in_manual_mode_too() -> None:
    """Its text is due from the commit on, and does not wait for the end of the talk. A quiet utterance has none."""
    talk, now = LiveSource(), [0.0]
    ids = counting("c")
    quick = ConnectionSettings("ws://test", stall_timeout_s=0.2)
    done = "conversation.item.input_audio_transcription.completed"
    heard: list[str] = []

    def mute(service: Service, wire: Wire) -> None:
        assert service
        wire.say(Text('{"type":"session.updated","session":{"id":"s"}}'))

    def serve(service: Service, wire: Wire) -> None:
        assert service
        wire.say(Text('{"type":"session.updated","session":{"id":"t"}}'))
        while "session.finish" not in (said := wire.read()).data:  # type: ignore[union-attr]
            if "buffer.commit" in said.data:  # type: ignore[union-attr]
                wire.say(Text('{"type":"input_audio_buffer.committed","item_id":"i"}'))
                wire.say(Text(f'{{"type":"{done}","item_id":"i","transcript":"hello"}}'))
        wire.say(Text('{"type":"session.finished"}'))

    talk.say(2, quiet=True, cut_after=True)
    manual = RecognitionSettings("qwen3-asr-flash-realtime", vad=False)
    asked = listening(
        talk,
        mute,
        serve,
        make_codec=lambda: RealtimeClient(manual, ids),
        clock=lambda: now[0],
        retries=AT_ONCE,
        connection=quick,
    )
    is_said = False
    for event in asked.events():
        if isinstance(event, Ready) and not is_said:
            is_said = True
            talk.say(2, cut_after=True)
        if isinstance(event, Reconnecting):
            assert is_said
            assert "no answer to speech" in event.reason
            talk.end()
        if isinstance(event, Final):
            heard.append(event.text)
    assert "hello" in heard


def test_a_long_push_to_talk_is_no_stall() -> None:
    """In manual mode the service sends nothing before the commit, however long the speech is."""
    talk, now = LiveSource(), [0.0]
    ids = counting("c")

    def serve(service: Service, wire: Wire) -> None:
        assert service
        wire.say(Text('{"type":"session.updated","session":{"id":"s"}}'))
        while "session.finish" not in (said := wire.read()).data:  # type: ignore[union-attr]
            if "buffer.commit" in said.data:  # type: ignore[union-attr]
                wire.say(Text('{"type":"input_audio_buffer.committed","item_id":"i"}'))
        done = "conversation.item.input_audio_transcription.completed"
        wire.say(Text(f'{{"type":"{done}","item_id":"i","transcript":"long"}}'), Text('{"type":"session.finished"}'))

    talk.say(1)
    manual = RecognitionSettings("qwen3-asr-flash-realtime", vad=False)
    asked = listening(
        talk, serve, make_codec=lambda: RealtimeClient(manual, ids), clock=lambda: now[0], retries=AT_ONCE
    )
    events = []
    for event in asked.events():
        events.append(event)
        if isinstance(event, Progress) and event.sent_ms < 400:
            now[0] += 29
            talk.say(1, cut_after=event.sent_ms == 300)
            if event.sent_ms == 300:
                talk.end()
    assert [event for event in events if isinstance(event, Reconnecting)] == []
    assert [(event.end_ms, event.text) for event in events if isinstance(event, Final)] == [(400, "long")]


def test_realtime_resumes_after_the_last_completed_item() -> None:
    """In manual mode from after the last commit that has its text."""
    sent: list[list[str]] = []
    completed = "conversation.item.input_audio_transcription.completed"

    def serving(last: bool) -> Play:
        def serve(service: Service, wire: Wire) -> None:
            assert service
            kinds: list[str] = []
            sent.append(kinds)
            wire.say(Text('{"type":"session.updated","session":{"id":"s"}}'))
            while True:
                message = wire.read()
                assert isinstance(message, Text)
                kinds.append(message.data.split('"type":"')[1].split('"')[0])
                if kinds[-1].endswith("commit"):
                    number = kinds.count("input_audio_buffer.commit")
                    if not last and number == 2:
                        wire.say(BROKEN)
                        return
                    item = f'"item_id":"i{number}"'
                    wire.say(Text(f'{{"type":"input_audio_buffer.committed",{item}}}'))
                    wire.say(Text(f'{{"type":"{completed}",{item},"transcript":"{last} {number}"}}'))
                if kinds[-1] == "session.finish":
                    wire.say(Text('{"type":"session.finished"}'))
                    return

        return serve

    talk = LiveSource()
    for _ in range(3):
        talk.say(2, cut_after=True)
    talk.end()
    recognition = RecognitionSettings("qwen3-asr-flash-realtime", vad=False)
    asked = listening(
        talk,
        serving(last=False),
        serving(last=True),
        make_codec=lambda: RealtimeClient(recognition, lambda: "id"),
        retries=AT_ONCE,
    )
    finals = [event for event in asked.events() if isinstance(event, Final)]
    assert [(final.begin_ms, final.end_ms, final.text) for final in finals] == [
        (0, 200, "False 1"), (200, 400, "True 1"), (400, 600, "True 2"),
    ]  # fmt: skip


def test_the_rest_of_the_last_chunk_of_a_sentence_is_not_lost_speech() -> None:
    """A final ends within a chunk. If the service then fails at the end of the talk, no speech is missing."""

    def serve(service: Service, wire: Wire) -> None:
        service.asked()
        service.tell(READY)
        audio(service, 9)
        service.tell(Final("1", 0, 250, "hello"))
        assert isinstance(service.asked(), FinishTask)
        wire.say(BROKEN)

    talk = LiveSource()
    talk.say(3)
    talk.say(6, quiet=True)
    talk.end()
    asked = listening(talk, serve, *[ConnectFailed("ws://test", "down")] * 9, retries=RetrySettings(2, wait_s=0))
    assert [event for event in asked.events() if isinstance(event, Gap)] == []


@pytest.mark.parametrize("factor", [2.0, 8.0])
def test_audio_that_waited_in_an_outage_goes_out_at_the_pace_that_was_asked_for(factor: float) -> None:
    """A service that gets half an hour at once would refuse it, or be behind for long."""
    kinds: list[tuple[int | None, int]] = [(SPEECH, 30), (PAUSE, 10)] * 20
    outcome = simulated(
        tape(kinds, live=True), [Life("drops", 5.0), Life("away", 20.0)], live=True, pace=None,
        after=Life(speed=100.0), retries=RetrySettings(5, 0.5, factor),
    )  # fmt: skip
    accounted(outcome, kinds)
    figures = outcome.over.figures
    assert figures.longest_outage_ms >= 20_000
    # What is captured meanwhile is sent, too. A quarter of it is a pause, which is not.
    least_ms = 0.75 * figures.longest_outage_ms / (factor - 1)
    assert figures.longest_catch_up_ms - figures.longest_outage_ms >= 0.9 * least_ms
    assert (outcome.over.error, outcome.over.totals.lost_ms) == (None, 0)
