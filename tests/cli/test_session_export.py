"""`asr sessions export`: a finished transcript once more, in other formats and with other lengths of lines."""

import re
from pathlib import Path

import pytest
from rich.cells import cell_len

from asrcli.core.events import Final
from tests.support.command import asr
from tests.support.journals import began, final, session, spoken

TEXT = "各位同事大家好，今天我们讨论realtime接口的接入情况，请大家认真准备。"


@pytest.mark.parametrize(("width", "rows"), [(16, 1), (20, 2), (80, 1)])
def test_subtitles_are_exported_with_other_lengths_of_their_lines(tmp_path: Path, width: int, rows: int) -> None:
    """All of the text is there, and no line or caption is longer than asked for."""
    session(tmp_path, spoken(0, 9000), [began(), final(0, 9000, TEXT)])
    lengths = ("--max-line", width, "--max-lines", rows)
    done = asr("sessions", "export", "last", "--journal", tmp_path, "-f", "srt", *lengths)
    assert done.returncode == 0, done.stderr
    captions = [block.split("\n")[2:] for block in done.stdout.strip().split("\n\n")]
    assert max(map(len, captions)) == rows
    assert max(cell_len(line) for lines in captions for line in lines) <= width
    assert "".join(line for lines in captions for line in lines) == TEXT


def test_lengths_of_lines_are_for_subtitles_that_are_exported(tmp_path: Path) -> None:
    """An option without effect is refused, and not ignored."""
    session(tmp_path, spoken(0, 900), [began(), final(0, 900, TEXT)])
    for arguments, problem in (
        (["list", "--max-line", 20], "--max-line has no effect on asr sessions list"),
        (["show", "last", "--max-lines", 1], "--max-lines has no effect on asr sessions show"),
        (["export", "last", "--max-line", 20], "are for subtitles"),
    ):
        done = asr("sessions", *arguments, "--journal", tmp_path)
        assert (done.returncode, problem in done.stderr) == (2, True), done.stderr


@pytest.mark.parametrize(("name", "time"), [("srt", r"(\S+) -->"), ("vtt", r"(\S+) -->"), ("md", r"(?m)^`(\S+)`")])
def test_an_export_of_two_speakers_has_the_order_of_the_times(tmp_path: Path, name: str, time: str) -> None:
    """In a file and in a pipe: a sentence of one person lasts longer than the answers of the other."""
    finals = [
        Final("1", 1000, 3000, "是的。", speaker="李华"),
        Final("2", 4000, 5000, "好的。", speaker="李华"),
        Final("3", 0, 8900, TEXT * 4, speaker="王明"),
    ]
    session(tmp_path / "kept", spoken(0, 9000), [began(speaker="王明"), *finals])
    export = ("sessions", "export", "last", "--journal", tmp_path / "kept", "-f", name)
    piped = asr(*export)
    assert asr(*export, "-o", tmp_path / "talk").returncode == 0
    text = (tmp_path / "talk").read_text("utf-8")
    assert (piped.returncode, piped.stdout) == (0, text)
    times = re.findall(time, text)
    assert times == sorted(times)
    assert len(times) >= len(finals)
    assert all(said in text for said in ("是的", "好的"))
    assert [each.name for each in tmp_path.iterdir() if each.is_file()] == ["talk"]


@pytest.mark.parametrize("arguments", [[], ["export", "last"], ["show", "last"]], ids=" ".join)
def test_who_looks_for_a_finished_file_learns_what_keeps_one(tmp_path: Path, arguments: list[str]) -> None:
    """Its session is gone when it ends, and what can be done about that concerns the next one."""
    done = asr("sessions", *arguments, XDG_STATE_HOME=str(tmp_path))
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (2 * bool(arguments), "", 1)
    assert ": a finished file leaves none, and asr config set library on keeps" in done.stderr
