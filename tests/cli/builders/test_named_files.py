"""Files that a command line names: what is written is nothing else that the command reads or writes."""

import os
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from asrcli.cli.app import COMMANDS, load_command
from asrcli.cli.builders.named_files import (
    ARGUMENTS,
    FOLDERS,
    READ,
    READ_AT,
    WRITTEN,
    check_also_read,
    check_also_written,
    check_named_files,
    file_identity,
)
from asrcli.core.errors import UsageError
from tests.support.command import asr
from tests.support.tone import tone, wav

# Arguments that name no file.
OTHERS = {"action", "topic", "name", "ids", "session", "misplaced", "command"}
# What can be given to `asr file`, with the value for a file; the first ones are written.
WRITING: dict[str, Callable[[str], Any]] = {"output": str, "record": Path, "log_file": Path}
READING: dict[str, Callable[[str], Any]] = {
    "paths": lambda path: [path],
    "api_key_file": Path,
    "ca": Path,
    "hotwords": lambda path: ["one", f"@{path}"],
    "context": lambda path: [f"@{path}"],
    "prompt": lambda path: f"@{path}",
}
# Other names of one file.
NAMES: dict[str, Callable[[Path], str]] = {
    "the same": str,
    "a link": lambda path: _linked(path, os.symlink),
    "a hard link": lambda path: _linked(path, os.link),
    "a detour": lambda path: str(path.parent / ".." / path.parent.name / path.name),
    "a descriptor": lambda path: f"/proc/self/fd/{_descriptor(path)}",
}
_descriptors: list[int] = []


def _linked(path: Path, link: Callable[[Path, Path], object]) -> str:
    other = path.with_name("other")
    other.unlink(missing_ok=True)
    link(path, other)
    return str(other)


def _descriptor(path: Path) -> int:
    _descriptors.append(os.open(path, os.O_RDONLY))
    return _descriptors[-1]


@pytest.fixture(autouse=True)
def _descriptors_closed() -> Iterator[None]:
    yield
    while _descriptors:
        os.close(_descriptors.pop())


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder for all examples."""
    return tmp_path_factory.mktemp("named")


@cache
def parameters(command: str) -> list[Any]:
    """The parameters of a command."""
    params: list[Any] = load_command(command).params
    return params


def checked(command: str, **values: Any) -> None:
    """Check the values of parameters of a command."""
    check_named_files(command, parameters(command), values)


def test_no_option_that_names_a_file_is_forgotten() -> None:
    """Each option and argument of each command is in one of the tables, or names no file."""
    for command in COMMANDS:
        for parameter in parameters(command):
            option = max(parameter.opts, key=len)
            where = (command, option)
            if parameter.param_type_name == "argument":
                assert (parameter.name in ARGUMENTS) != (parameter.name in OTHERS), where
            elif parameter.metavar in {"PATH", "FILE", "DIR"} or type(parameter.type).__name__ == "TyperPath":
                assert option in READ | WRITTEN | FOLDERS, where
            elif "@FILE" in str(parameter.help) or option == "--drop-words":
                assert option in READ_AT, where


@given(st.data())
def test_what_is_written_is_nothing_else_that_is_named(folder: Path, data: st.DataObject) -> None:
    """Any two options, whatever name leads to the file: the error names both."""
    writing = data.draw(st.sampled_from(sorted(WRITING)))
    other = data.draw(st.sampled_from(sorted({*WRITING, *READING} - {writing})))
    path = folder / "words.txt"
    if other in READING or data.draw(st.booleans()):
        path.write_text("words")
    else:
        path.unlink(missing_ok=True)
    usable = NAMES if path.exists() else {name: NAMES[name] for name in ("the same", "a detour")}
    name = usable[data.draw(st.sampled_from(sorted(usable)))](path)
    values = {writing: WRITING[writing](name), other: (READING | WRITING)[other](str(path))}
    with pytest.raises(UsageError) as told:
        checked("file", **values)
    for option in (writing, other):
        said = "an input" if option == "paths" else f"--{option.replace('_', '-')}"
        assert said in str(told.value)


@given(st.sets(st.sampled_from(sorted({*WRITING, *READING})), min_size=2))
def test_files_of_their_own_are_allowed(folder: Path, options: set[str]) -> None:
    """Whether they are there or not."""
    for name in options & {*READING}:
        (folder / name).write_text("words")
    checked("file", **{name: (READING | WRITING)[name](str(folder / name)) for name in options})


def test_what_cannot_be_damaged_may_be_named_twice(tmp_path: Path) -> None:
    """A device; a pipe of one's own can."""
    checked("file", output="/dev/null", record=Path("/dev/null"), log_file=Path("/dev/null"))
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(UsageError, match="written twice"):
        checked("file", output=str(tmp_path / "pipe"), record=tmp_path / "pipe")
    assert file_identity("a\0b") is None
    assert file_identity(str(tmp_path / "none" / "a")) == file_identity(str(tmp_path / "none" / "." / "a"))


