"""What the words of a command line stand for."""

import io
import os
from pathlib import Path

import pytest

from asrcli.core.errors import SourceError
from asrcli.runs.batch.decisions import InputStamp
from asrcli.runs.batch.input_files import find_inputs, input_stamp, missing_files


@pytest.fixture
def archive(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A tree of recordings and other things, which is the working directory."""
    for name in ("a/x.wav", "a/b/y.MP3", "a/notes.docx", "a/.hidden.wav", "a/.git/z.wav", "a/out/old.wav", "odd"):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"1")
    (tmp_path / "a" / "loop").symlink_to(tmp_path / "a")
    (tmp_path / "empty").mkdir()
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_a_directory_stands_for_its_recordings_and_not_for_its_transcripts(archive: Path) -> None:
    """Recursively, without what is hidden, without links that lead in circles, and each recording once."""
    found = find_inputs(["a", "a/x.wav", str(archive / "a" / "x.wav")], archive / "a" / "out")
    assert [one.path for one in found.inputs] == ["a/x.wav", "a/b/y.MP3"]
    assert [(one.parent, one.folder) for one in found.inputs] == [("a", "a"), ("b", "a/b")]
    assert (found.skipped, found.problems) == (1, [])


def test_a_file_that_is_named_is_taken_whatever_it_is_called(archive: Path) -> None:
    """The user knows; whether it can be decoded is seen when it is read."""
    found = find_inputs(["odd", "https://host/x/talk.mp3?key=secret"], archive / "out")
    assert [(one.path, one.identity, one.file_name) for one in found.inputs] == [
        ("odd", str(archive / "odd"), "odd"),
        ("https://host/x/talk.mp3?key=secret", "https://host/x/talk.mp3", "talk.mp3"),
    ]
    assert (found.inputs[1].parent, found.inputs[1].folder) == ("x", "host/x")


def test_patterns_that_no_shell_has_expanded(archive: Path) -> None:
    """On systems whose shell does not, and with more files than a command line holds."""
    (archive / "a" / "loop").unlink()
    found = find_inputs(["a/**"], archive / "a" / "out")
    assert ([one.path for one in found.inputs], found.skipped) == (["a/b/y.MP3", "a/x.wav"], 1)
    assert [one.path for one in find_inputs(["a/*.wav", "a/[b]"], archive / "out").inputs] == ["a/x.wav", "a/b/y.MP3"]


def test_a_manifest_names_files_beside_it_and_its_bad_lines_are_problems(archive: Path) -> None:
    """Its paths count from its own folder, those of standard input from the working directory."""
    manifest = archive / "a" / "list.jsonl"
    manifest.write_text('{"path": "x.wav", "name": "one"}\n{"path": \n{"path": "b"}\n{"path": "s3://b/k.wav"}\n')
    found = find_inputs([str(manifest)], archive / "out")
    assert [one.path for one in found.inputs] == [
        str(archive / "a" / "x.wav"), str(archive / "a" / "b" / "y.MP3"), "s3://b/k.wav",
    ]  # fmt: skip
    assert found.inputs[0].name == "one"
    assert [str(problem) for problem in found.problems] == [f'{manifest}:2: not a JSON object: {{"path":']
    found = find_inputs(["-"], archive / "out", io.BytesIO(b"a/x.wav\na/not there.wav\n"))
    assert [one.path for one in found.inputs] == ["a/x.wav", "a/not there.wav"]


def test_what_names_nothing_is_a_problem_and_stops_nothing(archive: Path) -> None:
    """Each with its reason."""
    found = find_inputs(["gone.wav", "*.ogg", "empty", "-", "a\0b", "odd"], archive / "out", io.BytesIO(b"\n"))
    assert [one.path for one in found.inputs] == ["odd"]
    assert [str(problem) for problem in found.problems][:4] == [
        "gone.wav: no such file or directory",
        "*.ogg: no file matches this pattern",
        "empty: holds no recording",
        "standard input: names no input",
    ]
    assert len(found.problems) == 5
    assert str(find_inputs(["a"], archive / "a" / "out").problems) == "[]"


def test_what_shows_that_an_input_has_changed(archive: Path) -> None:
    """Size and time of a file; of an address nothing."""
    stamp = input_stamp("a/x.wav")
    assert stamp.size_bytes == 1
    (archive / "a" / "x.wav").write_bytes(b"22")
    assert input_stamp("a/x.wav") != stamp
    assert input_stamp("https://host/a.wav") == InputStamp()
    with pytest.raises(SourceError, match="no such file"):
        input_stamp("gone.wav")
    assert missing_files(archive, ["odd", "gone"])
    assert not missing_files(archive, ["odd"])


def test_what_is_no_recording_and_no_manifest_holds_nothing_up(archive: Path) -> None:
    """A pipe in a folder, to which nobody may ever write, is left out; a manifest that is no text is one problem."""
    os.mkfifo(archive / "a" / "pipe.wav")
    (archive / "list.tsv").write_bytes(b"a/x.wav\n\0\1" * 5)
    (archive / "long.jsonl").write_text(f'{{"path": "{"n" * 300}"}}\n{{"path": "a/x.wav"}}\n')
    found = find_inputs(["a", "list.tsv", "long.jsonl"], archive / "out")
    assert [Path(one.path).name for one in found.inputs] == ["x.wav", "y.MP3", "old.wav", "n" * 300]
    assert list(map(str, found.problems)) == ["list.tsv: is not text, but a manifest must be"]
