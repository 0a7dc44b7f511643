"""The catalogue, and what it refuses before anyone is called."""

import pytest

from asrcli.config import Recognition
from asrcli.errors import UsageError
from asrcli.models import INFERENCE, MODELS, REALTIME, check, find, pick, wire_rate

ASKED = {
    "languages": {"languages": ("zh",)},
    "vad": {"vad": False},
    "silence_ms": {"silence_ms": 400},
    "threshold": {"threshold": 0.1},
    "semantic": {"semantic": True},
    "heartbeat": {"heartbeat": False},
}


@pytest.mark.parametrize("name", MODELS)
@pytest.mark.parametrize("field", ASKED)
def test_an_option_works_or_is_refused_by_name(name: str, field: str) -> None:
    """On every model: no option is silently without effect, and the error names models that take it."""
    model = find(name)
    asked = Recognition(name, model.rate, **ASKED[field])  # type: ignore[arg-type]
    if field in model.takes:
        check(model, asked)
    else:
        with pytest.raises(UsageError, match=f"has no effect on {name}; models that take it: "):
            check(model, asked)


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
    model = find(name)
    assert (model.wire, model.known) == (wire, False)


@pytest.mark.parametrize("name", ["gummy-realtime-v1", "qwen3-omni-flash-realtime"])
def test_a_family_whose_answers_are_not_read_is_refused(name: str) -> None:
    """Better than an empty transcript."""
    with pytest.raises(UsageError, match="this family"):
        find(name)


def test_a_dated_snapshot_of_the_realtime_wire_is_recognized_as_such() -> None:
    """The date stands behind the word realtime."""
    assert find("qwen3-asr-flash-realtime-2026-02-10").wire == REALTIME
    assert find("qwen3-asr-flash-realtime-2027-02-10").wire == REALTIME


@pytest.mark.parametrize(
    ("asked", "problem"),
    [
        (Recognition("fun-asr-realtime", languages=("zh", "en")), r"reads 1 --language, not 2"),
        (Recognition("fun-asr-realtime", silence_ms=199), "--silence-ms 199: must be from 200 to 6000"),
        (Recognition("fun-asr-realtime", silence_ms=6001), "--silence-ms 6001"),
        (Recognition("fun-asr-realtime", threshold=1.1), "--threshold 1.1: must be from -1 to 1"),
        (Recognition("fun-asr-realtime", threshold=float("nan")), "--threshold nan"),
        (Recognition("fun-asr-realtime", semantic=True, silence_ms=400), "--semantic with --silence-ms"),
        (Recognition("qwen3-asr-flash-realtime", vad=False, threshold=0.5), "--no-vad with --threshold"),
        (Recognition("fun-asr-flash-8k-realtime", 16000), "takes audio at 8000 Hz, not 16000 Hz"),
        (Recognition("paraformer-realtime-v1", 8000), "takes audio at 16000 Hz, not 8000 Hz"),
    ],
)
def test_ranges_and_contradictions_are_told_before_connecting(asked: Recognition, problem: str) -> None:
    """With the option's own name."""
    with pytest.raises(UsageError, match=problem):
        check(find(asked.model), asked)


@pytest.mark.parametrize("silence_ms", [200, 6000])
@pytest.mark.parametrize("threshold", [-1.0, 1.0])
def test_the_edges_of_the_ranges_are_inside(silence_ms: int, threshold: float) -> None:
    """The service takes them."""
    check(find("fun-asr-realtime"), Recognition("fun-asr-realtime", silence_ms=silence_ms, threshold=threshold))


def test_a_model_is_asked_at_16_khz_wherever_it_can() -> None:
    """8 kHz models get what they were made for."""
    assert {find(name).rate for name in MODELS if "8k" in name} == {8000}
    assert {find(name).rate for name in MODELS if "8k" not in name} == {16000}


@pytest.mark.parametrize("name", MODELS)
def test_telephone_audio_is_sent_as_it_is_or_refused_with_the_models_that_take_it(name: str) -> None:
    """Never upsampled on the way: no model hears better for it."""
    model = find(name)
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
    ],
)
def test_auto_picks_a_model_that_takes_what_there_is(
    natives: list[int | None], languages: list[str], name: str
) -> None:
    """By rate and language; and what it picks passes its own checks."""
    assert pick(natives, languages) == name
    model = find(name)
    for native in natives:
        check(model, Recognition(name, wire_rate(model, native), tuple(languages)))
