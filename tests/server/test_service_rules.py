"""What the service refuses or ignores because of the model: `asr serve` refuses it too, or says so in its log."""

import logging
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from asrcli.core.client_commands import StartTask
from asrcli.core.errors import UsageError
from asrcli.core.settings import RecognitionSettings
from asrcli.dashscope.catalogue import MODELS
from asrcli.dashscope.validation import check_recognition, given_options
from asrcli.protocol.inference.codec import InferenceClient
from asrcli.protocol.inference.server_codec import InferenceServer
from asrcli.protocol.realtime.server_codec import RealtimeServer
from asrcli.protocol.registry import INFERENCE_PATH, OPENAI_PATH, REALTIME_PATH
from asrcli.recognizers.scripted import Scripted
from asrcli.server.limits import ServerLimits
from asrcli.server.local_server import in_background
from asrcli.server.service_rules import close_code, task_refusal, task_warnings
from tests.support.pair import counting
from tests.support.wire import finish_task, run_task, wire

STRICT = ServerLimits(lenient=False)
FUN, MESSAGE = "fun-asr-realtime", "qwen-audio-3.1-asr-flash-message"
ON_INFERENCE = [model for model in MODELS.values() if model.traits.path == INFERENCE_PATH]
VALUES: dict[str, st.SearchStrategy[Any]] = {
    "languages": st.lists(st.sampled_from(["zh", "en", "xx"]), max_size=6, unique=True).map(tuple),
    "semantic": st.none() | st.booleans(),
    "silence_ms": st.sampled_from([None, 100, 200, 6000, 6001]),
    "threshold": st.sampled_from([None, -1.1, -1.0, 0.0, 1.5]),
    "multi_threshold": st.none() | st.booleans(),
    "heartbeat": st.none() | st.booleans(),
    "punctuation": st.none() | st.booleans(),
    "itn": st.none() | st.booleans(),
    "disfluency": st.none() | st.booleans(),
    "interim": st.none() | st.booleans(),
    "keep_dialect": st.none() | st.booleans(),
    "vad_model": st.sampled_from(["", "near_meeting_16k", "other"]),
    "vocabulary_id": st.sampled_from(["", "vocab-a-1"]),
    "hotwords": st.sampled_from([(), (("Ada", 4),)]),
    "masked": st.sampled_from([(), ("damn",), tuple(f"w{number}" for number in range(33))]),
    "context": st.sampled_from([(), ("names",)]),
}


def asked(model: str, **payload: Any) -> dict[str, Any]:
    """A run-task for a model; None leaves a field out, `streaming` stands in the header."""
    message = run_task()
    message["payload"]["model"] = model
    for name, value in payload.items():
        place = message["header" if name == "streaming" else "payload"]
        place[name] = value
        if value is None:
            del place[name]
    return message


def with_parameters(model: str, **parameters: Any) -> dict[str, Any]:
    """A run-task for a model with these parameters."""
    return asked(model, parameters={"format": "pcm", "sample_rate": 16000} | parameters)


def model_of(message: dict[str, Any]) -> str:
    """The model of a run-task."""
    name: str = message["payload"]["model"]
    return name


REFUSED: dict[str, tuple[dict[str, Any], str, str]] = {
    "a model of the other endpoint": (asked("qwen3-asr-flash-realtime"), "ModelNotFound", "Model can not be found."),
    "no task": (asked(FUN, task=None), "InvalidParameter", "task can not be null"),
    "another task": (asked(FUN, task="tts"), "InvalidParameter", "payload.task must be asr"),
    "no group": (asked(FUN, task_group=None), "InvalidParameter", "payload.task_group must be audio"),
    "another function": (asked(FUN, function="x"), "InvalidParameter", "payload.function must be recognition"),
    "no streaming": (asked(FUN, streaming=None), "InvalidParameter", "header.streaming must be duplex"),
    "8 kHz": (with_parameters(MESSAGE, sample_rate=8000), "InvalidParameter", f"8000: {MESSAGE} takes 16000"),
    "16 kHz": (asked("fun-asr-flash-8k-realtime"), "InvalidParameter", "fun-asr-flash-8k-realtime takes 8000"),
    "languages": (with_parameters(MESSAGE, language_hints=["zh"]), "InvalidParameter", "not take language_hints"),
    "false": (with_parameters(MESSAGE, semantic_punctuation_enabled=False), "InvalidParameter", "not take semantic_p"),
}  # fmt: skip


