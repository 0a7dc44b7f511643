"""An option for one value that is given several times, or that is written so that the parser takes it for another."""

import re
from contextlib import suppress
from pathlib import Path

import pytest
from typer.exceptions import TyperException

from asrcli.cli.app import COMMANDS, load_command
from asrcli.cli.options.repeated_options import parsed
from asrcli.core.errors import UsageError
from tests.support.command import CLIP, asr


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        ("-o a.srt -o b.txt", "--output a.srt and --output b.txt are given"),
        ("-ma --model=b -m c -ma", "--model a and --model b and --model c are given"),
        ("--url ws://me:secret@a/?key=1 --base-url ws://b", "--url ws://a/ and --url ws://b are given"),
        ("--vad --no-vad", "--vad and --no-vad are given"),
        ("--partials --no-partials", "--partials and --no-partials are given"),
        ("--model a --no-model", "--model a and --no-model are given"),
    ],
)
def test_values_that_differ_are_refused(tmp_path: Path, arguments: str, problem: str) -> None:
    """One line names both, and nothing secret; no value is ignored silently, in whatever way it is written."""
    done = asr("file", tmp_path / "a.wav", *arguments.split())
    assert (done.returncode, done.stderr.count("\n")) == (2, 1)
    assert done.stderr.startswith(f"asr: {problem}, but only one can be used; ")


@pytest.mark.parametrize(
    ("command", "problem"),
    [
        ("file a.wav --model --local", "--model needs a value, and --local is an option"),
        ("file a.wav -l --end 3", "-l needs a value, and --end is an option"),
        ("mic --captions --local", "--captions needs a value, and --local is an option"),
        ("file a.wav -f -q", "-f needs a value, and -q is an option"),
        ("batch talks --watch --out texts", "--watch needs a value, and --out is an option"),
        ("mic --device --help", "--device needs a value, and --help is an option"),
        ("--profile --version devices", "--profile needs a value, and --version is an option"),
    ],
)
def test_no_option_is_taken_for_the_value_of_another(command: str, problem: str) -> None:
    """Both would have no effect, and the error, if there were one, would be about something else."""
    done = asr(*command.split())
    assert (done.returncode, done.stderr) == (2, f"asr: {problem}; write the value after it\n")


def test_a_value_that_looks_like_an_option_is_written_with_an_equals_sign(tmp_path: Path) -> None:
    """And what is no option of the command is a value in both forms."""
    for arguments in (["--template=--local"], ["--template", "--nothing"], ["--template", "-"]):
        assert "no such file" in asr("file", tmp_path / "a.wav", "--local", *arguments).stderr
    assert "no such file" in asr("file", "--local", "--", tmp_path / "a.wav", "--model", "--local").stderr


@pytest.mark.parametrize("hyphens", ["-", "\u2014", "\u2013-", "-\u2013", "\u2212\u2212", "\uff0d\uff0d"])
def test_an_option_with_other_hyphens_is_refused(hyphens: str) -> None:
    """-output x was a transcript called utput, and with the dash of a word processor it was the name of a file."""
    for name in COMMANDS:
        command = load_command(name)
        for parameter in command.params:
            for option in (each for each in (*parameter.opts, *parameter.secondary_opts) if each.startswith("--")):
                written = hyphens + option.removeprefix("--")
                said = re.escape(f"No such option: {written}; write it with two hyphens: {option}")
                for given in (written, f"{written}=1"):
                    with pytest.raises(UsageError, match=f"^{said}$"):
                        command.make_context(name, [given, "1"])
                command.make_context(name, [option.replace("--", hyphens, 1)], resilient_parsing=True)


@pytest.mark.parametrize("hyphen", ["\u2013", "\u2014", "\u2212"])
def test_a_short_option_with_another_hyphen_is_refused(hyphen: str) -> None:
    """It was the name of a file, as its value was, so the transcript went to standard output and was paid for."""
    for name in COMMANDS:
        command = load_command(name)
        for parameter in command.params:
            for option in (each for each in parameter.opts if len(each) == 2 and each.startswith("-")):
                written = hyphen + option[1:]
                with pytest.raises(UsageError, match=f"^No such option: {written}; write it with a hyphen: {option}$"):
                    command.make_context(name, [written, "1"])


