"""The inference wire, both ends joined: a task from run-task to task-finished."""

import json
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from asrcli.core.client_commands import FinishTask, SendAudio, StartTask
from asrcli.core.errors import ProtocolError, ServiceRefused
from asrcli.core.events import Event, Final, Finished, Notice, Partial, Ready, SpeechStarted, SpeechStopped, Usage, Word
from asrcli.core.message import Binary, Message, Text
from asrcli.core.settings import RecognitionSettings
from asrcli.protocol.inference import sentence
from asrcli.protocol.inference.codec import InferenceClient
from asrcli.protocol.inference.server_codec import InferenceServer
from tests.support.pair import counting, on_inference

WORDS = (Word("good", 0, 300), Word("morning", 300, 700, "."))


def payload(message: Message) -> dict[str, object]:
    """The payload of a text message."""
    assert isinstance(message, Text)
    value: dict[str, object] = json.loads(message.data)["payload"]
    return value


def test_a_task_from_its_start_to_its_end() -> None:
    """All kinds of requests and events cross and arrive as they were sent."""
    pair = on_inference()
    assert pair.ask(pair.client.start()) == [StartTask(RecognitionSettings("fun-asr-realtime"))]
    assert pair.tell(Ready("task-1")) == [Ready("task-1")]
    assert pair.ask(pair.client.audio(bytes(32000))) == [SendAudio(bytes(32000))]
    said: list[Event] = [Partial("1", 0, "", "good"), Partial("1", 0, "good", " morning", WORDS)]
    assert pair.tell(*said) == [
        Partial("1", 0, "", "good"),
        Partial("1", 0, "good", " morning", WORDS),
    ]
    assert pair.tell(Final("1", 0, 700, "good morning.", WORDS)) == [Final("1", 0, 700, "good morning.", WORDS)]
    assert pair.ask(pair.client.finish()) == [FinishTask()]
    assert pair.tell(Finished()) == [Finished(Usage(1))]


def test_speech_marks_have_no_message_here() -> None:
    """This wire tells times with the text."""
    assert on_inference().tell(SpeechStarted("1", 0), SpeechStopped("1", 9)) == []


def test_an_empty_final_crosses_only_where_it_takes_a_partial_back() -> None:
    """What was shown must go; what never was shown need not be mentioned."""
    pair = on_inference()
    pair.ask(pair.client.start())
    assert pair.tell(Final("1", 0, 100, "")) == []
    pair.tell(Partial("2", 0, "", "hm"))
    assert pair.tell(Final("2", 0, 100, "")) == [Final("2", 0, 100, "")]


def test_a_connection_carries_task_after_task() -> None:
    """A second task has its own id and its own count; late words of the first are dropped."""
    ids, server = counting("task-"), InferenceServer(counting())
    for number in (1, 2, 3):
        client = InferenceClient(RecognitionSettings("fun-asr-realtime"), ids)
        for message in (*client.start(), *client.audio(bytes(64000)), *client.finish()):
            server.receive(message)
        answers = [*server.encode(Final("1", 0, 9, "x")), *server.encode(Finished())]
        events = [event for message in answers for event in client.receive(message)]
        assert events == [Final("1", 0, 9, "x"), Finished(Usage(2))]
        assert client.task_id == f"task-{number}"
        other = InferenceClient(RecognitionSettings("fun-asr-realtime"), counting("other-"))
        assert [type(event).__name__ for event in other.receive(answers[0])] == ["Notice"]


def test_a_failed_task_is_reported_with_code_words_and_id() -> None:
    """And the connection is of no further use, as the service has it."""
    pair = on_inference()
    pair.ask(pair.client.start())
    with pytest.raises(ServiceRefused) as caught:
        pair.handle(pair.server.fail("Throttling", "slower"))
    assert (caught.value.code, caught.value.message, caught.value.task_id) == ("Throttling", "slower", "task-1")
    assert pair.server.fatal_errors


def test_answers_have_every_key_the_official_sdk_reads() -> None:
    """Without end_time or usage its worker thread dies; with an empty payload it never completes."""
    pair = on_inference()
    pair.ask(pair.client.start())
    (interim,), (final,) = pair.server.encode(Partial("1", 0, "", "x")), pair.server.encode(Final("1", 0, 9, "x"))
    for message, usage, end_time in ((interim, None, None), (final, {"duration": 0}, 9)):
        told = payload(message)
        assert told["usage"] == usage
        sentence = told["output"]["sentence"]  # type: ignore[index]
        assert (sentence["end_time"], sentence["heartbeat"], sentence["words"]) == (end_time, False, [])
        assert sentence["sentence_end"] is (end_time is not None)
    (finished,) = pair.server.encode(Finished())
    assert payload(finished) == {"output": {}, "usage": None}


