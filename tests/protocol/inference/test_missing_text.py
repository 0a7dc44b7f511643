"""Sentences of the inference wire that end without a text, or without times that can be true."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from asrcli.core.events import Final, Finished, Gap, Notice, Word
from asrcli.protocol.discarded_messages import MISSING_TEXT
from asrcli.protocol.inference.sentence_tracker import NO_READABLE_TEXT
from asrcli.protocol.timestamps import AHEAD_MS
from tests.support.inference import SENT_MS, client, finals, message, notices, result

WORDS = [{"text": "good", "begin_time": 300, "end_time": 500, "punctuation": ""}]


@pytest.mark.parametrize("text", [7, True, ["good"], {"good": 1}])
def test_a_sentence_that_ends_without_a_readable_text_is_a_gap_where_it_says_when_it_was(text: Any) -> None:
    """The words are lost, so the audio must not count as silence; without times the message is only reported."""
    codec = client()
    notice, gap = codec.receive(result(text=text, begin_time=300, end_time=900))
    assert isinstance(notice, Notice)
    assert notice.level == "warning"
    assert gap == Gap(300, 900, NO_READABLE_TEXT)
    for times in ({"begin_time": None}, {"end_time": None}, {"begin_time": 900, "end_time": 900}):
        (again,) = codec.receive(result(text=text, **times))
        assert isinstance(again, Notice)


@pytest.mark.parametrize("text", [None, ...])
def test_a_sentence_whose_text_is_left_out_has_the_text_that_was_heard_of_it(text: Any) -> None:
    """What the service has said before is not lost. Where it has said nothing, it has not said that nobody spoke."""
    codec = client()
    assert finals(codec, result(text=text, begin_time=0, end_time=200)) == []
    assert codec.unread == 1
    partial = result(sentence_id=2, text="good", words=WORDS, begin_time=300, end_time=None, sentence_end=False)
    assert finals(codec, partial) == []
    events = codec.receive(result(sentence_id=2, text=text, begin_time=300, end_time=900))
    assert notices(events) == ["debug"]  # a person was told at the first one
    assert events[1:] == [Final("2", 300, 900, "good", (Word("good", 300, 500),))]
    (warning,) = client().receive(result(text=text))
    assert warning == Notice("warning", MISSING_TEXT)


@pytest.mark.parametrize("end_ms", [0, -1, 0.0])
def test_an_end_that_is_no_time_ends_no_sentence(end_ms: float) -> None:
    """Where the service does not say whether a sentence has ended, its end time does: 0 and -1 are none."""
    codec = client()
    assert finals(codec, result(text="he", end_time=end_ms, sentence_end=...)) == []
    (final,) = finals(codec, result(text="hello", end_time=900, sentence_end=...))
    assert final.text == "hello"


@pytest.mark.parametrize(
    ("ahead_ms", "end_ms"), [(0, SENT_MS), (AHEAD_MS, SENT_MS), (AHEAD_MS + 1, 1100), (10**9, 1100)]
)
def test_an_end_far_behind_the_audio_claims_none_of_what_is_on_its_way(ahead_ms: int, end_ms: int) -> None:
    """The end is estimated then; once all audio was sent, the sentence may reach to its end. A repetition is known."""
    codec = client()
    told = result(text="hello there", begin_time=0, end_time=SENT_MS + ahead_ms)
    (final,) = finals(codec, told)
    assert (final.begin_ms, final.end_ms) == (0, end_ms)
    assert final.estimated == (end_ms != SENT_MS)
    assert finals(codec, told) == []
    codec = client()
    codec.finish()
    (final,) = finals(codec, told)
    assert (final.begin_ms, final.end_ms) == (0, SENT_MS)


@given(st.none() | st.integers(0, 900), st.none() | st.integers(0, 900), st.integers(0, 11))
def test_a_late_partial_is_known_whatever_the_times_are(begin: int | None, end: int | None, shown: int) -> None:
    """Zero, one point for both, reversed, left out: the start of the text of a final is no new sentence."""
    codec = client()
    assert len(finals(codec, result(text="hello there", begin_time=begin, end_time=end))) == 1
    late = codec.receive(
        result(text="hello there"[:shown], begin_time=begin, end_time=None, sentence_begin=True, sentence_end=False)
    )
    assert notices(late) == ["debug"]
    assert finals(codec, message("task-finished")) == []


@given(
    st.sampled_from([None, "same", "other", "unreadable"]),
    st.sampled_from([{"usage": {"duration": 3}}, {}]),
)
def test_a_sentence_in_task_finished_is_said_once(shown: str | None, usage: dict[str, Any]) -> None:
    """Some services repeat the last sentence there, and some say it nowhere else; the task ends in any case."""
    codec = client()
    last = {"sentence_id": 1, "begin_time": 0, "end_time": 900, "text": "x", "sentence_end": True}
    if shown == "same":
        assert len(finals(codec, result())) == 1
    if shown == "other":
        assert len(finals(codec, result(sentence_id=9, begin_time=1000, end_time=1900, text="before"))) == 1
    output: Any = {"sentence": last}
    if shown == "unreadable":
        output = {"sentence": [last]}
    events = codec.receive(message("task-finished", payload={"output": output} | usage))
    assert isinstance(events[-1], Finished)
    said = [event.text for event in events if isinstance(event, Final)]
    assert said == {"same": [], "unreadable": []}.get(shown or "", ["x"])
