"""Which model is meant, and the catalogue itself."""

import pytest

from asrcli.core.errors import UsageError
from asrcli.core.settings import RecognitionSettings
from asrcli.dashscope.catalogue import BEIJING, MODELS, SINGAPORE
from asrcli.dashscope.model_selection import find_model, pick_model, wire_rate
from asrcli.dashscope.validation import check_recognition
from asrcli.protocol.registry import INFERENCE, OMNI, REALTIME, TRANSLATION


@pytest.mark.parametrize(
    ("name", "wire"),
    [
        ("fun-asr-realtime-2027-01-01", INFERENCE),
        ("paraformer-realtime-v3", INFERENCE),
        ("qwen-audio-4-asr-flash-streaming", INFERENCE),
        ("qwen4-asr-flash-realtime", REALTIME),
        ("anything", INFERENCE),
    ],
)
def test_a_name_nobody_knows_yet_gets_the_wire_of_its_family(name: str, wire: str) -> None:
    """New names appear monthly: they pass, marked as unknown."""
    model = find_model(name)
    assert (model.wire, model.known) == (wire, False)


def test_a_dated_snapshot_of_the_realtime_wire_is_recognized_as_such() -> None:
    """The date stands after the word realtime."""
    assert find_model("qwen3-asr-flash-realtime-2026-02-10").wire == REALTIME
    assert find_model("qwen3-asr-flash-realtime-2027-02-10").wire == REALTIME


def test_a_model_is_asked_at_16_khz_wherever_it_can() -> None:
    """8 kHz models get what they were made for."""
    assert {find_model(name).rate for name in MODELS if "8k" in name} == {8000}
    assert {find_model(name).rate for name in MODELS if "8k" not in name} == {16000}


@pytest.mark.parametrize("name", MODELS)
def test_telephone_audio_is_sent_as_it_is_or_refused_with_the_models_that_take_it(name: str) -> None:
    """Never upsampled on the way: no model hears better for it."""
    model = find_model(name)
    if not model.rates or 8000 in model.rates:
        assert wire_rate(model, 8000) == 8000
    else:
        with pytest.raises(UsageError, match="not at 8000 Hz; use fun-asr-flash-8k-realtime, "):
            wire_rate(model, 8000)
    for native in (None, 11025, 16000, 48000):
        assert wire_rate(model, native) == model.rate


@pytest.mark.parametrize(
    ("natives", "languages", "name"),
    [
        ([16000], [], "fun-asr-realtime"),
        ([None], ["zh"], "fun-asr-realtime"),
        ([8000, 8000], ["zh"], "fun-asr-flash-8k-realtime"),
        ([8000], [], "fun-asr-flash-8k-realtime"),
        ([8000, 16000], ["zh"], "fun-asr-realtime"),
        ([8000], ["en"], "fun-asr-realtime"),
        ([16000], ["yue"], "qwen3-asr-flash-realtime"),
        ([16000], ["zh", "en"], "qwen-audio-3.0-asr-flash-streaming"),
        ([16000], ["zh", "yue"], "paraformer-realtime-v2"),
        ([8000], ["yue"], "qwen3-asr-flash-realtime"),
        ([16000], ["xx"], "fun-asr-realtime"),
    ],
)
def test_auto_picks_a_model_that_takes_what_there_is(
    natives: list[int | None], languages: list[str], name: str
) -> None:
    """By rate and language; and what it picks passes its own checks."""
    assert pick_model(natives, languages) == name
    model = find_model(name)
    for native in natives:
        check_recognition(
            model, RecognitionSettings(name, wire_rate(model, native), tuple(languages)), force=languages == ["xx"]
        )


@pytest.mark.parametrize("languages", [[], ["zh"], ["en"], ["yue"], ["zh", "en"]])
@pytest.mark.parametrize("native", [8000, 16000, None])
@pytest.mark.parametrize("region", [BEIJING, SINGAPORE, "eu-central-1", ""])
def test_auto_picks_what_is_offered_in_the_region(region: str, native: int | None, languages: list[str]) -> None:
    """And it passes every check there."""
    model = find_model(pick_model([native], languages, region))
    check_recognition(model, RecognitionSettings(model.name, wire_rate(model, native), tuple(languages)), region)


@pytest.mark.parametrize("name", MODELS)
def test_each_row_says_where_it_is_offered_and_what_it_needs(name: str) -> None:
    """No row is half filled in."""
    model = MODELS[name]
    assert BEIJING in model.prices
    assert model.free
    assert (model.list_words > 0) == ("vocabulary_id" in model.takes)
    assert (model.super_words > 0) == ("hotwords" in model.takes)
    assert bool(model.language_limit) == ("languages" in model.takes)
    assert model.known


def test_families_that_translate_and_that_answer_prompts_have_wires_of_their_own() -> None:
    """Those that nobody knows yet, too."""
    wires = [find_model(name).wire for name in ("gummy-realtime-v2", "qwen4-omni-realtime", "gummy-chat-v1")]
    assert wires == [TRANSLATION, OMNI, TRANSLATION]


@pytest.mark.parametrize("name", ["", "  "])
def test_an_empty_model_name_is_refused(name: str) -> None:
    """Before anything else."""
    with pytest.raises(UsageError, match="model is empty"):
        find_model(name)
