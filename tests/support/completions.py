"""The completion scripts, made by the command itself: `make completions` writes them, a test says when they are stale.

The command writes what Typer knows of each shell; mended here is what keeps that from working as an installed file.
"""

import os
import subprocess
import sys
from pathlib import Path

FOLDER = Path(__file__).parent.parent.parent / "completions"
FILES = {"bash": "asr.bash", "zsh": "_asr", "fish": "asr.fish", "powershell": "asr.ps1"}
# A file on zsh's fpath is run as the function at each TAB: it must then complete, and not only say how.
ZSH_LAST = 'if [[ $zsh_eval_context[-1] == (loadautofunc|shfunc) ]]; then\n  _asr_completion "$@"\nelse\n  %s\nfi'


def script(shell: str) -> str:
    """The completion script for a shell."""
    asr = Path(sys.executable).with_name("asr")
    env = os.environ | {"_ASR_COMPLETE": f"source_{shell}"}
    text = subprocess.run([asr], env=env, capture_output=True, check=True, text=True).stdout.strip()
    lines = text.splitlines()
    if shell == "zsh":
        lines[-1] = ZSH_LAST % lines[-1]
    if shell == "powershell":
        lines = [line for line in lines if "PSReadLine" not in line]  # what Tab does elsewhere is not ours to change
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    FOLDER.mkdir(exist_ok=True)
    for name, file in FILES.items():
        FOLDER.joinpath(file).write_text(script(name), encoding="utf-8")
