"""Fixtures for all tests."""

from collections.abc import Iterator

import pytest

from tests.support.command import serving


@pytest.fixture(scope="session")
def scripted() -> Iterator[str]:
    """The address of a running `asr serve --engine scripted`: one sentence a second."""
    with serving("--engine", "scripted") as (address, _):
        yield address


@pytest.fixture(scope="session")
def embedded() -> Iterator[str]:
    """The address of a running `asr serve` with the embedded recognizer."""
    pytest.importorskip("pocketsphinx", reason="the embedded recognizer has no wheel here")
    with serving() as (address, _):
        yield address
