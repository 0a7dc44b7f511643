"""The keys of clients: what a file of them may hold, what each may do, and temporary keys that count as their owner."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from asrcli.core.errors import ServiceRefused, SettingError
from asrcli.core.settings import Secret
from asrcli.server.api_keys import MAX_KEYS, MAX_TEMPORARY_KEYS, ApiKey, ApiKeys, parse_keys

ANNA = ApiKey("anna", Secret("sk-anna"), connections=2, tasks_per_minute=3)
BEN = ApiKey("ben", Secret("sk-ben"))


def test_a_file_has_a_key_on_each_line() -> None:
    """With limits or without; empty lines and comments are passed over."""
    lines = ["# clients", "", "anna sk-anna tasks_per_minute=3 connections=2  # the office", "\tben\tsk-ben"]
    assert parse_keys(lines, "keys") == [ANNA, BEN]


@pytest.mark.parametrize(
    ("lines", "problem"),
    [
        ([], "contains no key"),
        (["# nothing"], "contains no key"),
        (["sk-secret"], "line 1: has no name or no key"),
        (["name=anna sk-secret"], "line 1: has no name or no key"),
        (
            ["", "anna sk-secret rooms=2"],
            "line 2: after the key only connections, reserved and tasks_per_minute are allowed",
        ),
        (["anna sk-secret connections=2 reserved=3"], "line 1: reserved is more than connections"),
        (["anna sk-secret reserved=2 connections=3 reserved=1"], "line 1: reserved stands twice"),
        (["sk-secret anna"], "line 1: begins with a key, and the name comes first"),
        (["anna sk-secret connections=0"], "line 1: connections is not a whole number above 0"),
        (["anna sk-secret connections=two"], "line 1: connections is not a whole number above 0"),
        (["anna sk-secret", "anna sk-other"], "line 2: the name 'anna' stands twice"),
        (["anna sk-secret", "ben sk-secret"], "line 2: this key stands twice"),
        ([f"n{number} sk-{number}" for number in range(MAX_KEYS + 1)], "holds more than 1000 keys"),
    ],
)
def test_what_is_wrong_with_a_file_is_said_without_a_key(lines: list[str], problem: str) -> None:
    """With its name and the line."""
    with pytest.raises(SettingError) as raised:
        parse_keys(lines, "keys.txt")
    assert problem in str(raised.value)
    assert "keys.txt" in str(raised.value)
    assert "sk-" not in str(raised.value)


@given(st.lists(st.text(max_size=30), max_size=5))
def test_no_file_is_an_internal_error(lines: list[str]) -> None:
    """It is read or refused."""
    try:
        assert parse_keys(lines, "x")
    except SettingError:
        return


def test_keys_that_reserve_more_than_there_is_are_not_taken() -> None:
    """Nobody could connect any more whose places are taken; neither at the start nor later."""
    keys = ApiKeys([ANNA])
    keys.replace([ApiKey("eve", Secret("sk-eve"), reserved=9)])  # nobody has said how many places there are
    with pytest.raises(SettingError, match="the keys reserve 9 connections"):
        keys.check_reserved(8)
    keys.replace([ANNA, BEN])
    keys.check_reserved(8)
    with pytest.raises(SettingError, match="the keys reserve 9 connections"):
        keys.replace([ApiKey("eve", Secret("sk-eve"), reserved=8), BEN])
    assert keys.permanent == (ANNA, BEN)
    assert keys.find("sk-eve") is None
    keys.replace([ApiKey("eve", Secret("sk-eve"), reserved=7), BEN])
    assert keys.find("sk-eve") is not None


def test_each_key_has_its_limits() -> None:
    """Connections at once, and tasks within the last minute; one without limits takes any number."""
    now = [100.0]
    keys = ApiKeys([ANNA, BEN], clock=lambda: now[0])
    assert keys.find("sk-anna") == ANNA
    assert keys.find("sk-nobody") is None
    for key, room in ((ANNA, False), (BEN, True)):
        keys.opened(key)
        assert keys.has_room(key)
        keys.opened(key)
        assert keys.has_room(key) == room
    keys.closed(ANNA)
    assert keys.has_room(ANNA)
    assert [keys.begin_task(ANNA) for _ in range(4)] == [True, True, True, False]
    assert all(keys.begin_task(BEN) for _ in range(100))
    now[0] = 160
    assert [keys.begin_task(ANNA) for _ in range(4)] == [True, True, True, False]


def test_keys_can_be_replaced() -> None:
    """One that is gone lets nobody in, nor do the temporary keys that it made; new limits count at once."""
    keys = ApiKeys([ANNA, BEN], clock=lambda: 0.0)
    short = keys.new_temporary_key(ANNA, 60)
    assert keys.find(short.key.reveal()) == ANNA
    assert keys.begin_task(ANNA)
    keys.replace([BEN, ApiKey("anna", Secret("sk-new"), tasks_per_minute=1)])
    assert not keys.begin_task(ANNA)
    assert keys.find("sk-anna") is None
    keys.replace([BEN])
    assert keys.find(short.key.reveal()) is None
    assert keys.find("sk-ben") == BEN


def test_a_temporary_key_is_taken_until_it_expires() -> None:
    """To the second, and of many at once each for itself; a request for another one takes none of them."""
    now = [1000.5]
    keys = ApiKeys([ANNA], clock=lambda: now[0])
    short, long = keys.new_temporary_key(ANNA, 1), keys.new_temporary_key(ANNA, 60)
    assert (short.expires_at, long.expires_at) == (1002, 1061)
    assert keys.find(long.key.reveal(), temporary=False) is None

    def admitted() -> list[bool]:
        return [keys.find(key.reveal()) == ANNA for key in (short.key, long.key, ANNA.key)]

    for at, expected in ((1001.9, [True, True, True]), (1002, [False, True, True]), (1061, [False, False, True])):
        now[0] = at
        assert admitted() == expected


def test_temporary_keys_are_bounded() -> None:
    """Those that are over make room."""
    now = [0.0]
    keys = ApiKeys([ANNA], clock=lambda: now[0])
    for _ in range(MAX_TEMPORARY_KEYS):
        keys.new_temporary_key(ANNA, 60)
    with pytest.raises(ServiceRefused, match="Throttling"):
        keys.new_temporary_key(ANNA, 60)
    now[0] = 61
    keys.new_temporary_key(ANNA, 60)
