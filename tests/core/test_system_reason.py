"""The words of the system, and nothing else."""

import errno
import tempfile
from pathlib import Path

import pytest

from asrcli.core.errors import NO_TEMPORARY_FOLDER, system_reason


def test_a_system_error_says_its_words_only() -> None:
    """Neither the number nor the name of the file."""
    with pytest.raises(FileNotFoundError) as raised:
        Path("/nowhere/at/all").read_bytes()
    assert system_reason(raised.value) == "No such file or directory"


@pytest.mark.parametrize("error", [OSError("timed out"), ValueError("timed out"), OSError(errno.EIO, "timed out")])
def test_an_error_without_a_number_says_its_text(error: Exception) -> None:
    """Also where it is none of the system's."""
    assert system_reason(error) == "timed out"


def test_python_lists_the_temporary_folders_that_it_has_tried(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """The reason has no list, and stands for whatever makes temporary files."""
    monkeypatch.setattr(tempfile, "tempdir", None)
    monkeypatch.setattr(tempfile, "_candidate_tempdir_list", lambda: [str(tmp_path / "none")])
    with pytest.raises(FileNotFoundError) as raised:
        tempfile.TemporaryFile()  # noqa: SIM115
    assert system_reason(raised.value) == NO_TEMPORARY_FOLDER