HEADER = {"action": "run-task", "task_id": "t", "streaming": "duplex"}
MALFORMED = {
    "audio format": ({"format": "midi", "sample_rate": 16000}, "unknown format midi"),
    "no rate": ({"format": "pcm"}, r"field payload.parameters.sample_rate is missing"),
    "no format": ({"sample_rate": 16000}, r"field payload.parameters.format is missing"),
    "a rate of nothing": ({"format": "pcm", "sample_rate": 0}, "sample_rate 0 is not a rate"),
}


@pytest.mark.parametrize(("parameters", "problem"), MALFORMED.values(), ids=MALFORMED)
def test_a_run_task_with_a_mistake_is_refused_under_its_own_id(parameters: object, problem: str) -> None:
    """The error names what is wrong, and the answer names the task."""
    server = InferenceServer(counting())
    asked = {"model": "m", "input": {}, "parameters": parameters}
    with pytest.raises(ProtocolError, match=problem):
        server.receive(Text(json.dumps({"header": HEADER, "payload": asked})))
    (failed,) = server.fail("InvalidParameter", "p")
    assert isinstance(failed, Text)
    assert json.loads(failed.data)["header"]["task_id"] == "t"


CONSTANTS = {"task": "asr", "task_group": "audio", "function": "recognition"}


@pytest.mark.parametrize("model", [None, ...])
def test_a_run_task_without_a_model_is_refused_in_the_words_of_the_service(model: object) -> None:
    """Null counts as missing."""
    asked = {"input": {}, "parameters": {"format": "pcm", "sample_rate": 16000}} | (
        {} if model is ... else {"model": model}
    )
    with pytest.raises(ProtocolError, match=r"Missing required parameter 'payload\.model'!"):
        InferenceServer(counting()).receive(Text(json.dumps({"header": HEADER, "payload": asked})))


@pytest.mark.parametrize(
    ("header", "constants", "objection"),
    [
        ({}, {}, ""),
        ({"streaming": "out"}, {}, "header.streaming must be duplex"),
        ({}, {"task": None}, "task can not be null"),
        ({}, {"task": "tts"}, "payload.task must be asr"),
        ({}, {"function": 7}, "payload.function must be recognition"),
    ],
)
def test_constants_of_run_task_are_compared(
    header: dict[str, object], constants: dict[str, object], objection: str
) -> None:
    """The task is understood in any case: whether it is refused, the server decides."""
    asked = {"model": "m", "input": {}, "parameters": {"format": "pcm", "sample_rate": 16000}} | CONSTANTS | constants
    message = Text(json.dumps({"header": HEADER | header, "payload": asked}))
    (start,) = InferenceServer(counting()).receive(message)
    assert isinstance(start, StartTask)
    assert start.objection == objection


def test_what_comes_out_of_order_is_refused_or_passed_over() -> None:
    """Audio outside a task belongs to nobody; a command outside one is a mistake worth telling."""
    pair = on_inference()
    assert pair.server.receive(Binary(b"ab")) == []
    with pytest.raises(ProtocolError, match="which is not running"):
        pair.ask(pair.client.finish())
    pair.ask(pair.client.start())
    with pytest.raises(ProtocolError, match="while a task is running"):
        pair.ask(pair.client.start())
    with pytest.raises(ProtocolError, match="unknown action sing"):
        pair.server.receive(Text('{"header":{"action":"sing","task_id":"task-1"},"payload":{"input":{}}}'))


@given(st.sampled_from(["run-task", "continue-task", "finish-task", "sing"]), st.sampled_from(["", "t", "other"]))
def test_a_command_that_cannot_be_followed_is_refused_with_what_is_wrong_with_it(action: str, task_id: str) -> None:
    """Also before any task, and where the client leaves its id empty: a client that gets no answer waits forever."""
    server = InferenceServer(counting())
    payload = {"model": "m", "input": {}, "parameters": {"sample_rate": 16000, "format": "pcm"}}
    said = json.dumps({"header": {"action": action, "task_id": task_id}, "payload": payload})
    if action == "sing":
        problem = "unknown action sing"
    elif not task_id:
        problem = "task_id is empty"
    else:
        problem = "which is not running"
    if action == "run-task" and task_id:
        assert isinstance(server.receive(Text(said))[0], StartTask)
    else:
        with pytest.raises(ProtocolError, match=problem):
            server.receive(Text(said))
    with pytest.raises(ProtocolError, match="send it as a text message"):  # in a task too: it would be noise
        server.receive(Binary(said.encode()))
    for audio in (b"{}", b"{not JSON}", b"{", b'{"a": 1}'):  # samples may look like that
        assert all(isinstance(command, SendAudio) for command in server.receive(Binary(audio)))


