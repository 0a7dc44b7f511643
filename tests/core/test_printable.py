"""Text from outside: what a terminal or a log would obey comes out as its escape, everything else as it is."""

import json
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from asrcli.core.printable import escape_control_characters, escaped, harmless

ESCAPED = {
    "\x1b]0;title\x07": r"\x1b]0;title\x07",
    "a\nb\r\tc": r"a\nb\r\tc",
    "\x9b31m\x85": r"\x9b31m\x85",
    "\u2028\u2029": r"\u2028\u2029",
    "abc\u202edef": r"abc\u202edef",
    "\udcff": r"\udcff",
    "plain": "plain",
    "早上好 👩\u200d👩 שלום": "早上好 👩\u200d👩 שלום",
}


@pytest.mark.parametrize(("text", "expected"), ESCAPED.items(), ids=ascii)
def test_controls_are_escaped_and_people_s_writing_is_not(text: str, expected: str) -> None:
    """Each kind, in one line."""
    assert escape_control_characters(text) == expected


@given(st.text(st.characters(exclude_categories=())))
def test_nothing_that_is_obeyed_is_left(text: str) -> None:
    """And what comes out can be encoded, and is left alone the next time."""
    shown = escape_control_characters(text)
    assert not {unicodedata.category(char) for char in shown} & {"Cc", "Cs", "Zl", "Zp"}
    assert escape_control_characters(shown) == shown
    shown.encode()


@given(st.text(st.characters(exclude_categories=())))
def test_what_people_read_has_no_controls_and_one_line(text: str) -> None:
    """A line end is a space, half a character a question mark, the rest of what is obeyed is gone."""
    shown = harmless(text)
    assert harmless(shown) == shown
    assert len(shown.splitlines()) <= 1
    assert not {unicodedata.category(char) for char in shown} & {"Cc", "Cs", "Zl", "Zp"}
    assert harmless(f"a\n{text}\udcff\x1b[b") == f"a {shown}?[b"


@given(st.text(st.characters(exclude_categories=["Cs"])))
def test_json_says_the_same_and_is_obeyed_by_nothing(text: str) -> None:
    """A program reads the exact text; a terminal that shows the line is safe."""
    line = escaped(json.dumps(text + "\x9b\u2028\u202e", ensure_ascii=False))
    assert json.loads(line) == text + "\x9b\u2028\u202e"
    assert not set(line) & set("\x7f\x9b\u2028\u2029\u202e\u2066")
    assert len(line.splitlines()) == 1
