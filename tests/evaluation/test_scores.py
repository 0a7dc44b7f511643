"""The comparison of words: what counts as the same, how errors are counted, and that no word is left out."""

from itertools import accumulate

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from asrcli.evaluation.aligned_text import aligned_lines, spaced
from asrcli.evaluation.alignment import AlignedRun, align
from asrcli.evaluation.comparison import Comparison, Offset, Spread, compare, total
from asrcli.evaluation.normalization import Normalization
from asrcli.evaluation.scores import Counts, count, count_by_segment, interval
from asrcli.evaluation.transcript_files import Segment

WORDS = st.lists(st.sampled_from(["a", "b", "c", "天", "气", "a b"]), max_size=12)
ALL = Normalization()


def fewest_errors(reference: list[str], hypothesis: list[str]) -> int:
    """The Levenshtein distance, by the textbook."""
    row = list(range(len(hypothesis) + 1))
    for number, word in enumerate(reference, 1):
        before, row[0] = row[0], number
        for at, other in enumerate(hypothesis, 1):
            before, row[at] = row[at], min(row[at] + 1, row[at - 1] + 1, before + (word != other))
    return row[-1]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("The quick, brown fox.", ["the", "quick", "brown", "fox"]),
        ("It’s 3.14 at 10:30, well-known!", ["it's", "3.14", "at", "10:30", "well", "known"]),
        ("今天天气真好，hello World。", ["今", "天", "天", "气", "真", "好", "hello", "world"]),
        ("ＡＢＣ１２ Ｇｏ", ["abc12", "go"]),
        ("カタカナー", ["カ", "タ", "カ", "ナ", "ー"]),
        ("한국어 문장", ["한국어", "문장"]),
        ("ที่นี่", ["ที่", "นี่"]),
        ("e\u0301te\u0301 \u200dzero\u200b", ["été", "zero"]),
        ("'quoted' rock 'n' roll", ["quoted", "rock", "n", "roll"]),
        (" \t\n…—", []),
    ],
)
def test_text_of_many_scripts_is_split_into_words(text: str, words: list[str]) -> None:
    """Words where there are spaces, characters with their marks where there are none; punctuation is left out."""
    assert ALL.words(text) == words


def test_each_step_of_the_normalization_can_be_left_out() -> None:
    """Without one the difference that it would have removed is an error."""
    assert Normalization.of(["width", "punctuation"]).words("Go, Now") == ["Go", "Now"]
    assert Normalization.of(["width", "case"]).words("Go, Now") == ["go,", "now"]
    assert Normalization.of(["case", "punctuation"]).words("Ｇo") == ["ｇo"]
    assert str(Normalization.of([])) == "none"
    assert str(ALL) == "width, case, punctuation"


@given(st.text(max_size=40))
@example("A'一'B")
def test_a_normalized_text_stays_as_it_is(text: str) -> None:
    """Its words are those of the text, and hold the same characters."""
    words = ALL.words(text)
    assert ALL.words(" ".join(words)) == words
    assert "".join("".join(words).split()) == "".join(ALL.characters(text))


@given(WORDS, WORDS)
def test_an_alignment_has_the_fewest_errors_and_each_word_once(reference: list[str], hypothesis: list[str]) -> None:
    """Its runs follow each other without a hole on both sides."""
    runs = align(reference, hypothesis)
    ref_end = hyp_end = 0
    for run in runs:
        assert (run.ref_begin, run.hyp_begin) == (ref_end, hyp_end)
        ref_end, hyp_end = run.ref_end, run.hyp_end
        same = reference[run.ref_begin : run.ref_end] == hypothesis[run.hyp_begin : run.hyp_end]
        assert same == (run.kind == "equal")
    assert (ref_end, hyp_end) == (len(reference), len(hypothesis))
    counts = count(runs)
    assert counts.errors == fewest_errors(reference, hypothesis)
    assert counts.reference == len(reference)
    assert counts.reference - counts.deleted + counts.inserted == len(hypothesis)