@pytest.mark.parametrize(
    "arguments",
    [
        ["--template", "-local"], ["--template", "\u2014local"], ["-m", "\u2013l"], ["--", "-local"], ["--", "\u2013l"],
        ["\u2013"], ["\u2013\u2013"], ["\u2013~"], ["-lde", "-fsrt", "-qq"], ["-m=x"],
    ],
)  # fmt: skip
def test_a_value_and_a_file_may_begin_with_any_hyphen(tmp_path: Path, arguments: list[str]) -> None:
    """What is the value of an option, stands after --, or is a short option with its value, is no long option."""
    assert (
        "no such file"
        in asr("file", tmp_path / "a.wav", "--url", "ws://127.0.0.1:1", *arguments, DASHSCOPE_API_KEY="sk-1").stderr
    )


def test_the_options_of_another_program_are_its_own() -> None:
    """After the name of a program, and of a command, stands what that one reads."""
    done = asr("serve", "--port", "0", "echo", "-port", "\u2014port")
    assert (done.returncode, done.stdout) == (0, "-port \u2014port\n")
    assert asr("\u2014version").stderr == "asr: No such option: \u2014version; write it with two hyphens: --version\n"


@pytest.mark.parametrize("option", ["--show-completion", "--install-completion"])
def test_completion_for_another_shell_is_not_that_of_this_one(option: str) -> None:
    """`asr --show-completion fish > FILE` in bash leaves no file of bash."""
    done = asr(option, "fish")
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (2, "", 1)
    assert done.stderr.startswith(f"asr: {option} with fish: it is for the shell that it is run from; ")


@pytest.mark.parametrize("arguments", ["-f srt -f text -o a -o a", "-v -v", "--no-output --no-output"])
def test_the_same_value_and_lists_are_taken(tmp_path: Path, arguments: str) -> None:
    """What repeats itself says one thing, and some options are lists."""
    done = asr("file", tmp_path / "a.wav", "--local", *arguments.split())
    assert "no such file" in done.stderr


def test_each_option_of_each_command_is_checked() -> None:
    """Also the options of commands without settings, and --profile before the command; a completion is not stopped."""
    for name in COMMANDS:
        command = load_command(name)
        for parameter in command.params:
            if parameter.param_type_name == "argument" or parameter.is_flag or parameter.count or parameter.multiple:
                continue
            twice = [parameter.opts[0], "1", parameter.opts[-1], "2"]
            with pytest.raises(UsageError, match="only one can be used"):
                command.make_context(name, list(twice))
            command.make_context(name, list(twice), resilient_parsing=True)
    before = asr("--profile", "a", "--profile", "b", "devices")
    assert (before.returncode, "--profile a and --profile b" in before.stderr) == (2, True)


def test_what_is_said_twice_is_what_is_said_once() -> None:
    """The same flag or value again is no list of two, for each option of each command."""
    for name in COMMANDS:
        command = load_command(name)
        for parameter in command.params:
            if parameter.param_type_name == "argument" or parameter.count or parameter.multiple:
                continue
            ctx = command.context_class(command, info_name=name)
            once = [parameter.opts[0]] if parameter.is_flag else [parameter.opts[0], "1"]
            expected = parsed(command, ctx, once, command.make_parser)
            with suppress(TyperException, UsageError):  # what the value has to be is asked afterwards
                command.parse_args(ctx, [*once, *once])
            assert expected == command.make_parser(ctx).parse_args(args=list(once))[0], (name, parameter.opts)


def test_a_file_that_is_named_twice_is_written_once(tmp_path: Path) -> None:
    """It is no file with the name of a list."""
    flags = ["-q", "-q", "--local", "--local", "--engine", "scripted", "--engine", "scripted", "--end", "1"]
    done = asr("file", CLIP, *flags, "-o", tmp_path / "a.txt", "-o", tmp_path / "a.txt")
    assert (done.returncode, done.stderr) == (0, "")
    assert [each.name for each in tmp_path.iterdir()] == ["a.txt"]
