"""Keys of sentences: never the same one twice, whatever names a service gives, and no memory for numbers in a row."""

import tracemalloc

from hypothesis import given
from hypothesis import strategies as st

from asrcli.protocol.discarded_messages import SentenceKeys

NUMBERS = st.integers(0, 12).map(str)
ODD = st.sampled_from(["", "007", "-1", "1.2", "2.2", "٣", "²", "at-0", "item_1", "9" * 30])


def as_described(names: list[str]) -> list[str]:
    """The name itself where it is new, else the name and the first number from 2 on that makes it new."""
    keys: list[str] = []
    uses: dict[str, int] = {}
    for name in names:
        key = name
        while key in keys:
            uses[name] = uses.get(name, 1) + 1
            key = f"{name}.{uses[name]}"
        keys.append(key)
    return keys


@given(st.lists(NUMBERS | ODD, max_size=40))
def test_no_key_comes_twice_and_a_new_name_is_its_own_key(names: list[str]) -> None:
    """In any order, with numbers that come again, are left out or go back."""
    keys = SentenceKeys()
    given_out = [keys.new(name) for name in names]
    assert len(set(given_out)) == len(names)
    assert given_out == as_described(names)


def test_numbers_that_follow_each_other_need_no_memory() -> None:
    """Ten hours of sentences; their names alone would be 1.9 MB."""
    keys = SentenceKeys()
    keys.new("1")
    tracemalloc.start()
    try:
        before, _ = tracemalloc.get_traced_memory()
        for number in range(2, 24_000):
            keys.new(str(number))
        after, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert after - before < 2_000
    assert keys.new("12000") == "12000.2"
