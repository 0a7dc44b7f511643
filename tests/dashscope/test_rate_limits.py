"""How many tasks of a model may begin in a minute."""

import pytest

from asrcli.dashscope.catalogue import MODELS
from asrcli.dashscope.rate_limits import starts_per_minute


@pytest.mark.parametrize(
    ("model", "limit"),
    [
        ("fun-asr-realtime", 1200),
        ("qwen-audio-3.1-asr-flash-streaming", 600),
        ("qwen-audio-3.1-asr-flash-message", 1200),
        ("qwen3-omni-flash-realtime", 60),
        ("nobody-knows-it", 600),
    ],
)
def test_the_longest_known_beginning_of_a_name_decides(model: str, limit: int) -> None:
    """A new snapshot of a model has the limit of its model."""
    assert starts_per_minute(model) == limit


def test_every_model_has_a_limit() -> None:
    """Of those that answer prompts the service allows far fewer."""
    assert {starts_per_minute(name) for name in MODELS if "omni" in name} == {60}
    assert min(starts_per_minute(name) for name in MODELS if "omni" not in name) >= 600
