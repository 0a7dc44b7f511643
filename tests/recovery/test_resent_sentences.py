"""Sentences without an end whose audio is sent again: they are dropped when they come again, and nothing else is."""

import pytest

from asrcli.core.events import Final, Word
from asrcli.recovery.duplicate_finals import RecentFinals, ResentAudio
from asrcli.recovery.resent_sentences import ResentSentences


def guessed(begin_ms: int, end_ms: int, text: str, sure_ms: int | None = None) -> Final:
    """A sentence whose end is a guess; its start is named unless `sure_ms` is another time."""
    return Final("1", begin_ms, end_ms, text, sure_ms=begin_ms if sure_ms is None else sure_ms)


def new_texts(before: list[Final], begin_ms: int, *after: Final) -> list[str]:
    """What the finals of the next task add to the sentences before, whose audio is sent again from a time on."""
    recent = RecentFinals()
    for final in before:
        recent.add(final)
    again = ResentSentences(recent.since(begin_ms))
    return [new.text for final in after if (new := again.new_part(final)) is not None]


ONE, TWO = guessed(1000, 3000, "Good morning, all."), guessed(3000, 4000, "Yes.")


def test_the_same_sentences_add_nothing() -> None:
    """Also one of a single word, which comes in its place; a third one is new."""
    again = guessed(1050, 3500, "good morning all"), guessed(3000, 4400, "Yes"), guessed(3900, 4800, "Yes.")
    assert new_texts([ONE, TWO], 900, *again) == ["Yes."]
    assert new_texts([ONE, TWO], 900, guessed(900, 9000, "good morning, all", sure_ms=950)) == []


def test_they_may_be_cut_in_other_places() -> None:
    """What follows them in the same final is kept, with its words."""
    assert new_texts([ONE, TWO], 900, guessed(1000, 2000, "Good"), guessed(1500, 5000, "morning all. Yes.")) == []
    both = Final(
        "1", 1000, 6000, "Good morning, all. Yes. And then?", (Word("Good", 1000, 1400), Word("then", 5500, 6000))
    )
    again = ResentSentences(ResentAudio(0, "", guessed=(ONE, TWO)))
    rest = again.new_part(both)
    assert rest is not None
    assert (rest.text, [word.text for word in rest.words], rest.end_ms) == ("And then?", ["then"], 6000)
    assert 3000 < rest.begin_ms < 6000


@pytest.mark.parametrize(
    "final",
    [
        guessed(1000, 3000, "Good evening, all."),  # it was corrected
        guessed(1000, 3000, "Good morning, all of you."),  # the same, before the second sentence
        guessed(4100, 5000, "Good morning, all."),  # after all of them
        guessed(100, 900, "Good morning, all."),  # before it
        guessed(1000, 1000, ""),
        guessed(3000, 4000, "yes"),  # a single word of which nothing was expected
    ],
)
def test_other_words_and_other_places_are_new(final: Final) -> None:
    """A corrected text is rather repeated than lost."""
    assert new_texts([ONE, TWO], 0, final) == [final.text]


def test_a_corrected_sentence_does_not_hide_the_next() -> None:
    """A sentence of several words is found after it."""
    later = guessed(3000, 5000, "Who is there?")
    assert new_texts([ONE, later], 0, guessed(1000, 3000, "Good evening."), later) == ["Good evening."]


def test_a_task_that_begins_within_a_sentence_sends_its_rest() -> None:
    """Where the start of the sentence is not known either; a rest of two words may be anything."""
    unknown = guessed(0, 9000, "one two three four five", sure_ms=100)
    assert new_texts([unknown], 500, guessed(500, 9000, "three four five", sure_ms=700)) == []
    assert new_texts([unknown], 500, guessed(500, 9000, "four five", sure_ms=700)) == ["four five"]
    assert new_texts([unknown], 500, guessed(500, 900, "six"), guessed(900, 2000, "three four five")) == [
        "six",
        "three four five",
    ]
    assert new_texts([ONE], 500, guessed(1500, 3000, "a good morning")) == ["a good morning"]


def test_nothing_is_compared_where_all_ends_are_named() -> None:
    """Those sentences are known by their places."""
    recent = RecentFinals()
    recent.add(Final("1", 0, 1000, "hello there"))
    resent = recent.since(500)
    assert resent is not None
    assert (resent.until_ms, resent.text, resent.guessed) == (1000, "hello there", ())
    final = Final("1", 500, 1000, "hello there")
    assert ResentSentences(resent).new_part(final) is final
    assert ResentSentences(None).new_part(final) is final
