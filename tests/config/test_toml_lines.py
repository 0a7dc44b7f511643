"""The lines of keys in TOML."""

import tomllib

from hypothesis import given
from hypothesis import strategies as st

from asrcli.config.toml_lines import key_lines, line_of

TEXT = '''# a comment = 1
model = "x # no ] comment"
"quo ted" = 'y'
list = [
  "a", # x ]
  "b",
]
text = """
[mic]
a = 3
"""
other = \'\'\'
b = 4\'\'\'
short = { a = 1, b = "}" }

[mic]   # [file]
device = "usb"
until.silence = 1

[profile."my meeting".mic]
gain = 3

[[rows]]
k = 1'''
VALUE = st.sampled_from(
    ["1", '"a = 1"', '"""\nx = 1\n"""', "'''\n[t]\n'''", "[1,\n2, # ]\n3]", "{a = 1}", "true", '"\\""', "'#'", "[]"]
)


def test_each_key_and_table_has_its_line() -> None:
    """What stands in strings, comments and inline tables is no key."""
    lines = key_lines(TEXT)
    at = {".".join(path): line for path, line in lines.items()}
    assert at == {
        "model": 2, "quo ted": 3, "list": 4, "text": 8, "other": 12, "short": 14, "mic": 16, "mic.device": 17,
        "mic.until": 18, "mic.until.silence": 18, "profile": 20, "profile.my meeting": 20,
        "profile.my meeting.mic": 20, "profile.my meeting.mic.gain": 21, "rows": 23, "rows.k": 24,
    }  # fmt: skip


def test_a_key_without_a_line_has_that_of_what_is_around_it() -> None:
    """As in an inline table."""
    lines = key_lines(TEXT)
    assert line_of(lines, ("short", "a")) == 14
    assert line_of(lines, ("nothing", "here")) == 1


@given(st.lists(st.tuples(VALUE, st.sampled_from(["", "# c", "\n", "\n# [x]\n"]))))
def test_whatever_the_values_look_like_the_lines_are_right(rows: list[tuple[str, str]]) -> None:
    """Each key stands where it was written."""
    text, expected = "", {}
    for number, (value, behind) in enumerate(rows):
        expected[(f"key{number}",)] = text.count("\n") + 1
        text += f"key{number} = {value} {behind}\n"
    assert len(tomllib.loads(text)) == len(rows)
    assert key_lines(text) == expected
