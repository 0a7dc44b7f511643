"""`asr config`, as a person uses it."""

import json
import os
import stat
import time
from contextlib import ExitStack, suppress
from pathlib import Path

import pytest

from asrcli.cli.builders import configuration
from asrcli.cli.commands.config import _completions
from asrcli.config import change_lock
from asrcli.config.change_lock import changing
from asrcli.core.errors import OutputError, UsageError
from tests.support.command import asr, started


class Settings:
    """Runs `asr config` with a folder of settings of its own."""

    def __init__(self, folder: Path) -> None:
        self.home = str(folder / "config")
        self.path = folder / "config" / "asrcli" / "config.toml"

    def __call__(self, *arguments: object, **env: str) -> str:
        """Standard output, or the error and the exit code."""
        done = asr("config", *arguments, stdin=None, XDG_CONFIG_HOME=self.home, **env)
        if done.returncode:
            assert (done.stdout, done.stderr.count("\n")) == ("", 1)
            return f"{done.returncode} {done.stderr}".rstrip()
        return done.stdout

    def write(self, text: str) -> None:
        """Write the user's own file."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        self.path.write_text(text, encoding="utf-8")


@pytest.fixture
def config(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """In an empty folder."""
    monkeypatch.chdir(tmp_path)
    return Settings(tmp_path)


def test_from_nothing_to_a_configured_microphone(config: Settings) -> None:
    """The folder is made, private; comments stay; what is shown has its origin."""
    assert config() == "# nothing is set: the defaults hold (asr config show COMMAND)\n"
    assert config("path") == f"{config.path}\n"
    config("set", "mic.device", "usb")
    config("set", "language", "zh", "en")
    config("set", "--profile", "meeting", "gain", "--", "-6")
    config("set", "profile.meeting.mic.reconnect=no")
    assert stat.S_IMODE(config.path.stat().st_mode) == 0o600
    assert stat.S_IMODE(config.path.parent.stat().st_mode) == 0o700
    config.path.write_text(config.path.read_text("utf-8") + "# my own words\n", "utf-8")
    config("set", "language", "en")
    config("unset", "profile.meeting.mic.reconnect")
    text = config.path.read_text("utf-8")
    assert 'config-version = 1\nlanguage = "en"\n\n[mic]\ndevice = "usb"\n\n[profile.meeting]\ngain = -6\n' in text
    assert text.endswith("# my own words\n")
    assert config("show") == 'language = ["en"]\n\n[mic]\ndevice = ["usb"]\n'
    assert config("show", "--profile", "meeting", "--origin").splitlines()[0].endswith("[profile.meeting]")


def test_show_of_one_option_shows_no_other(config: Settings) -> None:
    """Where it is set for all commands, for one, and with its default in the one that is named."""
    config("set", "language", "en")
    config("set", "mic.device", "usb")
    assert config("show", "language") == 'language = ["en"]\n'
    assert config("show", "device") == '[mic]\ndevice = ["usb"]\n'
    assert config("show", "mic.device", "--origin").startswith('[mic]\ndevice = ["usb"]  # ')
    assert config("show", "file.fast") == "[file]\nfast = false\n"
    assert config("show", "pace") == "# nothing is set: the defaults hold (asr config show COMMAND)\n"


def test_show_names_the_origin_of_each_value(config: Settings) -> None:
    """Files, profiles, variables of both kinds, defaults, what gives way, and nothing secret."""
    config.write(
        'timestamps = "clock"\nlocal = true\n[file]\nproxy = "http://me:hunter2@h:1"\n[ws-raw]\nheader = "A: hunter3"\n'
    )
    variables = {"DASHSCOPE_REGION": "us-east-1", "DASHSCOPE_API_KEY": "hunter4", "ASR_OPT_FILE_GAIN": "2.50"}
    shown = config("show", "file", "--origin", **variables)
    for line in (
        f'timestamps = "clock"  # {config.path}:1',
        "gain = 2.5  # ASR_OPT_FILE_GAIN",
        '# region = "us-east-1"  # DASHSCOPE_REGION, without effect: local',
        '# api-key-file = "…"  # DASHSCOPE_API_KEY, without effect: local',
        f'# proxy = "http://h:1"  # {config.path}:4, without effect: local',
        "catch-up = 8.0  # default",
        "# engine is not set  # default",
    ):
        assert f"\n{line}\n" in f"\n{shown}"
    everything = shown + config("show", "--origin", **variables) + config("list")
    assert 'header = ["A: …"]' in everything
    assert "hunter" not in everything
    rows = json.loads(config("show", "--json", **variables))
    assert {
        "command": "file",
        "option": "gain",
        "value": 2.5,
        "origin": "ASR_OPT_FILE_GAIN",
        "without_effect": None,
    } in rows
    assert {"model": "fun-asr-realtime"}.items() <= {
        each["option"]: each["value"] for each in json.loads(config("show", "file", "--json"))
    }.items()
    (Path.cwd() / "asr.toml").write_text("timestamps = 'relative'", encoding="utf-8")
    assert 'timestamps = "relative"  # asr.toml:1\n' in config("show", "--origin")


def test_list_is_a_file_that_can_be_used(config: Settings) -> None:
    """What is set is a line, everything else a comment; profiles too, whatever their names are."""
    config.write('gain = 3\n[serve]\nport = 9000\n[profile."my talk".mic]\ndevice = ["a", "b"]\n')
    listed = config("list")
    for line in ("gain = 3", "port = 9000", '# language = ["CODE"]', "# ptt = true", '# backend = "pyaudio|miniaudio'):
        assert f"\n{line}" in listed
    assert '[profile."my talk".mic]\ndevice = ["a", "b"]\n' in listed
    shown = config("show", "--profile", "my talk")
    config.path.write_text(listed, encoding="utf-8")
    assert config("show", "--profile", "my talk") == shown
    assert config("list") == listed


MISTAKES = {
    "set gian 3": "no option gian; did you mean gain?",
    "set gain": "set takes a key and its value; as in asr config set mic.device usb",
    "set gain loud": "gain: 'loud' is not a number",
    "set gain 1 2": "gain takes one value, not 2; put quotes around text with spaces",
    "set yes true": "yes confirms one run, so it can only be a flag",
    "set wait 3": "wait differs from command to command; put it into the table [ws-raw] or [vocab]",
    "set api-key sk-x": "api-key: a key does not belong in a settings file; use the environment variable",
    "set ws-raw.header Authorization:Bearer\u00a012345678": "header: a key does not belong",
    "set mci.gain 3": "mci.gain: mci is not a command with options; did you mean mic?",
    "set profile.a.mic.deep.gain 3": "profile.a.mic.deep.gain: mic is not a command with options; ",
    "set profile.gain 3": "profile.gain: no name of a profile; as in profile.meeting.timestamps",
    "set --profile a profile.b.gain 3": "profile.b.gain names a profile, and --profile too; leave one of them out",
    "set --profile= gain 3": "--profile is empty; name a profile",
    "unset gain": "gain is not set; asr config show says what is",
    "unset": "unset takes one key; as in asr config unset mic.device",
    "list x": "list takes no more arguments: x; see asr config --help",
    "path --origin": "--origin has no effect on asr config path",
    "show nic": "nic is neither a command with options nor an option; did you mean mic?",
    "show modle": "modle is neither a command with options nor an option; did you mean model",
    "show mic.pace": "mic.pace is neither a command with options nor an option",
    "show mic file": "show takes one command or option; as in asr config show mic",
    "show --profile x": "no profile x: no settings file has one; asr config edit: write [profile.NAME]",
    "shwo": "'shwo' is not one of",
}


@pytest.mark.parametrize("words", MISTAKES)
def test_what_is_not_valid_is_not_written(config: Settings, words: str) -> None:
    """One line that says what is right, and no file."""
    said = config(*words.split(" "))
    assert said.startswith("2 asr: ")
    assert MISTAKES[words] in said
    assert not config.path.exists()


def test_a_file_that_is_not_valid_is_not_changed(config: Settings) -> None:
    """A change could make it worse. edit opens it."""
    config.write("gain = \n")
    for words in (["set", "model", "x"], ["unset", "gain"]):
        assert config(*words).startswith(f"2 asr: {config.path}:1:8: ")
    assert config.path.read_text("utf-8") == "gain = \n"


def test_what_the_form_of_the_file_does_not_allow_is_an_error(
    config: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was written is read again before it replaces the file."""
    monkeypatch.setattr(configuration, "user_file", lambda: config.path)
    monkeypatch.setattr(configuration, "with_option", lambda *_: "model = 'y'\n")
    with pytest.raises(UsageError, match=r"model cannot be set in the form that this file has; asr config edit"):
        configuration.set_option(["model", "x"], None)
    assert not config.path.exists()


