"""Whatever clients send: a second of each target of `make fuzz`."""

import random

import pytest

from tests.bench.fuzz import TARGETS, mutated, seeds


@pytest.mark.parametrize("name", TARGETS)
def test_no_input_crashes_the_server(name: str) -> None:
    """Messages as they should be, and many like them."""
    lots, pool = random.Random(1), seeds()
    for data in [*pool, *(mutated(lots.choice(pool), lots) for _ in range(3000))]:
        TARGETS[name](data)
