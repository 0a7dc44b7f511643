"""Changes of one option in the text of a file."""

import tomllib

import pytest

from asrcli.config.document import TableName, read_document
from asrcli.config.editing import HEADER, with_option, without_option
from asrcli.core.errors import UsageError

MIC, MEETING = TableName(None, "mic"), TableName("meeting", "mic")
OLD = """# of mine
model = 'x'   # the best
retry_for = 3

[mic]  # at home
gain = 3
# the end
"""


def test_comments_and_order_stay() -> None:
    """Only the line of the option changes; the spelling of its key stays too."""
    changed = with_option(OLD, TableName(), "retry-for", 9)
    assert changed == OLD.replace("retry_for = 3", "retry_for = 9")
    assert with_option(OLD, MIC, "gain", -6) == OLD.replace("gain = 3", "gain = -6")
    assert without_option(OLD, TableName(), "model") == OLD.replace("model = 'x'   # the best\n", "")


def test_a_new_file_says_its_version() -> None:
    """And what to do with it."""
    text = with_option("", MEETING, "device", ["a", "b"])
    assert text == f'{HEADER}config-version = 1\n\n[profile.meeting.mic]\ndevice = ["a", "b"]\n'


@pytest.mark.parametrize(
    "old", [OLD, "", "[mic]\n", "mic.gain = 3\n", "mic = {gain = 3}\n", "[profile.meeting.mic]\nptt = true\n[file]\n"]
)
@pytest.mark.parametrize("table", [TableName(), MIC, TableName("meeting"), MEETING, TableName("my talk", "file")])
def test_what_is_set_is_read_again_and_can_be_unset(old: str, table: TableName) -> None:
    """In each form that a file can have, for each table."""
    changed = with_option(old, table, "denoise", True)
    assert read_document(changed.encode(), "f").tables[table]["denoise"].value is True
    again = without_option(changed, table, "denoise")
    assert "denoise" not in again
    tomllib.loads(again)


def test_a_comment_keeps_its_table() -> None:
    """Also where no option is left beside it."""
    assert without_option("[mic]\ngain = 3\n# mine\n", MIC, "gain") == "[mic]\n# mine\n"
    assert without_option("[mic]\ngain = 3\n", MIC, "gain") == ""


def test_what_is_not_set_cannot_be_unset() -> None:
    """The error says where it was looked for."""
    with pytest.raises(UsageError, match=r"^agc is not set in \[mic\]; asr config show says what is$"):
        without_option(OLD, MIC, "agc")
    with pytest.raises(UsageError, match=r"^agc is not set; "):
        without_option(OLD, TableName(), "agc")
