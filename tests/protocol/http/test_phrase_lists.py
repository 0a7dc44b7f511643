"""Requests about the lists of the oldest models: which method and path is which, and what is refused."""

import pytest

from asrcli.core.errors import ProtocolError, ServiceRefused
from asrcli.protocol.http.phrase_lists import (
    FINE_TUNES_PATH,
    PHRASE_LISTS_PATH,
    BrowsePhrases,
    DeletePhrases,
    QueryPhrases,
    WritePhrases,
    is_phrase_path,
    read_phrase_request,
)
from asrcli.protocol.json_messages import Json

MODEL = "paraformer-realtime-v1"


def written(**fields: object) -> Json:
    """The body that the official SDK sends to create a list."""
    body = {"model": MODEL, "training_file_ids": [], "validation_file_ids": [], "training_type": "compile_asr_phrase"}
    return body | {"hyper_parameters": {"phrase_list": {"a": 5, "b": -6}}} | fields


def test_method_and_path_say_what_is_asked() -> None:
    """An id is escaped in a path; pages begin with 1."""
    words = {"a": 5, "b": -6}
    assert read_phrase_request("POST", FINE_TUNES_PATH, "", written()) == WritePhrases(MODEL, words)
    assert read_phrase_request("POST", FINE_TUNES_PATH, "", written(finetuned_output="p")).id == "p"  # type: ignore[union-attr]
    assert read_phrase_request("GET", PHRASE_LISTS_PATH, "", {}) == BrowsePhrases(1, 10)
    assert read_phrase_request("GET", PHRASE_LISTS_PATH, "page_no=2&page_size=5", {}) == BrowsePhrases(2, 5)
    assert read_phrase_request("GET", f"{PHRASE_LISTS_PATH}/a%2Fb", "", {}) == QueryPhrases("a/b")
    assert read_phrase_request("DELETE", f"{PHRASE_LISTS_PATH}/a", "", {}) == DeletePhrases("a")


@pytest.mark.parametrize(
    ("method", "path"),
    [("GET", FINE_TUNES_PATH), ("POST", PHRASE_LISTS_PATH), ("PUT", f"{PHRASE_LISTS_PATH}/a")],
)
def test_other_methods_are_refused(method: str, path: str) -> None:
    """The answer says which are taken."""
    with pytest.raises(ServiceRefused, match=r"This path takes (POST|GET|GET and DELETE) only"):
        read_phrase_request(method, path, "", {})


@pytest.mark.parametrize(
    "body",
    [
        {},
        written(training_type="sft"),
        written(model=None),
        written(hyper_parameters={}),
        written(hyper_parameters={"phrase_list": {"a": 1.5}}),
        written(hyper_parameters={"phrase_list": {"a": True}}),
    ],
)
def test_a_body_without_words_or_for_other_training_is_refused(body: Json) -> None:
    """A list of words is the only kind of fine-tuning here."""
    with pytest.raises(ProtocolError):
        read_phrase_request("POST", FINE_TUNES_PATH, "", body)


@pytest.mark.parametrize("query", ["page_no=x", "page_size=-1", "page_no=1e3", f"page_no={'9' * 10}"])
def test_a_page_is_a_number(query: str) -> None:
    """Of a size that a computer can hold."""
    with pytest.raises(ProtocolError, match="must be a whole number"):
        read_phrase_request("GET", PHRASE_LISTS_PATH, query, {})


def test_only_these_paths_belong_here() -> None:
    """Jobs of other fine-tuning do not."""
    assert all(map(is_phrase_path, (FINE_TUNES_PATH, PHRASE_LISTS_PATH, f"{PHRASE_LISTS_PATH}/a")))
    assert not any(map(is_phrase_path, ("", f"{FINE_TUNES_PATH}/ft-1", f"{PHRASE_LISTS_PATH}x")))
