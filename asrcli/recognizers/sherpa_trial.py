"""Loads a model in a process of its own and lets it hear a second of silence: on a bad file that process dies.

Run as a program it is that process: its arguments are the folder and the codes of the languages with commas.
"""

import os
import subprocess
import sys
from pathlib import Path

from asrcli.core.errors import EngineUnavailable, shorten
from asrcli.core.settings import RecognitionSettings, without_key
from asrcli.recognizers.model_folder import ModelUnusable
from asrcli.recognizers.voice_activity import VAD_RATE
from asrcli.recognizers.worker import WorkerArguments

MODULE = "asrcli.recognizers.sherpa"
LONGEST_S = 600.0  # a model of a gigabyte on a slow disk
REFUSED = 3  # the exit code with a reason on standard output
OTHER = "fetch it again, or take another model"
SMALLER = "take a smaller one"


def try_model(folder: Path, languages: tuple[str, ...], longest_s: float = LONGEST_S) -> None:
    """Check that a model can be loaded and used.

    Raises:
        ModelUnusable: it cannot.
    """
    command = (sys.executable, "-P", "-m", "asrcli.recognizers.sherpa_trial", str(folder), ",".join(languages))
    try:
        done = subprocess.run(
            command, stdin=subprocess.DEVNULL, capture_output=True, timeout=longest_s, check=False, encoding="utf-8",
            errors="replace", env=without_key(os.environ),
        )  # fmt: skip
    except subprocess.TimeoutExpired:
        raise ModelUnusable(f"the model in {folder} was not loaded within {longest_s:.0f} s", SMALLER) from None
    if done.returncode == REFUSED:
        raise ModelUnusable(done.stdout.strip(), OTHER)
    if done.returncode:
        said = [line for line in done.stderr.splitlines() if line.strip()] or [f"exit code {done.returncode}"]
        reason = f"sherpa-onnx cannot load the model in {folder}, and ended its process: {shorten(said[-1])}"
        raise ModelUnusable(reason, OTHER)


def main() -> int:
    """Load the model and use it; returns the exit code."""
    folder, languages = sys.argv[1:]
    try:
        engine = WorkerArguments.read(MODULE, "auto", folder, languages).load()
    except EngineUnavailable as exc:
        sys.stdout.write(exc.reason)
        return REFUSED
    session = engine.open(RecognitionSettings("", rate=VAD_RATE, vad=False))
    for _ in (*session.feed(bytes(VAD_RATE * 2)), *session.commit()):
        pass
    return 0


if __name__ == "__main__":
    sys.exit(main())
