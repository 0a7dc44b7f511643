"""What a model may be asked: refused by name before anyone is called, at the edges of every range."""

import re
from dataclasses import replace
from typing import Any

import pytest

from asrcli.cli.advice import FORCE, described
from asrcli.core.errors import UsageError
from asrcli.core.settings import RecognitionSettings
from asrcli.dashscope.catalogue import BEIJING, MODELS, SINGAPORE
from asrcli.dashscope.model_selection import find_model, similar_models
from asrcli.dashscope.parameters import VAD_MODELS
from asrcli.dashscope.validation import (
    EMBEDDED,
    OPTIONS,
    check_recognition,
    effective_options,
    given_options,
    ignored_options,
    model_notices,
    unused_options_removed,
)
from asrcli.protocol.registry import OMNI, TRANSLATION

# For each field a value that some model takes.
VALUES: dict[str, Any] = {
    "languages": ("zh",), "vad": False, "silence_ms": 400, "threshold": 0.1, "semantic": True, "heartbeat": False,
    "hotwords": (("a", 4),), "vocabulary_id": "vocab-a", "phrase_id": "p", "context": ("a",), "multi_threshold": True,
    "vad_model": VAD_MODELS[1], "prefix_ms": 300, "punctuation": False, "itn": False, "disfluency": True,
    "keep_dialect": True, "interim": True, "masked": ("a",), "dropped": ("a",), "system_filter": True,
    "translate": "en", "transcription": True, "prompt": "p", "side_transcript": True, "temperature": 0.1,
    "top_p": 0.5, "top_k": 5, "max_tokens": 100, "seed": 1, "extra": (("a", 1),),
}  # fmt: skip
BOUNDS = {
    "silence_ms": (200, 6000), "threshold": (-1.0, 1.0), "prefix_ms": (0, 6000), "temperature": (0.0, 2.0),
    "top_p": (0.0, 1.0), "top_k": (0, 100), "max_tokens": (1, 16_384), "seed": (0, 2**31 - 1),
}  # fmt: skip


def asked_of(name: str, **fields: Any) -> RecognitionSettings:
    """What a model is asked, at a rate it takes."""
    return replace(RecognitionSettings(name, find_model(name).rate), **fields)


def test_there_is_an_option_for_every_choice() -> None:
    """Whatever a task can be asked is reachable, and every field of the catalogue is one."""
    assert VALUES.keys() == OPTIONS.keys()
    assert set().union(*(model.takes for model in MODELS.values())) == set(OPTIONS)


@pytest.mark.parametrize("name", MODELS)
@pytest.mark.parametrize("field", VALUES)
def test_an_option_works_or_is_refused_by_name(name: str, field: str) -> None:
    """On every model: none is silently without effect, and the error names models that take it; force sends it."""
    model, asked = find_model(name), asked_of(name, **{field: VALUES[field]})
    assert list(given_options(asked)) == [field]
    if field in model.takes:
        check_recognition(model, asked)
        return
    with pytest.raises(UsageError, match=f"has no effect on {name}; .*models that take it: ") as caught:
        check_recognition(model, asked)
    assert described(caught.value).startswith(OPTIONS[field])
    assert described(caught.value).endswith(FORCE)
    assert str(caught.value).startswith(f"{field} has no effect")
    takers = str(caught.value).split("models that take it: ")[1].split(";")[0].split(" (")[0].split(", ")
    assert all(field in MODELS[taker].takes for taker in takers)
    check_recognition(model, asked, force=True)


@pytest.mark.parametrize(("field", "bounds"), BOUNDS.items())
def test_the_edges_of_the_ranges_are_inside_and_what_is_beyond_is_refused(
    field: str, bounds: tuple[float, float]
) -> None:
    """With the option's own name; nobody is called."""
    name = next(model.name for model in MODELS.values() if field in model.takes)
    step = 1 if isinstance(bounds[0], int) else 0.01
    for value in bounds:
        check_recognition(find_model(name), asked_of(name, **{field: value}))
    for value in (bounds[0] - step, bounds[1] + step):
        with pytest.raises(UsageError) as caught:
            check_recognition(find_model(name), asked_of(name, **{field: value}))
        assert re.fullmatch(f"{OPTIONS[field]} .*: must be from .*; {FORCE}", described(caught.value))
        check_recognition(find_model(name), asked_of(name, **{field: value}), force=True)


