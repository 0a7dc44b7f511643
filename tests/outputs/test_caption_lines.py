"""Captions: lines that fit, words in order, and times long enough to read."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from asrcli.core.events import Final, Word
from asrcli.core.printable import harmless
from asrcli.outputs.caption_lines import CaptionLayout, captions
from tests.outputs.mixed_scripts import SCRIPTS


@given(SCRIPTS, st.sampled_from(["", " "]), st.integers(10, 60), st.integers(1, 3), st.integers(0, 30_000))
def test_no_line_is_too_wide_and_no_word_is_lost(
    words: list[str], between: str, width: int, count: int, duration_ms: int
) -> None:
    """Whatever the script: everything is there, in order, in lines and times that fit."""
    layout = CaptionLayout(width, count)
    text = between.join(words)
    found = captions(Final("1", 1000, 1000 + duration_ms, text), layout)
    shown = "".join("".join(caption.lines) for caption in found)
    assert "".join(shown.split()) == "".join(text.split())
    for caption in found:
        assert 1 <= len(caption.lines) <= count
        assert all(cell_len(line) <= width for line in caption.lines)
        assert layout.min_ms <= caption.end_ms - caption.begin_ms <= layout.max_ms
    assert all(before.end_ms <= after.begin_ms for before, after in pairwise(found))


@given(
    st.lists(
        st.sampled_from(["\u200b", "\u0301", "\ufeff", "\u2060", "word", "字", " "]) | st.characters(), max_size=60
    )
)
def test_no_character_ends_a_run(characters: list[str]) -> None:
    """A word may have no width at all: a space without width, an accent without a letter, a byte order mark."""
    text = harmless("".join(characters))
    found = captions(Final("1", 0, 2000, text), CaptionLayout(max_line=10))
    shown = "".join("".join(caption.lines) for caption in found)
    assert "".join(shown.split()) == "".join(text.split())
    assert all(cell_len(line) <= 10 for caption in found for line in caption.lines)


def test_words_with_times_decide_when_a_caption_changes() -> None:
    """A long pause in the middle of a sentence is a pause on the screen."""
    texts = ["we", "will", "wait", "and", "then", "go"]
    begins = [0, 200, 400, 5000, 5200, 5400]
    words = tuple(Word(text, begin, begin + 150) for text, begin in zip(texts, begins, strict=True))
    found = captions(Final("1", 0, 5550, "We will wait, and then go.", words), CaptionLayout(max_line=13, max_lines=1))
    assert [(caption.begin_ms, caption.end_ms, caption.lines) for caption in found] == [
        (0, 1000, ("We will wait,",)),
        (5000, 6000, ("and then go.",)),
    ]


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        (
            "the government announced a new plan to improve the schools",
            ("the government announced a new", "plan to improve the schools"),
        ),
        (
            "欢迎大家来体验达摩院推出的语音识别模型，今天天气很好",
            ("欢迎大家来体验达摩院推出的", "语音识别模型，今天天气很好"),
        ),
        ("short", ("short",)),
    ],
)
def test_two_lines_are_of_even_width(text: str, lines: tuple[str, ...]) -> None:
    """Not one full and one with a single word; Chinese needs no spaces."""
    assert captions(Final("1", 0, 5000, text), CaptionLayout())[0].lines == lines


def test_chinese_never_begins_a_line_with_a_comma() -> None:
    """Closing punctuation stays with the text before it."""
    for width in range(10, 60):
        for caption in captions(Final("1", 0, 9000, "好，" * 30 + "（好）。"), CaptionLayout(width)):
            assert not any(line.startswith(("，", "。", "）")) for line in caption.lines)


def test_captions_break_after_a_clause_where_one_ends_in_time() -> None:
    """A caption that ends with a comma reads better than one that ends in the middle."""
    text = "when the train had left the city, we sat down again and talked about the weather of the day"
    assert captions(Final("1", 0, 9000, text), CaptionLayout(30, 2))[0].lines[-1].endswith("city,")


TITLES = ["Mr.", "Mrs.", "Dr.", "(St.", "J.", "prof."]


WORDS = ["was", "conscious", "that", "sitting", "there,", "now.", *TITLES]


@given(st.lists(st.sampled_from(WORDS), min_size=20, max_size=60))
def test_a_title_stays_with_its_name(words: list[str]) -> None:
    """Its full stop ends no clause: a caption ends with it only where the text does, or where nothing else fits."""
    for caption in captions(Final("1", 0, 90_000, " ".join(words)), CaptionLayout(30, 2))[:-1]:
        *others, last = " ".join(caption.lines).split()
        assert last not in TITLES or not others


def test_a_title_of_a_known_sentence_stays_with_its_name() -> None:
    """As it was broken."""
    text = "For not even a brook could run past Mrs. Rachel Lynde without due regard for decency and decorum."
    found = captions(Final("1", 0, 9000, text), CaptionLayout(42, 1))
    assert found[0].lines == ("For not even a brook could run past",)
    assert found[1].lines[0].startswith("Mrs. Rachel")


def test_a_caption_waits_for_the_one_before() -> None:
    """Two never stand at once."""
    assert captions(Final("1", 500, 900, "b"), CaptionLayout(), after_ms=800)[0].begin_ms == 800
    assert captions(Final("1", 500, 900, " "), CaptionLayout()) == []
