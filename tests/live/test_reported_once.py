"""What is wrong with an input is reported once, with its name, however many there are."""

from pathlib import Path

import pytest

from tests.support.command import asr
from tests.support.tone import tone, wav

REASON = "is text, not a recording"


@pytest.fixture
def inputs(tmp_path: Path) -> list[Path]:
    """Two that speak, with one between them and one after them that hold nothing."""
    for name in ("b.mp3", "d.mp3"):
        (tmp_path / name).write_text("no sound")
    return [
        wav(tmp_path / "a.wav", tone(1000)),
        tmp_path / "b.mp3",
        wav(tmp_path / "c.wav", tone(1000)),
        tmp_path / "d.mp3",
    ]


@pytest.mark.parametrize("folder", [False, True])
@pytest.mark.parametrize("plain", [[], ["-v"], ["-f", "jsonl"]])
def test_an_input_that_cannot_be_read_is_reported_once(
    scripted: str, inputs: list[Path], tmp_path: Path, folder: bool, plain: list[str]
) -> None:
    """When it is found out, by its name; the end only counts. The others have their text, and the exit code is 3."""
    where = ["--output-dir", str(tmp_path / "texts")] if folder else []
    done = asr("file", *inputs, "--url", scripted, "--pace", "max", *plain, *where)
    assert done.returncode == 3
    for name in ("b.mp3", "d.mp3"):
        assert done.stderr.count(f"{name}: {REASON}") == 1
    assert done.stderr.splitlines()[-1] == "asr: 2 inputs failed: see above"


def test_one_that_fails_on_the_way_is_reported_at_once_and_once(scripted: str, tmp_path: Path) -> None:
    """A file whose second half is missing: its run says so before the next one begins, and the end counts it."""
    whole, text = wav(tmp_path / "b.wav", tone(1000)), tmp_path / "texts"
    (tmp_path / "a.wav").write_bytes(wav(tmp_path / "x.wav", tone(2000)).read_bytes()[:32044])
    done = asr("file", tmp_path / "a.wav", whole, "--url", scripted, "--pace", "max", "--output-dir", text)
    told = [line for line in done.stderr.splitlines() if "a.wav" in line and "1/2" not in line]
    assert len(told) == len(set(told))
    assert done.stderr.index("a.wav") < done.stderr.index("2/2")


def test_a_quiet_run_tells_everything_at_its_end(scripted: str, inputs: list[Path], tmp_path: Path) -> None:
    """Nobody was told before: -q leaves out status, not failures."""
    done = asr("file", *inputs, "--url", scripted, "--pace", "max", "-q", "--output-dir", tmp_path / "texts")
    (line,) = done.stderr.splitlines()
    assert line.startswith("asr: 2 inputs failed: ")
    assert (line.count(f"b.mp3: {REASON}"), line.count(f"d.mp3: {REASON}")) == (1, 1)


def test_one_input_alone_is_reported_at_the_end_and_once(scripted: str, tmp_path: Path) -> None:
    """With its reason: there is nothing above to see."""
    (tmp_path / "b.mp3").write_text("no sound")
    done = asr("file", tmp_path / "b.mp3", "--url", scripted)
    assert (done.returncode, done.stderr) == (3, f"asr: {tmp_path / 'b.mp3'}: {REASON}; name an audio or video file\n")
