"""The realtime wire, both ends joined, in VAD mode and in manual mode."""

import base64
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from asrcli.core.client_commands import ClearAudio, CommitAudio, FinishTask, SendAudio, StartTask
from asrcli.core.errors import ProtocolError, ServiceRefused
from asrcli.core.events import Final, Finished, Notice, Partial, Ready, SpeechStarted, SpeechStopped
from asrcli.core.message import Binary, Message, Text
from asrcli.core.settings import RecognitionSettings
from asrcli.protocol.json_messages import write
from asrcli.protocol.realtime.codec import RealtimeClient
from asrcli.protocol.realtime.server_codec import RealtimeServer
from tests.support.pair import MODELS, Pair, counting, on_realtime

QWEN = MODELS["realtime"]
MANUAL = RecognitionSettings(QWEN, vad=False)
SECOND = bytes(32000)


def names(messages: list[Message]) -> list[str]:
    """The types of messages."""
    return [json.loads(message.data)["type"] for message in messages if isinstance(message, Text)]


def begun(recognition: RecognitionSettings) -> Pair:
    """A session in which audio may flow."""
    pair = on_realtime(recognition)
    assert pair.greeted == []
    assert pair.ask(pair.client.start()) == [StartTask(recognition)]
    assert pair.tell(Ready("ignored")) == [Ready(pair.server.task_id)]
    return pair


def test_a_session_in_vad_mode() -> None:
    """The server cuts: times come as speech marks, the text between and after them."""
    pair = begun(RecognitionSettings(QWEN))
    for _ in range(2):
        assert pair.ask(pair.client.audio(SECOND)) == [SendAudio(SECOND)]
    heard = pair.tell(
        SpeechStarted("1", 640),
        Partial("1", 640, "今天", "天气", (), "zh", "happy"),
        SpeechStopped("1", 1920),
        Final("1", 640, 1920, "今天天气好", (), "zh", "happy"),
    )
    item = heard[0].key  # type: ignore[union-attr]
    assert heard == [
        SpeechStarted(item, 640),
        Partial(item, 640, "今天", "天气", (), "zh", "happy"),
        SpeechStopped(item, 1920),
        Final(item, 640, 1920, "今天天气好", (), "zh", "happy"),
    ]
    assert pair.ask(pair.client.finish()) == [FinishTask()]
    assert pair.tell(Finished()) == [Finished()]


def test_messages_come_in_the_order_of_the_reference() -> None:
    """started, text, stopped, committed, created, completed; each item knows the one before."""
    server = begun(RecognitionSettings(QWEN)).server
    told: list[Message] = []
    for key, at in (("1", 0), ("2", 5000)):
        for event in (
            SpeechStarted(key, at), Partial(key, at, "", "x"), SpeechStopped(key, at + 900), Final(key, at, 900, "x"),
        ):  # fmt: skip
            told += server.encode(event)
    assert [name.rsplit(".", 1)[-1] for name in names(told)] == [
        "speech_started", "text", "speech_stopped", "committed", "created", "completed",
    ] * 2  # fmt: skip
    items = [json.loads(m.data) for m in told if isinstance(m, Text) and ".committed" in m.data]
    assert items[0]["previous_item_id"] is None
    assert items[1]["previous_item_id"] == items[0]["item_id"]


def test_a_session_in_manual_mode_takes_its_times_from_the_commits() -> None:
    """No speech marks here: an utterance lasts from commit to commit."""
    pair = begun(MANUAL)
    for number, seconds in ((1, 2), (2, 1)):
        for _ in range(seconds):
            pair.ask(pair.client.audio(SECOND))
        assert pair.ask(pair.client.commit()) == [CommitAudio()]
        assert pair.tell(SpeechStarted(str(number), 1), SpeechStopped(str(number), 2)) == []
    finals = pair.tell(Final("1", 9, 9, "one"), Final("2", 9, 9, "two"))
    assert [(f.begin_ms, f.end_ms, f.text) for f in finals if isinstance(f, Final)] == [
        (0, 2000, "one"),
        (2000, 3000, "two"),
    ]


def test_finishing_commits_what_is_open_and_nothing_else() -> None:
    """The last words are never left in the buffer; an empty buffer is never committed, which is an error."""
    pair = begun(MANUAL)
    pair.ask(pair.client.audio(SECOND))
    assert pair.ask(pair.client.finish()) == [CommitAudio(), FinishTask()]
    pair = begun(MANUAL)
    pair.ask(pair.client.audio(SECOND))
    pair.ask(pair.client.commit())
    assert pair.client.commit() == []
    assert pair.ask(pair.client.finish()) == [FinishTask()]


def test_clearing_forgets_the_open_utterance() -> None:
    """Its audio is part of no later item."""
    pair = begun(MANUAL)
    pair.ask(pair.client.audio(SECOND))
    assert pair.ask(pair.client.clear()) == [ClearAudio()]  # type: ignore[attr-defined]
    pair.ask(pair.client.audio(SECOND))
    pair.ask(pair.client.commit())
    (final,) = pair.tell(Final("1", 0, 0, "two"))
    assert isinstance(final, Final)
    assert (final.begin_ms, final.end_ms) == (1000, 2000)


