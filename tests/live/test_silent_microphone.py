"""A microphone that hears nothing is reported during the run; where silence was to be expected, it is not.

All of it takes as long as a person would wait. So the programs listen at once, and each test looks at its own.
"""

import random
import signal
import struct
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import pytest

from asrcli.sources.noise_floor import ADVICE, SILENT_S
from tests.support.command import PATIENCE_S, Running, started
from tests.support.microphone import Microphone
from tests.support.terminal import Terminal, on_terminal
from tests.support.tone import silence, tone, wav

pytestmark = pytest.mark.slow

TOLD_S = SILENT_S + 5  # what a busy machine may add


def told_until(process: Running, part: str, within_s: float) -> list[str]:
    """The lines of standard error up to one that holds the part; all of this many seconds where none does."""
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


def noise(path: Path, level: int) -> Path:
    """A minute of noise of this many steps of a sample at most."""
    chance = random.Random(7)
    count = 16 * 20_000
    return wav(path, 3 * struct.pack(f"<{count}h", *(chance.randint(-level, level) for _ in range(count))))


@dataclass(frozen=True)
class Listening:
    """Programs that record, and since when; what a person does before one of them has been done."""

    pipes: dict[str, Running]
    terminals: dict[str, Terminal]
    since: float

    def told(self, name: str, within_s: float) -> list[str]:
        """The lines of standard error of one up to the report, which may come this long after it began to record."""
        left_s = self.since + within_s - time.monotonic()
        return told_until(self.pipes[name], "nothing heard for", max(left_s, 0.5))


@pytest.fixture(scope="module")
def silent(scripted: str) -> Iterator[Listening]:
    """Five that record from a microphone into which nobody speaks."""
    with ExitStack() as stack:
        device = stack.enter_context(Microphone())
        command, env = ("mic", "--url", scripted), device.environment

        def before_a_person(*more: str) -> Terminal:
            terminal = stack.enter_context(on_terminal(*command, *more, columns=120, lines=200, **env))
            terminal.wait_for("kept on this disk")
            return terminal

        paused = before_a_person()
        paused.send("x ")  # soon, or the silence until then is reported
        pipes = {
            name: stack.enter_context(started(*command, *more, **env))
            for name, more in (("plain", ()), ("quiet", ("--quiet",)))
        }
        terminals = {"paused": paused, "plain": before_a_person(), "push to talk": before_a_person("--ptt")}
        device.wait_for_readers(5)
        yield Listening(pipes, terminals, time.monotonic())


@pytest.fixture(scope="module")
def rooms(scripted: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Listening]:
    """Five that record from microphones of their own, into each of which something else is played."""
    folder = tmp_path_factory.mktemp("rooms")
    long = wav(folder / "tone.wav", tone(60_000))
    sounds = {
        "last bits": noise(folder / "bits.wav", 4),
        "a quiet room": noise(folder / "room.wav", 200),
        "now and then a word": wav(folder / "words.wav", (tone(100) + silence(2900)) * 20),
    }
    with ExitStack() as stack:
        devices = {name: stack.enter_context(Microphone()) for name in (*sounds, "a button", "two")}
        for name, sound in sounds.items():
            stack.enter_context(devices[name].playing(sound))
        stack.enter_context(devices["two"].playing(long, sink=devices["two"].add_sink("other")))
        time.sleep(0.3)
        both = ("--device", "mic", "--device", "monitor")
        pipes = {
            name: stack.enter_context(
                started("mic", "--url", scripted, *(both if name == "two" else ()), **device.environment)
            )
            for name, device in devices.items()
        }
        devices["a button"].wait_for_readers()
        stack.enter_context(devices["a button"].playing(wav(folder / "a.wav", tone(3000))))
        for name, device in devices.items():
            device.wait_for_readers(2 if name == "two" else 1)
        yield Listening(pipes, {}, time.monotonic())


def test_one_that_hears_nothing_from_the_start_is_reported_while_it_runs(silent: Listening) -> None:
    """After 5 s on standard error, with the advice of --test, and once; that the talk is kept is reported before."""
    told = silent.told("plain", TOLD_S)
    assert ADVICE in told[-1], told
    assert "the talk is kept on this disk" in told[0]
    time.sleep(2)
    assert "nothing heard" not in end(silent.pipes["plain"])


def test_it_is_reported_above_the_live_line_too(silent: Listening) -> None:
    """A person sees it on the screen."""
    terminal = silent.terminals["plain"]
    terminal.wait_for("asr devices lists them")
    terminal.send("q")
    assert terminal.finish() == 0


@pytest.mark.parametrize(
    ("name", "deaf"), [("last bits", True), ("a quiet room", False), ("now and then a word", False)]
)
def test_faint_noise_is_a_room(rooms: Listening, name: str, *, deaf: bool) -> None:
    """Nothing but the last bits of a sample is no microphone; the noise of a room is one, and so are single words."""
    told = rooms.told(name, TOLD_S if deaf else SILENT_S + 1.5)
    assert any(ADVICE in line for line in told) is deaf, told
    end(rooms.pipes[name])


def test_one_that_falls_silent_in_the_middle_is_reported(rooms: Listening) -> None:
    """Somebody pressed the button on the headset."""
    told = rooms.told("a button", 3 + TOLD_S)
    assert ADVICE in told[-1], told
    end(rooms.pipes["a button"])


def test_the_one_of_two_devices_that_is_dead_is_named(rooms: Listening) -> None:
    """Not the other one, which hears something."""
    told = rooms.told("two", TOLD_S)
    assert ADVICE in told[-1], told
    assert "monitor: nothing" not in "".join(told)
    end(rooms.pipes["two"])


def test_with_quiet_nothing_is_reported(silent: Listening) -> None:
    """Whoever wants to hear nothing hears nothing, of the disk either."""
    assert silent.told("quiet", SILENT_S + 1.5) == []
    assert "kept" not in end(silent.pipes["quiet"])


@pytest.mark.parametrize("name", ["push to talk", "paused"])
def test_a_pause_and_push_to_talk_are_meant_to_be_silent(silent: Listening, name: str) -> None:
    """Nobody has pressed anything, or has pressed space to pause."""
    time.sleep(max(0, silent.since + SILENT_S + 1.5 - time.monotonic()))
    terminal = silent.terminals[name]
    terminal.send("q")
    assert terminal.finish() == 0
    assert not any("nothing heard" in row for row in terminal.rows()), terminal.rows()
