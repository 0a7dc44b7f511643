"""Keeps what this version leaves on a user's disk, for the tests of later versions: tests/data/versions/VERSION.

`python -m tests.support.kept_version` writes the folder of the present version, and `make release` does the same:

    talk.jsonl.part  the JSON Lines of a microphone that was killed while it listened
    file.jsonl       the JSON Lines of a file, with a gap and an account
    config.toml      every option that can be set
    journal/         the journal session of that microphone, with its audio
"""

import shutil
import tempfile
import wave
from contextlib import ExitStack
from pathlib import Path

from asrcli import __version__
from tests.support.command import DATA, asr, serving, started
from tests.support.microphone import Microphone, missing, until
from tests.support.tone import tone

VERSIONS = DATA / "versions"
TALK, FILE, JOURNAL = "talk.jsonl.part", "file.jsonl", "journal"
SETTINGS = "config.toml"
RATE = 16000  # of the wire: two bytes a sample, so five rates are two and a half seconds
FAULTS = '{"after_bytes": 80000, "do": "cut"}\n{"connection": 2, "do": "refuse", "status": 403}\n'


def keep(target: Path) -> None:
    """Write what this version leaves behind into the folder `target`, which must not be there."""
    folder = Path(tempfile.mkdtemp(prefix="asr-kept."))
    try:
        sound = folder / "talk.wav"
        with wave.open(str(sound), "wb") as file:
            file.setparams((1, 2, RATE, 0, "NONE", ""))
            file.writeframes(tone(5000))
        _listen(folder, sound)
        _transcribe(folder, sound)
        target.mkdir(parents=True)
        for name in (TALK, FILE):
            shutil.copyfile(folder / name, target / name)
        shutil.copyfile(DATA / SETTINGS, target / SETTINGS)
        (session,) = (folder / JOURNAL).iterdir()
        (target / JOURNAL / session.name).mkdir(parents=True)
        for path in session.iterdir():
            if path.name != "lock":
                shutil.copyfile(path, target / JOURNAL / session.name / path.name)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _listen(folder: Path, sound: Path) -> None:
    """Listen to a microphone for two sentences, and then kill the run."""
    outputs = ("-o", folder / TALK.removesuffix(".part"), "--journal", folder / JOURNAL)
    with ExitStack() as stack:
        address, _ = stack.enter_context(serving("--engine", "scripted"))
        microphone = stack.enter_context(Microphone())
        command = ("mic", "--url", address, "-f", "jsonl", *outputs)
        process = stack.enter_context(started(*command, **microphone.environment))
        microphone.wait_for_readers()
        stack.enter_context(microphone.playing(sound))
        until("two sentences", lambda: (folder / TALK).read_text("utf-8").count('"final"') >= 2)
        (audio,) = (folder / JOURNAL).glob("*/0.pcm")
        until("sound behind them", lambda: audio.stat().st_size >= 5 * RATE)
        process.kill()
        process.wait()


def _transcribe(folder: Path, sound: Path) -> None:
    """Transcribe a file of which the last part is lost with the connection."""
    faults = folder / "faults.jsonl"
    faults.write_text(FAULTS, "utf-8")
    with serving("--engine", "scripted", "--faults", faults) as (address, _):
        done = asr("file", sound, "--url", address, "-f", "jsonl", "--no-journal", "--pace", "4")
    (folder / FILE).write_text(done.stdout, "utf-8")


if __name__ == "__main__":
    assert not missing(), missing()
    keep(VERSIONS / __version__)
