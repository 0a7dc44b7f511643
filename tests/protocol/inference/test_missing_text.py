"""Sentences of the inference wire that end without a text that can be read."""

from typing import Any

import pytest

from asrcli.core.events import Gap, Notice
from asrcli.protocol.inference.sentence_tracker import NO_READABLE_TEXT
from tests.support.inference import client, result


@pytest.mark.parametrize("text", [None, ..., 7])
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
