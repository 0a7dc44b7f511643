"""The client end of OpenAI's transcription sessions: settings, texts that are appended, and an end that is a commit."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from asrcli.core.errors import ServiceRefused, UsageError
from asrcli.core.events import Event, Final, Finished, Gap, Notice, Partial, Ready, Usage
from asrcli.core.settings import RecognitionSettings
from asrcli.dashscope.model_selection import find_model
from asrcli.protocol.openai.codec import EMPTY, OpenAIClient
from tests.protocol.openai.messages import ITEM, SECOND, client, hear, text, value
from tests.support.pair import counting


def notices(events: list[Event]) -> list[str]:
    """The texts of notices."""
    return [event.text for event in events if isinstance(event, Notice)]


def test_the_session_asks_for_what_the_user_wants() -> None:
    """Nested as the service wants it; what is left open is left out, and manual mode is a null."""
    asked = RecognitionSettings(
        "gpt-4o-transcribe", 24000, ("zh",), silence_ms=400, threshold=0.3, prefix_ms=100, context=("names", "terms")
    )
    codec = OpenAIClient(asked, counting())
    assert codec.url("wss://api.example") == "wss://api.example/v1/realtime?intent=transcription"
    session = value(codec.start()[0])["session"]
    assert session == {
        "type": "transcription",
        "audio": {
            "input": {
                "format": {"type": "audio/pcm", "rate": 24000},
                "transcription": {"model": "gpt-4o-transcribe", "language": "zh", "prompt": "names\nterms"},
                "turn_detection": {
                    "type": "server_vad",
                    "threshold": 0.3,
                    "prefix_padding_ms": 100,
                    "silence_duration_ms": 400,
                },
            }
        },
    }
    manual = value(OpenAIClient(RecognitionSettings("m", 24000, vad=False), counting()).start()[0])
    assert manual["session"]["audio"]["input"]["turn_detection"] is None


def test_deltas_are_appended_and_the_whole_text_replaces_them() -> None:
    """Settled words grow; times come from the speech detector; usage is counted in seconds."""
    codec = client()
    codec.audio(SECOND * 3)
    events = hear(
        codec,
        text("input_audio_buffer.speech_started", audio_start_ms=500, item_id="a"),
        text(f"{ITEM}delta", item_id="a", content_index=0, delta="good"),
        text(f"{ITEM}delta", item_id="a", content_index=0, delta=" day"),
        text("input_audio_buffer.speech_stopped", audio_end_ms=1500, item_id="a"),
        text("input_audio_buffer.committed", item_id="a", previous_item_id=None),
        text("conversation.item.added", item={"id": "a"}, previous_item_id=None),
        text("conversation.item.done", item={"id": "a"}, previous_item_id=None),
        text(f"{ITEM}completed", item_id="a", transcript="Good day.", usage={"type": "duration", "seconds": 1.5}),
    )
    assert [event.text for event in events if isinstance(event, Partial)] == ["good", "good day"]
    assert events[-1] == Final("a", 500, 1500, "Good day.")
    assert codec.usage == Usage(seconds=1.5)
    (late,) = notices(hear(codec, text(f"{ITEM}delta", item_id="a", delta="late")))
    assert late.startswith("dropped a late partial")


def test_in_manual_mode_the_end_is_the_text_of_the_last_commit() -> None:
    """Each commit has its span; without anything to commit an update is answered, and that is the end."""
    codec = client(vad=False)
    codec.audio(SECOND)
    assert [value(message)["type"] for message in codec.commit()] == ["input_audio_buffer.commit"]
    codec.audio(SECOND)
    assert [value(message)["type"] for message in codec.finish()] == ["input_audio_buffer.commit"]
    events = hear(
        codec,
        text("input_audio_buffer.committed", item_id="a"),
        text("input_audio_buffer.committed", item_id="b"),
        text(f"{ITEM}completed", item_id="b", transcript="two"),
        text(f"{ITEM}failed", item_id="a", error={"code": "x", "message": "bad"}),
    )
    assert events[0] == Partial("b", 1000, "two")
    assert isinstance(events[1], Gap)
    assert (events[1].begin_ms, events[1].end_ms) == (0, 1000)
    assert events[2:] == [Final("b", 1000, 2000, "two"), Finished(Usage())]
    silent = client(vad=False)
    assert [value(message)["type"] for message in silent.finish()] == ["session.update"]
    assert hear(silent, text("session.updated", session={"id": "s"})) == [Finished(Usage())]


def test_errors_and_languages_are_those_of_the_realtime_wire() -> None:
    """An error about one request ends nothing; another language than was asked for is refused."""
    codec = client()
    error = {"type": "invalid_request_error", "code": "invalid_value", "message": "no"}
    assert notices(hear(codec, text("error", error=error))) == ["the service reports an error: invalid_value: no"]
    strict = OpenAIClient(RecognitionSettings("m", 24000, ("zh",)), counting())
    session = {"id": "s", "audio": {"input": {"transcription": {"language": "en"}}}}
    with pytest.raises(ServiceRefused, match="language zh"):
        strict.receive(text("session.updated", session=session))


def test_a_wire_can_be_named() -> None:
    """For models whose names say nothing; a wire that does not exist is a mistake."""
    model = find_model("my-model", "openai")
    assert (model.wire, model.rate, model.known) == ("openai", 24000, False)
    assert "prefix_ms" in model.takes
    assert find_model("whisper-1").wire == "openai"
    with pytest.raises(UsageError, match="wire morse: there are omni"):
        find_model("m", "morse")


def test_a_text_that_is_left_out_is_that_of_the_deltas() -> None:
    """Or none, where no delta came: then the item was silence, and nobody waits for it."""
    codec = client(vad=False)
    for item in ("a", "b"):
        codec.audio(SECOND)
        (codec.finish if item == "b" else codec.commit)()
        hear(codec, text("input_audio_buffer.committed", item_id=item))
    events = hear(
        codec,
        text(f"{ITEM}delta", item_id="a", delta="good day"),
        text(f"{ITEM}completed", item_id="a", transcript=None),
        text(f"{ITEM}completed", item_id="b"),
    )
    assert [event.text for event in events if isinstance(event, Final)] == ["good day", ""]
    assert events[-1] == Finished(Usage())


def test_the_marks_of_a_model_are_no_text() -> None:
    """Also when deltas cut them anywhere."""
    codec = client()
    codec.audio(SECOND)
    said = "language Chinese<asr_text>你好"
    events = hear(codec, *(text(f"{ITEM}delta", item_id="a", delta=character) for character in said))
    events += hear(codec, text(f"{ITEM}completed", item_id="a", transcript=said))
    assert [event.text for event in events if isinstance(event, Partial | Final)] == ["你", "你好", "你好"]


def test_a_server_of_the_older_shape_is_understood() -> None:
    """It answers with events of its own names."""
    codec = OpenAIClient(RecognitionSettings("m", 24000), counting())
    codec.start()
    created = text("transcription_session.created", session={"id": "s"})
    assert hear(codec, created, text("transcription_session.updated", session={"id": "s"})) == [Ready("s", "")]


def test_a_server_that_tells_of_no_commits_ends_with_quiet() -> None:
    """Where the last commit may get no answer; one that tells of commits is waited for."""
    codec = client()
    codec.audio(SECOND)
    codec.finish()
    assert codec.quiet_end_s is None
    hear(codec, text(f"{ITEM}completed", item_id="a", transcript="all"))
    assert codec.quiet_end_s
    hear(codec, text(f"{ITEM}delta", item_id="b", delta="more"))
    assert codec.quiet_end_s is None
    told = client()
    told.audio(SECOND)
    hear(told, text("input_audio_buffer.speech_stopped", item_id="a", audio_end_ms=900))
    hear(told, text("input_audio_buffer.committed", item_id="a"), text(f"{ITEM}completed", item_id="a", transcript="x"))
    told.finish()
    hear(told, text("session.updated", session={"id": "s"}))
    assert told.quiet_end_s is None


@given(st.integers(0, 3), st.integers(1, 4))
def test_a_server_that_never_says_where_speech_ends_is_heard_to_its_last_item(before: int, after: int) -> None:
    """Of its commits nobody knows which one answers ours: the server may be far behind. A pause is the end."""
    codec = client()
    codec.audio(SECOND)
    texts: list[str] = []
    for number in range(before + after):
        if number == before:
            codec.finish()
        item = f"i{number}"
        events = hear(codec, text("input_audio_buffer.committed", item_id=item))
        assert codec.quiet_end_s is None
        events += hear(codec, text(f"{ITEM}completed", item_id=item, transcript=item))
        assert not any(isinstance(event, Finished) for event in events)
        texts += [event.text for event in events if isinstance(event, Final)]
    assert texts == [f"i{number}" for number in range(before + after)]
    assert codec.quiet_end_s
    (end,) = hear(codec, text("error", error={"type": "invalid_request_error", "code": EMPTY, "message": "empty"}))[-1:]
    assert isinstance(end, Finished)


@pytest.mark.parametrize("item", [..., None, "", [], {}], ids=str)
@pytest.mark.parametrize("step", ["completed", "failed"])
def test_items_without_ids_end_before_the_session_does(item: Any, step: str) -> None:
    """A commit that names no item promises a text, also where the error for the last commit comes before it."""
    codec = client()
    codec.audio(SECOND)
    named = {} if item is ... else {"item_id": item}
    (commit,) = codec.finish()
    refused = text(
        "error", error={"type": "invalid_request_error", "code": EMPTY, "event_id": value(commit)["event_id"]}
    )
    told = [
        text("input_audio_buffer.speech_started", audio_start_ms=0, **named),
        text("input_audio_buffer.speech_stopped", audio_end_ms=900, **named),
        text("input_audio_buffer.committed", **named),
    ]
    assert not any(isinstance(event, Finished) for event in hear(codec, *told, refused))
    assert codec.quiet_end_s is not None  # it may never come
    events = hear(codec, text(ITEM + step, transcript="one", error={"message": "no"}, **named))
    assert isinstance(events[-1], Finished)
    assert isinstance(events[0], Final if step == "completed" else Gap)
