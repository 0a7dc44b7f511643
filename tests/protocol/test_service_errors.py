"""What a realtime service refuses, and what it only seems to refuse: an error ends a session when it says so."""

import json
from typing import Any

import pytest

from asrcli.core.errors import ServiceRefused
from asrcli.core.events import Event, Final, Finished, Notice, Ready
from asrcli.core.message import Text
from asrcli.core.settings import RecognitionSettings
from asrcli.protocol.omni.codec import OmniClient
from asrcli.protocol.realtime.codec import RealtimeClient
from tests.support.pair import counting
from tests.support.realtime import BUFFER, SECOND, Service, named

ERRORS: list[Any] = [
    "words", {"message": "words"}, {"code": "invalid_value"}, {"type": None, "code": 7, "message": "x"},
    {"type": "invalid_request_error"}, {"code": "unknown_event", "type": "error"},
]  # fmt: skip


@pytest.mark.parametrize("error", ERRORS, ids=str)
def test_an_error_ends_a_session_only_before_it_is_up(error: Any) -> None:
    """Before, it is the answer to what was asked for; afterwards it is a warning, whatever it leaves out."""
    service = Service()
    (notice,) = service.tell("error", error=error)
    assert isinstance(notice, Notice)
    assert notice.level == "warning"
    assert service.spans(("a", "one")) == [("one", 0, 3000)]
    fresh = RealtimeClient(RecognitionSettings("m"), counting("c"))
    with pytest.raises(ServiceRefused) as caught:
        fresh.receive(Text(json.dumps({"type": "error", "error": error})))
    assert ": :" not in str(caught.value)


@pytest.mark.parametrize(
    "error",
    [{"type": "server_error", "message": "x"}, {"code": "InternalError"}, {"code": "Throttling.RateQuota"},
     {"code": "limit_requests", "message": "slower"}, {"type": "rate_limit", "code": "x"}],
    ids=str,
)  # fmt: skip
def test_an_error_of_the_session_itself_ends_it(error: dict[str, str]) -> None:
    """So that it is made again, or waited for."""
    with pytest.raises(ServiceRefused) as caught:
        Service().tell("error", error=error)
    assert caught.value.kind == error.get("type", "")


@pytest.mark.parametrize("session", [..., None, [], {}, {"id": None}, {"id": 7}], ids=str)
def test_a_session_is_up_whatever_its_answer_leaves_out(session: Any) -> None:
    """The event itself says so; a second one changes nothing."""
    codec = RealtimeClient(RecognitionSettings("m", languages=("zh",)), counting("c"))
    told = Text(json.dumps({"type": "session.updated"} | ({} if session is ... else {"session": session})))
    (ready,) = codec.receive(told)
    assert isinstance(ready, Ready)
    assert ready.task_id
    assert codec.receive(told) == []


@pytest.mark.parametrize(
    ("asked", "told", "language"),
    [
        ("zh", "zh", "zh"), ("zh", "zh-CN", "zh"), ("zh", "ZH", "zh"), ("zh", "Chinese", "zh"),
        ("zh", "cmn-Hans", "zh"),
        ("zh", "auto", ""), ("zh", "", ""), ("zh", None, ""), ("zh", ["zh"], ""), ("zh", "中文", "zh"),
        ("zh", "the one you asked for", ""), ("en", "en_US", "en"), ("en", "English", "en"), ("yue", "zh-HK", "zh"),
        ("yue", "Cantonese", "yue"), ("", "ja", "ja"), ("fil", "fil-PH", "fil"),
    ],
)  # fmt: skip
def test_the_language_that_was_asked_for_may_be_written_in_another_way(asked: str, told: Any, language: str) -> None:
    """Or not be reported at all."""
    codec = RealtimeClient(RecognitionSettings("m", languages=(asked,) if asked else ()), counting("c"))
    body = {"id": "s", "input_audio_transcription": {"language": told}}
    assert codec.receive(Text(json.dumps({"type": "session.updated", "session": body}))) == [Ready("s", language)]


@pytest.mark.parametrize(("asked", "told"), [("zh", "en"), ("zh", "English"), ("en", "zh-CN"), ("ja", "ko-KR")])
def test_another_language_is_a_refusal_however_it_is_written(asked: str, told: str) -> None:
    """It would be gibberish."""
    codec = RealtimeClient(RecognitionSettings("m", languages=(asked,)), counting("c"))
    body = {"input_audio_transcription": {"language": told}}
    with pytest.raises(ServiceRefused, match=f"language {asked} is not known here, only {told}"):
        codec.receive(Text(json.dumps({"type": "session.updated", "session": body})))


FINISH_REFUSED: list[Any] = [
    {"type": "invalid_request_error", "code": "invalid_value", "message": "Invalid event type: session.finish"},
    {"code": "invalid_value", "message": "Invalid event type: session.finish"},
    {"type": "invalid_request_error", "message": "Unknown event"},
    {"type": "invalid_request_error", "message": "no", "event_id": "{finish}"},
    "session.finish is not supported",
]


@pytest.mark.parametrize("error", FINISH_REFUSED, ids=str)
def test_a_service_that_knows_no_finish_has_ended_when_its_text_has_come(error: Any) -> None:
    """Not before: what is due comes out first."""
    service = Service()
    service.completed("before")
    service.turn("a", 0, 900)
    finish = named(service.codec.finish()[-1])
    told = {k: v.replace("{finish}", finish) for k, v in error.items()} if isinstance(error, dict) else error
    (notice,) = service.tell("error", error=told)
    assert isinstance(notice, Notice)
    assert notice.level == "info"
    assert service.completed("a") == [Final("a", 0, 900, "x"), Finished()]
    done = Service()
    done.completed("a")
    done.codec.finish()
    assert done.tell("error", error=FINISH_REFUSED[0])[-1] == Finished()
    unasked = Service()
    unasked.completed("a")
    assert not any(isinstance(event, Finished) for event in unasked.tell("error", error=FINISH_REFUSED[0]))


@pytest.mark.parametrize("vad", [True, False])
def test_an_omni_session_without_a_finish_ends_after_its_answers(vad: bool) -> None:
    """In VAD mode the silence at the end has been sent: the answer that is due is the last."""
    codec = OmniClient(RecognitionSettings("m", vad=vad), counting("c"))

    def tell(name: str, **fields: Any) -> list[Event]:
        return codec.receive(Text(json.dumps({"type": name, **fields})))

    tell("session.updated", session={"id": "s"})
    codec.audio(SECOND)
    codec.finish()
    answer = {"id": "r", "status": "completed", "output": [{"content": [{"text": "one"}]}]}
    refused = {"type": "invalid_request_error", "message": "Invalid event type: session.finish"}
    if vad:
        for name, mark in (("speech_started", "audio_start_ms"), ("speech_stopped", "audio_end_ms")):
            tell(BUFFER + name, item_id="a", **{mark: 500})
        assert not any(isinstance(event, Finished) for event in tell("error", error=refused))
        assert [type(event) for event in tell("response.done", response=answer)] == [Final, Finished]
    else:
        tell(BUFFER + "committed", item_id="a")
        tell("response.done", response=answer)
        assert codec.pending_messages()
        assert tell("error", error=refused)[-1] == Finished(codec.usage)
