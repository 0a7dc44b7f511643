"""vLLM's realtime endpoint: one text at a time, begun and ended by commits, without times and without names."""

import json
from typing import Any

import pytest

from asrcli.core.errors import ServiceRefused
from asrcli.core.events import Event, Final, Finished, Gap, Notice, Partial, Ready, Usage
from asrcli.core.message import Message, Text
from asrcli.core.settings import RecognitionSettings
from asrcli.protocol.vllm.codec import QUIET_END_S, VllmClient
from tests.support.pair import counting

SECOND = bytes(32_000)
BEGIN = {"type": "input_audio_buffer.commit"}
END = BEGIN | {"final": True}


def text(name: str, **fields: object) -> Text:
    """A message of a server."""
    return Text(json.dumps({"type": name, **fields}))


def sent(messages: list[Message]) -> list[Any]:
    """Messages of the client as objects, audio as its name alone."""
    values = [json.loads(message.data) for message in messages if isinstance(message, Text)]
    return ["audio" if value["type"].endswith("append") else value for value in values]


def hear(codec: VllmClient, *messages: Text) -> list[Event]:
    """The events of messages."""
    return [event for message in messages for event in codec.receive(message)]


@pytest.fixture
def codec() -> VllmClient:
    """A client whose connection is up."""
    client = VllmClient(RecognitionSettings("voxtral", vad=False), counting())
    assert client.url("ws://h:8000") == "ws://h:8000/v1/realtime"
    assert sent(client.start()) == [{"type": "session.update", "model": "voxtral"}, BEGIN]
    assert client.started() == []
    assert hear(client, text("session.created", id="sess-1")) == [Ready("sess-1")]
    assert hear(client, text("session.created", id="sess-1")) == []
    return client


def test_utterances_follow_each_other(codec: VllmClient) -> None:
    """The next one waits until the text of the last one has come; then it is begun."""
    assert sent(codec.audio(SECOND)) == ["audio"]
    assert codec.audio(b"") == []
    assert not codec.skip(16_000)
    assert sent(codec.commit()) == [END]
    assert codec.commit() == []
    assert codec.must_wait
    assert hear(codec, text("transcription.delta", delta="good")) == [Partial("1", 0, "good", "")]
    assert hear(codec, text("transcription.delta", delta=" day")) == [Partial("1", 0, "good day", "")]
    usage = {"prompt_tokens": 7, "completion_tokens": 2}
    assert hear(codec, text("transcription.done", text="Good day.", usage=usage)) == [Final("1", 0, 1000, "Good day.")]
    assert codec.usage == Usage(input_tokens=7, output_tokens=2)
    assert not codec.must_wait
    assert sent(codec.pending_messages()) == [BEGIN]
    assert codec.pending_messages() == []
    assert codec.skip(8_000)
    codec.audio(SECOND)
    assert sent(codec.finish()) == [END]
    events = hear(codec, text("transcription.done", text="Bye."))
    assert events == [Final("2", 1500, 2500, "Bye."), Finished(codec.usage)]
    assert (codec.seen_names, codec.dropped) == ({}, 0)


def test_without_anything_to_say_the_end_is_answered_too(codec: VllmClient) -> None:
    """By an empty text; where a text is due, its end is the end."""
    assert sent(codec.finish()) == [END]
    assert hear(codec, text("transcription.done", text="")) == [Final("1", 0, 0, ""), Finished(Usage())]
    other = VllmClient(RecognitionSettings("m", vad=False), counting())
    other.audio(SECOND)
    other.commit()
    assert other.finish() == []
    assert hear(other, text("transcription.done", text="x"))[-1] == Finished(Usage())


@pytest.mark.parametrize("size", [1, 3, 8, 100])
def test_marks_of_the_model_are_no_text(codec: VllmClient, size: int) -> None:
    """In front of each part of a text, however they are cut."""
    codec.audio(SECOND)
    codec.commit()
    raw = "language Chinese<asr_text>今天language English<asr_text> we speak this language"
    events = hear(codec, *(text("transcription.delta", delta=raw[at : at + size]) for at in range(0, len(raw), size)))
    shown = [event.text for event in events if isinstance(event, Partial)]
    assert not any("<" in part or "Chinese" in part or "langua" in part.replace("this language", "") for part in shown)
    assert hear(codec, text("transcription.done", text=raw))[0] == Final("1", 0, 1000, "今天 we speak this language")


def test_a_server_may_end_an_utterance_by_itself(codec: VllmClient) -> None:
    """Its text reaches to the audio that was sent, and a new one is begun."""
    codec.audio(SECOND)
    assert hear(codec, text("transcription.delta", delta="x")) == [Partial("1", 0, "x", "")]
    assert hear(codec, text("transcription.done", text="x")) == [Final("1", 0, 1000, "x")]
    assert sent(codec.pending_messages()) == [BEGIN]


def test_errors_are_texts(codec: VllmClient) -> None:
    """One about an utterance is its gap; one about the model ends the connection; others are said."""
    assert isinstance(hear(codec, text("error", error="odd audio", code="invalid_audio"))[0], Notice)
    codec.audio(SECOND)
    codec.commit()
    (gap,) = hear(codec, text("error", error="out of memory", code="processing_error"))
    assert isinstance(gap, Gap)
    assert (gap.begin_ms, gap.end_ms) == (0, 1000)
    assert gap.reason.endswith("processing_error: out of memory")
    assert sent(codec.pending_messages()) == [BEGIN]
    with pytest.raises(ServiceRefused, match="model_not_found"):
        hear(codec, text("error", error="no such model", code="model_not_found"))
    fresh = VllmClient(RecognitionSettings("m", vad=False), counting())
    with pytest.raises(ServiceRefused, match="busy"):
        hear(fresh, text("error", error="busy"))
    assert isinstance(hear(codec, Text("{"))[0], Notice)
    assert isinstance(hear(codec, text("rate_limits.updated"))[0], Notice)


def test_a_text_that_comes_twice_is_written_once(codec: VllmClient) -> None:
    """The same event again, with no delta before it; a text that was said again has its own deltas."""
    done = text("transcription.done", text="yes")
    delta = text("transcription.delta", delta="yes")
    codec.audio(SECOND)
    codec.commit()
    assert [type(each) for each in hear(codec, delta, done, done)] == [Partial, Final, Notice]
    codec.audio(SECOND)
    codec.commit()
    assert [type(each) for each in hear(codec, done, delta, done)] == [Notice, Partial, Final]
    assert codec.dropped == 2


def test_an_end_without_audio_may_stay_unanswered(codec: VllmClient) -> None:
    """Silence is its answer then; an utterance with audio has a text to wait for."""
    assert codec.quiet_end_s == QUIET_END_S
    codec.audio(bytes(3200))
    assert codec.quiet_end_s is None
    codec.commit()
    assert codec.quiet_end_s is None
    codec.receive(text("transcription.done", text="one"))
    assert codec.quiet_end_s == QUIET_END_S
    codec.finish()
    assert codec.quiet_end_s == QUIET_END_S
