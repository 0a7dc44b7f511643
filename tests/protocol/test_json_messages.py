"""Reading JSON with care: what is wrong is named, shortly."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from asrcli.core.errors import ProtocolError, UsageError
from asrcli.core.message import Binary, Closed, Text
from asrcli.protocol.addresses import endpoint
from asrcli.protocol.json_messages import (
    MOST_DEPTH,
    Json,
    is_deep,
    label,
    need,
    need_whole,
    number,
    read,
    whole,
    write,
)


@pytest.mark.parametrize(
    ("message", "problem"),
    [
        (Binary(b"\x00\xff"), "a binary message instead of a text message"),
        (Binary(b"[1]"), "a binary message instead of a text message"),
        (Text(""), "an empty message"),
        (Binary(b""), "a binary message instead of a text message"),
        (Text("{"), "not JSON"),
        (Text("{}{}"), "not JSON"),
        (Text("[" * 100_000), "not JSON"),
        (Text("[]"), "not a JSON object"),
        (Text("null"), "not a JSON object"),
    ],
)
def test_what_is_no_object_is_refused_by_name(message: Text | Binary, problem: str) -> None:
    """The sentence says what came, and stays short however long it was."""
    with pytest.raises(ProtocolError, match=problem) as caught:
        read(message)
    assert len(str(caught.value)) < 200


@pytest.mark.parametrize(
    "message",
    [Text('\ufeff{"a":1}'), Text('\n{"a":1}\n'), Binary(b'{"a":1}'), Binary(b'\xef\xbb\xbf {"a":1}')],
    ids=str,
)
def test_an_object_is_read_in_whatever_it_is_wrapped(message: Text | Binary) -> None:
    """A byte order mark, and text in a binary message: there is no doubt what is meant."""
    assert read(message) == {"a": 1}


def test_half_a_character_is_replaced() -> None:
    """No output could write it; whole ones stay, however they are escaped."""
    assert read(Text('{"a":"x\\ud83d","b":"\\ud83d\\ude00"}')) == {"a": "x\ufffd", "b": "\U0001f600"}


def test_a_missing_field_is_named_with_its_path() -> None:
    """Whoever debugs an integration sees which field of which message."""
    with pytest.raises(ProtocolError, match=r"field header\.event is missing"):
        need({"header": {}}, "header.event", str)
    with pytest.raises(ProtocolError, match=r"field a\.b has the wrong type"):
        need({"a": {"b": 1}}, "a.b", str)
    with pytest.raises(ProtocolError, match="wrong type"):
        need({"n": True}, "n", int)


def test_values_that_are_no_numbers_count_as_absent() -> None:
    """NaN, infinity, booleans, text and what is beyond all counting never become times."""
    value: object
    for value in (None, True, "1", float("nan"), float("inf"), 10**400, -1e30, [], {}):
        assert number({"n": value}, "n") is None
        assert whole({"n": value}, "n") is None
    assert whole({"n": 3.7}, "n") == 3


def test_chinese_travels_as_itself() -> None:
    """No escapes: half the bytes, and readable in any log."""
    assert write({"text": "天气"}) == Text('{"text":"天气"}')


@pytest.mark.parametrize(
    ("base", "address"),
    [
        ("wss://host", "wss://host/p?model=m"),
        ("wss://host/", "wss://host/p?model=m"),
        ("ws://host:8090", "ws://host:8090/p?model=m"),
        ("ws://[::1]:8090", "ws://[::1]:8090/p?model=m"),
        ("wss://host/own/path", "wss://host/own/path?model=m"),
        ("wss://host/own/path/?a=b", "wss://host/own/path?a=b&model=m"),
    ],
)
def test_a_host_gets_the_path_of_the_wire_and_an_address_keeps_its_own(base: str, address: str) -> None:
    """`--url wss://host` is enough; a full address is taken as it stands."""
    assert endpoint(base, "/p", "model=m") == address


@pytest.mark.parametrize("base", ["", "host", "http://host", "ws://", "ws://host:99999", "ws://host:0", "ws://[::1"])
def test_what_is_no_websocket_address_is_a_usage_error(base: str) -> None:
    """Told before anything is dialled."""
    with pytest.raises(UsageError, match="not a WebSocket address"):
        endpoint(base, "/p")


def test_a_number_of_any_length_spoils_no_message() -> None:
    """Python reads integers up to some thousand digits: what is longer counts nothing that there is."""
    value = read(Text('{"text":"hi","begin_time":' + "9" * 6000 + ',"end_time":5}'))
    assert value["text"] == "hi"
    assert number(value, "begin_time") is None
    assert number(value, "end_time") == 5


def test_an_address_of_the_official_sdk_gets_the_path_of_the_wire() -> None:
    """It has the path of one wire for all of them; what stands before it stays."""
    assert endpoint("wss://h/proxy/api-ws/v1/inference", "/api-ws/v1/realtime") == "wss://h/proxy/api-ws/v1/realtime"


@given(st.recursive(st.integers() | st.text(), lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner)))
def test_a_value_is_deep_where_it_has_more_levels_than_we_write(value: object) -> None:
    """Lists and objects count alike, and the deepest branch decides."""

    def depth(one: object) -> int:
        inner = list(one.values()) if isinstance(one, dict) else one if isinstance(one, list) else None
        return 0 if inner is None else 1 + max(map(depth, inner), default=0)

    assert is_deep(value) is (depth(value) > MOST_DEPTH)
    for _ in range(MOST_DEPTH + 1):
        value = [value]
    assert is_deep({"a": 1, "b": value})


def test_any_depth_is_answered() -> None:
    """However great: no recursion goes into it."""
    value: object = 1
    for _ in range(100_000):
        value = [value]
    assert is_deep(value)


def test_a_field_that_is_too_deep_to_be_shown_is_named() -> None:
    """The sentence goes without the value."""
    deep: object = 1
    for _ in range(100_000):
        deep = [deep]
    with pytest.raises(ProtocolError, match=r"field a has the wrong type$"):
        need({"a": deep}, "a", str)


def test_what_cannot_be_shown_is_left_out_of_an_error() -> None:
    """A message deeper than Python writes, and the end of a connection, which has no contents."""
    deep: Json = {}
    for _ in range(100_000):
        deep = {"a": deep}
    with pytest.raises(ProtocolError, match="header is missing"):
        need(deep, "header", dict)
    with pytest.raises(ProtocolError, match="a binary message"):
        read(Closed(1000))


def test_a_boolean_is_no_number() -> None:
    """Python takes it for one; a service that writes true for a time has not written a time."""
    with pytest.raises(ProtocolError, match="wrong type"):
        need({"a": True}, "a", (int, float))
    assert need({"a": True}, "a", (int, bool)) is True


@pytest.mark.parametrize("rate", ["fast", "16000.5", "", "9" * 30, 1.5, True])
def test_digits_count_as_a_number_and_nothing_else_does(rate: object) -> None:
    """Some clients send a rate in quotes."""
    for written in (16000, "16000", 16000.0):
        assert need_whole({"a": {"rate": written}}, "a.rate") == 16000
    with pytest.raises(ProtocolError, match=r"field a\.rate has the wrong type"):
        need_whole({"a": {"rate": rate}}, "a.rate")


def test_a_label_has_no_characters_that_a_terminal_obeys() -> None:
    """A language or an emotion of a service is shown as it is."""
    assert label({"language": "zh\x1b[2J\u202e"}, "language") == "zh[2J"
    assert label({"language": "zh"}, "language") == "zh"
    assert label({"language": 7}, "language") == ""
