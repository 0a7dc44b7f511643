"""What a test does where something that it needs is not installed."""

import os
from importlib.util import find_spec
from typing import NoReturn

import pytest


def skip_or_fail(reason: str) -> NoReturn:
    """Skip the test; where CI is set, fail it: there a test that cannot run must not look like one that passed."""
    if os.environ.get("CI"):
        pytest.fail(reason)
    pytest.skip(reason)


needs_pocketsphinx = pytest.mark.skipif(
    find_spec("pocketsphinx") is None, reason="pocketsphinx has no wheel for this system"
)
