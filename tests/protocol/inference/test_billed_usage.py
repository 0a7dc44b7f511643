"""What the server end says it has counted of a task: seconds for most models, tokens too for those that cost tokens."""

import json
from math import ceil
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from asrcli.core.events import Event, Final, Finished, Partial, Ready, SpeechStarted, Usage
from asrcli.core.message import Message, Text
from asrcli.core.settings import RecognitionSettings
from asrcli.protocol.inference.codec import InferenceClient
from asrcli.protocol.inference.server_codec import InferenceServer
from tests.support.pair import Pair, counting

FUN, SECONDS, TOKENS = "fun-asr-realtime", "qwen-audio-3.0-asr-flash-streaming", "qwen-audio-3.1-asr-flash-streaming"
WORDS = "a little text"
LENGTHS = st.lists(st.tuples(st.integers(1, 4000), st.integers(0, 200), st.booleans()), max_size=8)


def begun(model: str, audio_format: str = "pcm") -> Pair:
    """A task in which audio may flow."""
    asked = RecognitionSettings(model, audio_format=audio_format)
    pair = Pair(InferenceClient(asked, counting("task-")), InferenceServer(counting()))
    pair.ask(pair.client.start())
    pair.tell(Ready("t"))
    return pair


def payload(messages: list[Message]) -> dict[str, Any]:
    """The payload of the one message."""
    (message,) = messages
    assert isinstance(message, Text)
    value: dict[str, Any] = json.loads(message.data)["payload"]
    return value


@pytest.mark.parametrize("model", [FUN, SECONDS, TOKENS])
@given(LENGTHS)
def test_counts_are_of_the_whole_task_and_never_fall(model: str, pieces: list[tuple[int, int, bool]]) -> None:
    """Only models that cost tokens have them, and these have a usage with every result and with the end."""
    pair, usages, sent_ms = begun(model), list[dict[str, Any]](), 0
    for number, (length_ms, characters, final) in enumerate(pieces):
        pair.ask(pair.client.audio(bytes(32 * length_ms)))
        said = "x" * characters + "."
        begin_ms, sent_ms = sent_ms, sent_ms + length_ms
        event: Event = Final(str(number + 1), begin_ms, sent_ms, said)
        if not final:
            event = Partial(str(number + 1), begin_ms, "", said)
        told = pair.server.encode(event)
        pair.handle(told)
        usage = payload(told)["usage"]
        assert (usage is None) == (model != TOKENS and not final)
        usages += [usage] if usage else []
    told = pair.server.encode(Finished())
    at_end = payload(told)["usage"]
    (finished,) = pair.handle(told)
    assert isinstance(finished, Finished)
    if model == TOKENS:
        usages.append(at_end)
        assert all(each["total_tokens"] == each["input_tokens"] + each["output_tokens"] for each in usages)
    else:
        assert at_end is None
        assert all(set(each) == {"duration"} for each in usages)
    for name in ("duration", "input_tokens"):
        counts = [each[name] for each in usages if name in each]
        assert counts == sorted(counts)
    if usages:
        last = usages[-1]
        assert finished.usage == Usage(last["duration"], last.get("input_tokens"), last.get("output_tokens"))
    if pieces and (pieces[-1][2] or model == TOKENS):
        assert usages[-1]["duration"] == ceil(sent_ms / 1000)


def test_compressed_audio_is_counted_by_its_length_and_not_by_its_size() -> None:
    """A minute of mp3 has the bytes of a few seconds of PCM."""
    pair = begun(FUN, "mp3")
    pair.ask(pair.client.audio(bytes(480_000)))
    assert payload(pair.server.encode(Final("1", 0, 59_100, WORDS)))["usage"] == {"duration": 60}


@pytest.mark.parametrize("model", [SECONDS, TOKENS])
def test_newer_models_announce_a_sentence_without_a_usage(model: str) -> None:
    """It has no text and no words; if it stays empty, an empty final ends it."""
    pair = begun(model)
    pair.ask(pair.client.audio(bytes(32_000)))
    told = pair.server.encode(SpeechStarted("1", 300))
    assert payload(told) == {
        "output": {
            "sentence": {
                "sentence_id": 1, "begin_time": 300, "end_time": None, "text": "", "words": [],
                "sentence_begin": True, "sentence_end": False, "heartbeat": False,
            }
        }
    }  # fmt: skip
    assert pair.handle(told) == [SpeechStarted("1", 300)]
    assert pair.tell(Final("1", 300, 900, "")) == [Final("1", 300, 900, "")]


def test_older_models_announce_no_sentence() -> None:
    """Their first result of a sentence has text."""
    pair = begun(FUN)
    assert pair.server.encode(SpeechStarted("1", 300)) == []
    assert pair.server.encode(Final("1", 300, 900, "")) == []
