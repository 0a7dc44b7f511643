"""Thousands of sentences that are opened and never ended: each text is kept once, and memory does not grow."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from asrcli.core.events import Final
from asrcli.core.interfaces import ClientCodec
from asrcli.core.message import Text
from asrcli.core.settings import RecognitionSettings
from asrcli.core.transcript import MOST_OPEN, TASK_MOST_OPEN, Transcript, fold
from asrcli.engine.task import TranscriptionTask
from asrcli.protocol.inference.codec import InferenceClient
from asrcli.protocol.omni.codec import OmniClient
from asrcli.protocol.realtime.codec import RealtimeClient
from asrcli.recovery.duplicate_finals import RepeatedFinal
from tests.support.pair import counting

MANY = 3 * TASK_MOST_OPEN
TRANSCRIPTION = "conversation.item.input_audio_transcription."
BUFFER = "input_audio_buffer."


def named(name: Any) -> Callable[[int], list[dict[str, Any]]]:
    """A service of the inference wire, with this way to number sentences."""

    def say(number: int) -> list[dict[str, Any]]:
        sentence = {"begin_time": number, "text": f"word {number}", "sentence_end": False} | name(number)
        return [{"header": {"event": "result-generated"}, "payload": {"output": {"sentence": sentence}}}]

    return say


def translated(number: int) -> list[dict[str, Any]]:
    """A service that translates."""
    half = {"sentence_id": number, "begin_time": number, "text": f"word {number}", "sentence_end": False}
    return [{"header": {"event": "result-generated"}, "payload": {"output": {"transcription": half}}}]


def transcribed(number: int) -> list[dict[str, Any]]:
    """A service of the realtime wire."""
    return [
        {"type": f"{BUFFER}speech_started", "item_id": f"i{number}", "audio_start_ms": number},
        {"type": f"{TRANSCRIPTION}text", "item_id": f"i{number}", "text": "", "stash": f"word {number}"},
    ]


def answered(number: int) -> list[dict[str, Any]]:
    """A service that answers."""
    return [
        {"type": f"{BUFFER}{step}", "item_id": f"i{number}", "audio_start_ms": number, "audio_end_ms": number + 1}
        for step in ("speech_started", "speech_stopped", "committed")
    ] + [{"type": "response.text.delta", "response_id": f"r{number}", "delta": f"word {number}"}]


SERVICES: dict[str, tuple[Callable[[], ClientCodec], Callable[[int], list[dict[str, Any]]], str]] = {
    "inference": (
        lambda: InferenceClient(RecognitionSettings("m"), counting("t")),
        named(lambda number: {"sentence_id": number}),
        "task-finished",
    ),
    "without ids": (
        lambda: InferenceClient(RecognitionSettings("m"), counting("t")),
        named(lambda _: {}),
        "task-finished",
    ),
    "translating": (
        lambda: InferenceClient(RecognitionSettings("m", translate="en"), counting("t")),
        translated,
        "task-finished",
    ),
    "realtime": (lambda: RealtimeClient(RecognitionSettings("m"), counting("c")), transcribed, "session.finished"),
    "omni": (lambda: OmniClient(RecognitionSettings("m"), counting("c")), answered, "session.finished"),
}


@pytest.mark.parametrize(("make", "say", "end"), SERVICES.values(), ids=SERVICES)
def test_each_text_is_kept_once(
    make: Callable[[], ClientCodec], say: Callable[[int], list[dict[str, Any]]], end: str
) -> None:
    """As a final, when there are too many or when the task ends; and nothing holds more than a few of them."""
    task, transcript, texts, most = TranscriptionTask(make()), Transcript(), list[str](), 0
    task.codec.start()
    task.codec.audio(bytes(32 * 10_000))
    task.sent_ms, task.finishing = 10_000, True
    ending = {"header": {"event": end}} if "task" in end else {"type": end}
    for message in [each for number in range(MANY) for each in say(number)] + [ending]:
        for event in task.receive(Text(json.dumps(message)), 0.0):
            assert not isinstance(event, RepeatedFinal)
            transcript = fold(transcript, event)
            texts += [event.text] if isinstance(event, Final) and event.text else []
        most = max(most, len(transcript.open), len(transcript.numbers))
    assert sorted(texts) == sorted(f"word {number}" for number in range(MANY))
    assert most <= MOST_OPEN
    assert transcript.open == {}
