"""Whether a recognizer with a model can be tested here. Where CI is set, the absence of the better one is a failure."""

import pytest

from asrcli.recognizers import registry
from asrcli.recognizers.moonshine_weights import has_wheels
from tests.support.requirements import skip_or_fail


def need_engine(name: str) -> None:
    """Skip the test where this recognizer is not ready; in CI, fail it where moonshine could be and is not."""
    lacking = registry.missing(registry.RECOGNIZERS[name])
    if lacking:
        reason = f"{lacking}: pip install '.[local]'"
        if name == "moonshine" and has_wheels():
            skip_or_fail(reason)
        pytest.skip(reason)


def need_moonshine() -> None:
    """Need the better recognizer."""
    need_engine("moonshine")