@pytest.mark.parametrize(("message", "code", "words"), REFUSED.values(), ids=REFUSED)
def test_what_the_service_refuses_is_refused_unless_the_server_is_lenient(
    message: dict[str, Any], code: str, words: str
) -> None:
    """The task fails under its own id, and the connection is closed."""
    with in_background(Scripted(), STRICT) as address, wire(address) as client:
        client.say(message)
        header = client.handle("task-failed")["header"]
        assert (header["error_code"], header["task_id"]) == (code, "t")
        assert words in header["error_message"]
        assert client.closed() == 1000
    with in_background(Scripted()) as address, wire(address) as client:
        client.say(message)
        client.handle("task-started")


def test_a_missing_model_is_refused_in_the_words_of_the_service() -> None:
    """Also by a lenient server: without it nobody knows the form of the results."""
    message = run_task()
    del message["payload"]["model"]
    with in_background(Scripted()) as address, wire(address) as client:
        client.say(message)
        header = client.handle("task-failed")["header"]
        assert "Missing required parameter 'payload.model'! Please follow the protocol!" in header["error_message"]


@pytest.mark.parametrize(
    ("message", "partials"),
    [
        (with_parameters(MESSAGE), 0),
        (with_parameters(MESSAGE, intermediate_result_enabled=False), 0),
        (with_parameters(MESSAGE, intermediate_result_enabled=True), 1),
        (with_parameters(FUN), 1),
    ],
)
def test_a_model_for_messages_sends_partials_only_if_it_is_asked_to(message: dict[str, Any], partials: int) -> None:
    """Its finals come in any case; other models send partials always."""
    with in_background(Scripted(), STRICT) as address, wire(address) as client:
        client.say(message, bytes(32_000), finish_task())
        sentences = [
            heard["payload"]["output"]["sentence"]
            for heard in client.hear_all("task-finished")
            if heard["header"]["event"] == "result-generated"
        ]
        assert [sentence["sentence_end"] for sentence in sentences if sentence["text"]] == [False] * partials + [True]
        assert any(sentence["sentence_begin"] for sentence in sentences) == (partials > 0 and model_of(message) != FUN)


def test_what_the_service_would_ignore_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    """Under the names of the messages; the task begins."""
    message = with_parameters(FUN, keep_dialect=True, language_hints=["en", "zh"], max_sentence_silence=100)
    caplog.set_level(logging.WARNING, "asrcli.server")
    with in_background(Scripted(), STRICT) as address, wire(address) as client:
        client.say(message)
        client.handle("task-started")
    assert [record.getMessage() for record in caplog.records if record.name == "asrcli.server"] == [
        f"the service ignores keep_dialect with the model {FUN}",
        "the service uses 1 of 2 languages",
        "max_sentence_silence 100: must be from 200 to 6000",
    ]


def test_of_a_model_that_is_not_in_the_catalogue_nothing_is_said() -> None:
    """New models appear every month; nobody here knows what they take."""
    assert list(task_warnings(RecognitionSettings("new", silence_ms=1), INFERENCE_PATH)) == []
    assert list(task_warnings(RecognitionSettings("whisper-1", silence_ms=1), OPENAI_PATH)) == []


@pytest.mark.parametrize("model", ["new", FUN, ""])
def test_a_session_for_a_model_of_the_other_endpoint_is_a_warning(model: str) -> None:
    """How the service refuses it is not documented, so the session begins."""
    (warning,) = task_warnings(RecognitionSettings(model), REALTIME_PATH)
    assert f"no model {model} of the service is known at this path" in warning
    assert list(task_warnings(RecognitionSettings("qwen3-asr-flash-realtime"), REALTIME_PATH)) == []


def test_the_close_code_says_whether_a_failure_usually_ends_a_connection() -> None:
    """The service closes with 1000 after a task-failed; a session on the other wire outlives an error."""
    assert [close_code(InferenceServer(counting())), close_code(RealtimeServer(counting()))] == [1000, 1011]


@given(st.sampled_from(ON_INFERENCE), st.fixed_dictionaries({}, optional=VALUES))
def test_a_task_that_the_client_finds_in_order_is_in_order_for_the_server(model: Any, values: dict[str, Any]) -> None:
    """And one with an option that the client refuses is refused, or gets a warning, so nobody is misled."""
    recognition = RecognitionSettings(model.name, model.rate).with_values(values)
    try:
        check_recognition(model, recognition)
        in_order = True
    except UsageError:
        in_order = False
    (message,) = InferenceClient(recognition, counting()).start()
    server = InferenceServer(counting())
    (start,) = server.receive(message)
    assert isinstance(start, StartTask)
    refusal, warnings = task_refusal(start, server, STRICT), list(task_warnings(start.recognition, server.path))
    if in_order:
        assert (refusal, warnings) == (None, [])
    elif all(name in model.takes for name in given_options(recognition)):
        assert refusal is None  # the service begins it
    else:
        assert refusal or warnings