@given(st.lists(WORDS, max_size=5), WORDS)
def test_the_errors_of_the_segments_add_up(segments: list[list[str]], hypothesis: list[str]) -> None:
    """To those of the whole; each segment has as many words as it has, and its lines hold all words of both sides."""
    reference = [word for words in segments for word in words]
    runs = align(reference, hypothesis)
    sizes = [len(words) for words in segments]
    counts = count_by_segment(runs, sizes)
    assert [one.reference for one in counts] == sizes
    if segments:
        assert sum(counts, Counts()) == count(runs)
    whole = Comparison("x", tuple(reference), tuple(hypothesis), tuple(runs), tuple(counts), Counts())
    lines = aligned_lines(whole)
    assert len(lines) == (sum(size > 0 for size in sizes) or bool(hypothesis))
    for side, words in (("reference", reference), ("hypothesis", hypothesis)):
        shown = " ".join(getattr(piece, side) for line in lines for piece in line)
        assert "".join(shown.split()) == "".join("".join(words).split())
    ends = list(accumulate(size for size in sizes if size))
    for line, begin, end in zip(lines, [0, *ends], ends, strict=False):
        shown = "".join("".join(piece.reference for piece in line).split())
        assert shown == "".join("".join(reference[begin:end]).split())


def test_an_insertion_between_two_segments_belongs_to_the_first() -> None:
    """So that each insertion has its place."""
    runs = [AlignedRun("equal", 0, 2, 0, 2), AlignedRun("insert", 2, 2, 2, 3), AlignedRun("equal", 2, 3, 3, 4)]
    assert count_by_segment(runs, [2, 1]) == [Counts(2, inserted=1), Counts(1)]


def test_a_rate_needs_words() -> None:
    """Without a reference there is none, however much was recognized; it may be above 100 %."""
    assert Counts(inserted=3).rate is None
    assert Counts(2, substituted=1, deleted=1, inserted=2).rate == 2.0


def test_an_interval_holds_the_rate_and_needs_enough_segments() -> None:
    """It is the same each time, and no wider than what the segments have."""
    few = [Counts(10, deleted=1)] * 4
    assert interval(few) is None
    many = [Counts(10, deleted=number % 3) for number in range(1000)]
    low, high = interval(many) or (1, 0)
    assert 0.08 < low < 0.0999 < high < 0.12
    assert interval(many) == (low, high)
    assert interval([Counts(10)] * 6) == (0.0, 0.0)


def test_captions_are_compared_where_the_same_word_begins_or_ends_them() -> None:
    """Captions that are cut elsewhere have no offset; a missing transcript is all deleted."""
    reference = [Segment("good day to you", 1000, 2000), Segment("and to all", 2500, 3000), Segment("bye", 4000, 4200)]
    found = [
        Segment("Good day", 1200, 1500),
        Segment("to you and", 1600, 2600),
        Segment("to all.", 2600, 3100),
        Segment("by", 1, 2),
    ]
    one = compare("x", reference, found, ALL)
    assert one.begins == (Offset(1000, 200),)
    assert one.ends == (Offset(3000, 100),)
    assert one.words == Counts(8, substituted=1)
    gone = compare("y", reference, None, ALL)
    assert gone.missing
    assert gone.words == Counts(8, deleted=8)
    both = total([one, gone])
    assert both.words == Counts(16, substituted=1, deleted=8)
    assert both.begins == Spread(1, 200, 200)
    assert total([gone]).begins is None


def test_a_spread_has_the_median_and_what_most_stay_within() -> None:
    """19 of 20 offsets are at most the second figure, early or late."""
    offsets = [Offset(0, offset) for offset in [*range(-9, 10), 500]]
    assert Spread.of(offsets) == Spread(20, 0, 9)


def test_an_empty_pair_has_no_errors() -> None:
    """Neither side has a word, so nothing is wrong; with words in the transcript alone all are insertions."""
    assert compare("x", [], [], ALL).words == Counts()
    assert compare("x", [], [Segment("a b")], ALL).words == Counts(inserted=2)


def test_spaces_stand_between_words_and_not_between_ideographs() -> None:
    """As the script has them."""
    assert spaced(["今", "天", "hello", "world", "好"]) == "今天 hello world 好"
