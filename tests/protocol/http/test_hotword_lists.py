"""Requests about hot-word lists and their answers: what one end writes, the other end reads."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from asrcli.core.errors import ProtocolError
from asrcli.dashscope.hotwords import HotWord
from asrcli.protocol.http import answers, hotword_lists

WORDS = st.lists(st.builds(HotWord, st.text(), st.integers(1, 50), st.sampled_from(("", "en"))), max_size=3).map(tuple)
ASKED = st.one_of(
    st.builds(hotword_lists.CreateList, st.text(), st.text(), WORDS),
    st.builds(hotword_lists.BrowseLists, st.text(), st.integers(0, 100), st.integers(0, 100)),
    st.builds(hotword_lists.QueryList, st.text()),
    st.builds(hotword_lists.UpdateList, st.text(), WORDS),
    st.builds(hotword_lists.DeleteList, st.text()),
)


def carried(value: Any) -> Any:
    """The value after it was written as JSON and read again."""
    return json.loads(json.dumps(value))


@given(ASKED)
def test_a_request_arrives_as_it_was_asked(asked: hotword_lists.HotWordListRequest) -> None:
    """Every action survives the way over the wire, whatever its fields hold."""
    assert hotword_lists.read_request(carried(hotword_lists.write_request(asked))) == asked


def test_requests_are_what_the_reference_shows() -> None:
    """Names and nesting are exactly those of the API reference."""
    words = (HotWord("梯度", 5), HotWord("Kubernetes", 4, "en"))
    table = [{"text": "梯度", "weight": 5}, {"text": "Kubernetes", "weight": 4, "lang": "en"}]
    inputs: dict[hotword_lists.HotWordListRequest, dict[str, Any]] = {
        hotword_lists.CreateList("fun-asr-realtime", "ml", words): {
            "action": "create_vocabulary", "target_model": "fun-asr-realtime", "prefix": "ml", "vocabulary": table,
        },
        hotword_lists.BrowseLists("ml", 2): {
            "action": "list_vocabulary", "prefix": "ml", "page_index": 2, "page_size": 10,
        },
        hotword_lists.BrowseLists(): {"action": "list_vocabulary", "page_index": 0, "page_size": 10},
        hotword_lists.QueryList("vocab-ml-0"): {"action": "query_vocabulary", "vocabulary_id": "vocab-ml-0"},
        hotword_lists.UpdateList("vocab-ml-0", words): {
            "action": "update_vocabulary", "vocabulary_id": "vocab-ml-0", "vocabulary": table,
        },
        hotword_lists.DeleteList("vocab-ml-0"): {"action": "delete_vocabulary", "vocabulary_id": "vocab-ml-0"},
    }  # fmt: skip
    for asked, body in inputs.items():
        assert hotword_lists.write_request(asked) == {"model": "speech-biasing", "input": body}


def test_unknown_fields_are_ignored_and_optional_fields_may_be_missing() -> None:
    """The official SDK always sends `parameters`; the page and the language may be missing."""
    body = {"model": "speech-biasing", "input": {"action": "list_vocabulary"}, "parameters": {}}
    assert hotword_lists.read_request(body) == hotword_lists.BrowseLists()
    body["input"] = {"action": "update_vocabulary", "vocabulary_id": "v", "vocabulary": [{"text": "a", "lang": None}]}
    assert hotword_lists.read_request(body) == hotword_lists.UpdateList("v", (HotWord("a"),))


QUERY = {"action": "query_vocabulary", "vocabulary_id": "v"}
UPDATE = {"action": "update_vocabulary", "vocabulary_id": "v"}


@pytest.mark.parametrize(
    ("body", "problem"),
    [
        ({}, "field model is missing"),
        ({"model": "other", "input": QUERY}, "model must be speech-biasing"),
        ({"model": hotword_lists.REQUEST_MODEL}, "field input is missing"),
        ({"model": hotword_lists.REQUEST_MODEL, "input": {}}, "field action is missing"),
        ({"model": hotword_lists.REQUEST_MODEL, "input": {"action": "sing"}}, "unknown action"),
        (
            {"model": hotword_lists.REQUEST_MODEL, "input": {"action": "query_vocabulary"}},
            "field vocabulary_id is missing",
        ),
        ({"model": hotword_lists.REQUEST_MODEL, "input": UPDATE}, "field vocabulary is missing"),
        (
            {"model": hotword_lists.REQUEST_MODEL, "input": UPDATE | {"vocabulary": {}}},
            "field vocabulary has the wrong type",
        ),
        (
            {"model": hotword_lists.REQUEST_MODEL, "input": UPDATE | {"vocabulary": ["a"]}},
            "field vocabulary has the wrong type",
        ),
        (
            {"model": hotword_lists.REQUEST_MODEL, "input": UPDATE | {"vocabulary": [{"text": "a", "weight": "5"}]}},
            "field weight",
        ),
    ],
)
def test_an_unreadable_request_is_refused_by_name(body: dict[str, Any], problem: str) -> None:
    """The error names the field that is missing or wrong."""
    with pytest.raises(ProtocolError, match=problem):
        hotword_lists.read_request(body)


def test_answers_are_read_as_they_were_written() -> None:
    """The answers to each action."""
    words = (HotWord("梯度", 5), HotWord("a", 4, "en"))
    there = hotword_lists.HotWordList(
        "vocab-ml-0", "2026-11-25 01:02:03", "2026-11-25 01:02:04", "UNDEPLOYED", "m", words
    )
    bare = hotword_lists.HotWordList(there.id, there.created, there.modified, there.status)
    assert (
        hotword_lists.read_created(carried(answers.success_body(hotword_lists.write_created(there.id), "r")))
        == there.id
    )
    assert hotword_lists.read_page(carried(answers.success_body(hotword_lists.write_page([there]), "r"))) == (bare,)
    assert (
        hotword_lists.read_list(there.id, carried(answers.success_body(hotword_lists.write_list(there), "r"))) == there
    )


@pytest.mark.parametrize("output", [{}, {"vocabulary_list": {}}, {"vocabulary_list": ["a"]}, {"vocabulary_list": [{}]}])
def test_an_unreadable_answer_is_a_protocol_error(output: dict[str, Any]) -> None:
    """It is not an error of another type, which would end in a traceback."""
    with pytest.raises(ProtocolError):
        hotword_lists.read_page({"output": output})
