"""The live line begins with a whole word, and is never wider than calculated."""

import unicodedata
from functools import partial

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len
from wcwidth import wcwidth

from asrcli.core.printable import harmless
from asrcli.outputs.text_fitting import fit_lines, fit_tail, folded_rows, predictable_width, wrap_text
from tests.support.counted_calls import count_calls

WORDS = st.lists(
    st.sampled_from(["a", "word", "nine-and-twenty", "e\u0301te\u0301", "天气", "很好,", "🎙"]), max_size=20
)
EMOJI = [
    "👨\u200d👩\u200d👧",
    "❤\ufe0f",
    "👍🏽",
    "🇩🇪🇫🇷",
    "1\ufe0f\u20e3",
    "🏴\U000e0067\U000e0062\U000e007f",
    "👩🏽\u200d🚀",
]


@pytest.mark.parametrize(
    ("text", "cells", "shown"),
    [
        ("i would like to begin", 21, "i would like to begin"),
        ("i would like to begin", 20, "…would like to begin"),
        ("i would like to begin", 19, "…like to begin"),
        ("i would like to begin", 6, "…begin"),
        ("i would like to begin", 5, "…egin"),  # one word that is too long: what there is room for
        ("今天 weather 很好", 13, "…weather 很好"),
        ("今天 weather 很好", 12, "…很好"),
        ("今天天气很好", 8, "…气很好"),
        ("cafe\u0301 cafe\u0301", 5, "…cafe\u0301"),
        ("cafe\u0301 cafe\u0301", 2, "…e\u0301"),
    ],
)
def test_it_is_cut_between_words(text: str, cells: int, shown: str) -> None:
    """Chinese between any two characters; wherever the settled part ends."""
    for at in range(len(text) + 1):
        assert "".join(fit_tail(text[:at], text[at:], cells)) == shown


@given(WORDS, st.integers(2, 60), st.integers(0, 80))
def test_no_word_is_halved_while_a_whole_one_fits(words: list[str], cells: int, at: int) -> None:
    """What is shown is an end of the text, fits, and misses no word that has room."""
    text = " ".join(words)
    shown = "".join(fit_tail(text[:at], text[at:], cells))
    assert cell_len(shown) <= cells
    if shown == text:
        return
    assert shown[0] == "…"
    assert text.endswith(shown[1:])
    before, last = text[: len(text) - len(shown[1:])], words[-1]
    if cell_len(last) < cells:
        assert before[-1] == " " or cell_len(before[-1]) == 2 or cell_len(shown[1]) == 2
    missing = before.split(" ")[-1] or before.rstrip(" ").split(" ")[-1]
    assert cell_len(shown) + cell_len(missing) + 1 > cells or missing == ""


@pytest.mark.parametrize("text", EMOJI)
def test_an_emoji_is_as_wide_where_terminals_join_it_as_where_they_do_not(text: str) -> None:
    """One sign stands for it; the final holds it as it came."""
    drawn = predictable_width(f"a {text} b")
    assert sum(max(0, wcwidth(char)) for char in drawn) == cell_len(drawn)
    assert not any(char in "\u200d\ufe0f\u20e3" or unicodedata.category(char) == "Sk" for char in drawn)
    assert drawn.startswith("a ")
    assert drawn.endswith(" b")


@given(st.text(st.sampled_from("ab 天é\u0301क\u094d\u200dष1\ufe0f\u20e3👨👩🏽\u200d🇩❤"), max_size=30))
def test_nothing_drawn_is_wider_than_its_characters_one_by_one(text: str) -> None:
    """And scripts that join letters keep all of them."""
    drawn = predictable_width(text)
    assert cell_len(drawn) <= sum(max(0, wcwidth(char)) for char in drawn)
    assert [char for char in drawn if char.isalnum()] == [char for char in text if char.isalnum()]


def glued(text: str) -> bool:
    """Whether something stands after a space that no line may begin with."""
    return any(
        part[0] in ",.!?;:)]…，。！？；：、”’）》〉」』】" or cell_len(part[0]) == 0 for part in text.split()[1:]
    )


@given(st.text(), st.integers(1, 90), st.integers(0, 30))
def test_wrapped_text_loses_nothing_and_fits_except_for_long_words(text: str, cells: int, indent: int) -> None:
    """Spaces at the ends of lines alone are left out; only a single word may be wider than the screen."""
    text = harmless(text)
    lines = wrap_text(text, cells, indent)
    assert "".join("".join(lines).split()) == "".join(text.split())
    for shown in lines:
        assert cell_len(shown) <= cells or len(shown.split()) <= 1 or glued(shown)