def test_a_commit_in_vad_mode_is_an_error_that_ends_nothing() -> None:
    """In VAD mode the client never sends one; a foreign client that does is told, and goes on."""
    pair = begun(RecognitionSettings(QWEN))
    pair.ask(pair.client.audio(SECOND))
    assert pair.client.commit() == []
    commit = Text('{"type":"input_audio_buffer.commit"}')
    with pytest.raises(ProtocolError, match="commit in VAD mode"):
        pair.server.receive(commit)
    with pytest.raises(ProtocolError, match="empty buffer"):
        begun(MANUAL).server.receive(commit)
    (notice,) = pair.handle(pair.server.fail("invalid_value", "empty"))
    assert notice == Notice("warning", "the service reports an error: invalid_value: empty")
    assert pair.ask(pair.client.audio(SECOND)) == [SendAudio(SECOND)]


def test_an_error_before_the_session_is_up_refuses_it() -> None:
    """So does one that is not about a request; such an error comes with its advice."""
    pair = on_realtime()
    pair.ask(pair.client.start())
    with pytest.raises(ServiceRefused, match="invalid_value: no"):
        pair.handle(pair.server.fail("InvalidParameter", "no"))
    pair = begun(RecognitionSettings(QWEN))
    with pytest.raises(ServiceRefused, match="InternalError"):
        pair.client.receive(Text('{"type":"error","error":{"type":"server_error","code":"InternalError"}}'))


def test_another_language_than_the_one_asked_for_is_a_refusal() -> None:
    """A service that quietly listens for another language would write gibberish."""
    pair = on_realtime(RecognitionSettings(QWEN, languages=("zh",)))
    pair.ask(pair.client.start())
    with pytest.raises(ServiceRefused, match="language zh is not known here, only en"):
        pair.tell(Ready("s", "en"))


def test_audio_without_a_session_update_begins_under_the_defaults() -> None:
    """The second program of the service's guide sends no update and waits for nothing."""
    server = RealtimeServer(counting(), QWEN)
    client = RealtimeClient(RecognitionSettings(QWEN), counting())
    (append,), (finish,) = client.audio(b"ab"), client.finish()
    assert server.receive(append) == [StartTask(RecognitionSettings(QWEN)), SendAudio(b"ab")]
    assert server.encode(Ready("s")) == []
    with pytest.raises(ProtocolError, match="after the first audio"):
        server.receive(*client.start())
    assert server.receive(finish) == [FinishTask()]
    assert server.receive(append) == []
    silent = RealtimeServer(counting(), QWEN)
    assert silent.receive(finish) == [StartTask(RecognitionSettings(QWEN)), FinishTask()]


@pytest.mark.parametrize(
    ("message", "problem"),
    [
        (Binary(b"x"), "binary message instead of a text message"),
        (Text("{}"), "field type is missing"),
        (Text('{"type":"sing"}'), "unknown event type sing"),
        (Text('{"type":"session.update"}'), "field session is missing"),
        (Text('{"type":"session.update","session":{"sample_rate":44100}}'), "sample_rate 44100: there are 16000 8000"),
        (Text('{"type":"input_audio_buffer.append","audio":"?"}'), "not base64"),
    ],
)
def test_a_client_that_breaks_the_protocol_is_reported(message: Message, problem: str) -> None:
    """What is wrong with which message."""
    with pytest.raises(ProtocolError, match=problem):
        RealtimeServer(counting(), QWEN).receive(message)


ITEM = "conversation.item.input_audio_transcription."


@pytest.mark.parametrize(
    ("told", "problem"),
    [
        ('{"event_id":"x"}', "field type is missing"),
        ('{"type":"error"}', "an error without a message"),
        ('{"type":"error","error":null}', "an error without a message"),
        (f'{{"type":"{ITEM}text","item_id":"i"}}', "field text is missing"),
        (f'{{"type":"{ITEM}completed","item_id":"i","transcript":null}}', "field transcript has the wrong type"),
    ],
)
def test_a_message_that_cannot_be_read_is_dropped_with_one_warning(told: str, problem: str) -> None:
    """It says what is wrong; the same again is counted, and the next text comes out all the same."""
    client = RealtimeClient(RecognitionSettings(QWEN), counting())
    (first,), (second,) = client.receive(Text(told)), client.receive(Text(told))
    assert isinstance(first, Notice)
    assert isinstance(second, Notice)
    assert (first.level, second.level) == ("warning", "debug")
    assert problem in first.text
    (final,) = client.receive(Text(f'{{"type":"{ITEM}completed","item_id":"i","transcript":"x"}}'))
    assert isinstance(final, Final)


