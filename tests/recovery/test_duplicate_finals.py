"""A final is dropped as a repetition only where audio was sent again, and only if its words are final already."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from asrcli.core.events import Final, Word
from asrcli.recovery.duplicate_finals import (
    COMPARED,
    KEPT,
    FirstFinals,
    RecentFinals,
    ResentAudio,
    TaskFinal,
    is_repeat,
    normalized_text,
    rest_of,
)
from tests.support.counted_calls import count_calls

WORDS = st.sampled_from(["hello", "Café", "你好", "don't", "42", "世", "well"])
AGAIN = ResentAudio(1000, normalized_text("Well, we met in the Café. 你好，世界！"))


@pytest.mark.parametrize(
    ("text", "end_ms", "repeat"),
    [
        ("we met in the café", 1000, True),
        ("WELL we met!", 900, True),
        ("w'ell’, we met", 1000, True),
        ("你好世界", 1000, True),
        ("你好", 1000, True),
        ("we met in the cafe", 1000, False),  # another word
        ("we met", 1001, False),  # it reaches into audio that was not final
        ("we met again", 1000, False),
        ("e met", 1000, False),  # half a word
        ("", 1000, False),
    ],
)
def test_what_is_a_repetition(text: str, end_ms: int, repeat: bool) -> None:
    """Consecutive final words, compared without case and punctuation, in the audio that is sent again."""
    assert is_repeat(Final("1", 500, end_ms, text), AGAIN) is repeat


def test_only_finals_that_reach_into_the_audio_count() -> None:
    """None does if the next task begins where they end."""
    said = RecentFinals()
    said.add(Final("1", 0, 400, "one"))
    said.add(Final("2", 400, 900, "two three"))
    assert said.since(900) is None
    assert said.since(899) == ResentAudio(900, "two three")
    assert said.since(0) == ResentAudio(900, "one two three")


def test_a_last_sentence_may_be_said_again_after_its_end() -> None:
    """It is a repetition if its task may have ended, the audio is too short, and it has more than one word."""
    again = ResentAudio(1000, "two three", "two three", 1000)
    assert is_repeat(Final("1", 1000, 1800, "Two, three!"), again, 899)
    assert not is_repeat(Final("1", 1000, 1800, "Two, three!"), again, 900)
    assert not is_repeat(Final("1", 1000, 1800, "Two, three!"), again)
    assert not is_repeat(Final("1", 1000, 1800, "two"), again, 800)
    assert not is_repeat(Final("1", 1000, 1800, "two three four"), again, 800)
    assert not is_repeat(Final("1", 1000, 1800, "two"), ResentAudio(1000, "two", "two", 1000), 800)
    said = RecentFinals()
    said.add(Final("1", 0, 900, "two three"))
    said.task_may_have_ended = True
    assert said.since(900) == ResentAudio(900, "", "two three", 900)


@given(st.lists(WORDS, min_size=1, max_size=5), st.lists(WORDS, max_size=5), st.sampled_from([" ", ", ", "。", "! "]))
def test_the_rest_of_a_final_is_what_an_earlier_one_did_not_say(said: list[str], more: list[str], mark: str) -> None:
    """With its words and their times, in any script; nothing of it comes twice, nothing is missing."""
    spoken = [*said, *more]
    words = tuple(Word(word, 100 * number, 100 * number + 100) for number, word in enumerate(spoken))
    earlier = Final("1", 0, 100 * len(said), " ".join(said))
    text = " ".join(said) + mark + " ".join(more)
    rest = rest_of(Final("1", 0, 100 * len(spoken), text, words), earlier)
    if not more:
        assert rest is None
        return
    assert rest is not None
    assert normalized_text(rest.text) == normalized_text(" ".join(more))
    assert rest.words == words[len(said) :]
    assert rest.begin_ms == 100 * len(said)


def test_a_final_that_says_something_else_is_whole() -> None:
    """Also a long one, which is not looked through to its end."""
    other = Final("1", 0, 900, "good morning")
    assert rest_of(other, Final("1", 0, 500, "good day")) == other
    hidden = Final("1", 0, 900, "-" * COMPARED + "hello there")
    assert rest_of(hidden, Final("1", 0, 500, "hello")) == hidden


def test_the_rest_of_a_long_final_is_as_little_work_as_that_of_a_short_one() -> None:
    """All other sessions wait for it. Neither the text nor the words are gone through again and again."""

    def work(count: int) -> int:
        words = tuple(Word(f"w{number}", number, number + 1) for number in range(count))
        final = Final("1", 0, count, " ".join(word.text for word in words), words)
        earlier = Final("1", 0, count // 2, " ".join(word.text for word in words[: count // 2]))
        rest = rest_of(final, earlier)
        assert rest is not None
        assert rest.words == words[count // 2 :]
        return count_calls(lambda: rest_of(final, earlier))

    assert work(400) < 12 * work(50)


SPANS = st.tuples(st.integers(0, 3000), st.integers(1, 1000)).map(lambda span: (span[0], sum(span)))
SENTENCES = st.lists(
    st.tuples(st.sampled_from(["hello there", "Well, then.", "你好"]), SPANS), min_size=1, max_size=KEPT + 5
)


def _sent(sentences: list[tuple[str, tuple[int, int]]], offset_ms: int, sent_ms: int, first: FirstFinals) -> list[bool]:
    heard = []
    for text, (begin_ms, end_ms) in sentences:
        final = Final("1", min(offset_ms + begin_ms, sent_ms), min(offset_ms + end_ms, sent_ms), text)
        heard.append(first.add(final, offset_ms, sent_ms))
    return heard


@given(SENTENCES, st.integers(0, 9000), st.integers(1, 5000), st.data())
def test_what_a_lost_task_has_sent_is_known_again_from_its_first_sentence_on(
    said: list[tuple[str, tuple[int, int]]], offset_ms: int, length_ms: int, data: st.DataObject
) -> None:
    """Cut to the audio of the task where that is shorter; up to the first sentence that is another one."""
    before = FirstFinals()
    assert not any(_sent(said, 0, 4000, before))
    resent = ResentAudio(0, "", task_finals=before.finals)
    again = _sent(said, offset_ms, offset_ms + length_ms, FirstFinals(resent))
    assert again == [True] * min(len(said), KEPT) + [False] * max(0, len(said) - KEPT)
    changed = data.draw(st.integers(0, min(len(said), KEPT) - 1))
    other = [*said[:changed], ("other", said[changed][1]), *said[changed + 1 :]]
    again = _sent(other, offset_ms, offset_ms + length_ms, FirstFinals(resent))
    assert again == [True] * changed + [False] * (len(said) - changed)


def test_what_the_lost_task_has_sent_counts_only_where_it_may_have_ended() -> None:
    """Else its audio may have been lost with it."""
    said = RecentFinals()
    said.add(Final("1", 0, 900, "one"))
    said.task_finals = (TaskFinal("one", 0, 900),)
    assert said.since(900) is None
    said.task_may_have_ended = True
    assert said.since(900) == ResentAudio(900, "", "one", 900, said.task_finals)


@pytest.mark.parametrize(
    ("text", "estimated", "again"),
    [("hello there", (True, True), True), ("你好", (True, True), True), ("hello", (True, True), False),
     ("hello there", (True, False), False), ("hello there", (False, True), False)],
)  # fmt: skip
def test_where_a_service_names_no_places_the_words_are_enough(
    text: str, estimated: tuple[bool, bool], *, again: bool
) -> None:
    """If there is more than one of them."""
    before, after = (TaskFinal(text, at, at + 500, each) for at, each in zip((0, 700), estimated, strict=True))
    assert before.is_repeated_by(after, 2000) is again


@pytest.mark.parametrize(("text", "again"), [("yes", False), ("Yes!", False), ("", False), ("yes, yes", True)])
def test_a_single_word_in_the_same_place_is_no_repetition(text: str, *, again: bool) -> None:
    """The next sentence may be the same word, at the start of the audio like the one before."""
    assert TaskFinal(text, 0, 500).is_repeated_by(TaskFinal(text, 0, 500), 2000) is again
