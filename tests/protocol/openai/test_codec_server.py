"""The server end of OpenAI's transcription sessions: settings, deltas that are never taken back, and commits."""

import base64

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from asrcli.core.client_commands import (
    ClearAudio,
    CommitAudio,
    ConfirmSettings,
    FinishTask,
    SendAudio,
    SendLongAudio,
    StartTask,
)
from asrcli.core.errors import ProtocolError
from asrcli.core.events import Event, Final, Finished, Partial, Ready, SpeechStarted, SpeechStopped, Usage
from asrcli.core.message import Text
from asrcli.core.settings import RecognitionSettings
from asrcli.protocol.long_text import LongText
from asrcli.protocol.openai import g711
from asrcli.protocol.openai.codec import EMPTY, OpenAIServer
from tests.protocol.openai.messages import ITEM, SECOND, SPOKEN, audio, names, text, value
from tests.support.pair import counting


def server(vad: bool = True, rate: int = 24000) -> OpenAIServer:
    """A server whose task runs."""
    codec = OpenAIServer(counting())
    detection = {"type": "server_vad"} if vad else None
    audio = {
        "format": {"type": "audio/pcm", "rate": rate},
        "transcription": {"model": "m"},
        "turn_detection": detection,
    }
    (start,) = codec.receive(text("session.update", session={"type": "transcription", "audio": {"input": audio}}))
    assert start == StartTask(RecognitionSettings("m", rate, vad=vad), "pcm")
    assert names(codec.encode(Ready(codec.task_id, "en"))) == ["session.updated"]
    return codec


@pytest.mark.parametrize("law", g711.LAWS)
def test_long_audio_of_a_telephone_becomes_pcm_piece_by_piece(law: str) -> None:
    """As short audio does, and it counts for the times of what follows."""
    codec = OpenAIServer(counting())
    session = {"type": "transcription", "audio": {"input": {"format": {"type": law}, "transcription": {"model": "m"}}}}
    codec.receive(text("session.update", session=session))
    sent = bytes(range(256)) * 400
    encoded = memoryview(base64.b64encode(sent))
    message = LongText('{"type":"input_audio_buffer.append","audio":""}', "audio", encoded)
    (command,) = codec.receive(Text(message))
    assert isinstance(command, SendLongAudio)
    pieces = list(command.pieces)
    assert len(pieces) > 1
    assert b"".join(pieces) == g711.decoded(law, sent)
    assert codec._received_bytes == 2 * len(sent)


def test_a_sentence_is_told_with_deltas_of_its_settled_words() -> None:
    """What is not settled is not sent, because nothing that was appended can be taken back."""
    codec = server()
    assert audio(codec) == [SendAudio(SECOND)]
    assert names(codec.encode(SpeechStarted("1", 100))) == ["input_audio_buffer.speech_started"]
    said = [
        value(message)["delta"]
        for event in (Partial("1", 100, "", "guud"), Partial("1", 100, "good", "dei"), Partial("1", 100, "good", "day"))
        for message in codec.encode(event)
    ]
    assert said == ["good"]
    assert names(codec.encode(SpeechStopped("1", 900))) == ["input_audio_buffer.speech_stopped", *SPOKEN]
    delta, completed = map(value, codec.encode(Final("1", 100, 900, "good day")))
    assert (delta["delta"], completed["transcript"], completed["usage"]) == (
        " day",
        "good day",
        {"type": "duration", "seconds": 0.8},
    )


def test_a_commit_of_vad_mode_ends_the_task_and_is_answered_by_the_open_sentence() -> None:
    """What had ended by itself is told so; the next audio begins a task whose times go on."""
    codec = server()
    audio(codec)
    assert codec.receive(text("input_audio_buffer.commit")) == [FinishTask()]
    messages = [
        name
        for event in (
            SpeechStopped("1", 300), Final("1", 0, 300, "a"), SpeechStopped("2", 900), Final("2", 500, 900, "b"),
            Finished(Usage()),
        )
        for name in names(codec.encode(event))
    ]  # fmt: skip
    assert messages == [
        "input_audio_buffer.speech_stopped",
        *SPOKEN,
        "delta",
        "completed",
        *SPOKEN,
        "delta",
        "completed",
    ]
    with pytest.raises(ProtocolError, match="commit of an empty buffer"):
        codec.receive(text("input_audio_buffer.commit"))
    start, sent = audio(codec)
    assert (start, sent) == (StartTask(RecognitionSettings("m", 24000), "pcm"), SendAudio(SECOND))
    assert codec.encode(Ready(codec.task_id)) == []
    assert value(codec.encode(SpeechStarted("1", 200))[0])["audio_start_ms"] == 1200


