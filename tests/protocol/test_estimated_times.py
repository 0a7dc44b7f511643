"""A final says whether its times are those of the service: where one is missing, it is marked."""

import json
from typing import Any

import pytest

from asrcli.core.events import Final
from asrcli.core.message import Text
from asrcli.core.settings import RecognitionSettings
from asrcli.protocol.realtime.codec import RealtimeClient
from tests.support.inference import client, finals, message
from tests.support.pair import counting

STARTED = {"type": "input_audio_buffer.speech_started", "item_id": "a", "audio_start_ms": 100}
STOPPED = {"type": "input_audio_buffer.speech_stopped", "item_id": "a", "audio_end_ms": 900}
PARTIAL = {"type": "conversation.item.input_audio_transcription.text", "item_id": "a", "text": "o", "stash": ""}
MARKS: list[tuple[list[dict[str, Any]], bool]] = [
    ([STARTED, STOPPED], False),
    ([PARTIAL, STARTED, STOPPED], False),
    ([{**STARTED, "item_id": ""}, STOPPED], False),
    ([{**STARTED, "audio_start_ms": "soon"}, STOPPED], True),
    ([STARTED, {**STOPPED, "audio_end_ms": None}], True),
    ([STOPPED], True),
    ([STARTED], True),
    ([], True),
]


@pytest.mark.parametrize(("marks", "estimated"), MARKS)
def test_on_the_realtime_wire_both_marks_are_needed(marks: list[dict[str, Any]], estimated: bool) -> None:
    """With a usable time in each, in any order."""
    codec = RealtimeClient(RecognitionSettings("m"), counting())
    codec.audio(bytes(64_000))
    completed = {"type": "conversation.item.input_audio_transcription.completed", "item_id": "a", "transcript": "one"}
    events = [event for each in [*marks, completed] for event in codec.receive(Text(json.dumps(each)))]
    assert [event.estimated for event in events if isinstance(event, Final)] == [estimated]


@pytest.mark.parametrize(
    ("times", "estimated"),
    [({"begin_time": 0, "end_time": 900}, False), ({"begin_time": 0}, True), ({"end_time": 900}, True), ({}, True)],
)
def test_on_the_inference_wire_a_sentence_has_two_times(times: dict[str, int], estimated: bool) -> None:
    """Also in a translation."""
    sentence = {"sentence_id": 1, "text": "one", "words": [], "sentence_end": True, **times}
    plain = message("result-generated", payload={"output": {"sentence": sentence}, "usage": None})
    assert [final.estimated for final in finals(client(), plain)] == [estimated]
    output = {"transcription": sentence}
    translated = finals(
        client(translate="it"), message("result-generated", payload={"output": output}), message("task-finished")
    )
    assert [final.estimated for final in translated] == [estimated]