def test_keys_are_completed() -> None:
    """Options for all commands and commands first, options of a command after its dot; no confirmations."""
    assert _completions("mi") == ["mic"]
    assert _completions("timest") == ["timestamps"]
    assert _completions("serve.po") == ["serve.port"]
    assert _completions("forc") == []


@pytest.mark.skipif(os.name != "posix", reason="the editors of this test are programs of Unix")
def test_edit_makes_the_file_opens_it_and_checks_it(config: Settings, tmp_path: Path) -> None:
    """What was typed stays, also where it is not valid."""
    editor = tmp_path / "my editor"
    editor.write_text('#!/bin/sh\necho "gain = $WORD" >> "$2"\n', encoding="utf-8")
    editor.chmod(0o700)
    assert config("edit", VISUAL=f"'{editor}' -w", WORD="3") == ""
    assert config.path.read_text("utf-8").endswith("config show` what holds.\ngain = 3\n")
    config.path.write_text("", encoding="utf-8")
    assert config("edit", EDITOR=f"'{editor}' -w", VISUAL="", WORD="'loud'").startswith(
        f"2 asr: {config.path}:1: gain: "
    )
    assert config.path.read_text("utf-8") == "gain = 'loud'\n"
    assert config("edit", VISUAL="false") == "2 asr: false ended with code 1"
    missing = "2 asr: /none: No such file or directory; name an editor in the variable EDITOR"
    assert config("edit", VISUAL="/none") == missing
    (tmp_path / "nano").write_text("#!/bin/sh\nexit 3\n", encoding="utf-8")
    (tmp_path / "nano").chmod(0o700)
    assert config("edit", VISUAL="", EDITOR="", PATH=str(tmp_path)) == "2 asr: nano ended with code 3"
    assert config("edit", VISUAL="", EDITOR="", PATH="/none").startswith("2 asr: no editor; name one in the variable")


