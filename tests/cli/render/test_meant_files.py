"""A name that no file has is answered with the recording that was probably meant."""

from pathlib import Path
from shlex import split

import pytest
from hypothesis import given
from hypothesis import strategies as st

from asrcli.cli.render.meant_files import MOST_WORDS, meant_file
from tests.support.command import asr

NAMES = ["interview.mp3", "New Recording 3.mp3", "会议 一.m4a", "notes.txt", "IMG.MOV", ".hidden.mp3", "b.wav", "b.mp3"]


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The current folder, with recordings, a text and a folder."""
    for name in NAMES:
        (tmp_path / name).write_bytes(b"")
    (tmp_path / "recordings").mkdir()
    (tmp_path / "recordings" / "talk.wav").write_bytes(b"")
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("intervew.mp3", "interview.mp3"),
        ("interview", "interview.mp3"),
        ("interview.wav", "interview.mp3"),
        ("INTERVIEW.MP3", "interview.mp3"),
        ("img.mov", "IMG.MOV"),
        ("\u201cinterview.mp3\u201d", "interview.mp3"),
        ("New", "'New Recording 3.mp3'"),
        ("会议", "'会议 一.m4a'"),
        ("b", "b.mp3 or b.wav"),
        ("recordngs", "recordings"),
        ("recordings/tlak.wav", "recordings/talk.wav"),
        ("./interview", "./interview.mp3"),
        ("www.example.org/talk.mp3?a=1", "'https://www.example.org/talk.mp3?a=1'"),
    ],
)
def test_a_name_that_is_near_is_asked_about(written: str, meant: str) -> None:
    """Mistyped, without its suffix or with another one, in another case, in curly quotes, or without quotes."""
    assert meant_file(written, ["file", written]) == f"did you mean {meant}?"


@pytest.mark.parametrize(
    "written", ["", "note.txt", "nothing.mp3", "recordings.mp3", "gone/interview.mp3", "hidden.mp3", '""', "x\0y"]
)
def test_nothing_is_asked_where_nothing_is_near(written: str) -> None:
    """A text, a folder in place of a recording and a hidden file are not offered."""
    assert meant_file(written, ["file", written]) == ""


@pytest.mark.parametrize("typed", [["batch", "list.tsv"], ["file", *["intervew.mp3"] * MOST_WORDS]], ids=len)
def test_nothing_is_asked_about_the_names_of_a_list(typed: list[str]) -> None:
    """Thousands of them may be missing, and a folder would be searched for each."""
    assert meant_file("intervew.mp3", typed) == ""


@pytest.mark.parametrize("command", ["file {} --local", "ws-raw {} --local", "batch {} --out texts --local"])
def test_every_command_that_reads_a_recording_asks(command: str) -> None:
    """In the line that says what is missing."""
    done = asr(*command.format("intervew.mp3").split())
    assert (done.returncode, done.stdout) == (3, "")
    assert "asr: intervew.mp3: no such file or directory; did you mean interview.mp3?\n" in done.stderr


@given(st.text(st.characters(exclude_characters="/\0", exclude_categories=["Cs"]), max_size=9))
def test_what_is_offered_can_be_copied_and_is_there(written: str) -> None:
    """Whatever somebody writes, what the shell makes of the offer is a path that exists."""
    said = meant_file(written, [written])
    if said and not written.startswith("www."):
        offers = said.removeprefix("did you mean ").removesuffix("?").split(" or ")
        assert all(Path(path).exists() for offer in offers for path in split(offer))
