"""Texts of the realtime wire that a service leaves out: what was heard of a sentence is kept."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from asrcli.core.events import Final, Notice, Partial, Usage
from asrcli.protocol.discarded_messages import MISSING_TEXT
from asrcli.protocol.json_messages import counted
from tests.support.inference import client, finals, message
from tests.support.realtime import ITEM, Service

LEFT_OUT: tuple[dict[str, Any], ...] = ({}, {"transcript": None})


@pytest.mark.parametrize("left_out", LEFT_OUT)
def test_a_sentence_that_is_completed_without_a_text_has_the_text_that_was_heard_of_it(
    left_out: dict[str, Any],
) -> None:
    """With a warning; the next sentence is not concerned."""
    service = Service()
    service.turn("a", 100, 900)
    service.tell(f"{ITEM}text", item_id="a", text="good", stash=" day")
    assert service.tell(f"{ITEM}completed", item_id="a", **left_out) == [
        Notice("warning", MISSING_TEXT), Final("a", 100, 900, "good day"),
    ]  # fmt: skip
    service.turn("b", 1000, 1900)
    assert service.spans(("b", "two")) == [("two", 1000, 1900)]


@pytest.mark.parametrize("left_out", LEFT_OUT)
def test_without_any_text_the_message_is_one_that_cannot_be_read(left_out: dict[str, Any]) -> None:
    """Nothing is known to have been said, so nothing is decided."""
    service = Service()
    service.turn("a", 100, 900)
    (notice,) = service.tell(f"{ITEM}completed", item_id="a", **left_out)
    assert isinstance(notice, Notice)
    assert "field transcript" in notice.text
    assert service.spans(("a", "one")) == [("one", 100, 900)]


@given(st.sampled_from([None, "", "he"]), st.sampled_from([None, "", "llo", ...]))
def test_null_is_no_text(text: str | None, stash: Any) -> None:
    """A partial with null for one of its two texts has the other; with both it shows nothing, and is no mistake."""
    service = Service()
    service.turn("a", 100, 900)
    fields = {} if stash is ... else {"stash": stash}
    events = service.tell(f"{ITEM}text", item_id="a", text=text, **fields)
    settled, unsettled = text or "", fields.get("stash") or ""
    assert events == ([Partial("a", 100, settled, unsettled)] if settled + unsettled else [])


def test_a_sentence_inside_a_repeated_envelope_is_found_beside_a_null() -> None:
    """Null counts as absent on the inference wire too."""
    codec = client()
    sentence = {"sentence_id": 1, "begin_time": 0, "end_time": 200, "text": "x", "sentence_end": True}
    told = message("result-generated", payload={"output": {"sentence": None, "output": {"sentence": sentence}}})
    assert finals(codec, told) == [Final("1", 0, 200, "x")]


@given(st.integers(0, 10**6), st.integers(0, 10**6))
def test_counts_in_digits_are_counts(seconds: int, tokens: int) -> None:
    """As times are: a usage that is not read is a cost that is not shown. Other texts are none."""
    given_counts = {"duration": str(seconds), "input_tokens": str(tokens), "output_tokens": "many"}
    assert counted(given_counts, Usage(output_tokens=7)) == Usage(seconds, tokens, 7)
    details = {"input_tokens_details": {"audio_tokens": "5"}}
    assert counted(details, Usage()).audio_tokens == 5