# The speech has ended, its recognition takes a moment, and meanwhile the commit comes.
@example(sentences=1, before=3, settled=False)
@example(sentences=1, before=3, settled=True)
@given(sentences=st.integers(0, 3), before=st.integers(0, 9), settled=st.booleans())
def test_a_commit_of_vad_mode_may_come_at_any_moment(sentences: int, before: int, settled: bool) -> None:
    """Each sentence has its whole text once, and the commit has one answer: an item that it has ended, or the error."""
    codec = server()
    audio(codec)
    events: list[Event] = []
    for number in range(1, sentences + 1):
        key, begin_ms = str(number), number * 100
        said = Partial(key, begin_ms, f"text {number}" if settled else "", "")
        events += [SpeechStarted(key, begin_ms), said, SpeechStopped(key, begin_ms + 90)]
        events += [Final(key, begin_ms, begin_ms + 90, f"text {number}")]
    before = min(before, len(events))
    messages = [message for event in events[:before] for message in codec.encode(event)]
    codec.receive(text("input_audio_buffer.commit"))
    for event in [*events[before:], Finished(Usage())]:
        messages += codec.encode(event)
    found = [value(message) for message in messages]
    stopped, committed, refused = (
        sum(each["type"] == name for each in found)
        for name in ("input_audio_buffer.speech_stopped", "input_audio_buffer.committed", "error")
    )
    assert (committed, committed - stopped + refused) == (sentences, 1)
    texts = [f"text {number}" for number in range(1, sentences + 1)]
    assert [each["transcript"] for each in found if each["type"] == f"{ITEM}completed"] == texts
    assert [each["delta"] for each in found if each["type"] == f"{ITEM}delta"] == texts


def test_a_commit_of_vad_mode_without_speech_is_an_error() -> None:
    """All speech had ended by itself, or there was none."""
    codec = server()
    audio(codec)
    codec.receive(text("input_audio_buffer.commit"))
    (error,) = codec.encode(Finished(Usage()))
    assert value(error)["error"]["code"] == EMPTY


def test_manual_mode_has_an_item_for_each_commit() -> None:
    """Also without speech; the audio that is not committed can be cleared."""
    codec = server(vad=False)
    audio(codec)
    assert codec.receive(text("input_audio_buffer.commit")) == [CommitAudio()]
    assert names(codec.acknowledge(CommitAudio())) == SPOKEN
    assert names(codec.encode(Final("1", 0, 1000, ""))) == ["completed"]
    assert codec.receive(text("input_audio_buffer.clear")) == [ClearAudio()]
    assert names(codec.acknowledge(ClearAudio())) == ["input_audio_buffer.cleared"]
    assert codec.encode(Finished(Usage())) == []


def test_an_update_is_always_answered() -> None:
    """While audio comes only with what can still be changed; other sessions and formats are refused."""
    codec = server()
    audio(codec)
    same = {"type": "transcription", "audio": {"input": {"transcription": {"language": "de"}}}}
    assert codec.receive(text("session.update", session=same)) == [ConfirmSettings()]
    (answer,) = codec.acknowledge(ConfirmSettings())
    assert value(answer)["session"]["audio"]["input"]["format"] == {"type": "audio/pcm", "rate": 24000}
    assert codec.acknowledge(FinishTask()) == []
    for session, problem in (
        ({"type": "realtime"}, "session type realtime"),
        ({"audio": {"input": {"format": {"type": "audio/opus"}}}}, "audio format audio/opus"),
        ({"audio": {"input": {"format": {"type": "audio/pcm", "rate": 0}}}}, "rate 0 is not a rate"),
        ({"audio": {"input": {"turn_detection": None}}}, "cannot be changed after the first audio"),
    ):
        with pytest.raises(ProtocolError, match=problem):
            codec.receive(text("session.update", session=session))
    with pytest.raises(ProtocolError, match=r"unknown event type session.finish"):
        codec.receive(text("session.finish"))


def test_settings_between_two_tasks_are_taken_for_the_next() -> None:
    """After a commit in VAD mode no task runs."""
    codec = server()
    audio(codec)
    codec.receive(text("input_audio_buffer.commit"))
    codec.encode(Finished(Usage()))
    changed = {"audio": {"input": {"format": "pcm16", "transcription": {"prompt": "names", "language": None}}}}
    assert codec.receive(text("session.update", session=changed)) == [ConfirmSettings()]
    start = audio(codec)[0]
    assert isinstance(start, StartTask)
    assert start.recognition.context == ("names",)


def test_a_client_that_never_updates_its_session_is_heard() -> None:
    """With the settings that session.created names."""
    codec = OpenAIServer(counting(), "whisper-1")
    (created,) = codec.greet()
    assert value(created)["session"]["audio"]["input"]["turn_detection"]["type"] == "server_vad"
    assert audio(codec)[0] == StartTask(RecognitionSettings("whisper-1", 24000), "pcm")
    assert codec.encode(Ready(codec.task_id)) == []
