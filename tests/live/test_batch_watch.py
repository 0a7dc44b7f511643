"""`asr batch --watch`: recordings that appear are transcribed, each once, until Ctrl-C; a restart goes on."""

import signal
from pathlib import Path

from tests.live.batch_runs import CHUNKS, server
from tests.support.command import PATIENCE_S, asr, started
from tests.support.counted import RATE, counted
from tests.support.tone import wav

__all__ = ["server"]  # a fixture


def test_recordings_that_appear_are_transcribed_until_ctrl_c(server: str, tmp_path: Path) -> None:
    """Without an input at first; two of one name are reported at once; the next run knows what is finished."""
    folder, ready, out = tmp_path / "in", tmp_path / "ready", tmp_path / "out"
    folder.mkdir()
    (ready / "sub").mkdir(parents=True)
    for name in ("a.wav", "b.wav", "sub/a.wav"):
        wav(ready / name, counted(CHUNKS), RATE)
    command = ("batch", "--watch", folder, "--out", out, "--url", server, "--pace", "max")
    with started(*command) as process:
        assert ": a recording is transcribed when it is complete" in process.stderr.readline()
        ready.rename(folder / "new")  # all three at one moment, however slow this machine is
        before = []
        for line in process.stderr:
            before.append(line)
            if "b.wav: 00:01" in line:
                break
        process.send_signal(signal.SIGINT)
        code = process.wait(PATIENCE_S)
        said = process.stderr.read()
    assert code == 130, said
    assert "1 finished, 2 failed" in said
    reasons = [line for line in before if "would also be that of" in line]
    assert (len(reasons), "would also be that of" in said) == (2, False)  # each when it happened, and once
    assert [path.name for path in out.glob("*.txt")] == ["b.txt"]
    assert (
        "1 finished before" in asr("batch", folder / "new" / "b.wav", "--out", out, "--url", "ws://127.0.0.1:9").stderr
    )


def test_what_cannot_be_watched_is_refused(tmp_path: Path) -> None:
    """A folder that is not there, no input at all, and what needs an end."""
    for arguments, code, problem in (
        (("--watch", tmp_path / "gone"), 3, "gone: is not a folder that can be watched"),
        ((), 2, "or a folder to --watch"),
        (("--watch", tmp_path, "--ref", tmp_path), 2, "--watch with --ref"),
        (("retry", "--watch", tmp_path), 2, "--watch with asr batch retry"),
    ):
        done = asr("batch", *arguments, "--out", tmp_path / "out")
        assert (done.returncode, problem in done.stderr, done.stderr.count("\n")) == (code, True, 1), done.stderr
