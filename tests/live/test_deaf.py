"""A microphone that hears nothing is reported during the run; where silence was to be expected, it is not."""

import random
import signal
import struct
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from asrcli.sources.noise_floor import ADVICE, SILENT_S
from tests.live.test_keys import before_a_person
from tests.support.command import PATIENCE_S, Running, started
from tests.support.microphone import Microphone
from tests.support.tone import silence, tone, wav

pytestmark = pytest.mark.slow

TOLD_S = SILENT_S + 5  # what a busy machine may add


@contextmanager
def recording(microphone: Microphone, *arguments: object, readers: int = 1) -> Iterator[Running]:
    """`asr mic` into a pipe, once it records."""
    with started("mic", *arguments, **microphone.environment) as process:
        microphone.wait_for_readers(readers)
        yield process


def told_until(process: Running, part: str, within_s: float) -> list[str]:
    """The lines of standard error up to one that holds the part; all of so many seconds where none does."""
    found: list[str] = []

    def read() -> None:
        for line in process.stderr:
            found.append(line)
            if part in line:
                return

    reader = threading.Thread(target=read, daemon=True)
    reader.start()
    reader.join(within_s)
    return list(found)


def end(process: Running) -> str:
    """Ctrl-C, and what is still reported."""
    process.send_signal(signal.SIGINT)
    assert process.wait(PATIENCE_S) == 0
    return process.stderr.read()


def noise(path: Path, ms: int, level: int) -> Path:
    """Noise of so many steps of a sample at most."""
    chance = random.Random(7)
    count = 16 * ms
    return wav(path, struct.pack(f"<{count}h", *(chance.randint(-level, level) for _ in range(count))))


def test_one_that_hears_nothing_from_the_start_is_reported_while_it_runs(microphone: Microphone, scripted: str) -> None:
    """After 5 s on standard error, with the advice of --test, and once; that the talk is kept is reported before."""
    with recording(microphone, "--url", scripted) as process:
        told = told_until(process, "nothing heard for", TOLD_S)
        assert ADVICE in told[-1], told
        assert "the talk is kept on this disk" in told[0]
        time.sleep(2)
        assert "nothing heard" not in end(process)


@pytest.mark.parametrize(
    ("made", "deaf"),
    [
        (lambda path: noise(path, 20_000, 4), True),
        (lambda path: noise(path, 20_000, 200), False),
        (lambda path: wav(path, (tone(100) + silence(2900)) * 8), False),
    ],
    ids=["last bits", "a quiet room", "now and then a word"],
)
def test_faint_noise_is_a_room(
    microphone: Microphone, scripted: str, tmp_path: Path, made: Callable[[Path], Path], *, deaf: bool
) -> None:
    """Nothing but the last bits of a sample is no microphone; the noise of a room is one, and so are single words."""
    with microphone.playing(made(tmp_path / "a.wav")):
        time.sleep(0.3)
        with recording(microphone, "--url", scripted) as process:
            told = told_until(process, "nothing heard for", 6.5)
            assert any(ADVICE in line for line in told) is deaf, told
            end(process)


def test_one_that_falls_silent_in_the_middle_is_reported(microphone: Microphone, scripted: str, tmp_path: Path) -> None:
    """Somebody pressed the button on the headset."""
    with recording(microphone, "--url", scripted) as process:
        microphone.play(wav(tmp_path / "a.wav", tone(3000)))
        told = told_until(process, "nothing heard for", TOLD_S)
        assert ADVICE in told[-1], told
        end(process)


def test_the_one_of_two_devices_that_is_dead_is_named(microphone: Microphone, scripted: str, tmp_path: Path) -> None:
    """Not the other one, which hears something."""
    other = microphone.add_sink("other")
    with microphone.playing(wav(tmp_path / "a.wav", tone(20_000)), sink=other):
        devices = ("--device", "mic", "--device", "monitor")
        with recording(microphone, "--url", scripted, *devices, readers=2) as process:
            told = told_until(process, "nothing heard for", TOLD_S)
            assert ADVICE in told[-1], told
            assert "monitor: nothing" not in "".join(told)
            end(process)


def test_with_quiet_nothing_is_reported(microphone: Microphone, scripted: str) -> None:
    """Whoever wants to hear nothing hears nothing, of the disk either."""
    with recording(microphone, "--url", scripted, "--quiet") as process:
        assert told_until(process, "nothing heard for", SILENT_S + 1.5) == []
        assert "kept" not in end(process)


def test_a_pause_and_push_to_talk_are_meant_to_be_silent(microphone: Microphone, scripted: str) -> None:
    """Nobody has pressed anything, or has pressed space to pause."""
    for arguments, keys in ((("--ptt",), ""), ((), "x ")):
        with before_a_person(microphone, scripted, *arguments) as terminal:
            terminal.wait_for("kept on this disk")
            terminal.send(keys)
            time.sleep(SILENT_S + 1.5)
            terminal.send("q")
            assert terminal.finish() == 0
            assert not any("nothing heard" in row for row in terminal.rows()), terminal.rows()


def test_it_is_reported_above_the_live_line_too(microphone: Microphone, scripted: str) -> None:
    """A person sees it on the screen."""
    with before_a_person(microphone, scripted, columns=120) as terminal:
        terminal.wait_for("asr devices lists them")
        terminal.send("q")
        assert terminal.finish() == 0
