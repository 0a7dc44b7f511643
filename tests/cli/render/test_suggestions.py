"""What a mistaken command line is answered with: what was probably meant, ready to be copied."""

import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from asrcli.cli.app import COMMANDS
from asrcli.cli.render.suggestions import OTHER_COMMANDS, OTHER_NAMES, OTHER_OPTIONS, is_input, suggestion
from asrcli.config.reach import OPTIONS
from tests.support.command import CLIP, asr


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["talk.wav"], "did you mean asr file talk.wav?"),
        (["talk.wav", "--local"], "did you mean asr file talk.wav?"),
        (["my talk.MP4"], "did you mean asr file 'my talk.MP4'?"),
        (["会议记录.m4a"], "did you mean asr file '会议记录.m4a'?"),
        (["-"], "did you mean asr file -?"),
        (["https://example.org/talk.mp3"], "did you mean asr file 'https://example.org/talk.mp3'?"),
        (["fiel"], "No such command 'fiel'; did you mean asr file?"),
        (["sesions"], "did you mean asr sessions?"),
        (["mic", "talk.wav"], "did you mean asr file talk.wav?"),
        (["file"], "name a file, or - for standard input: cat talk.wav | asr file -"),
        (["file", "--local"], "name a file, or - for standard input"),
        (["--local", "file", "talk.wav"], "options come after the command: asr file --local"),
        (["quite-other"], "No such command 'quite-other'; see "),
        (["search", "-5", "--limit", "3"], "stands after --: asr search --limit 3 -- -5"),
        (["config", "set", "gain", "-.5"], "stands after --: asr config set gain -- -.5"),
        (["file", "a.wav", "-5"], "No such option: -5; see "),
        (["verify"], "Missing argument 'SESSION'; asr sessions lists them, and last is the newest"),
        (["sessions", "show"], "show needs an ID; asr sessions lists them, and last is the newest"),
        (["replay"], "Missing argument 'RECORD'; name a file that --record has written"),
        (["library", "search", "x"], "did you mean asr search?"),
        (["transcribe"], "did you mean asr file?"),
        (["version"], "did you mean asr --version?"),
        (["mic", "--bugdet", "1"], "--budget"),
        (["serve", "--port", "99999"], "'--port': 99999 is not from 0 to 65535;"),
        (["file", "a.wav", "--budget", "1CNY"], "'1CNY' is not a number;"),
        (["mic", "--retries", "x"], "'x' is not a whole number;"),
        (["mic", "--retries", "-1"], "-1 is less than 0;"),
        (["file", "--paec", "1", "talk.wav"], "--pace"),
        (["batch", "talks", "-o", "texts"], "No such option: -o; in asr batch this is --out"),
        (["batch", "talks", "--output-dir", "texts"], "; in asr batch this is --out"),
        (["file", str(CLIP), "--local", "--language", "zh"], "asr engines pull models that can be added"),
        (["file", str(CLIP), "--local", "--language", "en-US"], "English (en) only; did you mean en?"),
        (["mic", "--duration", "5"], "No such option: --duration; in asr mic this is --for"),
        (["file", "a.wav", "--duration", "5"], "; in asr file this is --end, a position in the recording"),
        (["file", "a.wav", "--diarize"], "; in asr file this is --each-channel, a speaker for each channel"),
        (["mic", "--speakers", "2"], "; in asr mic this is --device NAME=LABEL, a speaker for each device"),
        (["file", "a.wav", "--srt"], "; in asr file this is --format srt"),
        (["batch", "talks", "--threads", "2"], "; in asr batch this is --jobs"),
        (["serve", "--duration", "5"], "--drain"),
        (["file", "a.wav", "--dry-run"], "No such option: --dry-run; in asr file this is --estimate"),
        (["file", "a.wav", "--Local"], "No such option: --Local; did you mean --local?"),
        (["file", "a.wav", "--OUTPUT_DIR", "texts"], "No such option: --OUTPUT_DIR; did you mean --output-dir?"),
        (["file", "-i", "talk.wav"], "No such option: -i; the input is written without an option: asr file talk.wav"),
        (["batch", "--input", "talks"], "; the input is written without an option: asr batch talks"),
        (["file", "--file=talk.mp3"], "; the input is written without an option: asr file talk.mp3"),
        (["file", "-o", "a.txt", "-i", "b.wav"], "; the input is written without an option: asr file b.wav"),
        (["file", "-f", "srt", "--audio", "--local"], "; the input is written without an option: asr file talk.wav"),
        (["mic", "--input", "usb"], "No such option: --input; in asr mic this is --device"),
        (["mic", "--list-devices"], "No such option: --list-devices; see asr devices"),
        (["file", "a.wav", "--output_format", "srt"], "; in asr file this is --format"),
        (["file", "a.wav", "--retry", "3"], "; in asr file this is --retries"),
        (["file", "a.wav", "-ss", "10"], "; in asr file this is --start"),
        (["file", "a.wav", "-to", "20"], "; in asr file this is --end"),
        (["file", "a.wav", "-s", "10"], "No such option: -s; see "),
        (["file", "a.wav", "-y"], "; in asr file this is --overwrite"),
        (["completion", "bash"], "did you mean asr --install-completion?"),
        (["file", "a.wav", "-f", "text,srt"], "; write the option for each: --format text --format srt"),
        (["file", "talk.wav", "-f", "text,docx"], "'html'; did you mean text?"),
        (["microphone"], "did you mean asr mic?"),
        (["captions"], "did you mean asr mic --captions 8765?"),
        (["file", "talk.wav", "-f", "txt"], "'html'; did you mean text?"),
        (["file", "talk.wav", "-f", "SRT"], "; did you mean srt?"),
        (["file", "talk.wav", "-f", "docx"], "; did you mean html?"),
        (["file", "talk.wav", "-f", "xlsx"], "; did you mean csv?"),
        (["file", "talk.wav", "-f", "wav"], "'html'; see "),
        (["file", "talk.wav", "--encoding", "s16"], "; did you mean s16le?"),
        (["config", "get", "model"], "; did you mean show?"),
        (["sessions", "rm", "last"], "; did you mean delete?"),
        (["file", "talk.wav", "-o"], "Option '-o' requires an argument; see asr file --help"),
    ],
)
def test_a_mistaken_command_line_is_answered_with_what_was_meant(arguments: list[str], said: str) -> None:
    """One line, exit code 2, and a command that can be copied."""
    done = asr(*arguments)
    assert (done.returncode, done.stdout, len(done.stderr.splitlines())) == (2, "", 1)
    assert said in done.stderr


