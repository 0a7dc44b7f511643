"""The completion scripts: fresh, and at work in a real shell."""

import os
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


@pytest.mark.skipif(shutil.which("bash") is None, reason="bash is not installed")
@pytest.mark.parametrize(
    ("typed", "offered"),
    [
        (["asr", "fi"], ["file"]),
        (["asr", "file", "--time"], ["--timestamps"]),
        (
            ["asr", "file", "--model", "paraformer-realtime-8k"],
            ["paraformer-realtime-8k-v2", "paraformer-realtime-8k-v1"],
        ),
        (["asr", "serve", "--engine", "scr"], ["scripted"]),
        (["asr", "mic", "--translate", "k"], ["ko"]),
        (["asr", "file", "--language", "yu"], ["yue"]),
        (["asr", "vocab", "list", "--region", "ap-south"], ["ap-southeast-1"]),
        (["asr", "help", "reco"], ["recovery"]),
        (["asr", "resume", "20261124-2305"], ["20261124-230501-a1b2"]),
        (["asr", "sessions", "show", "20261124-2305"], ["20261124-230501-a1b2"]),
        (["asr", "mic", "--device", "mon"], ["monitor"]),
    ],
)
def test_bash_completes_commands_options_and_names(typed: list[str], offered: list[str], tmp_path: Path) -> None:
    """As TAB would ask it to: names of models, engines, sessions, devices and topics too."""
    for name in ("20261124-230501-a1b2", "20261125-000000-a1b2"):
        tmp_path.joinpath("asrcli/sessions", name).mkdir(parents=True)
        tmp_path.joinpath("asrcli/sessions", name, "events.jsonl").write_text("{}\n")
    words = " ".join(f'"{word}"' for word in typed)
    program = f'source "{FOLDER / FILES["bash"]}"; COMP_WORDS=({words}); COMP_CWORD={len(typed) - 1}; '
    program += '_asr_completion asr; printf "%s\\n" "${COMPREPLY[@]}"'
    env = os.environ | {"PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}", "XDG_STATE_HOME": str(tmp_path)}
    done = subprocess.run(["bash", "-c", program], capture_output=True, text=True, env=env, check=True)
    assert done.stdout.split() == offered


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
