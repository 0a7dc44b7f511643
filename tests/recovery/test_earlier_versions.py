"""A service that says a sentence again, under the same name or another one: it is written once, and none is lost."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from asrcli.core.events import Final
from asrcli.recovery.duplicate_finals import KEPT, EarlierVersions, rest_of

WORDS = st.lists(st.sampled_from(["yes", "no", "hello", "there", "好", "的"]), min_size=1, max_size=3)
# A sentence: how long the pause before it is, its length, its words, and how often it is said again.
SENTENCES = st.lists(st.tuples(st.integers(0, 300), st.integers(60, 900), WORDS, st.integers(0, 2)), max_size=8)


def kept(finals: list[Final]) -> list[Final]:
    """What is written of finals in this order."""
    versions, written = EarlierVersions(), []
    for final in finals:
        earlier = versions.earlier(final)
        rest = final if earlier is None else rest_of(final, earlier)
        if earlier is None:
            versions.remember(final)
        if rest is not None:
            written.append(rest)
    return written


@given(SENTENCES, st.booleans(), st.data())
def test_what_is_told_again_in_its_place_is_written_once(
    sentences: list[tuple[int, int, list[str], int]], late: bool, data: st.DataObject
) -> None:
    """Under any other name, at once or later, with other punctuation, a few ms off; what is said again is kept."""
    said, again, at_ms = list[Final](), list[Final](), 0
    for number, (pause_ms, length_ms, words, times) in enumerate(sentences):
        at_ms += pause_ms
        final = Final(str(number), at_ms, at_ms + length_ms, " ".join(words))
        at_ms = final.end_ms
        said.append(final)
        for _ in range(times):
            off_ms = data.draw(st.integers(0, min(12, length_ms // 5)))
            copy = Final(
                f"again {len(again)}", final.begin_ms + off_ms, final.end_ms - off_ms, f"{final.text}.".title()
            )
            again.append(copy)
            if not late:
                said.append(copy)
    order = said + (again if late else [])
    assert kept(order) == [final for final in order if not final.key.startswith("again")]


def test_places_that_contradict_each_other_prove_nothing() -> None:
    """A service whose clock stands still: the same words may be other words."""
    texts = ["yes", "no", "yes", "yes"]
    assert [final.text for final in kept([Final(str(n), 0, 500, text) for n, text in enumerate(texts)])] == texts


def test_places_that_nobody_told_prove_nothing() -> None:
    """Times that were estimated, and empty spans."""
    told = [Final("1", 0, 500, "yes", estimated=True), Final("2", 0, 500, "yes"), Final("3", 0, 0, "yes")]
    assert kept(told) == told
    assert kept([told[2], Final("4", 0, 0, "yes")]) == [told[2], Final("4", 0, 0, "yes")]


def test_a_translation_that_comes_later_is_kept() -> None:
    """It is no repetition of a sentence without one."""
    plain = Final("1", 0, 500, "yes")
    assert kept([plain, replace(plain, key="2", translation="oui")]) == [
        plain,
        replace(plain, key="2", translation="oui"),
    ]


@pytest.mark.parametrize("key", ["1.2", "41"])
def test_a_translation_alone_that_repeats_the_translation_of_a_sentence_is_not_written(key: str) -> None:
    """As where a service translates once more under another number. Elsewhere, or with other words, it is kept."""
    sentence = Final("1", 0, 500, "ja gut", translation="all right", translated_into="en")
    ghost = Final(key, 3, 498, "all right", language="en")
    assert kept([sentence, ghost]) == [sentence]
    elsewhere, others = replace(ghost, begin_ms=600, end_ms=900), replace(ghost, key="9", text="no, gut")
    assert kept([sentence, elsewhere, others]) == [sentence, elsewhere, others]


def test_a_repeated_translation_does_not_make_places_untrue() -> None:
    """What is told again after it is still found."""
    sentence = Final("1", 0, 500, "ja gut", translation="all right", translated_into="en")
    ghost = Final("41", 0, 500, "all right", language="en")
    assert kept([sentence, ghost, replace(sentence, key="7")]) == [sentence]


def test_a_corrected_begin_is_the_same_sentence() -> None:
    """Under its own name, where only what is new is written; a name that is used for other audio is another one."""
    first, longer = Final("7", 0, 500, "hello"), Final("7.2", 1, 900, "hello there")
    assert [final.text for final in kept([first, longer])] == ["hello", "there"]
    assert [final.text for final in kept([first, Final("7.2", 500, 900, "hello")])] == ["hello", "hello"]


def test_only_the_last_finals_are_remembered() -> None:
    """Hours of them would slow each one down."""
    finals = [Final(str(number), number * 100, number * 100 + 90, "x") for number in range(KEPT + 1)]
    assert kept([*finals, replace(finals[0], key="again")])[-1].key == "again"
    assert kept([*finals, replace(finals[1], key="again")])[-1].key == str(KEPT)


def test_an_unfinished_text_is_found_at_the_begin_of_words_inside_of_a_final() -> None:
    """Nothing is found in the middle of a word, nor in a final of another place."""
    versions = EarlierVersions()
    versions.remember(Final("1", 1000, 2000, "Good morning, everybody."))
    assert versions.holds(1000, "good")
    assert versions.holds(1999, "Morning every")
    assert not versions.holds(1500, "orning")
    assert not versions.holds(999, "good")
    assert not versions.holds(2000, "good")


def test_no_unfinished_text_is_found_by_times_that_prove_nothing() -> None:
    """Times that were estimated, and places in which two sentences without a common word were sent."""
    versions = EarlierVersions()
    versions.remember(Final("1", 0, 500, "hello there", estimated=True))
    assert not versions.holds(0, "hello")
    versions.remember(Final("2", 1000, 1500, "good morning"))
    assert versions.holds(1000, "good")
    assert versions.earlier(Final("3", 1000, 1500, "yes")) is None
    assert not versions.holds(1000, "good")


@pytest.mark.parametrize(
    ("begin_ms", "is_version"),
    [(1000, True), (1020, True), (1075, False), (1100, False), (1160, False)],
)
def test_a_version_begins_with_its_sentence_and_shares_most_of_it(begin_ms: int, is_version: bool) -> None:
    """A service that uses a name again for the next sentence says other words: those are not another version."""
    versions = EarlierVersions()
    short = Final("1", 1000, 1150, "yes")
    versions.remember(short)
    found = versions.earlier(Final("1.2", begin_ms, 2000, "of course"))
    assert (found is not None) is is_version
