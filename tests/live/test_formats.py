"""The real command writes transcripts to look at: csv, md, json and html."""

import csv
import json
import re
import signal
from pathlib import Path

import pytest

from asrcli.evaluation.transcript_files import READERS, read_transcript
from tests.support.command import asr, serving, started
from tests.support.tone import tone, wav


@pytest.fixture
def run(scripted: str) -> list[str]:
    """The options of a run against the scripted server."""
    return ["--url", scripted, "--pace", "max"]


def test_all_formats_are_written_at_once_and_replace_only_their_own_kind(run: list[str], tmp_path: Path) -> None:
    """Each is written beside the others and may replace its own kind; nothing else is replaced."""
    sound = wav(tmp_path / "a.wav", tone(2000))
    formats = [option for name in ("csv", "md", "json", "html") for option in ("-f", name)]
    for _ in range(2):
        done = asr("file", sound, *run, *formats, "-o", tmp_path / "talk")
        assert (done.returncode, done.stdout) == (0, ""), done.stderr
    with (tmp_path / "talk.csv").open(newline="") as rows:
        assert [row["text"] for row in csv.DictReader(rows)] == ["sentence 1", "sentence 2"]
    assert json.loads((tmp_path / "talk.json").read_text())["end"]["sentences"] == 2
    assert "\n`00:01.000` sentence 2\n" in (tmp_path / "talk.md").read_text()
    assert 'src="./a.wav"' in (tmp_path / "talk.html").read_text()
    for name in ("csv", "md", "json", "html"):
        other = tmp_path / f"mine.{name}"
        other.write_text("mine\n")
        assert asr("file", sound, *run, "-f", name, "-o", other).returncode == 2
        assert other.read_text() == "mine\n"


def test_a_suffix_keeps_its_meaning(run: list[str], tmp_path: Path) -> None:
    """Suffixes name their formats, unless there is a template; .json is JSON Lines without -f."""
    sound = wav(tmp_path / "a.wav", tone(900))
    for name, options, begins in (
        ("a.html", [], "<!doctype"), ("b.htm", [], "<!doctype"), ("a.csv", [], "type,"), ("a.md", [], "<!-- "),
        ("a.json", [], '{"type": "begin"'), ("b.json", ["-f", "json"], '{"type": "transcript"'),
        ("c.csv", ["--template", "{begin},{text}"], "00:00"), ("c.md", ["--append"], "sentence"),
    ):  # fmt: skip
        # Such a file may be replaced by one of its own kind.
        for _ in range(1 + (name in {"a.md", "a.json", "c.csv", "c.md"})):
            assert asr("file", sound, *run, "-o", tmp_path / name, *options).returncode == 0, name
        assert (tmp_path / name).read_text().startswith(begins)


def test_what_is_written_as_a_transcript_is_read_as_one(run: list[str], tmp_path: Path) -> None:
    """By `asr eval` and `asr sessions import`, in every format that they read: no word is lost, and times are kept."""
    sound = wav(tmp_path / "a.wav", tone(2500))
    formats = ["text", *(suffix[1:] for suffix in READERS if suffix != ".txt")]
    options = [option for name in formats for option in ("-f", name)]
    assert asr("file", sound, *run, *options, "-o", tmp_path / "talk").returncode == 0
    assert asr("file", sound, *run, "-o", tmp_path / "lines.json").returncode == 0
    said = read_transcript(tmp_path / "talk.jsonl")
    assert [segment.text for segment in said] == ["sentence 1", "sentence 2", "sentence 3"]
    assert [read_transcript(tmp_path / name) for name in ("talk.json", "lines.json")] == [said, said]
    for suffix in READERS:
        read = read_transcript(tmp_path / f"talk{suffix}")
        assert [segment.text for segment in read] == [segment.text for segment in said], suffix
        if suffix != ".txt":
            # Subtitles stay on the screen a little longer, and lyrics have hundredths.
            for segment, other in zip(said, read, strict=True):
                assert segment.begin_ms is not None
                assert other.begin_ms is not None
                assert abs(segment.begin_ms - other.begin_ms) <= 10, suffix


def test_the_page_plays_the_part_of_the_file_that_was_transcribed(run: list[str], tmp_path: Path) -> None:
    """Places count in the file; a copy in the page holds the part alone. The second of two files has its own player."""
    sound = wav(tmp_path / "a.wav", tone(3000))
    part = ["--start", "1", "--end", "2.5"]
    assert asr("file", sound, *run, *part, "-o", tmp_path / "out.html").returncode == 0
    assert re.findall(r'<button class="time" data-a="0" data-t="(\d+)"', (tmp_path / "out.html").read_text()) == [
        "1000",
        "2000",
    ]
    assert asr("file", sound, sound, *run, *part, "-o", tmp_path / "copy.html", "--embed-audio").returncode == 0
    text = (tmp_path / "copy.html").read_text()
    assert re.findall(r'<button class="time" data-a="(\d)" data-t="(\d+)"', text) == [
        ("0", "0"),
        ("0", "1000"),
        ("1", "0"),
        ("1", "1000"),
    ]
    assert text.count('src="data:audio/ogg;base64,\nT2dnUw') == 2


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["file", "-", "-f", "html"], "standard input can be read only once"),
        (["file", "a.wav", "-f", "json"], "--format html"), (["mic", "-f", "html"], "--save-audio"),
    ],
)  # fmt: skip
def test_audio_that_cannot_be_embedded_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, arguments: list[str], words: str
) -> None:
    """Before anything is sent, with what to do."""
    monkeypatch.chdir(tmp_path)
    wav(tmp_path / "a.wav", tone(100))
    done = asr(*arguments, "--embed-audio", "--url", "ws://127.0.0.1:1")
    assert (done.returncode, done.stderr.count("\n"), words in done.stderr) == (2, 1, True), done.stderr


def test_resume_writes_the_whole_page_and_document(tmp_path: Path) -> None:
    """A run that was ended by force goes on: the earlier sentences stand in front, with its audio."""
    sound, kept = wav(tmp_path / "a.wav", tone(6000)), tmp_path / "kept"
    with serving("--engine", "scripted") as (address, _):
        options = ["-f", "html", "-f", "json", "-f", "jsonl", "-o", tmp_path / "out", "--journal", kept]
        with started("file", sound, "--url", address, "--pace", 4, *options, "--partials") as process:
            part = tmp_path / "out.jsonl.part"
            while not part.exists() or part.read_text().count('"final"') < 2:
                assert process.poll() is None
            process.send_signal(signal.SIGKILL)
            process.wait()
        (session,) = kept.iterdir()
        done = asr("resume", session.name, "--journal", kept, "--url", address, "--yes")
    assert done.returncode == 0, done.stderr
    document = json.loads((tmp_path / "out.json").read_text())
    numbers = [entry["sentence"] for entry in document["entries"]]
    assert numbers == list(range(1, len(numbers) + 1))
    page = (tmp_path / "out.html").read_text()
    begins = [entry["begin_ms"] for entry in document["entries"]]
    assert [int(ms) for ms in re.findall(r'class="time" data-a="0" data-t="(\d+)"', page)] == begins
