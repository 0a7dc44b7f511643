"""The completion scripts: fresh, and at work in a real shell."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from asrcli.cli.options import completion
from asrcli.core.errors import SourceError
from asrcli.sources.backends import registry
from asrcli.sources.backends.input_device import InputDevice
from tests.support.completions import FILES, FOLDER, script


@pytest.mark.parametrize("shell", FILES)
def test_the_scripts_in_the_repository_are_what_the_command_writes(shell: str) -> None:
    """Otherwise: make completions."""
    assert FOLDER.joinpath(FILES[shell]).read_text("utf-8") == script(shell)


OFFERED = [
    (["asr", "fi"], ["file"]),
    (["asr", "file", "--time"], ["--timestamps"]),
    (["asr", "file", "--model", "paraformer-realtime-8k"], ["paraformer-realtime-8k-v2", "paraformer-realtime-8k-v1"]),
    (["asr", "serve", "--engine", "scr"], ["scripted"]),
    (["asr", "mic", "--translate", "k"], ["ko"]),
    (["asr", "file", "--language", "yu"], ["yue"]),
    (["asr", "vocab", "list", "--region", "ap-south"], ["ap-southeast-1"]),
    (["asr", "help", "reco"], ["recovery"]),
    (["asr", "resume", "20261124-2305"], ["20261124-230501-a1b2"]),
    (["asr", "sessions", "show", "20261124-2305"], ["20261124-230501-a1b2"]),
    (["asr", "mic", "--device", "mon"], ["monitor"]),
]


def environment_of(home: Path) -> dict[str, str]:
    """Where the command of this interpreter is `asr`, with two sessions to complete."""
    for session in ("20261124-230501-a1b2", "20261125-000000-a1b2"):
        folder = home / "asrcli/sessions" / session
        folder.mkdir(parents=True)
        (folder / "events.jsonl").write_text("{}\n")  # what holds nothing is no session
    path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    return os.environ | {"PATH": path, "XDG_STATE_HOME": str(home), "LC_ALL": "C.UTF-8"}


@pytest.mark.skipif(shutil.which("bash") is None, reason="bash is not installed")
@pytest.mark.parametrize(("typed", "offered"), OFFERED)
def test_bash_completes_commands_options_and_names(typed: list[str], offered: list[str], tmp_path: Path) -> None:
    """As TAB would ask it to: names of models, engines, sessions, devices and topics too."""
    words = " ".join(f'"{word}"' for word in typed)
    program = f'source "{FOLDER / FILES["bash"]}"; COMP_WORDS=({words}); COMP_CWORD={len(typed) - 1}; '
    program += '_asr_completion asr; printf "%s\\n" "${COMPREPLY[@]}"'
    env = environment_of(tmp_path)
    done = subprocess.run(["bash", "-c", program], capture_output=True, text=True, env=env, check=True)
    assert done.stdout.split() == offered


@pytest.mark.skipif(shutil.which("fish") is None, reason="fish is not installed")
def test_fish_completes_the_same_and_file_names_only_where_a_file_may_be(tmp_path: Path) -> None:
    """Also names of files with spaces. Beside the names of models or commands, those of files would be in the way."""
    files = [*("a b.wav", "a 会议.wav"), "m.wav"]
    for name in files:
        tmp_path.joinpath(name).touch()
    lines = [*(" ".join(typed) for typed, _ in OFFERED), "asr file a", "asr mic -o a", "asr m", "asr mic --translate "]
    program = f'source "{FOLDER / FILES["fish"]}"; for line in {" ".join(f"{line!r}" for line in lines)}; '
    program += "echo '#'; complete -C $line; end"
    env = environment_of(tmp_path / "state")
    done = subprocess.run(
        ["fish", "--no-config", "-c", program], capture_output=True, text=True, env=env, check=True, cwd=tmp_path
    )
    found = [[line.split("\t")[0] for line in part.splitlines()] for part in done.stdout.split("#\n")[1:]]
    expected = [*(offered for _, offered in OFFERED), files[:2], files[:2], ["mic", "models"], ["en", "ja", "ko", "zh"]]
    assert [sorted(names) for names in found] == [sorted(names) for names in expected]


@pytest.mark.skipif(shutil.which("zsh") is None, reason="zsh is not installed")
def test_zsh_completes_the_same_at_each_tab(tmp_path: Path) -> None:
    """The first TAB reads the file on the path of functions, and each later one runs it. Sourced, it registers."""
    file = FOLDER / FILES["zsh"]
    asked = [*(typed for typed, _ in OFFERED), ["asr", "file", "a"]]
    program = '_arguments() { print -r -- "$@" }; _files() { print files }; compdef() { print registered "$@" }; '
    program += f'fpath=("{FOLDER}" $fpath); autoload -Uz _asr\n'
    for typed in asked:
        words = " ".join(f'"{word}"' for word in typed)
        program += f"words=({words}); CURRENT={len(typed)}; print '#'; _asr\n"
    program += f'print "#"; source "{file}"; print "#"; sourcing() {{ source "{file}" }}; sourcing'
    env = environment_of(tmp_path)
    done = subprocess.run(["zsh", "-f", "-c", program], capture_output=True, text=True, env=env, check=True)
    parts = done.stdout.split("#\n")[1:]
    found = [re.findall(r'(?:\(\(|\s)"([^"]*)"', part) or part.split() for part in parts]
    registered = ["registered", "_asr_completion", "asr"]
    assert found == [*(offered for _, offered in OFFERED), ["files"], registered, registered]


def test_devices_are_offered_by_name_and_as_one_word_for_bash(monkeypatch: pytest.MonkeyPatch) -> None:
    """Bash does not quote what it inserts. A sound system that fails offers the two names that are always there."""
    device = InputDevice(3, "USB Audio (2)", "ALSA", 48_000, 1, default=True)
    row = registry.CaptureBackend("fake", lambda: "", lambda: None, lambda: [device], lambda _name: None)  # type: ignore[arg-type,return-value]
    monkeypatch.setattr(registry, "_ROWS", (row,))
    assert completion.device_names() == ["mic", "monitor", "USB Audio (2)"]
    monkeypatch.setenv("_ASR_COMPLETE", "complete_bash")
    assert completion.device_names()[2:] == [r"USB\ Audio\ \(2\)"]

    def broken() -> None:
        raise SourceError("microphone", "it does not answer")

    monkeypatch.setattr(registry, "_ROWS", (registry.CaptureBackend("fake", lambda: "", broken, list, row.device),))
    assert completion.device_names() == ["mic", "monitor"]
