"""The microphone of the tests: what is played is what a program hears, whole, in time, and nowhere else."""

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.support.command import CLIP
from tests.support.microphone import PACKAGES, PATIENCE_S, Microphone, missing, until
from tests.support.recording_comparison import alignment
from tests.support.terminal import CTRL_C, Terminal
from tests.support.tone import tone, wav

SECOND = 32_000  # bytes of 16 kHz mono
ROOT = Path(__file__).parent.parent.parent

RECORD = """
import sys, pyaudio
stream = pyaudio.PyAudio().open(16000, 1, pyaudio.paInt16, input=True, frames_per_buffer=320)
while True:
    sys.stdout.buffer.write(stream.read(320))
"""
BY_PYAUDIO = (sys.executable, "-uc", RECORD)
BY_PULSEAUDIO = ("parec", "--raw", "--format=s16le", "--rate=16000", "--channels=1", "--latency-msec=20")

# A test run with a microphone, which says where it is, survives one Ctrl-C and tells whether the microphone has too.
HOLD = """
import signal
from tests.support.microphone import Microphone
with Microphone() as microphone:
    try:
        print("address", microphone.environment["PULSE_SERVER"], flush=True)
        signal.pause()
    except KeyboardInterrupt:
        microphone.unplug()
        microphone.replug()
        print("still there", flush=True)
    signal.pause()
"""


def speech(begin: int, end: int) -> bytes:
    """A span of the clip, in seconds."""
    return CLIP.read_bytes()[44 + begin * SECOND : 44 + end * SECOND]


@contextmanager
def recording(microphone: Microphone, into: Path, *command: str, **env: str) -> Iterator["subprocess.Popen[bytes]"]:
    """A program that records into a file, from the time it really does until the block ends."""
    already = len(microphone.readers())
    with into.open("wb") as file:
        process = subprocess.Popen(
            command, env=os.environ | microphone.environment | env, stdout=file, stderr=subprocess.DEVNULL
        )
    try:
        microphone.wait_for_readers(already + 1)
        yield process
    finally:
        process.kill()
        process.wait()


def heard(file: Path, played: bytes) -> bytes:
    """The recording, as soon as it is half a second longer than what was played: sooner, its end is on the way."""
    until("a recording long enough", lambda: file.stat().st_size >= len(played) + SECOND // 2)
    return file.read_bytes()


def assert_heard(played: bytes, file: Path) -> None:
    """All of it is there, and no piece is gone or doubled."""
    found = alignment(played, heard(file, played))
    assert found.correlation > 0.98, found
    assert found.wander <= 1, found
    assert found.lag >= 0, found  # how soon a busy machine plays is no matter


def test_what_is_played_arrives_whole(microphone: Microphone, tmp_path: Path) -> None:
    """Through PulseAudio, ALSA and PortAudio, at another rate than the device's; the home of the user stays empty."""
    played, home = speech(0, 2), tmp_path / "home"
    home.mkdir()
    with recording(microphone, tmp_path / "heard", *BY_PYAUDIO, HOME=str(home)):
        microphone.play(wav(tmp_path / "a.wav", played))
        assert_heard(played, tmp_path / "heard")
    assert list(home.iterdir()) == []


def test_two_at_once_do_not_disturb_each_other(microphone: Microphone, tmp_path: Path) -> None:
    """Each hears what is played into it, whatever its rate and channels, and leaves nothing behind."""
    one, two = speech(0, 2), speech(5, 7)
    with (
        Microphone(44100, 2) as other,
        recording(microphone, tmp_path / "one", *BY_PYAUDIO),
        recording(other, tmp_path / "two", *BY_PYAUDIO),
        microphone.playing(wav(tmp_path / "1.wav", one)) as player,
    ):
        other.play(wav(tmp_path / "2.wav", two))
        assert player.wait(PATIENCE_S) == 0
        assert_heard(one, tmp_path / "one")
        assert_heard(two, tmp_path / "two")
        folder = Path(other.environment["ALSA_CONFIG_PATH"]).parent
        assert folder.exists()
    assert not folder.exists()


def test_unplugging_ends_a_recording_at_once_and_plugging_in_allows_the_next(
    microphone: Microphone, tmp_path: Path
) -> None:
    """Even where there is another device, which a stream could move to."""
    played = speech(0, 2)
    file = wav(tmp_path / "a.wav", played)
    microphone.add_sink("speakers")
    long = wav(tmp_path / "long.wav", tone(1000) * 60)  # it must not end before the microphone goes
    with recording(microphone, tmp_path / "cut", *BY_PYAUDIO) as process, microphone.playing(long) as player:
        until("the first sound", lambda: any((tmp_path / "cut").read_bytes()))
        microphone.unplug()
        assert process.wait(PATIENCE_S) == 1
        assert player.wait(PATIENCE_S) == 1
    microphone.replug()
    with recording(microphone, tmp_path / "heard", *BY_PYAUDIO):
        microphone.play(file)
        assert_heard(played, tmp_path / "heard")


def test_the_default_monitor_hears_the_loudspeakers_and_the_microphone_does_not(
    microphone: Microphone, tmp_path: Path
) -> None:
    """What the person hears and what the person says are two recordings."""
    played = speech(0, 2)
    speakers = microphone.add_sink("speakers")
    with (
        recording(microphone, tmp_path / "said", *BY_PYAUDIO),
        recording(microphone, tmp_path / "heard", *BY_PULSEAUDIO, "--device=@DEFAULT_MONITOR@"),
    ):
        microphone.play(wav(tmp_path / "a.wav", played), speakers)
        assert_heard(played, tmp_path / "heard")
        assert not any(heard(tmp_path / "said", played))


def test_ctrl_c_does_not_reach_it_and_it_ends_with_whoever_started_it(microphone: Microphone) -> None:
    """A test can press Ctrl-C; and a test run that is killed leaves no sound server behind."""
    del microphone  # here to say whether one can be had
    with Terminal([sys.executable, "-c", HOLD], columns=200, PYTHONPATH=str(ROOT)) as terminal:
        terminal.wait_for("address unix:")
        terminal.send(CTRL_C)
        terminal.wait_for("still there")
        server = next(row for row in terminal.rows() if row.startswith("address")).split()[1]
        terminal.process.send_signal(signal.SIGKILL)
        asked = ["pactl", "--server", server, "info"]
        until("its end", lambda: subprocess.run(asked, capture_output=True, check=False).returncode != 0)
        shutil.rmtree(Path(server.removeprefix("unix:")).parent)


def test_a_missing_sound_server_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """And how to get it."""
    monkeypatch.setenv("PATH", "")
    assert missing().startswith("needs pulseaudio, pactl, paplay, parec")
    assert "apt-get install pulseaudio" in missing()


def test_the_same_packages_are_named_everywhere() -> None:
    """By the reason to skip, by `make test` and by what decides whether a change lands."""
    for file in filter(Path.exists, (ROOT / "Makefile", ROOT / ".ci/run")):  # a source distribution has no .ci
        assert PACKAGES in file.read_text("utf-8")


@pytest.mark.parametrize(("setting", "outcome"), [("", pytest.skip.Exception), ("true", pytest.fail.Exception)])
def test_where_it_is_missing_tests_are_skipped_but_not_in_continuous_integration(
    request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch, setting: str, outcome: type[BaseException]
) -> None:
    """There a test that cannot run must not look like one that passed."""
    monkeypatch.setenv("PATH", "")
    monkeypatch.setenv("CI", setting)
    with pytest.raises(outcome, match="the microphone needs pulseaudio"):
        request.getfixturevalue("microphone")
