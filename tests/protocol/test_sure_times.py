"""Up to where finals decide audio: only times that a service names, or that no speaker can beat, are sure."""

import json

import pytest

from asrcli.core.events import Final, Word
from asrcli.core.message import Text
from asrcli.core.settings import RecognitionSettings
from asrcli.protocol.inference.codec import InferenceClient
from asrcli.protocol.timestamps import AHEAD_MS, FAST_LETTER_MS, FAST_WIDE_MS, SureTime, named_span, shortest_ms


def test_a_named_end_is_sure() -> None:
    """Then the final decides all of its span."""
    sure = SureTime()
    assert sure.add(0, 1000, "one") is None
    assert sure.after_ms == 1000
    assert sure.add(None, 900, "late") is None
    assert sure.after_ms == 1000


def test_without_an_end_the_begin_is_sure() -> None:
    """The next sentence cannot begin before this one could have been said at all."""
    sure = SureTime()
    assert sure.add(2000, None, "four") == 2000
    assert sure.after_ms == 2000 + 4 * FAST_LETTER_MS
    assert sure.add(None, None, "你好") == 2000 + 4 * FAST_LETTER_MS
    assert sure.after_ms == 2000 + 4 * FAST_LETTER_MS + 2 * FAST_WIDE_MS
    assert sure.add(500, None, "x") == 500  # what is named counts, also where it is odd
    assert shortest_ms("  ") == 0


def test_times_that_cannot_be_true_are_not_named() -> None:
    """After the audio that was sent, or in the wrong order. The times of words count where they can be true."""
    words = (Word("a", 100, 400), Word("b", 400, 9000))
    assert named_span(100, 900, (), 1000) == (100, 900)
    assert named_span(2000, 3000, (), 1000) == (None, None)
    assert named_span(2000, 900, (), 1000) == (None, 900)
    assert named_span(100, 3000, (), 1000) == (100, 1000)
    assert named_span(800, 300, (), 1000) == (800, None)
    assert named_span(None, None, words, 1000) == (100, 400)
    assert named_span(None, None, words, None) == (100, 9000)


WORDS = [{"begin_time": 100, "end_time": 500, "text": "Hello"}, {"begin_time": 500, "end_time": 900, "text": "there"}]


@pytest.mark.parametrize(
    ("text", "words", "end_ms", "sure_ms"),
    [
        ("hello there.", WORDS, 6000, 900),
        ("hello there.", WORDS, 900 + AHEAD_MS, None),
        ("hello there my friend", WORDS, 6000, None),
        ("hello there", [], 6000, None),
        ("hello there", [{"text": "there", "end_time": None}], 6000, None),
        ("", [{"text": "", "end_time": 900}], 6000, None),
        ("hello there", [{"text": "there", "begin_time": 100, "end_time": 300}], 6000, 300),
        ("你好,再见。", [{"text": "再见", "begin_time": 100, "end_time": 900, "punctuation": "。"}], 6000, 900),
    ],
)
@pytest.mark.parametrize("model", ["fun-asr-realtime", "gummy-realtime-v1"])
def test_an_end_long_behind_the_last_word_is_not_sure(
    model: str, text: str, words: list[dict[str, object]], end_ms: int, sure_ms: int | None
) -> None:
    """Other sentences may lie between them; a lost connection would lose these. The caption keeps its end."""
    translated = model.startswith("gummy")
    codec = InferenceClient(RecognitionSettings(model), lambda: "id")
    codec.audio(bytes(32 * 9000))
    sentence = {"sentence_id": 1, "begin_time": 100, "end_time": end_ms, "text": text, "words": words}
    output = {"transcription" if translated else "sentence": sentence | {"sentence_end": True}}
    message = {"header": {"event": "result-generated", "task_id": "id"}, "payload": {"output": output}}
    (final,) = [event for event in codec.receive(Text(json.dumps(message))) if isinstance(event, Final)]
    assert (final.end_ms, final.sure_ms) == (end_ms, sure_ms)