@pytest.mark.parametrize(
    ("asked", "problem"),
    [
        (asked_of("fun-asr-realtime", languages=("zh", "en")), "--language: fun-asr-realtime takes at most 1, not 2"),
        (asked_of("fun-asr-realtime", languages=("yue",)),
            "--language yue: fun-asr-realtime does not know it, only zh en "),
        (asked_of("fun-asr-realtime", languages=("zh-CN",)), "bg hr sk; did you mean zh?; --force"),
        (asked_of("fun-asr-realtime", languages=("cn",)), "bg hr sk; did you mean zh?; --force"),
        (asked_of("fun-asr-realtime", languages=("jp",)), "bg hr sk; did you mean ja?; --force"),
        (asked_of("fun-asr-realtime", languages=("kr",)), "bg hr sk; did you mean ko?; --force"),
        (asked_of("fun-asr-realtime", languages=("zh,English",)), "did you mean zh and en, each named by itself?"),
        (asked_of("fun-asr-realtime", languages=("klingon",)), "bg hr sk; --force"),
        (asked_of("qwen-audio-3.1-asr-flash-streaming", languages=("zh",) * 5),
            "--language: qwen-audio-3.1-asr-flash-streaming takes at most 4, not 5"),
        (asked_of("qwen-audio-3.1-asr-flash-message", languages=("zh",)), "--language has no effect"),
        (asked_of("fun-asr-realtime", threshold=float("nan")), "--threshold nan"),
        (asked_of("fun-asr-realtime", semantic=True, silence_ms=400), "--semantic with --silence-ms"),
        (asked_of("fun-asr-realtime", semantic=True, multi_threshold=True), "--semantic with --multi-threshold"),
        (asked_of("qwen3-asr-flash-realtime", vad=False, threshold=0.5), "--no-vad with --threshold"),
        (asked_of("qwen3-asr-flash-realtime", vad=False, prefix_ms=300), "--no-vad with --prefix-padding-ms"),
        (asked_of("qwen3.5-omni-flash-realtime", vad=False, semantic=True), "--semantic with --no-vad"),
        (asked_of("gummy-realtime-v1", transcription=False), "--translation-only without --translate"),
        (asked_of("gummy-realtime-v1", translate="EN"), "only into zh en ja ko; did you mean en?"),
        (asked_of("gummy-realtime-v1", translate="英语"), "; did you mean en?"),
        (asked_of("gummy-realtime-v1", translate="fr"), "does not translate into fr, only into zh en ja ko"),
        (asked_of("gummy-realtime-v1", translate="zh", languages=("zh",)), "does not translate zh into zh"),
        (asked_of("gummy-realtime-v1", translate="ko", languages=("fr",)), "fr into ko, only into zh en"),
        (asked_of("qwen-audio-3.1-asr-flash-streaming", vad_model="x"), "--vad-model x: there are far_field_"),
        (asked_of("fun-asr-realtime", masked=tuple(map(str, range(20))), dropped=tuple(map(str, range(13)))),
            "33 words in all, at most 32"),
        (RecognitionSettings("fun-asr-flash-8k-realtime", 16000), "takes audio at 8000 Hz, not 16000 Hz"),
        (RecognitionSettings("paraformer-realtime-v1", 8000), "takes audio at 16000 Hz, not 8000 Hz"),
    ],
)  # fmt: skip
def test_contradictions_and_limits_are_reported_before_connecting(asked: RecognitionSettings, problem: str) -> None:
    """With the option's own name."""
    with pytest.raises(UsageError) as caught:
        check_recognition(find_model(asked.model), asked)
    assert problem in described(caught.value)
    assert re.search("--[a-z]", str(caught.value)) is None


def test_the_edges_of_what_is_counted_are_inside() -> None:
    """32 words, and four languages where four are read."""
    words = tuple(map(str, range(16)))
    check_recognition(find_model("fun-asr-realtime"), asked_of("fun-asr-realtime", masked=words, dropped=words))
    name = "qwen-audio-3.0-asr-flash-streaming"
    check_recognition(find_model(name), asked_of(name, languages=("zh", "en", "ja", "ko")))


@pytest.mark.parametrize("source", ["", "zh", "en", "fr"])
@pytest.mark.parametrize("target", ["zh", "en", "ja", "ko", "fr"])
def test_only_the_pairs_that_are_translated_pass(source: str, target: str) -> None:
    """As the service's table of languages has it."""
    pairs = {"": "zh en ja ko", "zh": "en ja ko", "en": "zh ja ko", "fr": "zh en"}
    asked = asked_of("gummy-realtime-v1", translate=target, languages=(source,) if source else ())
    if target in pairs[source].split():
        check_recognition(find_model(asked.model), asked)
    else:
        with pytest.raises(UsageError, match="does not translate"):
            check_recognition(find_model(asked.model), asked)


