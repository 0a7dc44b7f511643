"""Live sessions that go on in another task: early ends, pauses, connections closed between tasks."""

from asrcli.core.client_commands import FinishTask, StartTask
from asrcli.core.errors import ConnectionLost, SourceError
from asrcli.core.events import Final, Finished, Gap, Resumed
from asrcli.core.message import Closed, Text
from asrcli.core.settings import RecognitionSettings
from asrcli.protocol.realtime.codec import RealtimeClient
from tests.support.handshake import RATE, Service, Wire
from tests.support.live_session import READY, LiveSource, audio, heard, listening, saying


def test_an_early_end_renews_the_task_on_the_same_connection() -> None:
    """Enter in the middle: the final comes, the audio goes on in the next task, and the times go on too."""
    talk = LiveSource()

    def serve(service: Service, wire: Wire) -> None:
        assert isinstance(service.asked(), StartTask)
        service.tell(READY)
        audio(service, 3)
        assert isinstance(service.asked(), FinishTask)
        talk.say(2)  # while the rest of the first is awaited
        service.tell(Final("1", 0, 300, "one"), Finished())
        assert isinstance(service.asked(), StartTask)
        service.tell(READY)
        audio(service, 2)
        talk.end()
        assert isinstance(service.asked(), FinishTask)
        service.tell(Final("1", 0, 200, "two"), Finished())
        assert wire

    talk.say(3, cut_after=True)
    asked = listening(talk, serve)
    assert heard(list(asked.events())) == [Final("1", 0, 300, "one"), Final("1", 300, 500, "two")]
    assert (asked.result.error, RATE.ms(asked.result.end), asked.result.usage.seconds) == (None, 500, 2)


def test_a_pause_sends_nothing_and_its_time_is_on_the_timeline() -> None:
    """After the pause a new task goes on; its times begin where its audio does."""
    talk = LiveSource()

    def serve(service: Service, wire: Wire) -> None:
        service.asked()
        service.tell(READY)
        audio(service, 2)
        assert isinstance(service.asked(), FinishTask)
        service.tell(Final("1", 0, 200, "one"), Finished())
        talk.jump(50)
        talk.tell(Resumed(200, 5200))
        talk.say(1)
        talk.end()
        assert isinstance(service.asked(), StartTask)
        service.tell(READY)
        audio(service, 1)
        assert isinstance(service.asked(), FinishTask)
        service.tell(Final("1", 0, 100, "two"), Finished())
        assert wire

    talk.say(2, cut_after=True)
    asked = listening(talk, serve)
    events = heard(list(asked.events()))
    assert sorted(events, key=repr) == [Final("1", 0, 200, "one"), Final("1", 5200, 5300, "two"), Resumed(200, 5200)]
    assert RATE.ms(asked.result.end) == 5300


def test_a_run_that_ends_in_a_pause_accounts_for_it() -> None:
    """The timeline reaches to the end of the pause, and no task is asked for it."""
    talk = LiveSource()

    def serve(service: Service, wire: Wire) -> None:
        service.asked()
        service.tell(READY)
        audio(service, 1)
        assert isinstance(service.asked(), FinishTask)
        service.tell(Final("1", 0, 100, "one"), Finished())
        talk.tell(Resumed(100, 900))
        talk.end()
        assert wire

    talk.say(1, cut_after=True)
    asked = listening(talk, serve)
    events = heard(list(asked.events()))
    assert sorted(events, key=repr) == [Final("1", 0, 100, "one"), Resumed(100, 900)]
    assert (asked.result.error, RATE.ms(asked.result.end)) == (None, 900)


def test_a_connection_that_was_closed_between_tasks_is_dialled_again() -> None:
    """A service closes an idle connection after a minute: the next speech needs a new one, and nothing is lost."""
    talk = LiveSource()

    def first(service: Service, wire: Wire) -> None:
        service.asked()
        service.tell(READY)
        audio(service, 1)
        service.asked()
        service.tell(Final("1", 0, 100, "one"), Finished())
        wire.say(Closed(1000, "idle"))
        wire.broken = ConnectionLost("gone", 1000)
        talk.say(1)
        talk.end()

    second = saying(Final("1", 0, 100, "two"))

    talk.say(1, cut_after=True)
    asked = listening(talk, first, second)
    assert heard(list(asked.events())) == [Final("1", 0, 100, "one"), Final("1", 100, 200, "two")]
    assert asked.result.error is None


def test_a_loss_of_the_connection_does_not_count_pauses_and_reported_gaps_again() -> None:
    """Each second is lost at most once."""
    talk = LiveSource()

    def serve(service: Service, wire: Wire) -> None:
        service.asked()
        service.tell(READY)
        audio(service, 10)
        wire.say(Closed(1006, "the connection broke"))

    talk.say(2)
    talk.tell(Gap(200, 400, "no audio"))
    talk.say(4)
    talk.tell(Resumed(600, 900))
    talk.say(4)
    asked = listening(talk, serve)
    gaps = [(gap.begin_ms, gap.end_ms) for gap in asked.events() if isinstance(gap, Gap)]
    assert gaps == [(0, 200), (200, 400), (400, 600), (900, 1000)]


def test_in_manual_mode_a_pause_after_a_commit_stays_in_the_session() -> None:
    """Push to talk needs no new connection: the times of the next utterance include the pause."""
    talk, sent = LiveSource(), []

    def serve(service: Service, wire: Wire) -> None:
        del service
        wire.say(Text('{"type":"session.updated","session":{"id":"s"}}'))
        commits = 0
        while True:
            message = wire.read()
            assert isinstance(message, Text)
            kind = message.data.split('"type":"')[1].split('"')[0]
            sent.append(kind)
            if kind == "input_audio_buffer.commit":
                commits += 1
                item = f'"item_id":"i{commits}"'
                wire.say(Text(f'{{"type":"input_audio_buffer.committed",{item}}}'))
                name = "conversation.item.input_audio_transcription.completed"
                wire.say(Text(f'{{"type":"{name}",{item},"transcript":"t{commits}"}}'))
            if kind == "session.finish":
                wire.say(Text('{"type":"session.finished"}'))
                return

    talk.jump(10)
    talk.say(2, cut_after=True)
    talk.jump(30)
    talk.say(3, cut_after=True)
    talk.end()
    recognition = RecognitionSettings("qwen3-asr-flash-realtime", vad=False)
    asked = listening(talk, serve, make_codec=lambda: RealtimeClient(recognition, lambda: "id"))
    finals = [event for event in asked.events() if isinstance(event, Final)]
    assert [(final.begin_ms, final.end_ms, final.text) for final in finals] == [(1000, 1200, "t1"), (4200, 4500, "t2")]
    assert sent.count("session.update") == 1


def test_a_microphone_that_fails_for_good_still_gets_its_finals() -> None:
    """Audio before the error has its text; the error is reported after it."""
    talk, broken = LiveSource(), SourceError("mic", "is gone")

    serve = saying(Final("1", 0, 200, "one"))

    talk.say(2)
    talk.fail(broken)
    asked = listening(talk, serve)
    assert heard(list(asked.events())) == [Final("1", 0, 200, "one")]
    assert (asked.result.error, asked.result.broken) == (broken, False)
