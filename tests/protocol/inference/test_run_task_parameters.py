"""The parameters of run-task and session.update: each of them, for each model that takes it, seen by the other end."""

import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest

from asrcli.core.client_commands import StartTask, UpdateContext
from asrcli.core.message import Text
from asrcli.core.settings import RecognitionSettings
from asrcli.dashscope.catalogue import MODELS, Model
from asrcli.dashscope.context import TranscriptMemory
from asrcli.dashscope.validation import OPTIONS, check_recognition
from asrcli.protocol.inference import run_task_parameters
from asrcli.protocol.inference.codec import InferenceClient
from asrcli.protocol.inference.server_codec import InferenceServer
from asrcli.protocol.registry import INFERENCE, REALTIME, TRANSLATION
from tests.support.pair import Pair, counting, on_inference, on_realtime

# For each field a value that is not the default, and what the reference of the service says it is called.
ON_INFERENCE: Mapping[str, tuple[Any, Mapping[str, Any]]] = {
    "languages": (("zh",), {"language_hints": ["zh"]}),
    "semantic": (True, {"semantic_punctuation_enabled": True}),
    "silence_ms": (400, {"max_sentence_silence": 400}),
    "multi_threshold": (True, {"multi_threshold_mode_enabled": True}),
    "threshold": (-0.5, {"speech_noise_threshold": -0.5}),
    "heartbeat": (True, {"heartbeat": True}),
    "punctuation": (False, {"punctuation_prediction_enabled": False}),
    "itn": (False, {"inverse_text_normalization_enabled": False}),
    "disfluency": (True, {"disfluency_removal_enabled": True}),
    "interim": (True, {"intermediate_result_enabled": True}),
    "keep_dialect": (True, {"keep_dialect": True}),
    "vad_model": ("near_meeting_16k", {"vad_model": "near_meeting_16k"}),
    "vocabulary_id": ("vocab-x-1", {"vocabulary_id": "vocab-x-1"}),
    "hotwords": ((("梯度", 4), ("Kubernetes", 50)), {"vocabulary": {"梯度": 4, "Kubernetes": 50}}),
    "masked": (("damn",), {"special_word_filter": {"filter_with_signed": {"word_list": ["damn"]}}}),
    "dropped": (("嗯", "um"), {"special_word_filter": {"filter_with_empty": {"word_list": ["嗯", "um"]}}}),
    "system_filter": (True, {"special_word_filter": {"system_reserved_filter": True}}),
}
ON_TRANSLATION: Mapping[str, tuple[Any, Mapping[str, Any]]] = {
    "languages": (("zh",), {"source_language": "zh"}),
    "silence_ms": (400, {"max_end_silence": 400}),
    "vocabulary_id": ON_INFERENCE["vocabulary_id"],
    "translate": ("en", {"translation_enabled": True, "translation_target_languages": ["en"]}),
}
ON_REALTIME: Mapping[str, tuple[Any, Mapping[str, Any]]] = {
    "languages": (("yue",), {"input_audio_transcription": {"language": "yue"}}),
    "context": (("names: Ada",), {"input_audio_transcription": {"corpus": {"text": "names: Ada"}}}),
    "silence_ms": (400, {"turn_detection": {"type": "server_vad", "silence_duration_ms": 400}}),
    "threshold": (0.0, {"turn_detection": {"type": "server_vad", "threshold": 0.0}}),
    "prefix_ms": (300, {"turn_detection": {"type": "server_vad", "prefix_padding_ms": 300}}),
    "vad": (False, {"turn_detection": None}),
}
ELSEWHERE = {  # fields that no parameter of run-task carries, each with a test of its own below
    INFERENCE: {"context", "phrase_id", "extra"},
    TRANSLATION: {"transcription", "extra"},
    REALTIME: {"extra"},
}
TABLES = {INFERENCE: ON_INFERENCE, TRANSLATION: ON_TRANSLATION, REALTIME: ON_REALTIME}
CASES = [
    (model.name, field, *TABLES[model.wire][field])
    for model in MODELS.values()
    if model.wire in TABLES
    for field in sorted(model.takes - ELSEWHERE[model.wire])
]


def joined(model: Model, recognition: RecognitionSettings) -> Pair:
    """Both ends, for the wire of the model."""
    if model.wire == REALTIME:
        return on_realtime(recognition)
    return Pair(model.traits.client_codec(recognition, counting()), InferenceServer(counting()))


def said(pair: Pair) -> dict[str, Any]:
    """What the client says first."""
    (message,) = pair.client.start()
    assert isinstance(message, Text)
    value: dict[str, Any] = json.loads(message.data)
    return value


@pytest.mark.parametrize(("name", "field", "value", "wanted"), CASES)
def test_each_parameter_of_each_model_goes_out_and_arrives(
    name: str, field: str, value: object, wanted: Mapping[str, Any]
) -> None:
    """Under the name that the service gives it, alone, and the server side reads the same."""
    model = MODELS[name]
    asked = replace(RecognitionSettings(name, model.rate), **{field: value})  # type: ignore[arg-type]
    check_recognition(model, asked)
    first = said(joined(model, asked))
    if model.wire == REALTIME:
        bare = said(joined(model, RecognitionSettings(name, model.rate)))["session"]
        assert {key: now for key, now in first["session"].items() if now != bare[key]} == wanted
    else:
        assert first["payload"]["parameters"] == {"format": "pcm", "sample_rate": model.rate, **wanted}
    pair = joined(model, asked)
    assert pair.ask(pair.client.start()) == [StartTask(asked)]


