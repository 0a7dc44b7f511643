"""The server end with a client that wants a conversation, or speaks the older shape: transcripts, and honest errors."""

from typing import Any

import pytest

from asrcli.core.client_commands import ClearAudio, ConfirmSettings, DescribeItem, FinishTask, StartTask
from asrcli.core.errors import ProtocolError
from asrcli.core.events import Event, Final, Finished, Ready, SpeechStopped, Usage
from asrcli.core.settings import RecognitionSettings
from asrcli.protocol.openai.codec import EMPTY, OpenAIServer
from tests.protocol.openai.messages import SPOKEN, audio, names, text, value
from tests.support.pair import counting


def updated(session: dict[str, Any], name: str = "session.update") -> tuple[OpenAIServer, dict[str, Any]]:
    """A server after a first update, and its answer."""
    codec = OpenAIServer(counting(), "gpt-realtime")
    codec.greet()
    (start,) = codec.receive(text(name, session=session))
    assert isinstance(start, StartTask)
    answer, *_ = codec.encode(Ready(codec.task_id, "en"))
    return codec, value(answer)


def refused(codec: OpenAIServer, name: str, **fields: Any) -> list[dict[str, Any]]:
    """What the server answers to an event that it cannot carry out."""
    with pytest.raises(ProtocolError) as caught:
        codec.receive(text(name, **fields))
    return [value(message) for message in codec.fail("InvalidParameter", str(caught.value))]


def turn(codec: OpenAIServer) -> list[str]:
    """The names of what is sent about a turn that the server ends."""
    events: list[Event] = [SpeechStopped("1", 900), Final("1", 0, 900, "hello")]
    return [name for event in events for name in names(codec.encode(event))]


def said(codec: OpenAIServer, key: str = "1") -> list[dict[str, Any]]:
    """What is sent about an utterance."""
    events: list[Event] = [SpeechStopped(key, 900), Final(key, 0, 900, "good day")]
    return [value(message) for event in events for message in codec.encode(event)]


RESPONSE = ["response.created", "response.done"]


@pytest.mark.parametrize("responds", [None, True, False])
def test_the_audio_of_a_conversation_is_transcribed_and_each_response_fails(responds: bool | None) -> None:
    """After each turn, unless the client wants none; the reason is in the response, and the session goes on."""
    detection: dict[str, object] = {"type": "semantic_vad", "eagerness": "low"}
    if responds is not None:
        detection |= {"create_response": responds}
    asked = {"transcription": {"model": "gpt-4o-transcribe", "languages": ["en"]}, "turn_detection": detection}
    session = {"type": "realtime", "model": "gpt-realtime", "output_modalities": ["text"], "audio": {"input": asked}}
    codec, answer = updated(session)
    told = answer["session"]
    assert (answer["type"], told["type"], told["object"]) == ("session.updated", "realtime", "realtime.session")
    assert told["audio"]["input"]["transcription"]["model"] == "gpt-4o-transcribe"
    assert told["audio"]["input"]["turn_detection"]["create_response"] is (responds is not False)
    audio(codec)
    wanted = RESPONSE if responds is not False else []
    assert turn(codec) == ["input_audio_buffer.speech_stopped", *SPOKEN, *wanted, "delta", "completed"]


def test_a_conversation_in_manual_mode_gets_no_response_that_it_did_not_ask_for() -> None:
    """A null is manual mode, where the type of the detection says nothing."""
    codec, answer = updated({"type": "realtime", "audio": {"input": {"turn_detection": None}}})
    assert answer["session"]["audio"]["input"]["turn_detection"] is None
    audio(codec)
    (commit,) = codec.receive(text("input_audio_buffer.commit"))
    assert names(codec.acknowledge(commit)) == SPOKEN


def test_what_only_a_conversation_can_do_is_an_error_that_names_the_event() -> None:
    """A response that is asked for begins and fails after the error, so that nobody waits for its end."""
    codec, _ = updated({"type": "realtime"})
    for name in ("conversation.item.create", "conversation.item.truncate", "response.cancel"):
        (error,) = refused(codec, name, event_id="mine")
        assert error["error"]["code"] == "response_not_supported"
        assert error["error"]["event_id"] == "mine"
        assert "transcribes only" in error["error"]["message"]
    error, created, done = refused(codec, "response.create", event_id="mine")
    assert (error["type"], error["error"]["event_id"]) == ("error", "mine")
    assert created["response"]["id"] == done["response"]["id"]
    assert (created["response"]["status"], done["response"]["status"]) == ("in_progress", "failed")
    assert done["response"]["status_details"]["error"]["code"] == "response_not_supported"
    (error,) = refused(codec, "x.unknown")
    assert (error["error"]["code"], error["error"]["event_id"]) == ("invalid_value", None)


def test_an_error_belongs_to_the_event_that_caused_it_and_to_no_later_one() -> None:
    """Errors of the server itself have the codes and types of the service."""
    codec, _ = updated({"type": "transcription"})
    refused(codec, "input_audio_buffer.append", event_id="a", audio="%%")
    assert audio(codec)
    for code, kind, named in (
        ("Throttling", "rate_limit_error", "rate_limit_exceeded"),
        ("InternalError", "server_error", "server_error"),
        ("NO_VALID_AUDIO_ERROR", "invalid_request_error", "NO_VALID_AUDIO_ERROR"),
    ):
        (message,) = codec.fail(code, "why")
        assert value(message)["error"] == {
            "type": kind, "code": named, "message": "why", "param": None, "event_id": None,
        }  # fmt: skip


