"""A folder of sessions that the system does not let be read, as a home in the network that is away."""

import errno
import os
from pathlib import Path

import pytest

from asrcli.core.errors import SourceError
from asrcli.journal.directory import JournalDirectory
from tests.support.failing_calls import failing_call
from tests.support.journals import began, session, spoken


@pytest.mark.parametrize(("ask", "arguments"), [("paths", ()), ("last", ()), ("find", ("2026",))])
def test_a_folder_that_cannot_be_read_is_not_said_to_be_empty(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, ask: str, arguments: tuple[str, ...]
) -> None:
    """As a home in the network that is away: that there is nothing to resume would be wrong."""

    def refused(path: object) -> None:
        raise OSError(errno.ESTALE, os.strerror(errno.ESTALE), path)

    session(tmp_path, spoken(0, 1000), [began()])
    directory = JournalDirectory(tmp_path)
    assert JournalDirectory(tmp_path / "none").paths() == []
    monkeypatch.setattr(os, "listdir", refused)
    monkeypatch.setattr(os, "scandir", refused)
    with pytest.raises(SourceError, match=f"{tmp_path}: cannot be read: "):
        getattr(directory, ask)(*arguments)


def test_a_session_that_cannot_be_looked_at_is_not_said_to_be_missing(tmp_path: Path) -> None:
    """It is listed as damaged: its words may be there."""
    path = session(tmp_path, spoken(0, 1000), [began()])
    with failing_call(path, 1, errno.EIO) as failing:
        failing.begin()
        found = JournalDirectory(tmp_path).paths()
    assert failing.refused
    assert found == [path]