@pytest.mark.parametrize(
    ("text", "cells", "indent", "shown"),
    [
        (
            "[00:09] the new plan to improve the schools",
            24,
            8,
            ["[00:09] the new plan to", "        improve the", "        schools"],
        ),
        ("good morning everyone", 12, 8, ["good morning", "everyone"]),
        ("今天的会议，我们讨论了三个问题。", 12, 0, ["今天的会议，", "我们讨论了三", "个问题。"]),
        ("今天的会议，我们", 10, 0, ["今天的会", "议，我们"]),
        (
            "see https://example.org/a/very/long/address now",
            12,
            0,
            ["see", "https://example.org/a/very/long/address", "now"],
        ),
        ("e\u0301te\u0301 e\u0301te\u0301", 5, 0, ["e\u0301te\u0301", "e\u0301te\u0301"]),
        ("", 5, 3, [""]),
    ],
)
def test_lines_begin_with_a_word_and_never_with_closing_punctuation(
    text: str, cells: int, indent: int, shown: list[str]
) -> None:
    """English breaks at spaces, Chinese between characters, an address nowhere."""
    assert wrap_text(text, cells, indent) == shown


def test_a_very_long_text_is_wrapped_at_once() -> None:
    """200 kB in one sentence take no noticeable time."""
    assert len(wrap_text("word " * 40_000, 79)) == 2500


@pytest.mark.parametrize(
    ("text", "cells", "most", "shown"),
    [
        ("i would like to begin", 21, 3, ["i would like to begin"]),
        ("i would like to begin", 13, 3, ["i would like", "to begin"]),
        ("i would like to begin", 13, 1, ["…to begin"]),
        ("i would like to begin with the first", 10, 2, ["…with the", "first"]),
        ("今天天气很好，我们走吧", 9, 3, ["今天天气", "很好，我", "们走吧"]),
        ("a abcdefghijkl", 7, 4, ["a", "abcdef", "ghijkl"]),  # a word that is longer than a line
        ("", 9, 3, [""]),
        ("         ", 5, 3, [""]),
    ],
)
def test_a_long_sentence_takes_several_lines(text: str, cells: int, most: int, shown: list[str]) -> None:
    """Broken between words, and cut at the beginning, wherever the settled part ends."""
    for at in range(len(text) + 1):
        assert [first + rest for first, rest in fit_lines(text[:at], text[at:], cells, most)] == shown


@given(WORDS, st.integers(4, 40), st.integers(1, 6), st.integers(0, 80))
def test_no_line_is_too_wide_and_nothing_of_the_end_is_missing(
    words: list[str], cells: int, most: int, at: int
) -> None:
    """What is settled comes before what is not; words that fit on a line are whole."""
    text = " ".join(words)
    lines = fit_lines(text[:at], text[at:], cells, most)
    assert 1 <= len(lines) <= most
    assert all(cell_len(first + rest) <= cells for first, rest in lines)
    shown = "".join(first + rest for first, rest in lines)
    bare = shown.removeprefix("…").replace(" ", "")
    assert text.replace(" ", "").endswith(bare)
    if not shown.startswith("…"):
        assert bare == text.replace(" ", "")
    settled = "".join(first for first, _ in lines).removeprefix("…").replace(" ", "")
    assert text[:at].replace(" ", "").endswith(settled) or not settled
    if most > 1 and cell_len("nine-and-twenty") < cells:
        assert all(
            word in words or word in "天气很好," for first, rest in lines for word in (first + rest).strip("…").split()
        )


@given(WORDS, st.integers(8, 40))
def test_lines_above_the_last_stay_while_words_are_added(words: list[str], cells: int) -> None:
    """So a reader does not lose the place."""
    before: list[str] = []
    for count in range(len(words) + 1):
        lines = ["".join(line) for line in fit_lines(" ".join(words[:count]), "", cells, 100)]
        if len(before) > 1:
            assert lines[: len(before) - 1] == before[:-1]
        before = lines


def test_a_sentence_that_never_ends_takes_no_longer_to_draw() -> None:
    """Only its end is broken into lines; they move by many at a time, so that they do not tremble."""
    text = "word " * 100_000
    first, second = (fit_lines(text[:length], "", 40, 5) for length in (400_000, 400_005))
    assert len(first) == len(second) == 5
    assert first[0][0].startswith("…")
    assert first[1][0] == second[1][0]


def test_a_sentence_without_spaces_is_as_little_work_as_any_other() -> None:
    """As in Thai. The end of a long word is not looked for from each of the lines that it takes."""
    long, longer = (count_calls(partial(fit_lines, "ก" * length, "", 40, 5)) for length in (1000, 8000))
    assert longer < 12 * long


@pytest.mark.parametrize(
    ("line", "columns", "rows"),
    [
        ("", 5, 1),
        ("abcde", 5, 1),
        ("abcdef", 5, 2),
        ("今天天气", 5, 2),
        ("今天天气很", 5, 3),
        ("e\u0301" * 6, 5, 2),
        ("天", 1, 1),
    ],
)
def test_a_terminal_folds_between_characters(line: str, columns: int, rows: int) -> None:
    """A wide one that has half of the room left stands on the next row; a combining mark takes no room."""
    assert folded_rows(line, columns) == rows