@pytest.mark.parametrize("vad", [True, False])
def test_a_commit_without_audio_has_the_code_of_the_service(vad: bool) -> None:
    """In both modes; and where the speech has ended before, once the recognizer has said so."""
    detection = {"type": "server_vad"} if vad else None
    codec, _ = updated({"audio": {"input": {"turn_detection": detection}}})
    (error,) = refused(codec, "input_audio_buffer.commit", event_id="c1")
    assert (error["error"]["code"], error["error"]["event_id"]) == (EMPTY, "c1")
    if not vad:
        return
    audio(codec)
    assert codec.receive(text("input_audio_buffer.commit", event_id="c2")) == [FinishTask()]
    assert codec.receive(text("input_audio_buffer.clear", event_id="c3")) == [ClearAudio()]
    (message,) = codec.encode(Finished(Usage()))
    assert (value(message)["error"]["code"], value(message)["error"]["event_id"]) == (EMPTY, "c2")


def test_the_older_shape_is_answered_in_the_older_shape() -> None:
    """Flat fields and an event of its own; G.711 under its older name."""
    flat = {
        "input_audio_format": "g711_ulaw",
        "input_audio_transcription": {"model": "whisper-1", "language": "en", "prompt": "names"},
        "turn_detection": {"type": "server_vad", "silence_duration_ms": 700},
        "input_audio_noise_reduction": None,
        "include": ["item.input_audio_transcription.logprobs"],
    }
    codec, answer = updated(flat, "transcription_session.update")
    assert answer["type"] == "transcription_session.updated"
    told = answer["session"]
    assert (told["input_audio_format"], told["turn_detection"]["silence_duration_ms"]) == ("g711_ulaw", 700)
    assert told["input_audio_transcription"] == {"model": "whisper-1", "language": "en", "prompt": "names"}
    (again,) = codec.receive(text("session.update", session=flat))
    assert again == ConfirmSettings()
    assert value(codec.acknowledge(again)[0])["type"] == "session.updated"


@pytest.mark.parametrize(
    ("session", "problem"),
    [
        ({"type": "translation"}, "there are transcription and realtime"),
        ({"audio": {"input": {"turn_detection": {"type": "guess"}}}}, "turn_detection guess"),
        ({"type": "realtime"}, "the type of a session cannot be changed"),
    ],
)
def test_what_no_session_can_be_is_refused(session: dict[str, Any], problem: str) -> None:
    """And changes nothing."""
    codec, _ = updated({"type": "transcription"})
    (error,) = refused(codec, "session.update", session=session)
    assert problem in error["error"]["message"]


@pytest.mark.parametrize("empty", [None, {}, "", [], 7])
def test_fields_that_say_nothing_leave_the_defaults(empty: object) -> None:
    """Whatever is in the place of an object; only a null turn_detection means something."""
    fields: dict[str, object] = dict.fromkeys(("format", "transcription", "noise_reduction"), empty)
    if empty == "":
        del fields["format"]  # the name of a format of the older shape
    codec = OpenAIServer(counting(), "m")
    sessions: list[dict[str, object]] = [{"audio": {"input": fields}}, {"audio": {"input": empty}}, {"audio": empty}]
    for session in sessions:
        (command, *_) = codec.receive(text("session.update", session=session | {"type": empty, "include": empty}))
        assert command in (StartTask(RecognitionSettings("m", 24000), "pcm"), ConfirmSettings())


def test_an_item_is_sent_again_on_request() -> None:
    """With its text once it has one; an id that nobody has given is an error that names it."""
    codec, _ = updated({"type": "transcription"})
    audio(codec)
    item_id = next(message["item_id"] for message in said(codec) if message["type"].endswith("committed"))
    (asked,) = codec.receive(text("conversation.item.retrieve", item_id=item_id))
    (answer,) = map(value, codec.acknowledge(asked))
    assert (answer["type"], answer["item"]["id"]) == ("conversation.item.retrieved", item_id)
    assert answer["item"]["content"] == [{"type": "input_audio", "transcript": "good day"}]
    for wrong in ("item_none", None, 7):
        (error,) = refused(codec, "conversation.item.retrieve", item_id=wrong, event_id="e9")
        assert (error["error"]["code"], error["error"]["event_id"]) == ("item_retrieve_invalid_item_id", "e9")


def test_only_the_last_items_are_remembered(monkeypatch: pytest.MonkeyPatch) -> None:
    """A session of days keeps a bounded number of texts."""
    monkeypatch.setattr("asrcli.protocol.openai.codec.MOST_REMEMBERED", 1)
    codec, _ = updated({"type": "transcription"})
    audio(codec)
    ids = []
    for key in ("1", "2"):
        ids += [message["item_id"] for message in said(codec, key) if message["type"].endswith("committed")]
    assert codec.receive(text("conversation.item.retrieve", item_id=ids[1])) == [DescribeItem(ids[1])]
    assert refused(codec, "conversation.item.retrieve", item_id=ids[0])


def test_parts_of_results_that_are_not_sent_are_named_after_the_confirmation() -> None:
    """The update is in effect all the same, at the start and later, and the error names the event of the client."""
    session = {"type": "transcription", "include": ["item.input_audio_transcription.logprobs"]}
    codec = OpenAIServer(counting(), "m")
    codec.receive(text("session.update", session=session, event_id="u1"))
    begun = [value(message) for message in codec.encode(Ready("t", "en"))]
    (again,) = codec.receive(text("session.update", session=session, event_id="u2"))
    for event_id, answers in (("u1", begun), ("u2", [value(message) for message in codec.acknowledge(again)])):
        assert [each["type"] for each in answers] == ["session.updated", "error"]
        error = answers[1]["error"]
        assert (error["param"], error["code"], error["event_id"]) == (
            "session.include", "include_not_supported", event_id,
        )  # fmt: skip
        assert "logprobs" in error["message"]
