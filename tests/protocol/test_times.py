"""Times that a service leaves out, or gives reversed: estimated by what the text takes, within all that is known."""

from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import pysubs2
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from asrcli.core.errors import ProtocolError
from asrcli.core.events import Began, Ended, Event, Final, Finished
from asrcli.outputs.caption_lines import CaptionLayout
from asrcli.outputs.line_writer import LineWriter
from asrcli.outputs.subtitles import Subtitles
from asrcli.protocol.discarded_messages import MOST_KINDS, DiscardedMessages, SentenceKeys
from asrcli.protocol.inference.sentence_tracker import SentenceTracker
from asrcli.protocol.timestamps import LETTER_MS, WIDE_MS, TimedWord, likely_end, span, within
from tests.support.counted_calls import count_calls
from tests.support.listener import send_events

BEGAN, ENDED = Began("a", "m", "t", 0), Ended(0, 0, 0, 0, 0, None, None, None, 0)
MS = st.integers(0, 60_000)
TEXTS = st.text(st.sampled_from("ab ,会議は。"), min_size=1, max_size=60).filter(str.strip)


@pytest.mark.parametrize(
    ("said", "next_ms", "sent_ms", "end_ms"),
    [
        ("good morning", None, 600_000, 1000 + 12 * LETTER_MS),
        ("大家早上好", None, 600_000, 1000 + 5 * WIDE_MS),
        ("good morning", 1500, 600_000, 1500),
        ("good morning", 900, 600_000, 1000 + 12 * LETTER_MS),
        ("good morning", 9000, 1700, 1700),
        ("good morning", None, None, 1000),
        ("", None, 600_000, 1000),
        ("  ", None, 600_000, 1000),
    ],
)
def test_a_text_without_an_end_lasts_as_long_as_it_takes_to_say(
    said: str, next_ms: int | None, sent_ms: int | None, end_ms: int
) -> None:
    """And no longer than until the next one begins, or the audio ends. Ten minutes of quiet after it are not its."""
    assert likely_end(1000, said, next_ms=next_ms, sent_ms=sent_ms) == end_ms
    for broken_ms in (None, 400):  # none, and one before the beginning
        times = span(1000, broken_ms, (), after_ms=0, sent_ms=sent_ms, sentence_text=said, next_ms=next_ms)
        assert times == (1000, end_ms)


def test_the_words_of_a_long_sentence_are_no_more_work_than_those_of_many_short_ones() -> None:
    """All sessions wait while a message is read, and a message may have hundreds of thousands of words."""

    class Unplaced:
        """A word whose end is looked for, and whose begin cannot be used."""

        text, punctuation, estimated, end_ms = "a", "", False, None

        @property
        def begin_ms(self) -> None:
            """None, and a call that is counted."""

    def work(count: int) -> int:
        words: Any = (Unplaced(),) * count
        return count_calls(lambda: within(words, 0, 1000))

    assert work(800) < 12 * work(100)


def test_a_word_without_an_end_ends_where_the_next_known_one_begins() -> None:
    """The last one ends with its sentence, and where that is open, where it begins."""
    words = (TimedWord("a", 0, None), TimedWord("b", None, None), TimedWord("c", 500, None))
    assert [(word.begin_ms, word.end_ms) for word in within(words, 0, 900)] == [(0, 500), (500, 500), (500, 900)]
    assert [(word.begin_ms, word.end_ms) for word in within(words, 0)][-1] == (500, 500)
    assert all(word.estimated for word in within(words, 0, 900))


@given(MS, TEXTS, st.none() | MS, MS)
def test_an_estimate_is_within_all_that_is_known(begin_ms: int, said: str, next_ms: int | None, sent_ms: int) -> None:
    """Never before the beginning, beyond the audio, beyond the next one, or slower than anybody speaks."""
    end_ms = likely_end(begin_ms, said, next_ms=next_ms, sent_ms=sent_ms)
    assert begin_ms <= end_ms <= begin_ms + WIDE_MS * len(said)
    assert end_ms <= max(begin_ms, sent_ms)
    if next_ms is not None and next_ms >= begin_ms:
        assert end_ms <= next_ms


def client_events(sentences: list[tuple[int, int | None, str]], sent_ms: int) -> Iterator[Event]:
    """What a client makes of sentences whose ends may be missing or reversed; each next one is begun before."""
    reader = SentenceTracker(DiscardedMessages(), SentenceKeys())
    for number, (begin_ms, end_ms, said) in enumerate(sentences):
        ended: dict[str, Any] = {"sentence_id": number, "begin_time": begin_ms, "text": said, "sentence_end": True}
        ended |= {} if end_ms is None else {"end_time": end_ms}
        if number + 1 < len(sentences):
            ended["stash"] = {"sentence_id": number + 1, "begin_time": sentences[number + 1][0], "text": "so"}
            yield from reader.read(ended | {"stash": {}, "sentence_end": False}, sent_ms)
            yield from reader.read(ended["stash"] | {"sentence_end": False}, sent_ms)
        yield from reader.read(ended | {"stash": {}}, sent_ms)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(begins=st.lists(MS, min_size=1, max_size=12, unique=True), data=st.data())
def test_captions_of_sentences_without_an_end_never_overlap(
    tmp_path: Path, begins: list[int], data: st.DataObject
) -> None:
    """Read back from an SRT by another parser, whatever ends are missing or reversed; none lies beyond the audio."""
    begins.sort()
    ends = [data.draw(st.sampled_from([None, 0, begin // 2, begin + 300])) for begin in begins]
    sentences = [(begin, end, data.draw(TEXTS)) for begin, end in zip(begins, ends, strict=True)]
    events = list(client_events(sentences, 70_000))
    finals = [event for event in events if isinstance(event, Final)]
    assert [final.begin_ms for final in finals] == begins
    assert all(final.begin_ms <= final.end_ms <= 70_000 for final in finals)
    missing = [end is None or end < begin for begin, end in zip(begins, ends, strict=True)]
    for (before, after), estimated in zip(pairwise(finals), missing, strict=False):
        assert not estimated or before.end_ms <= after.begin_ms
    path = tmp_path / "a.srt"
    send_events(Subtitles(LineWriter(str(path)), "srt", CaptionLayout()), [BEGAN, *finals, Finished(), ENDED])
    found = sorted((each.start, each.end) for each in pysubs2.load(str(path)))
    assert all(begin < end for begin, end in found)
    assert all(before[1] <= after[0] for before, after in pairwise(found))


def test_what_is_dropped_for_ever_new_reasons_is_counted_as_one_kind() -> None:
    """A service that finds a new fault for each message does not fill the memory, nor the screen."""
    dropped = DiscardedMessages()
    told = [dropped.unreadable(ProtocolError(f"problem {number}")) for number in range(MOST_KINDS + 50)]
    assert [notice.level for notice in told].count("warning") == MOST_KINDS + 1
    assert told[-1].level == "debug"