def test_the_tables_name_every_field_that_an_option_sets() -> None:
    """No option is left without a test."""
    tested = set().union(*TABLES.values(), *ELSEWHERE.values())
    prompted = {"prompt", "side_transcript", "temperature", "top_p", "top_k", "max_tokens", "seed"}  # test_omni.py
    assert tested | prompted == set(OPTIONS)


@pytest.mark.parametrize("name", [model.name for model in MODELS.values() if "phrase_id" in model.takes])
def test_hot_words_of_the_oldest_models_are_resources(name: str) -> None:
    """Beside the parameters, not among them."""
    asked = RecognitionSettings(name, MODELS[name].rate, phrase_id="p-1")
    pair = on_inference(asked)
    assert said(pair)["payload"]["resources"] == [{"resource_id": "p-1", "resource_type": "asr_phrase"}]
    assert pair.ask(pair.client.start()) == [StartTask(asked)]


def test_the_server_finds_a_phrase_list_in_both_places() -> None:
    """Beside the parameters and among them."""
    resources = {"resources": [{"resource_id": "p-1", "resource_type": "asr_phrase"}]}
    for payload in ({"model": "m", "parameters": {}} | resources, {"model": "m", "parameters": resources}):
        assert run_task_parameters.read(payload, 16000, ()).phrase_id == "p-1"


def test_the_translation_alone_is_asked_for_by_leaving_out_the_other() -> None:
    """Each of the two is charged."""
    asked = RecognitionSettings("gummy-realtime-v1", translate="en", transcription=False)
    pair = joined(MODELS[asked.model], asked)
    assert said(pair)["payload"]["parameters"]["transcription_enabled"] is False
    assert pair.ask(pair.client.start()) == [StartTask(asked)]


def test_the_official_sdk_names_all_of_gummy_and_nulls_what_it_does_not_mean() -> None:
    """As its translation recognizer sends it."""
    sent = {
        "format": "pcm",
        "sample_rate": 16000,
        "source_language": None,
        "transcription_enabled": True,
        "translation_enabled": True,
        "translation_target_languages": ["en"],
    }
    asked = run_task_parameters.read({"model": "gummy-realtime-v1", "parameters": sent}, 16000, ())
    assert asked == RecognitionSettings("gummy-realtime-v1", translate="en", transcription=True)


@pytest.mark.parametrize("wire", [INFERENCE, REALTIME])
def test_a_parameter_of_the_user_s_own_goes_out_as_it_is_and_wins(wire: str) -> None:
    """New ones appear monthly."""
    asked = RecognitionSettings("m", silence_ms=400, extra=(("new_one", [1, "x"]), ("sample_rate", 8000)))
    first = said(on_inference(asked) if wire == INFERENCE else on_realtime(asked))
    sent = first["payload"]["parameters"] if wire == INFERENCE else first["session"]
    assert (sent["new_one"], sent["sample_rate"]) == ([1, "x"], 8000)


@pytest.mark.parametrize("junk", [None, 3, "x", [], [3], {"word_list": "x"}, {"word_list": [3]}, {"a": {}}])
@pytest.mark.parametrize(
    "name", ["special_word_filter", "vocabulary", "language_hints", "translation_target_languages"]
)
def test_a_parameter_of_the_wrong_kind_is_passed_over(name: str, junk: object) -> None:
    """A server does not fall over what a client got wrong."""
    sent = {"format": "pcm", "sample_rate": 16000, "translation_enabled": True, name: junk}
    asked = run_task_parameters.read({"model": "m", "parameters": sent}, 16000, ())
    assert asked == RecognitionSettings("m")


def test_context_is_the_input_of_the_task_and_what_was_said_replaces_it_in_the_middle() -> None:
    """A sentence that is final is remembered once, and not after the end."""
    memory = TranscriptMemory(("Ada Lovelace",))
    pair = Pair(InferenceClient(RecognitionSettings("m"), counting("task-"), memory), InferenceServer(counting()))
    (start,) = pair.ask(pair.client.start())
    assert isinstance(start, StartTask)
    assert start.recognition.context == ("Ada Lovelace",)
    assert pair.client.pending_messages() == []
    pair.tell(*heard("1", "the analytical engine"))
    assert pair.ask(pair.client.pending_messages()) == [UpdateContext(("Ada Lovelace", "the analytical engine"))]
    assert pair.client.pending_messages() == []
    pair.ask(pair.client.finish())
    pair.tell(*heard("2", "weaves"))
    assert pair.client.pending_messages() == []
    assert memory.texts == ("Ada Lovelace", "the analytical engine\nweaves")


def heard(key: str, text: str) -> "list[Any]":
    """A sentence, in the making and done."""
    from asrcli.core.events import Final, Partial

    return [Partial(key, 0, "", text), Final(key, 0, 100, text)]
