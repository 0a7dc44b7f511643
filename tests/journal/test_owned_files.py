"""What is in the place of a file of a session, and is none, is neither followed nor waited for."""

import os
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from asrcli.journal.append_file import AppendFile
from asrcli.journal.owned_files import opened

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="Windows has neither such links nor such pipes")


def link(path: Path) -> None:
    """A link to a file of somebody else."""
    path.with_name("other").write_text("of others")
    path.symlink_to(path.with_name("other"))


def dangling(path: Path) -> None:
    """A link to a file that is not there, and that nobody shall make."""
    path.symlink_to(path.with_name("other"))


def pipe(path: Path) -> None:
    """A pipe that nobody writes to."""
    os.mkfifo(path)


def free_descriptor() -> int:
    """The number that the next open file gets."""
    number = os.open(os.devnull, os.O_RDONLY)
    os.close(number)
    return number


@pytest.mark.parametrize("put", [link, dangling, pipe, Path.mkdir])
def test_reading_opens_regular_files_only(tmp_path: Path, put: Callable[[Path], None]) -> None:
    """At once, and no descriptor stays open."""
    put(path := tmp_path / "0.pcm")
    free = free_descriptor()
    with pytest.raises(OSError, match=r"0\.pcm"):
        opened(path)
    assert free_descriptor() == free


@pytest.mark.parametrize("put", [link, dangling])
def test_writing_follows_no_link(tmp_path: Path, put: Callable[[Path], None]) -> None:
    """Another user could choose what is written over."""
    put(path := tmp_path / "0.pcm")
    with pytest.raises(OSError, match=r"0\.pcm"):
        AppendFile(path)
    other = tmp_path / "other"
    assert not other.exists() or other.read_text() == "of others"


def test_a_file_of_a_session_is_for_its_owner_only(tmp_path: Path) -> None:
    """Whatever the umask lets others do."""
    before = os.umask(0)
    try:
        file = AppendFile(tmp_path / "0.pcm")
    finally:
        os.umask(before)
    file.append(b"ab")
    file.close()
    assert (tmp_path / "0.pcm").stat().st_mode & 0o777 == 0o600
    with opened(tmp_path / "0.pcm") as read:
        assert read.read() == b"ab"
