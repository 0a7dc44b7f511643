"""Where transcripts of a batch are before they are whole."""

import errno
import os
import shutil
from pathlib import Path

import pytest

from asrcli.core.errors import OutputError
from asrcli.runs.batch.decisions import LedgerRow
from asrcli.runs.batch.staging import Staging

ROW = LedgerRow("/in/a.wav", "sub/a", files=("sub/a.txt", "sub/a.srt"))


def test_transcripts_get_their_names_and_nothing_is_left_behind(tmp_path: Path) -> None:
    """It can be repeated, as when a run was killed in the middle of it. A file keeps its rights, a link stays."""
    staging = Staging(tmp_path)
    staging.check(ROW)
    text, captions = staging.files(ROW)
    text.parent.mkdir(parents=True)
    text.write_text("new")
    (tmp_path / "elsewhere.txt").write_text("old")
    (tmp_path / "elsewhere.txt").chmod(0o600)
    (tmp_path / "sub" / "a.txt").symlink_to(tmp_path / "elsewhere.txt")
    staging.publish(ROW)
    captions.parent.mkdir(parents=True)
    captions.write_text("captions")
    staging.publish(ROW)
    staging.publish(ROW)
    assert (tmp_path / "sub" / "a.txt").is_symlink()
    assert (tmp_path / "elsewhere.txt").read_text() == "new"
    assert (tmp_path / "elsewhere.txt").stat().st_mode & 0o777 == 0o600
    assert (tmp_path / "sub" / "a.srt").read_text() == "captions"
    assert not staging.folder(ROW.path).exists()


def test_a_place_that_cannot_be_written_is_known_before(tmp_path: Path) -> None:
    """Not after the audio was paid for. And what appears there meanwhile is an error, not a crash."""
    (tmp_path / "sub").write_text("a file")
    with pytest.raises(OutputError):
        Staging(tmp_path).check(ROW)
    (tmp_path / "sub").unlink()
    staging = Staging(tmp_path)
    (tmp_path / "sub" / "a.txt").mkdir(parents=True)
    with pytest.raises(OutputError, match="directory"):
        staging.check(ROW)
    staged = staging.files(ROW)[0]
    staged.parent.mkdir(parents=True)
    staged.write_text("new")
    with pytest.raises(OutputError):
        staging.publish(ROW)
    assert staged.exists()


def test_what_a_disk_in_the_network_keeps_is_no_trouble_once_the_transcripts_are_there(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """It keeps a file that is still open under another name, so that its folder cannot be removed."""

    def refused(path: Path) -> None:
        raise OSError(errno.ENOTEMPTY, os.strerror(errno.ENOTEMPTY), path)

    staging = Staging(tmp_path)
    staging.check(ROW)
    for staged in staging.files(ROW):
        staged.parent.mkdir(parents=True, exist_ok=True)
        staged.write_text("new")
    monkeypatch.setattr(shutil, "rmtree", refused)
    staging.publish(ROW)
    assert [(tmp_path / name).read_text() for name in ROW.files] == ["new", "new"]