def test_files_whose_names_follow_from_options_count_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """One for each format, each input, each microphone, and each older log."""
    monkeypatch.chdir(tmp_path)
    checked("file", output="-", output_dir=None, record=Path("a.srt"))
    for more in (
        {"output": "a.txt", "format": ["srt", "vtt"], "record": Path("a.vtt")},
        {"output_dir": Path(), "paths": ["x/a.mp3"], "record": Path("a.txt")},
        {"output_dir": Path(), "paths": ["x/a.mp3"], "format": ["srt"], "log_file": Path("a.srt")},
        {"output": "log.2", "log_file": Path("log")},
        {"output": "a.txt", "template": "{text}", "record": Path("a.txt")},
    ):
        with pytest.raises(UsageError, match="written twice"):
            checked("file", **more)
    with pytest.raises(UsageError, match=r"s-B\.wav would be written twice, by --save-audio and --record"):
        checked("mic", save_audio="s.wav", device=["a=A", "b=B"], record=Path("s-B.wav"))


def test_settings_keys_and_standard_input_are_read_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No option names them."""
    monkeypatch.chdir(tmp_path)
    for name in ("asr.toml", "key", "sound"):
        Path(name).write_text(name)
    monkeypatch.setenv("DASHSCOPE_API_KEY_FILE_PATH", "key")
    with Path("sound").open() as sound:
        monkeypatch.setattr("sys.stdin", sound)
        for name, said in (("asr.toml", "a settings file"), ("key", "DASHSCOPE_API"), ("sound", "standard input")):
            with pytest.raises(UsageError, match=said):
                checked("file", output=name, api_key_file=None)


def test_a_file_that_another_part_names_is_looked_up(tmp_path: Path) -> None:
    """As the transcript of an input of a batch, a file of a session that is resumed, the inputs of a kept session."""
    (tmp_path / "a.txt").write_text("said")
    checked("batch", ref=tmp_path, log_file=tmp_path / "log")
    check_also_written(tmp_path / "new.txt", "--out")
    check_also_read(["-", str(tmp_path / "a.txt"), "https://example.org/log"])
    with pytest.raises(UsageError, match=r"--log-file .* is an input"):
        check_also_read([str(tmp_path / "log")])
    for path in (tmp_path / "a.txt", tmp_path / "log"):
        with pytest.raises(UsageError, match=r"--out .* overwritten|twice, by --log-file and --out"):
            check_also_written(path, "--out")


def test_commands_refuse_before_anything_is_touched(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The real commands: exit 2, one line, and no file is made or changed."""
    monkeypatch.chdir(tmp_path)
    wav(Path("a.wav"), tone(100))
    for name in ("key", "words.txt", "r.asrz"):
        Path(name).write_text(name)
    before = {path: path.read_bytes() for path in Path().iterdir()}
    there = ["--url", "ws://127.0.0.1:1"]
    for command in (
        ["file", "a.wav", *there, "-o", "r.txt", "--record", "r.txt"],
        ["file", "a.wav", *there, "--api-key-file", "key", "-o", "key"],
        ["mic", *there, "--hotwords", "@words.txt", "-o", "words.txt"],
        ["replay", "r.asrz", "-o", "r.asrz", "--overwrite"],
        ["ws-raw", *there, "--first", "@words.txt", "--log-file", "words.txt"],
        ["serve", "--port", "0", "--keys", "key", "--log-file", "key"],
    ):
        done = asr(*command)
        assert (done.returncode, done.stderr.count("\n"), done.stdout) == (2, 1, ""), (command, done.stderr)
        assert "written" in done.stderr
    assert {path: path.read_bytes() for path in Path().iterdir()} == before