@pytest.mark.parametrize(
    ("message", "problem"),
    [
        (Binary(b"x"), "a binary message instead of a text message"),
        (Text("oops"), "not JSON"),
        (Text(""), "an empty message"),
        (Text("[1]"), "not a JSON object"),
        (Text("{}"), r"field header\.event is missing"),
        (Text('{"header":{"event":"result-generated"},"payload":{}}'), r"field payload\.output is missing"),
        (
            Text('{"header":{"event":"result-generated"},"payload":{"output":{"sentence":[{"text":"x"}]}}}'),
            "field sentence has the wrong type",
        ),
        (
            Text(
                '{"header":{"event":"result-generated"},"payload":{"output":{"sentence":{"sentence_end":true,"text":7}}}}'
            ),
            "field text has the wrong type",
        ),
    ],
)
def test_a_message_that_cannot_be_read_is_dropped_with_one_warning(message: Message, problem: str) -> None:
    """It says what is wrong and shows the message shortened; the same again is counted, and ends nothing either."""
    client = InferenceClient(RecognitionSettings("m"), counting())
    (first,), (second,) = client.receive(message), client.receive(message)
    assert isinstance(first, Notice)
    assert isinstance(second, Notice)
    assert re.search(f"cannot be read: {problem}", first.text)
    assert (first.level, second.level, "(2 times)" in second.text) == ("warning", "debug", True)
    assert len(first.text) < 300


@given(st.lists(st.binary(max_size=300), max_size=20))
def test_audio_of_every_size_arrives_byte_for_byte(pieces: list[bytes]) -> None:
    """Odd sizes too: the wire does not care, so neither do the codecs."""
    pair = on_inference()
    pair.ask(pair.client.start())
    heard = [request for piece in pieces for request in pair.ask(pair.client.audio(piece))]
    assert [request.data for request in heard if isinstance(request, SendAudio)] == pieces


TEXTS = st.text(st.characters(codec="utf-8"), min_size=1, max_size=20)


@given(TEXTS, TEXTS, st.integers(1, 10**6), st.integers(0, 10**8))
def test_any_text_crosses_unchanged(settled: str, unsettled: str, number: int, begin_ms: int) -> None:
    """Chinese, emoji, quotes, control characters: the wire changes nothing of the text and its times."""
    pair = on_inference()
    pair.ask(pair.client.start())
    (heard,) = pair.tell(Partial(str(number), begin_ms, settled, unsettled))
    assert isinstance(heard, Partial)
    assert (heard.text, heard.begin_ms, heard.key) == (settled + unsettled, begin_ms, str(number))
    assert pair.tell(Final(str(number), begin_ms, begin_ms + 5, settled)) == [
        Final(str(number), begin_ms, begin_ms + 5, settled)
    ]


@given(
    st.lists(st.tuples(st.sampled_from(["good", "day", "我", "知道"]), st.sampled_from(["", ",", "。"])), min_size=1)
)
def test_settled_words_are_kept_apart_from_unsettled_ones(said: list[tuple[str, str]]) -> None:
    """The settled beginning crosses as the words that are fixed."""
    words = tuple(Word(text, 10 * at, 10 * at + 9, mark) for at, (text, mark) in enumerate(said))
    settled, unsettled = (
        "".join(word.text + word.punctuation for word in part)
        for part in (words[: len(words) // 2], words[len(words) // 2 :])
    )
    pair = on_inference()
    pair.ask(pair.client.start())
    assert pair.tell(Partial("1", 0, settled, unsettled, words)) == [Partial("1", 0, settled, unsettled, words)]


def test_this_wire_has_no_commit_and_its_clock_is_the_server_s() -> None:
    """What another wire does in messages needs none here, and audio that was left out would shift all times."""
    client = on_inference().client
    assert (client.commit(), client.skip(16000)) == ([], False)


def test_nothing_is_settled_by_a_word_that_is_not_at_the_beginning_of_the_text_or_is_not_fixed() -> None:
    """Whatever the service marks, and however it writes it."""
    good = {"text": "good", "fixed": True}
    for word in ({"text": "evil", "fixed": True}, {"text": "day", "fixed": True}, good | {"fixed": "0"}):
        assert sentence.read({"text": "good day", "sentence_end": False, "words": [word]}).settled == 0
    assert sentence.read({"text": "good day", "sentence_end": False, "words": [good]}).settled == len("good")