@pytest.mark.parametrize("name", MODELS)
def test_a_model_is_refused_where_it_is_not_offered(name: str) -> None:
    """With those that are; a region nobody knows anything about is left to the service."""
    model = MODELS[name]
    for region in (BEIJING, SINGAPORE):
        if region in model.prices:
            check_recognition(model, asked_of(name), region)
        else:
            with pytest.raises(UsageError, match=f"{name} is not offered in {region}; there are ") as caught:
                check_recognition(model, asked_of(name), region)
            check_recognition(model, asked_of(name), region, force=True)
            offered = str(caught.value).split("there are ")[1].split(";")[0].split(", ")
            assert all(region in MODELS[each].prices for each in offered if each)
    check_recognition(model, asked_of(name), "eu-central-1")
    check_recognition(model, asked_of(name), "")


@pytest.mark.parametrize("name", MODELS)
def test_the_better_choice_is_taken_where_it_is_ours_and_the_user_s_stays(name: str) -> None:
    """What the model does not take it is not asked for."""
    model, taken = MODELS[name], MODELS[name].takes
    chosen = unused_options_removed(model, asked_of(name))
    assert (chosen.heartbeat, chosen.interim) == ("heartbeat" in taken or None, "interim" in taken or None)
    if "heartbeat" in taken:
        assert unused_options_removed(model, asked_of(name, heartbeat=False)).heartbeat is False
    check_recognition(model, chosen)


@pytest.mark.parametrize("field", VALUES)
def test_the_embedded_recognizer_ignores_nothing_in_silence(field: str) -> None:
    """What it does not heed is named, and can be left out."""
    asked = asked_of("fun-asr-realtime", **{field: VALUES[field]})
    heard = field in EMBEDDED
    assert ignored_options(asked) == ([] if heard else [OPTIONS[field]])
    assert effective_options(asked) == (asked if heard else asked_of("fun-asr-realtime"))


def test_what_a_user_should_know_beforehand_is_reported() -> None:
    """Unknown, retiring, or inclined to describe noise."""
    assert model_notices(find_model("fun-asr-realtime")) == []
    for model in MODELS.values():
        told = model_notices(model)
        assert bool(told) == (model.wire in {OMNI, TRANSLATION})
    assert model_notices(find_model("fun-asr-realtime-2027-01-01")) == [
        "fun-asr-realtime-2027-01-01 is not in the catalogue: sent as it is, on the inference wire"
    ]


def test_a_model_on_another_wire_is_not_called_unknown() -> None:
    """The name is right, and the wire is what the user should look at."""
    for model in MODELS.values():
        for wire in {each.wire for each in MODELS.values()} - {model.wire}:
            told, *_ = model_notices(find_model(model.name, wire))
            usual = f"{model.name} is a model of the {model.wire} wire"
            assert told == f"{usual}: sent as it is, on the {wire} wire, where the service may not know it"


@pytest.mark.parametrize("name", ["fun-asr-realtme", "Fun-ASR-Realtime", "fun asr realtime"])
def test_a_name_that_is_nearly_one_is_answered_with_it(name: str) -> None:
    """Without the checks of a known one a slip would cost them all."""
    assert model_notices(find_model(name))[0].endswith("on the inference wire; did you mean fun-asr-realtime?")


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("qwen3-asr-flash", "qwen3-asr-flash-realtime"),
        ("paraformer-v2", "paraformer-realtime-v2"),
        ("paraformer-8k-v2", "paraformer-realtime-8k-v2"),
        ("fun-asr", "fun-asr-realtime"),
        ("whisper-large-v3", ""),
        ("asr", ""),
        ("qwen3-asr-flash-realtime-2027-01-01", ""),
    ],
)
def test_the_model_for_whole_files_leads_to_its_realtime_one(name: str, meant: str) -> None:
    """Both are in the same lists of the service, and this one is refused by the realtime address."""
    assert similar_models(name) == meant


def test_a_model_that_nobody_knows_takes_all_that_its_wire_does() -> None:
    """New names appear monthly; the service decides."""
    model = find_model("qwen4-audio-asr-flash-streaming")
    for field in ("hotwords", "context", "itn", "keep_dialect", "masked"):
        check_recognition(model, asked_of(model.name, **{field: VALUES[field]}))
    with pytest.raises(UsageError, match="prompt has no effect"):
        check_recognition(model, asked_of(model.name, prompt="p"))
