"""Garbage is collected less often while sessions run, and not at all among what was loaded before."""

import gc
import weakref
from collections.abc import Iterator

import pytest

from asrcli.core.garbage_collection import SERVER_THRESHOLDS, THRESHOLDS, collect_less_often


class Loop:
    """An object that only a collection can remove."""

    def __init__(self) -> None:
        self.me = self


@pytest.fixture(autouse=True)
def as_before() -> Iterator[None]:
    """The settings of this process are the same after the test."""
    thresholds = gc.get_threshold()
    yield
    gc.unfreeze()
    gc.set_threshold(*thresholds)


def test_what_was_loaded_before_is_left_alone_and_what_comes_later_is_still_collected() -> None:
    """A loop of objects from before stays; one from after goes, at the latest with a collection of everything."""
    before = weakref.ref(Loop())
    collect_less_often()
    after = weakref.ref(Loop())
    gc.collect()
    assert before() is not None
    assert after() is None


def test_a_server_collects_more_often_and_less_at_once() -> None:
    """All its clients wait meanwhile."""
    collect_less_often(SERVER_THRESHOLDS)
    assert gc.get_threshold() == SERVER_THRESHOLDS
    assert SERVER_THRESHOLDS[0] < THRESHOLDS[0]
    assert SERVER_THRESHOLDS[0] * SERVER_THRESHOLDS[1] < THRESHOLDS[0] * THRESHOLDS[1]


def test_more_objects_are_made_between_two_collections() -> None:
    """Each of the three thresholds is higher than Python's own."""
    own = (700, 10, 10)
    gc.set_threshold(*own)
    collect_less_often()
    assert all(now > then for now, then in zip(gc.get_threshold(), own, strict=True))
    assert gc.isenabled()
