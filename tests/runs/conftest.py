"""What the tests of the Python API share: an environment without a key, and a server that hears counted audio."""

import os
from collections.abc import Iterator

import pytest

from asrcli.recognizers.counting import Counting
from asrcli.server.local_server import in_background


@pytest.fixture
def no_key(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing of the environment says whom to ask."""
    for name in os.environ:
        if name.startswith("DASHSCOPE"):
            monkeypatch.delenv(name)


@pytest.fixture
def server() -> Iterator[str]:
    """The address of a server that hears counted audio."""
    with in_background(Counting()) as url:
        yield url
