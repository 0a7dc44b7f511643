"""The real commands with settings: what holds, what gives way, and that a broken file stops no help."""

import json
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from asrcli.cli.app import load_command
from asrcli.cli.options.configured import ConfiguredCommand, documents_for, profile_names
from asrcli.config.files import FOLDER_FILE
from asrcli.config.reach import OPTIONS
from asrcli.core.errors import UsageError
from tests.support.command import DATA, asr, lines
from tests.support.tone import tone, wav

if TYPE_CHECKING:
    import subprocess


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> "Run":
    """The command in an empty folder, with settings of its own."""
    monkeypatch.chdir(tmp_path)
    return Run(tmp_path)


class Run:
    """Runs `asr` with the settings in `config` and in the current folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def settings(self, text: str) -> None:
        """Write the user's own file."""
        path = self.folder / "config" / "asrcli" / "config.toml"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")

    def here(self, text: str) -> None:
        """Write the file of the current folder."""
        (self.folder / FOLDER_FILE).write_text(text, encoding="utf-8")

    def __call__(self, *arguments: object, **env: str) -> "subprocess.CompletedProcess[str]":
        """Run the command to its end."""
        return asr(*arguments, stdin=None, XDG_CONFIG_HOME=str(self.folder / "config"), **env)


def test_a_run_takes_its_options_from_everywhere_and_flags_come_first(run: Run, scripted: str) -> None:
    """The address from the user's file, the words from the folder, the looks from a variable, the format of a flag."""
    sound = wav(run.folder / "a.wav", tone(1000))
    run.settings(
        f'url = "{scripted}"\nlog-file = "own.log"\n[file]\ntimestamps = "relative"\n[profile.p]\npace = "max"'
    )
    run.here('capitalize = true\n[mic]\nmodel = "of another command"')
    done = run("file", sound, "--profile", "p")
    assert (done.returncode, done.stdout) == (0, "[00:00.000 → 00:01.000] Sentence 1.\n"), done.stderr
    assert (run.folder / "own.log").exists()
    # A format that has its own times is not an error: the setting was for another format.
    done = run("--profile", "p", "file", sound, "-f", "jsonl", "--no-capitalize")
    assert [line["text"] for line in lines(done.stdout) if line["type"] == "final"] == ["sentence 1"]
    done = run("file", sound, "--no-timestamps", ASR_OPT_FORMAT="srt", ASR_PROFILE="p")
    assert done.stdout.startswith("1\n00:00:00,000 --> ")


def test_an_error_about_an_option_that_nobody_typed_says_where_it_is_set(run: Run) -> None:
    """Two settings that contradict each other, and a flag that contradicts one which it cannot replace."""
    run.settings('local = true\n[profile.p]\njournal = "x"\nno-journal = true')
    done = run("file", "a.wav", "--region", "cn-beijing")
    place = f"{run.folder}/config/asrcli/config.toml"
    assert done.stderr == (
        f"asr: --local with --region: the embedded recognizer is on this machine; local is set by {place}:1\n"
    )
    done = run("file", "a.wav", "--profile", "p")
    both = f"journal is set by {place}:3 [profile.p]; no-journal is set by {place}:4 [profile.p]"
    assert (done.returncode, done.stderr) == (2, f"asr: --journal and --no-journal are both given; {both}\n")


def test_a_stranger_s_folder_harms_nobody(run: Run) -> None:
    """The real command refuses it before it does anything, and a command that needs no such file does not read it."""
    run.here("exec = 'touch harmed'")
    done = run("file", "a.wav")
    assert (done.returncode, done.stderr.count("\n")) == (2, 1)
    assert done.stderr.startswith("asr: asr.toml:1: a file in the current folder may not set exec: it may be")
    assert run("models", "fun-asr-realtime").returncode == 0
    assert not (run.folder / "harmed").exists()


def test_a_broken_file_stops_no_help_no_version_and_no_repair(run: Run) -> None:
    """Everything else says what is wrong, in one line."""
    run.settings("modle = 'x'")
    for arguments in (["file", "--help"], ["--help"], ["--version"], ["config", "path"], ["schema"]):
        assert run(*arguments).returncode == 0
    for arguments in (["models"], ["file", "a.wav"], ["devices"], ["config", "show"], ["config", "list"]):
        done = run(*arguments)
        assert (done.returncode, done.stdout, done.stderr.count("\n")) == (2, "", 1)
        assert done.stderr.endswith("config.toml:1: no option modle; did you mean model?\n")


