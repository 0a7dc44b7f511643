"""What docs/security.md promises in numbers is what the code does."""

from pathlib import Path

import pytest

from asrcli.cli.builders.log_file import LOG_BYTES, LOG_FILES
from asrcli.cli.builders.text_files import MOST_BYTES
from asrcli.engine import audio_store
from asrcli.journal.append_file import PRIVATE_FILE, PRIVATE_FOLDER
from asrcli.journal.directory import LIMIT_BYTES, LIMIT_DAYS
from asrcli.journal.record_files import MOST_BYTES as MOST_RECORDS
from asrcli.server.limits import ServerLimits

ROOT = Path(__file__).parent.parent
NUMBERS = ["four", "five", "six"]


@pytest.mark.parametrize(
    "sentence",
    [
        f"directories {PRIVATE_FOLDER:04o}, files {PRIVATE_FILE:04o}".replace("0o", ""),
        f"{LIMIT_DAYS} days; finished ones sooner, when all take more than {LIMIT_BYTES >> 30} GB",
        f"{NUMBERS[LOG_FILES + 1 - 4]} files of {LOG_BYTES // 10**6} MB at most",
        f"files that options name to {MOST_BYTES >> 20} MB",
        f"records of a session to {MOST_RECORDS >> 20} MB",
        f"At most {ServerLimits().connections} clients are connected at once",
    ],
)
def test_the_page_says_what_the_code_does(sentence: str) -> None:
    """Bounds and rights are named as they are."""
    page = " ".join((ROOT / "docs" / "security.md").read_text("utf-8").split())
    assert sentence in page


def test_the_security_page_is_linked_from_the_readme() -> None:
    """From the README; and the temporary file that it names has no name."""
    assert "(docs/security.md)" in (ROOT / "README.md").read_text("utf-8")
    assert "tempfile.TemporaryFile(" in Path(audio_store.__file__).read_text("utf-8")
