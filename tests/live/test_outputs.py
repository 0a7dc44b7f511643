"""What is written where: formats, folders, commands, and what goes on when one input fails."""

from pathlib import Path

import pytest

from tests.support.command import asr, lines, started
from tests.support.tone import tone, wav


@pytest.fixture
def run(scripted: str) -> list[str]:
    """The options of a run against the scripted server."""
    return ["--url", scripted, "--pace", "max"]


def test_several_formats_at_once(run: list[str], tmp_path: Path) -> None:
    """One run, one file each, named after the one given; standard output stays empty."""
    formats = [option for name in ("text", "jsonl", "srt", "vtt", "ass", "lrc", "tsv") for option in ("-f", name)]
    file = wav(tmp_path / "a.wav", tone(2000))
    for given in ("talk", "talk.srt"):
        done = asr("file", file, *run, *formats, "-o", tmp_path / given)
        assert (done.returncode, done.stdout) == (0, "")
        names = {path.name for path in tmp_path.iterdir()}
        assert names == {"a.wav", *(f"talk.{end}" for end in ("txt", "jsonl", "srt", "vtt", "ass", "lrc", "tsv"))}
    assert (tmp_path / "talk.txt").read_text() == "sentence 1\nsentence 2\n"
    assert (tmp_path / "talk.srt").read_text().startswith("1\n00:00:00,000 --> 00:00:01,000\nsentence 1\n\n2\n")
    assert lines((tmp_path / "talk.jsonl").read_text())[-1]["sentences"] == 2


def test_a_folder_gets_a_transcript_for_each_input_and_one_failure_stops_no_other(
    run: list[str], tmp_path: Path
) -> None:
    """Each begins at zero and at sentence 1; the exit code is that of the worst, and the failure is named."""
    first, second = wav(tmp_path / "a.wav", tone(1000)), wav(tmp_path / "b.wav", tone(2000))
    folder = tmp_path / "made" / "here"
    done = asr("file", first, tmp_path / "none.wav", second, *run, "--output-dir", folder, "-f", "jsonl")
    assert done.returncode == 3
    assert done.stderr.count("none.wav: no such file") == 1  # when it happens
    assert sorted(path.name for path in folder.iterdir()) == ["a.jsonl", "b.jsonl"]
    for name, count in (("a", 1), ("b", 2)):
        events = lines((folder / f"{name}.jsonl").read_text())
        assert [(e["sentence"], e["begin_ms"]) for e in events if e["type"] == "final"] == [
            (number + 1, 1000 * number) for number in range(count)
        ]


def test_a_failure_in_the_middle_of_a_run_leaves_the_rest(run: list[str], tmp_path: Path) -> None:
    """Without a folder too: the others are on one timeline."""
    broken = tmp_path / "empty.wav"
    wav(broken, b"")
    first, second = wav(tmp_path / "a.wav", tone(1000)), wav(tmp_path / "b.wav", tone(1000))
    done = asr("file", first, broken, second, *run)
    assert (done.returncode, done.stdout) == (3, "sentence 1\nsentence 1\n")  # the script begins again with each task
    assert "empty.wav: contains no audio" in done.stderr


def test_names_that_collide_are_refused_before_anything_is_written(run: list[str], tmp_path: Path) -> None:
    """Two inputs of one name, and an output that is an input."""
    (tmp_path / "x").mkdir()
    first, second = wav(tmp_path / "a.wav", tone(100)), wav(tmp_path / "x" / "a.wav", tone(100))
    twice = asr("file", first, second, *run, "--output-dir", tmp_path / "out")
    assert (twice.returncode, "written twice" in twice.stderr) == (2, True)
    over = asr("file", first, *run, "-o", first)
    assert (over.returncode, "is an input" in over.stderr) == (2, True)
    assert not (tmp_path / "out").exists()


def test_appending_keeps_what_was_there(run: list[str], tmp_path: Path) -> None:
    """A day's notes in one file."""
    target = tmp_path / "notes.txt"
    for _ in range(2):
        assert asr("file", wav(tmp_path / "a.wav", tone(500)), *run, "-o", target, "--append").returncode == 0
    assert target.read_text() == "sentence 1\nsentence 1\n"