def test_actions_ignore_settings_that_they_have_no_use_for(run: Run, scripted: str) -> None:
    """A proxy for downloads is no reason to refuse a list; nor is the prefix of hot-word lists."""
    run.settings(f'proxy = "http://127.0.0.1:9"\njson = true\nurl = "{scripted}"\n[vocab]\nprefix = "x"\nwords = "a:4"')
    assert json.loads(run("engines").stdout)
    assert run("engines", "--name", "x").stderr == "asr: --name has no effect on asr engines list\n"
    done = run("vocab", "list", "--no-proxy", "--log-file", "x.log")
    assert (done.returncode, json.loads(done.stdout)) == (0, []), done.stderr


def test_the_server_reads_its_table(run: Run) -> None:
    """The key of its clients, and its engine, are not those of all commands."""
    run.settings('engine = "moonshine"\napi-key-file = "mine"\n[serve]\nport = 0\nengine = "scripted"\nscript = "none"')
    done = run("serve")
    assert done.stderr.startswith("asr: --script none: No such file or directory; script is set by ")


def test_the_example_of_each_version_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every option of every command, as a file of this version, and as files of earlier ones."""
    from asrcli.cli.builders.configuration import check_user_file
    from asrcli.config.reach import OPTIONS, is_confirmation

    kept = [*(DATA / "versions").glob("*/config.toml"), DATA / "config.toml"]
    for number, path in enumerate(kept):
        folder = tmp_path / str(number) / "asrcli"
        folder.mkdir(parents=True)
        (folder / "config.toml").write_bytes(path.read_bytes())
        monkeypatch.setattr("asrcli.config.files.user_file", lambda folder=folder: folder / "config.toml")
        check_user_file()
    names = {name for table in documents_for("models")[0].tables.items() for name in table[1] if table[0].command}
    assert names == {name for options in OPTIONS.values() for name in options if not is_confirmation(name)}


def test_profiles_are_completed_also_where_a_file_is_broken(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """TAB says nothing about a mistake."""
    monkeypatch.setenv("XDG_CONFIG_HOME", str(run.folder / "config"))
    monkeypatch.setattr("asrcli.config.files.user_file", lambda: run.folder / "config" / "asrcli" / "config.toml")
    run.settings("[profile.a]")
    run.here("[profile.b]")
    assert profile_names() == ["b", "a"]
    run.here("x = 1")
    assert profile_names() == []


def test_a_command_beyond_the_table_reads_no_settings() -> None:
    """It has no row that would say who may set its options."""
    assert ConfiguredCommand("new").options == {}


def test_an_option_without_a_value_is_refused_by_every_command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each option that takes a text or a path: one line that names it, and nothing runs."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    for name in OPTIONS:
        command = load_command(name)
        for option, parameter in command.options.items():
            if parameter.is_flag or parameter.count or option == "url":
                continue
            for value in ("", " "):
                with pytest.raises(UsageError, match=f"--{option} is empty"):
                    command.make_context(name, [f"--{option}", value])
    for name, arguments in (("eval", ["", "b"]), ("replay", [""])):
        with pytest.raises(UsageError, match="is empty; name a file"):
            load_command(name).make_context(name, arguments)
    (tmp_path / "asrcli").mkdir()
    (tmp_path / "asrcli" / "config.toml").write_text('[file]\noutput-dir = ""\n')
    with pytest.raises(UsageError, match="output-dir is empty; asr config unset"):
        load_command("file").make_context("file", ["a.wav"])


def test_a_parser_is_made_once_for_a_context() -> None:
    """The arguments of a run are parsed twice, first to see what they leave open, by one parser."""
    command = load_command("file")
    first, second = (command.make_context("file", ["a.wav"]) for _ in range(2))
    assert command.make_parser(second) is command.make_parser(second)
    assert command.make_parser(first) is not command.make_parser(second)
