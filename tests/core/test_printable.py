"""Text from outside: what a terminal or a log would obey comes out as its escape, everything else as it is."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from asrcli.core.printable import escape_control_characters

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
