"""Whether a recognizer with a model can be tested here. Where CI is set, the absence of the better one is a failure."""

import os

import pytest

from asrcli.recognizers import registry
from asrcli.recognizers.moonshine_weights import has_wheels


def need_engine(name: str) -> None:
    """Skip the test where this recognizer is not ready; in CI, fail it where moonshine could be and is not."""
    lacking = registry.missing(registry.RECOGNIZERS[name])
    if lacking:
        must = name == "moonshine" and os.environ.get("CI") and has_wheels()
        (pytest.fail if must else pytest.skip)(f"{lacking}: pip install '.[local]'")


def need_moonshine() -> None:
    """Need the better recognizer."""
    need_engine("moonshine")