@pytest.mark.skipif(os.name != "posix", reason="a folder cannot be made read-only everywhere")
def test_a_home_that_cannot_be_written_is_one_line(config: Settings) -> None:
    """Nothing is lost, and reading goes on."""
    config.write("gain = 3\n")
    taken = config.path.parent / "taken"
    taken.write_text("", encoding="utf-8")
    done = asr("config", "set", "gain", "4", XDG_CONFIG_HOME=str(taken))
    assert (done.returncode, done.stderr.count("\n")) == (2, 1)
    assert done.stderr.startswith(f"asr: cannot write {taken}/asrcli/config.toml: ")
    assert config("show") == "gain = 3.0\n"


@pytest.mark.skipif(not os.path.isdir("/proc/self/fd"), reason="no way to see that a process waits")  # noqa: PTH112
def test_two_changes_at_once_are_both_kept(config: Settings) -> None:
    """The second one reads the file when the first has written it, and not before."""
    config.write('language = "en"\n')
    with ExitStack() as held:
        held.enter_context(changing(config.path))
        text = config.path.read_text("utf-8")
        with started("config", "set", "model", "fun-asr-realtime", XDG_CONFIG_HOME=config.home) as other:
            while other.poll() is None and str(config.path.parent) not in _open_files(other.pid):
                time.sleep(0.01)
            config.path.write_text(f"{text}gain = -6\n", "utf-8")
            held.close()
            assert other.wait(60) == 0
    shown = set(config("show").splitlines())
    assert shown == {"gain = -6.0", 'language = ["en"]', 'model = "fun-asr-realtime"'}


def test_a_change_that_another_program_never_ends_is_waited_for_with_a_limit(
    config: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One line says so, and nothing is written."""
    monkeypatch.setattr(change_lock, "WAIT_S", 0)
    config.write('language = "en"\n')
    with changing(config.path), pytest.raises(OutputError, match="another asr is changing it"), changing(config.path):
        pytest.fail("both hold it")


def _open_files(pid: int) -> list[str]:
    """What a process has open; nothing of one that has ended."""
    with suppress(OSError):
        return [os.path.realpath(each) for each in Path(f"/proc/{pid}/fd").iterdir()]
    return []