def test_each_other_name_leads_to_something_that_there_is() -> None:
    """A command or an option of the program, and never one that is called so here."""
    assert {name.split()[0] for name in OTHER_NAMES.values()} <= {*COMMANDS, "--version", "--install-completion"}
    assert not set(OTHER_NAMES) & set(COMMANDS)
    known = {f"--{option}" for options in OPTIONS.values() for option in options}
    named = [re.split("[ ,]", other)[0] for others in OTHER_OPTIONS.values() for other in others]
    assert set(named) <= known
    words = " ".join(OTHER_OPTIONS).split()
    assert len(words) == len(set(words))


def test_options_that_are_commands_here_name_commands_that_there_are() -> None:
    """What is suggested runs."""
    assert {each.split()[0] for each in OTHER_COMMANDS.values()} <= set(COMMANDS)
    assert not {option.removeprefix("--") for option in OTHER_COMMANDS} & {
        name for row in OPTIONS.values() for name in row
    }


def test_a_file_without_a_suffix_is_known_by_being_there(tmp_path: Path) -> None:
    """`asr recording` means the file of that name, if there is one."""
    path = tmp_path / "recording"
    assert not is_input(str(path))
    path.write_bytes(b"")
    assert is_input(str(path))


def test_a_file_whose_name_begins_with_a_dash_is_written_so_that_it_can_be_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An option that is none may be a file: then the hint is its name as it has to be written."""
    monkeypatch.chdir(tmp_path)
    for name in ("-talk.wav", "-zx talk.wav"):
        Path(name).write_bytes(b"")
    said = asr("file", "--local", "-talk.wav").stderr
    assert "No such option: -t; a file of that name is written so: ./-talk.wav" in said
    assert "written so: './-zx talk.wav'" in asr("file", "-zx talk.wav").stderr
    Path("-other.wav").write_bytes(b"")  # -o ther.wav, and no file
    assert "written so: ./-other.wav" in asr("file", "-other.wav").stderr
    assert "file --help" in asr("file", "-zother.wav").stderr


@pytest.mark.parametrize("folder", ["there", "there/below"])
def test_a_folder_for_transcripts_that_is_a_file_is_refused(tmp_path: Path, folder: str) -> None:
    """It was `File exists`, which is no problem that anybody has."""
    (tmp_path / "there").write_bytes(b"x")
    done = asr("file", CLIP, "--local", "--output-dir", tmp_path / folder)
    assert done.returncode == 2
    assert f"--output-dir {tmp_path / folder} is a file, or in one; name a folder" in done.stderr


@given(st.text(), st.lists(st.text(), max_size=3))
def test_no_words_are_too_odd_for_a_hint(problem: str, words: list[str]) -> None:
    """Whatever somebody writes, and whatever the library says of it."""
    for told in (problem, f"No such command '{problem}'.", f"Got unexpected extra argument(s) ({problem})"):
        assert isinstance(suggestion(told, words, COMMANDS), str)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--start", "1:99"], "--start 1:99: not a time"),
        (["--end", "0:60"], "--end 0:60: not a time"),
        (["--end", "1:75:00"], "--end 1:75:00: not a time"),
        (["--local", "--model", "blah"], "--model blah with --local"),
        (["--local", "--passthrough"], "--passthrough with --local"),
    ],
)
def test_what_cannot_be_meant_is_refused(arguments: list[str], said: str) -> None:
    """A time that no clock shows, a model that nobody has, a decoder that is not there."""
    done = asr("file", "talk.wav", *arguments)
    assert (done.returncode, done.stdout) == (2, "")
    assert said in done.stderr


def test_seconds_alone_may_be_many() -> None:
    """90 and 5400 are times, and so is 90:00; only after a colon there are at most 59."""
    for start in ("5400", "90:00", "99:59:59.9"):
        done = asr("file", "not-there.wav", "--start", start, "--local")
        assert done.returncode == 3, done.stderr
