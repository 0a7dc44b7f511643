"""Exchanges by hand: what is said first and last, and which answers are waited for."""

import json
from dataclasses import replace

import pytest

from asrcli.core.errors import UsageError
from asrcli.core.message import Binary, Message, Text
from asrcli.core.settings import RecognitionSettings
from asrcli.protocol import raw_exchange
from asrcli.protocol.inference.raw import inference_exchange
from asrcli.protocol.realtime.raw import realtime_exchange
from asrcli.protocol.registry import WIRES
from tests.support.pair import MODELS, counting

FUN, QWEN = RecognitionSettings(MODELS["inference"]), RecognitionSettings(MODELS["realtime"])


def value(message: Message) -> dict[str, object]:
    """A text message as an object."""
    assert isinstance(message, Text)
    found: dict[str, object] = json.loads(message.data)
    return found


def test_without_own_messages_the_codec_s_are_said() -> None:
    """run-task with the announced format, audio as it is, finish-task with the same id."""
    exchange = inference_exchange(replace(FUN, audio_format="opus"), counting("id"), None, None)
    opening, closing = value(exchange.first[0]), value(exchange.last[0])
    assert opening["payload"]["parameters"] == {"format": "opus", "sample_rate": 16000}  # type: ignore[index]
    assert [message["header"]["task_id"] for message in (opening, closing)] == ["id1", "id1"]  # type: ignore[index]
    assert exchange.audio(b"ab") == [Binary(b"ab")]
    assert (exchange.ready, exchange.over) == ("task-started", "task-finished")


def test_our_finish_task_names_the_task_of_a_run_task_of_theirs() -> None:
    """Nobody has to write the id twice; what they write is sent as it means."""
    mine = '{"header":{"action":"run-task","task_id":"mine"},"payload":{"x":[1,2]}}'
    exchange = inference_exchange(FUN, counting("id"), mine, None)
    assert value(exchange.first[0]) == json.loads(mine)
    assert value(exchange.last[0])["header"]["task_id"] == "mine"  # type: ignore[index]
    own_end = inference_exchange(FUN, counting("id"), mine, '{"end":true}')
    assert value(own_end.last[0]) == {"end": True}


@pytest.mark.parametrize(
    ("vad", "kinds"), [(True, ["session.finish"]), (False, ["input_audio_buffer.commit", "session.finish"])]
)
def test_manual_mode_commits_before_it_finishes(vad: bool, kinds: list[str]) -> None:
    """All the audio is one utterance there."""
    exchange = realtime_exchange(RecognitionSettings(QWEN.model, vad=vad), counting("id"), None, None)
    assert [value(message)["type"] for message in exchange.last] == kinds
    assert (value(exchange.first[0])["session"]["turn_detection"] is None) is not vad  # type: ignore[index]
    assert value(exchange.audio(b"ab")[0])["audio"] == "YWI="


def test_without_a_wire_everything_is_as_it_is_given() -> None:
    """Text is text, whatever it says; nothing is waited for."""
    exchange = raw_exchange.exchange_without_wire("hello", None)
    assert (exchange.first, exchange.last) == ((Text("hello"),), ())
    assert (exchange.ready, exchange.over, exchange.failed) == ("", "", "")


@pytest.mark.parametrize("words", ["{", "[]", "1", ""])
def test_what_is_no_message_is_refused_with_its_option(words: str) -> None:
    """Before anything is dialled."""
    with pytest.raises(UsageError, match="--first"):
        raw_exchange.parsed("--first", words)


def test_what_the_user_wrote_is_sent_letter_by_letter() -> None:
    """Their spaces, their order, their escapes: what is under test may be just that."""
    words = '{ "type" : "session.update", "session": {"x": "\\u4f60"} }'
    assert realtime_exchange(QWEN, counting("id"), words, None).first == (Text(words),)


@pytest.mark.parametrize(
    ("message", "name"),
    [
        (Text('{"header":{"event":"task-started"}}'), "task-started"),
        (Text('{"type":"session.updated"}'), "session.updated"),
        (Text('{"type":1}'), ""),
        (Text("[]"), ""),
        (Text("x"), ""),
        (Binary(b"{}"), ""),
    ],
)
def test_events_are_known_by_their_names(message: Message, name: str) -> None:
    """On either wire; anything else has none."""
    assert raw_exchange.message_name(message) == name


@pytest.mark.parametrize(
    ("event", "told"),
    [
        ({"header": {"event": "task-failed", "error_code": "Odd", "error_message": "m", "task_id": "t"}},
         "Odd: m (task t)"),
        ({"type": "error", "error": {"code": "odd", "message": "m"}}, "odd: m"),
        ({"type": "error", "error": None}, "error"),
    ],
)  # fmt: skip
def test_a_refusal_has_the_words_of_the_service(event: dict[str, object], told: str) -> None:
    """Of either wire; one without any has the name of its event."""
    refusal = raw_exchange.message_refusal(Text(json.dumps(event)))
    assert str(refusal) == f"refused by the service: {told}"


@pytest.mark.parametrize(("wire", "ready", "over"), [
    ("openai", "session.updated", "conversation.item.input_audio_transcription.completed"),
    ("vllm", "session.created", "transcription.done"),
    ("funasr", "", "is_end"),
    ("funasr-realtime", "started", "stopped"),
])  # fmt: skip
def test_other_servers_end_as_they_do(wire: str, ready: str, over: str) -> None:
    """All the audio is one utterance, where the client ends it; words of the user are sent as they are."""
    row = WIRES[wire]
    recognition = RecognitionSettings("m", vad=not row.manual_mode)
    exchange = row.make_raw_exchange(recognition, counting(), None, None)
    assert (exchange.ready, exchange.over) == (ready, over)
    sent = [message.data for message in exchange.last if isinstance(message, Text)]
    commits = [data for data in sent if "commit" in str(data).lower()]
    assert len(commits) == (0 if wire == "funasr" else 1)
    assert len(exchange.audio(b"abcd")) == 1
    if wire == "openai":
        assert row.make_raw_exchange(RecognitionSettings("m"), counting(), None, None).over == ""
    if wire == "funasr-realtime":
        own = row.make_raw_exchange(RecognitionSettings("m"), counting(), "START", "BYE")
        assert (own.first, own.last) == ((Text("START"),), (Text("BYE"),))
        assert row.make_raw_exchange(RecognitionSettings("m"), counting(), None, None).last == (Text("STOP"),)


@pytest.mark.parametrize(("value", "name"), [
    ({"event": "started"}, "started"), ({"mode": "2pass-online"}, "2pass-online"),
    ({"is_end": True, "mode": "x"}, "is_end"), ({"header": {"action": "run-task"}}, "run-task"),
    ({"sentences": []}, ""), ([1], ""),
])  # fmt: skip
def test_messages_have_names_on_every_wire(value: object, name: str) -> None:
    """By the event, the type or the mode."""
    assert raw_exchange.message_name(Text(json.dumps(value))) == name


def test_an_error_that_is_a_text_is_reported() -> None:
    """With its code where there is one."""
    refused = raw_exchange.message_refusal(Text('{"type": "error", "error": "no model", "code": "x"}'))
    assert (refused.code, refused.message) == ("x", "no model")
