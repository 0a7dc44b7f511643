"""What this much costs, by the second and by the token, and what it will cost at most."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from asrcli.core.events import Usage
from asrcli.core.settings import RecognitionSettings
from asrcli.dashscope.catalogue import BEIJING, MODELS, SINGAPORE
from asrcli.dashscope.prices import Price, services

PRICES = [price for model in MODELS.values() for price in model.prices.values() if price is not None]


@pytest.mark.parametrize(
    ("name", "region", "usage", "cost"),
    [
        ("fun-asr-realtime", BEIJING, Usage(3600), 1.188),
        ("fun-asr-realtime", SINGAPORE, Usage(3600), 2.376),
        ("paraformer-realtime-v2", BEIJING, Usage(100), 0.024),
        ("qwen-audio-3.1-asr-flash-streaming", BEIJING, Usage(25, 686, 50), (686 * 6 + 50 * 4.5) / 1e6),
        ("qwen-audio-3.1-asr-flash-streaming", SINGAPORE, Usage(None, 1_000_000, 1_000_000), 6.781 + 5.104),
        ("qwen3-omni-flash-realtime", BEIJING, Usage(None, 1000, 10, 900), (100 * 2.2 + 900 * 18.9 + 10 * 15.2) / 1e6),
    ],
)
def test_what_the_service_counted_is_charged_by_its_price_list(
    name: str, region: str, usage: Usage, cost: float
) -> None:
    """Seconds where seconds are paid, tokens where tokens are, audio apart where it has a price of its own."""
    price = MODELS[name].prices[region]
    assert price is not None
    assert price.cost(usage, RecognitionSettings(name)) == pytest.approx(cost)


@pytest.mark.parametrize(
    ("asked", "times"),
    [
        (RecognitionSettings("m"), 1),
        (RecognitionSettings("m", translate="en"), 2),
        (RecognitionSettings("m", translate="en", transcription=False), 1),
    ],
)
def test_a_translation_costs_the_same_again(asked: RecognitionSettings, times: int) -> None:
    """And alone as much as a transcription alone."""
    assert services(asked) == times
    assert Price(0.00015).cost(Usage(1000), asked) == pytest.approx(0.15 * times)


@pytest.mark.parametrize("price", PRICES)
def test_nothing_counted_is_no_cost_and_not_zero(price: Price) -> None:
    """Zero would be a claim."""
    assert price.cost(Usage(), RecognitionSettings("m")) is None


@given(st.sampled_from(PRICES), st.floats(0, 100_000), st.floats(0, 100_000))
def test_a_forecast_has_a_least_and_a_most_and_grows_with_the_audio(price: Price, some: float, more: float) -> None:
    """So that a budget can rely on it."""
    least, most = price.forecast(some, RecognitionSettings("m"))
    assert 0 <= least <= most
    longer = price.forecast(some + more, RecognitionSettings("m"))
    assert longer[0] >= least
    assert longer[1] >= most


def test_the_measured_counts_lie_within_the_forecast() -> None:
    """28 s of speech with hot words: 686 tokens in, 50 out; seconds are exact."""
    price = MODELS["qwen-audio-3.1-asr-flash-streaming"].prices[BEIJING]
    assert price is not None
    least, most = price.forecast(28, RecognitionSettings("m"))
    measured = price.cost(Usage(25, 686, 50), RecognitionSettings("m"))
    assert measured is not None
    assert least <= measured <= most
    least, most = Price(0.00033).forecast(100, RecognitionSettings("m"))
    assert least == most == pytest.approx(0.033)


def test_prices_are_written_in_words() -> None:
    """In a sheet and in a column."""
    assert (Price(0.00033).described, Price(0.00033).short) == ("0.00033 CNY a second", "1.19/h")
    tokens = Price(None, 2.2, 15.2, 18.9)
    assert tokens.described == "CNY a million tokens: 18.9 of audio, 2.2 in, 15.2 out"
    assert tokens.short == "18.9 + 15.2"


@given(st.lists(st.builds(Usage, *[st.none() | st.integers(0, 10**9)] * 4)))
def test_counts_add_up_and_what_nobody_counted_stays_uncounted(counts: list[Usage]) -> None:
    """None is not zero."""
    total = sum(counts, Usage())
    for name in ("seconds", "input_tokens", "output_tokens", "audio_tokens"):
        values = [value for usage in counts if (value := getattr(usage, name)) is not None]
        assert getattr(total, name) == (sum(values) if values else None)
