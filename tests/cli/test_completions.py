"""The completion scripts: fresh, and at work in a real shell."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

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
    ],
)
def test_bash_completes_commands_options_and_models(typed: list[str], offered: list[str]) -> None:
    """As TAB would ask it to."""
    words = " ".join(f'"{word}"' for word in typed)
    program = f'source "{FOLDER / FILES["bash"]}"; COMP_WORDS=({words}); COMP_CWORD={len(typed) - 1}; '
    program += '_asr_completion asr; printf "%s\\n" "${COMPREPLY[@]}"'
    env = os.environ | {"PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"}
    done = subprocess.run(["bash", "-c", program], capture_output=True, text=True, env=env, check=True)
    assert done.stdout.split() == offered
