"""Whether a file can be written, asked before the first audio."""

import errno
import os
import sys
from pathlib import Path

import pytest

from asrcli.core.errors import OutputError
from asrcli.outputs.line_writer import LineWriter
from asrcli.outputs.output_paths import check
from asrcli.outputs.overwrite_check import check_overwrite
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


NAMES = ["/dev/fd/{}", "/proc/self/fd/{}"]


@pytest.mark.skipif(sys.platform != "linux", reason="not every system has /proc")
@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("content", ["", "not a subtitle\n"])
def test_text_for_an_open_descriptor_stands_between_what_others_write(tmp_path: Path, name: str, content: str) -> None:
    """As with `{ echo before; asr file -o /dev/fd/3; echo after; } 3>file`: nothing is overwritten, cut or replaced."""
    path = tmp_path / "a.txt"
    with path.open("w", encoding="utf-8") as file:
        file.write(f"{content}before\n")
        file.flush()
        os.set_inheritable(file.fileno(), True)
        own = Path(name.format(file.fileno()))
        assert check_overwrite(own, "srt", {"srt": ".srt"}, free=False) == ""
        lines = LineWriter(str(own))
        assert not lines.amendable
        lines.begin("head")
        lines.write("text")
        lines.close()
        file.write("after\n")
    assert path.read_text("utf-8") == f"{content}before\nhead\ntext\nafter\n"
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.skipif(os.name != "posix", reason="these names are those of POSIX")
@pytest.mark.parametrize("name", NAMES)
def test_a_descriptor_that_nobody_has_given_is_refused(tmp_path: Path, name: str) -> None:
    """It is closed, or it becomes one of our own files: text must not get into a journal or a connection."""
    with (tmp_path / "ours").open("w", encoding="utf-8") as file:
        for number in (file.fileno(), 1 << 20, 1 << 40):
            with pytest.raises(OutputError, match="nothing was redirected to it"):
                LineWriter(name.format(number))


def test_dev_stdout_is_standard_output(capsys: pytest.CaptureFixture[str]) -> None:
    """Also where a pipe or a socket cannot be opened by its name, and where it is closed."""
    lines = LineWriter("/dev/stdout")
    lines.write("text")
    lines.close()
    assert capsys.readouterr().out == "text\n"