def test_a_command_gets_each_sentence_and_delays_none(run: list[str], tmp_path: Path) -> None:
    """Text on its standard input, times in its environment; a slow one is waited for at the end, not in between."""
    notes, go = tmp_path / "notes", tmp_path / "go"
    script = f'while [ ! -e {go} ]; do sleep 0.05; done; printf "$ASR_SENTENCE $ASR_BEGIN_MS $ASR_END_MS " >> {notes}; '
    script += f"cat >> {notes}; echo not for the transcript"
    with started("file", wav(tmp_path / "a.wav", tone(3000)), *run, "--exec", script) as process:
        assert [process.stdout.readline() for _ in range(3)] == [f"sentence {number}\n" for number in (1, 2, 3)]
        assert not notes.exists()  # all sentences are out, and no command has ended
        go.touch()
        rest, _ = process.communicate(timeout=60)
    assert (process.returncode, rest) == (0, "")
    assert notes.read_text() == "1 0 1000 sentence 1\n2 1000 2000 sentence 2\n3 2000 3000 sentence 3\n"


def test_a_command_that_fails_is_reported_and_harms_nothing(run: list[str], tmp_path: Path) -> None:
    """The transcript is whole, the exit code that of the run; the command never sees the key."""
    done = asr("file", wav(tmp_path / "a.wav", tone(2000)), *run, "--exec", "exit 3", DASHSCOPE_API_KEY="sk-secret")
    assert (done.returncode, done.stdout) == (0, "sentence 1\nsentence 2\n")
    assert "--exec: the command failed with exit code 3" in done.stderr
    assert "--exec: the command failed for 2 of" in done.stderr
    seen = asr("file", tmp_path / "a.wav", *run, "--exec", "env", DASHSCOPE_API_KEY="sk-secret")
    assert "ASR_SENTENCE=1" in seen.stderr
    assert "sk-secret" not in seen.stderr


CONTRADICTIONS = {
    "several formats to one pipe": (["-f", "srt", "-f", "text"], "several --format need --output"),
    "several formats to standard output": (["-f", "srt", "-o", "-", "-f", "text"], "several --format need --output"),
    "appending to standard output": (["-o", "-", "--append"], "--append without --output"),
    "a log on standard output": (["--log-file", "-"], "--log-file - is standard output"),
    "a file and a folder": (["-o", "a", "--output-dir", "b"], "--output with --output-dir"),
    "appending to nothing": (["--append"], "--append without --output"),
    "appending to subtitles": (["-o", "a.srt", "-f", "srt", "--append"], "--append with --format srt"),
    "times in subtitles": (["-f", "srt", "--timestamps", "relative"], "--timestamps with --format srt"),
    "partials in subtitles": (["-f", "srt", "--partials"], "--partials with --format srt"),
    "lines of no subtitle": (["--max-line", "30"], "--max-line and --max-lines are for subtitles"),
    "a template for json": (["-f", "jsonl", "--template", "{text}"], "--template is for --format text"),
    "a template with times": (["--timestamps", "clock", "--template", "{text}"], "use {begin} and {end} in it"),
    "a template without sense": (["--template", "{txt}"], "no field txt"),
}


@pytest.mark.parametrize(("options", "said"), CONTRADICTIONS.values(), ids=CONTRADICTIONS)
def test_options_that_contradict_each_other_are_named_together(
    run: list[str], tmp_path: Path, options: list[str], said: str
) -> None:
    """Exit 2, one line, nothing done."""
    done = asr("file", wav(tmp_path / "a.wav", tone(100)), *run, *options)
    assert (done.returncode, done.stdout, len(done.stderr.splitlines())) == (2, "", 1)
    assert said in done.stderr


def test_a_dash_is_standard_output_even_where_a_file_is_called_so(
    run: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The file stays as it is."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "-").write_text("WEBVTT\n")
    done = asr("file", wav(tmp_path / "a.wav", tone(1000)), *run, "-f", "srt", "-o", "-")
    assert (done.returncode, "sentence 1" in done.stdout) == (0, True)
    assert (tmp_path / "-").read_text() == "WEBVTT\n"


def test_a_command_that_is_not_there_is_no_success(run: list[str], tmp_path: Path) -> None:
    """The transcript is whole, the first failure is named, and the exit code says that the sentences went nowhere."""
    text = tmp_path / "a.txt"
    file = wav(tmp_path / "a.wav", tone(2000))
    done = asr("file", file, *run, "-o", text, "--exec", "no-such-program-here")
    assert done.returncode == 2
    assert len(text.read_text().splitlines()) == 2
    assert "--exec: the command failed with exit code 127: a program in it was not found" in done.stderr
    assert "--exec: 2 sentences did not get the command: see the warning above" in done.stderr
    assert "asr resume" not in done.stderr
    other = wav(tmp_path / "b.wav", tone(1000))
    folder = tmp_path / "texts"
    done = asr("file", file, other, *run, "--output-dir", folder, "--exec", "no-such-program-here")
    assert (done.returncode, sorted(each.name for each in folder.iterdir())) == (2, ["a.txt", "b.txt"])
