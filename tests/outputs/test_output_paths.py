"""Whether a file can be written, asked before the first audio."""

import errno
import os
from pathlib import Path

import pytest

from asrcli.core.errors import OutputError
from asrcli.outputs.line_writer import LineWriter
from asrcli.outputs.output_paths import check
from tests.support.command import CLIP, asr


@pytest.mark.parametrize("stem", ["a" * 247, "会" * 82 + "a", "a" * 251])
def test_a_name_that_is_too_long_with_its_part_is_refused_before_the_service_is_asked(
    tmp_path: Path, stem: str
) -> None:
    """255 bytes are a name, but its part has 260; bytes count, not characters. No address is dialled."""
    arguments = ("--url", "ws://127.0.0.1:9", "--no-journal")
    sound = tmp_path / f"{stem[:-1]}.wav"
    sound.write_bytes(CLIP.read_bytes())
    for more in (("-o", tmp_path / f"{stem}.txt"), ("--output-dir", tmp_path, "-f", "json")):
        done = asr("file", sound, *arguments, *more)
        assert (done.returncode, done.stderr.count("\n")) == (2, 1), done.stderr
        assert "file name too long" in done.stderr
    assert [path.name for path in tmp_path.iterdir()] == [sound.name]


def test_what_can_be_written_is_not_refused(tmp_path: Path) -> None:
    """The longest name that has a part, a longer one that is continued or needs none, and a device."""
    check(tmp_path / ("a" * 250))
    check(tmp_path / ("a" * 255), append=True)
    check(tmp_path / ("a" * 255), has_part=False)
    check(Path("/dev/null"))
    assert list(tmp_path.iterdir()) == []


def test_the_part_that_is_free_must_fit(tmp_path: Path) -> None:
    """An earlier part is there, and the next name is a byte longer."""
    (tmp_path / ("a" * 250 + ".part")).touch()
    with pytest.raises(OutputError, match="file name too long"):
        LineWriter(str(tmp_path / ("a" * 250)))


def test_a_folder_takes_a_file_or_says_why_not(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file system of the kernel, a read-only one, and one without unnamed files, in which nothing is left."""
    with pytest.raises(OutputError, match=r"/proc/a\.txt: "):
        check(Path("/proc/a.txt"))
    with pytest.raises(OutputError, match="there is no directory"):
        check(tmp_path / "a" / "b.txt")

    def refuse(number: int) -> None:
        def opened(*_: object) -> int:
            raise OSError(number, os.strerror(number))

        monkeypatch.setattr("asrcli.outputs.output_paths.os.open", opened)

    refuse(errno.EROFS)
    with pytest.raises(OutputError, match="read-only file system"):
        check(tmp_path / "a.txt")
    monkeypatch.undo()
    monkeypatch.delattr(os, "O_TMPFILE", raising=False)
    check(tmp_path / "a.txt")
    assert list(tmp_path.iterdir()) == []
