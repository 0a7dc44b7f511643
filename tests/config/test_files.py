"""The settings files on a disk that is not always as it should be."""

import os
import stat
from pathlib import Path

import pytest

from asrcli.config import files
from asrcli.config.files import read_folder_file, read_text, read_user_file, user_file, write_text
from asrcli.core.errors import OutputError, UsageError

posix = pytest.mark.skipif(os.name != "posix", reason="such files are not everywhere")


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of the user's settings, which is also the current one."""
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(files, "user_file", lambda: tmp_path / "asrcli" / "config.toml")
    return tmp_path


def problem(path: Path, *, folder: bool = False) -> str:
    """What reading says about a file."""
    with pytest.raises(UsageError) as caught:
        read_folder_file(pytest.fail) if folder else read_user_file()
    assert path.name in str(caught.value)
    return str(caught.value)


def test_a_missing_file_sets_nothing(home: Path) -> None:
    """Nor does a folder that is a file."""
    assert read_user_file().tables == {}
    assert read_folder_file(pytest.fail).tables == {}
    assert read_text(home / "none") == ""
    (home / "asrcli").write_text("x", encoding="utf-8")
    assert read_user_file().tables == {}


def test_a_user_without_a_home_has_no_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    """And gets no error for it."""

    def fail(*_: object, **__: object) -> Path:
        raise RuntimeError("no home")

    monkeypatch.setattr(files, "user_config_path", fail)
    assert user_file() == Path(os.sep, ".config", "asrcli", "config.toml")


@posix
@pytest.mark.parametrize("folder", [False, True])
def test_what_is_no_file_is_refused_at_once(home: Path, folder: bool) -> None:
    """A directory, a pipe that nobody writes to, a device without an end, a file that is too long, a link to itself."""
    path = home / "asr.toml" if folder else home / "asrcli" / "config.toml"
    path.parent.mkdir(exist_ok=True)
    path.mkdir()
    assert "cannot be read: Is a directory" in problem(path, folder=folder)
    path.rmdir()
    os.mkfifo(path)
    assert "cannot be read: it is not a file" in problem(path, folder=folder)
    path.unlink()
    path.symlink_to("/dev/zero")
    assert "it is not a file" in problem(path, folder=folder)
    path.unlink()
    path.symlink_to(path)
    assert "cannot be read: " in problem(path, folder=folder)
    path.unlink()
    with path.open("wb") as file:
        file.truncate(1 << 34)  # a hole, which takes no room
    assert "longer than 1 MB" in problem(path, folder=folder)
    with pytest.raises(UsageError, match="longer than 1 MB"):
        read_text(path)
    path.write_bytes(b"\xff")
    with pytest.raises(UsageError, match="not text in UTF-8"):
        read_text(path)


@posix
def test_an_unreadable_file_is_an_error_unless_it_is_in_the_home_of_another_user(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As under sudo -u, where HOME can be that of the first user."""

    def denied(*_: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(files, "_read", denied)
    (home / "asrcli").mkdir()
    assert "config.toml: cannot be read: Permission denied; asr config path" in problem(home / "config.toml")
    monkeypatch.setattr(os, "access", lambda *_: False)
    assert read_user_file().tables == {}
    assert read_folder_file(pytest.fail).tables == {}


@posix
@pytest.mark.parametrize("why", ["owner", "mode"])
def test_a_file_that_others_control_is_not_used(home: Path, monkeypatch: pytest.MonkeyPatch, why: str) -> None:
    """In /tmp anybody can put one. A message says so; the run goes on without it."""
    path = home / "asr.toml"
    path.write_text("model = 'x'", encoding="utf-8")
    said: list[str] = []
    assert read_folder_file(said.append).tables
    if why == "owner":
        owner = path.stat().st_uid
        os.chown(path, 4711, -1) if owner == 0 else None
        monkeypatch.setattr(os, "geteuid", lambda: 4712)
        expected = ["asr: asr.toml in the current folder is not used: it belongs to another user"]
    else:
        path.chmod(0o666)
        reason = "can be written by every user: chmod o-w would end that"
        expected = [f"asr: asr.toml in the current folder is not used: it {reason}"]
    assert not read_folder_file(said.append).tables
    assert said == expected


def test_where_files_have_no_owner_nothing_is_distrusted(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As on Windows."""
    path = home / "asr.toml"
    path.write_text("model = 'x'", encoding="utf-8")
    path.chmod(0o666)
    monkeypatch.delattr(os, "geteuid", raising=False)
    assert read_folder_file(pytest.fail).tables


@posix
def test_a_file_is_written_for_its_owner_and_keeps_its_rights_and_its_link(home: Path) -> None:
    """A new one is private; a link, as managers of settings make them, stays one."""
    path = home / "new" / "deep" / "config.toml"
    write_text(path, "gain = 1\n")
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    path.chmod(0o640)
    link = home / "link.toml"
    link.symlink_to(path)
    write_text(link, "gain = 2\n")
    assert link.is_symlink()
    assert path.read_text("utf-8") == "gain = 2\n"
    assert stat.S_IMODE(path.stat().st_mode) == 0o640
    assert os.listdir(path.parent) == ["config.toml"]  # noqa: PTH208  names


def test_what_a_killed_program_left_of_a_file_goes(home: Path) -> None:
    """A file of the user's own with a similar name stays."""
    (home / ".config.toml.asr-a1b2c3d4").write_text("ga", encoding="utf-8")
    (home / ".config.toml.swp").write_text("mine", encoding="utf-8")
    write_text(home / "config.toml", "gain = 1\n")
    assert sorted(each for each in os.listdir(home) if "config" in each) == [  # noqa: PTH208  names
        ".config.toml.swp", "config.toml",
    ]  # fmt: skip


@posix
def test_a_file_that_cannot_be_written_stays_whole(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A read-only home, a full disk: one line, the old file, and nothing beside it."""
    path = home / "config.toml"
    write_text(path, "gain = 1\n")

    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OutputError, match=r"^cannot write .*config.toml: No space left on device$"):
        write_text(path, "gain = 2\n")
    assert path.read_text("utf-8") == "gain = 1\n"
    assert [each for each in os.listdir(home) if "config" in each] == ["config.toml"]  # noqa: PTH208  names
    (home / "file").write_text("", encoding="utf-8")
    with pytest.raises(OutputError, match=r"^cannot write .*: (Not a directory|File exists)$"):
        write_text(home / "file" / "config.toml", "x")
