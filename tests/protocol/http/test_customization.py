"""Hot-word lists and temporary keys on the wire: what one end writes the other reads."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from asrcli.core.errors import ProtocolError, UsageError
from asrcli.core.settings import Secret
from asrcli.dashscope.hotwords import HotWord
from asrcli.protocol.http import customization as c
from asrcli.protocol.json_messages import rest_url

WORDS = st.lists(st.builds(HotWord, st.text(), st.integers(1, 50), st.sampled_from(("", "en"))), max_size=3).map(tuple)
ASKED = st.one_of(
    st.builds(c.CreateList, st.text(), st.text(), WORDS),
    st.builds(c.BrowseLists, st.text(), st.integers(0, 100), st.integers(0, 100)),
    st.builds(c.QueryList, st.text()),
    st.builds(c.UpdateList, st.text(), WORDS),
    st.builds(c.DeleteList, st.text()),
)


def carried(value: Any) -> Any:
    """As it is after its way over the wire."""
    return json.loads(json.dumps(value))


@given(ASKED)
def test_a_request_arrives_as_it_was_asked(asked: c.Asked) -> None:
    """Each action, with anything in it."""
    assert c.read(carried(c.written(asked))) == asked


def test_requests_are_what_the_reference_shows() -> None:
    """Names and nesting, to the letter."""
    words = (HotWord("梯度", 5), HotWord("Kubernetes", 4, "en"))
    table = [{"text": "梯度", "weight": 5}, {"text": "Kubernetes", "weight": 4, "lang": "en"}]
    inputs: dict[c.Asked, dict[str, Any]] = {
        c.CreateList("fun-asr-realtime", "ml", words): {
            "action": "create_vocabulary", "target_model": "fun-asr-realtime", "prefix": "ml", "vocabulary": table,
        },
        c.BrowseLists("ml", 2): {"action": "list_vocabulary", "prefix": "ml", "page_index": 2, "page_size": 10},
        c.BrowseLists(): {"action": "list_vocabulary", "page_index": 0, "page_size": 10},
        c.QueryList("vocab-ml-0"): {"action": "query_vocabulary", "vocabulary_id": "vocab-ml-0"},
        c.UpdateList("vocab-ml-0", words): {
            "action": "update_vocabulary", "vocabulary_id": "vocab-ml-0", "vocabulary": table,
        },
        c.DeleteList("vocab-ml-0"): {"action": "delete_vocabulary", "vocabulary_id": "vocab-ml-0"},
    }  # fmt: skip
    for asked, body in inputs.items():
        assert c.written(asked) == {"model": "speech-biasing", "input": body}


def test_what_the_sdk_adds_is_passed_over_and_what_may_be_absent_is() -> None:
    """Its parameters are always there; pages and the language may be missing."""
    body = {"model": "speech-biasing", "input": {"action": "list_vocabulary"}, "parameters": {}}
    assert c.read(body) == c.BrowseLists()
    body["input"] = {"action": "update_vocabulary", "vocabulary_id": "v", "vocabulary": [{"text": "a", "lang": None}]}
    assert c.read(body) == c.UpdateList("v", (HotWord("a"),))


QUERY = {"action": "query_vocabulary", "vocabulary_id": "v"}
UPDATE = {"action": "update_vocabulary", "vocabulary_id": "v"}


@pytest.mark.parametrize(
    ("body", "problem"),
    [
        ({}, "field model is missing"),
        ({"model": "other", "input": QUERY}, "model must be speech-biasing"),
        ({"model": c.MODEL}, "field input is missing"),
        ({"model": c.MODEL, "input": {}}, "field action is missing"),
        ({"model": c.MODEL, "input": {"action": "sing"}}, "unknown action"),
        ({"model": c.MODEL, "input": {"action": "query_vocabulary"}}, "field vocabulary_id is missing"),
        ({"model": c.MODEL, "input": UPDATE}, "field vocabulary is missing"),
        ({"model": c.MODEL, "input": UPDATE | {"vocabulary": {}}}, "field vocabulary has the wrong type"),
        ({"model": c.MODEL, "input": UPDATE | {"vocabulary": ["a"]}}, "field vocabulary has the wrong type"),
        ({"model": c.MODEL, "input": UPDATE | {"vocabulary": [{"text": "a", "weight": "5"}]}}, "field weight"),
    ],
)
def test_a_request_that_is_none_is_named(body: dict[str, Any], problem: str) -> None:
    """Its client hears which field."""
    with pytest.raises(ProtocolError, match=problem):
        c.read(body)


def test_answers_are_read_as_they_were_written() -> None:
    """Of each action, and of the keys."""
    words = (HotWord("梯度", 5), HotWord("a", 4, "en"))
    there = c.HotWordList("vocab-ml-0", "2026-11-25 01:02:03", "2026-11-25 01:02:04", "UNDEPLOYED", "m", words)
    bare = c.HotWordList(there.id, there.created, there.modified, there.status)
    assert c.read_created(carried(c.answer(c.created(there.id), "r"))) == there.id
    assert c.read_browsed(carried(c.answer(c.browsed([there]), "r"))) == (bare,)
    assert c.read_queried(there.id, carried(c.answer(c.queried(there), "r"))) == there
    token = c.TemporaryKey(Secret("st-secret"), 1795000000)
    assert c.read_minted(carried(c.minted(token))) == token


@pytest.mark.parametrize("said", [{}, {"token": "st-secret"}, {"token": "", "expires_at": 1}, {"output": "st-secret"}])
def test_a_key_is_not_shown_in_the_complaint_about_its_answer(said: dict[str, Any]) -> None:
    """However broken that is."""
    with pytest.raises(ProtocolError) as caught:
        c.read_minted(said)
    assert "secret" not in f"{caught.value!r} {caught.value}"


@pytest.mark.parametrize("output", [{}, {"vocabulary_list": {}}, {"vocabulary_list": ["a"]}, {"vocabulary_list": [{}]}])
def test_an_answer_that_is_none_is_a_protocol_error(output: dict[str, Any]) -> None:
    """And no traceback."""
    with pytest.raises(ProtocolError):
        c.read_browsed({"output": output})


def test_errors_have_the_status_of_their_kind() -> None:
    """Whatever else it is, it is the request that is wrong."""
    kinds = ("InvalidApiKey", "Throttling.AllocationQuota", "BadRequest.ResourceNotExist", "InternalError")
    assert [c.status(kind) for kind in kinds] == [401, 429, 400, 500]


@pytest.mark.parametrize(
    ("base", "address"),
    [
        ("wss://host", "https://host/api/v1/tokens"),
        ("wss://host/", "https://host/api/v1/tokens"),
        ("ws://host:8090", "http://host:8090/api/v1/tokens"),
        ("ws://[::1]:8090", "http://[::1]:8090/api/v1/tokens"),
        ("https://host/api/v1", "https://host/api/v1/tokens"),
        ("https://host/api/v1/services/audio", "https://host/api/v1/tokens"),
        ("wss://host/api-ws/v1/inference/", "https://host/api/v1/tokens"),
        ("wss://host/api-ws/v1/realtime?model=m", "https://host/api/v1/tokens"),
        ("wss://host/gateway/api-ws/v1/inference", "https://host/gateway/api/v1/tokens"),
        ("wss://host/gateway", "https://host/gateway/api/v1/tokens"),
    ],
)
def test_single_requests_go_to_the_host_of_the_wire(base: str, address: str) -> None:
    """One --url is enough for both."""
    assert rest_url(base, c.TOKENS) == address


@pytest.mark.parametrize("base", ["", "host", "ftp://host", "ws://", "ws://host:99999", "ws://host:0", "ws://[::1"])
def test_what_is_no_address_is_a_usage_error(base: str) -> None:
    """Told before anything is asked."""
    with pytest.raises(UsageError, match="not an address of a service"):
        rest_url(base, c.TOKENS)