def test_text_without_speech_marks_still_has_its_place() -> None:
    """A service that forgets them costs times, never words: the sentence follows the one before."""
    client = RealtimeClient(RecognitionSettings(QWEN), counting())
    client.audio(SECOND)
    created = '{"type":"conversation.item.created","item":{"id":"%s"}}'
    completed = f'{{"type":"{ITEM}completed","item_id":"%s","transcript":"x"}}'
    client.receive(Text(created % "a"))
    (first,) = client.receive(Text(completed % "a"))
    client.receive(Text(created % "b"))
    client.audio(SECOND)
    (second,) = client.receive(Text(completed % "b"))
    assert isinstance(first, Final)
    assert isinstance(second, Final)
    assert (first.begin_ms, first.end_ms, second.begin_ms, second.end_ms) == (0, 1000, 1000, 2000)


def test_a_commit_that_is_named_twice_is_one_commit() -> None:
    """And a text that nobody announced is the oldest commit that waits."""
    client = RealtimeClient(RecognitionSettings(QWEN, vad=False), counting())
    completed = f'{{"type":"{ITEM}completed","item_id":"%s","transcript":"x"}}'
    for _ in range(3):
        client.audio(SECOND)
        client.commit()
    named = '{"type":"input_audio_buffer.committed","item_id":"%s"}'
    for item in ("a", "a", "b"):
        client.receive(Text(named % item))
    finals = [event for item in ("stranger", "a", "b") for event in client.receive(Text(completed % item))]
    spans = [(event.key, event.begin_ms, event.end_ms) for event in finals if isinstance(event, Final)]
    assert spans == [("stranger", 2000, 3000), ("a", 0, 1000), ("b", 1000, 2000)]


@given(st.lists(st.binary(max_size=301), max_size=20))
def test_audio_of_every_size_arrives_byte_for_byte(pieces: list[bytes]) -> None:
    """Through base64 and back."""
    pair = begun(RecognitionSettings(QWEN))
    heard = [request for piece in pieces for request in pair.ask(pair.client.audio(piece))]
    assert [request.data for request in heard if isinstance(request, SendAudio)] == pieces


TEXTS = st.text(st.characters(codec="utf-8"), min_size=1, max_size=20)


@given(st.text(), st.binary(max_size=400))
def test_an_append_is_the_json_that_the_common_writer_makes(name: str, pcm: bytes) -> None:
    """The text of an append is put together here, and it is what `write` makes of its fields, whatever the id is."""
    client, audio = RealtimeClient(RecognitionSettings("m"), lambda: name), base64.b64encode(pcm).decode()
    for number in ("", "_1", "_2"):
        written = {"event_id": f"event_{name}{number}", "type": "input_audio_buffer.append", "audio": audio}
        assert client.audio(pcm) == [write(written)]


@given(TEXTS, TEXTS)
def test_settled_and_unsettled_text_cross_apart(settled: str, unsettled: str) -> None:
    """Text and stash of the wire are our settled and unsettled."""
    pair = begun(RecognitionSettings(QWEN))
    pair.ask(pair.client.audio(SECOND))
    (heard,) = pair.tell(Partial("1", 0, settled, unsettled))
    assert isinstance(heard, Partial)
    assert (heard.settled, heard.unsettled) == (settled, unsettled)


@given(st.lists(st.tuples(st.integers(0, 4000), st.booleans()), max_size=30))
def test_the_spans_of_commits_tile_the_audio(steps: list[tuple[int, bool]]) -> None:
    """However audio and commits alternate, utterances follow each other without gap or overlap."""
    pair = begun(MANUAL)
    sent = 0
    for samples, commit in steps:
        sent += samples
        pair.ask([*pair.client.audio(bytes(2 * samples)), *(pair.client.commit() if commit else ())])
    commits = [request for request in pair.ask(pair.client.finish()) if isinstance(request, CommitAudio)]
    count = pair.server._commits  # type: ignore[attr-defined]
    finals = pair.tell(*(Final(str(number), 0, 0, "x") for number in range(1, count + 1)))
    spans = [(final.begin_ms, final.end_ms) for final in finals if isinstance(final, Final)]
    assert len(commits) <= 1
    assert [begin for begin, _ in spans] == [0, *(end for _, end in spans[:-1])][: len(spans)]
    assert not spans or spans[-1][1] == sent * 1000 // 16000


def test_audio_that_is_not_pcm_bounds_no_times() -> None:
    """Its bytes do not tell how long it is."""
    client = RealtimeClient(RecognitionSettings("m", audio_format="opus"), counting("c"))
    client.start()
    client.receive(Text('{"type":"session.updated","session":{"id":"s"}}'))
    client.audio(bytes(10))
    for name, about in (("speech_started", {"audio_start_ms": 5000}), ("speech_stopped", {"audio_end_ms": 6000})):
        client.receive(write({"type": f"input_audio_buffer.{name}", "item_id": "i", **about}))
    said = {"type": "conversation.item.input_audio_transcription.completed", "item_id": "i", "transcript": "hello"}
    (final,) = client.receive(write(said))
    assert isinstance(final, Final)
    assert (final.begin_ms, final.end_ms, final.text) == (5000, 6000, "hello")
