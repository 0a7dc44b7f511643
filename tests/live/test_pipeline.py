"""`asr … | jq` before a person: the live view beside the pipe, and a Ctrl-C that ends the whole pipeline but us."""

import os
import shlex
import signal
import socket
import sys
import time
from pathlib import Path

import pytest

from tests.live.mic_runs import finish, listening
from tests.support.command import ASR, CLIP, lines, script, serving
from tests.support.microphone import Microphone, until
from tests.support.terminal import CTRL_C, Terminal, on_terminal
from tests.support.tone import silence, tone, wav

CTRL_S, CTRL_Z = "\x13", "\x1a"
pytestmark = pytest.mark.skipif(os.name == "nt", reason="needs a POSIX terminal")


def pipeline(address: str, reader: str, *arguments: str) -> Terminal:
    """A shell on a terminal that runs `asr file` into a reader, and says with which code it ended."""
    ours = shlex.join([*ASR, "file", str(CLIP), "--url", address, *arguments])
    text = f"trap : INT; set -o pipefail; {ours} | {reader}; echo ended with $?"
    return Terminal(["bash", "-c", text], columns=70)


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux says that a program is stopped")
@pytest.mark.parametrize("how", [(), ("--fast",)], ids=["in one", "in parts"])
def test_a_call_that_nobody_answers_is_seen_also_after_ctrl_z(how: tuple[str, ...]) -> None:
    """Nothing happens until the service answers, so the line is drawn again as soon as the program goes on."""
    with socket.create_server(("127.0.0.1", 0)) as silent:
        address = f"ws://127.0.0.1:{silent.getsockname()[1]}"
        with on_terminal("file", CLIP, "--url", address, *how) as terminal:
            terminal.wait_for("connecting")
            terminal.send(CTRL_Z)
            state = Path(f"/proc/{terminal.process.pid}/stat")
            until("the stop", lambda: state.read_text().rsplit(")", 1)[1].split()[0] == "T")
            until("an empty row", lambda: "connecting" not in "".join(terminal.rows()))
            terminal.process.send_signal(signal.SIGCONT)
            terminal.wait_for("connecting")
            terminal.process.send_signal(signal.SIGKILL)


def test_ctrl_c_in_a_pipeline_loses_no_word_and_ends_with_the_account(tmp_path: Path) -> None:
    """The reader is dead of it; what it can no longer take is reported, and the terminal is as it was."""
    said = script(tmp_path / "script.jsonl", (0, 1000, "the first"), (1000, 3000, "the last words"))
    with serving("--engine", "scripted", "--script", said) as (address, _), pipeline(address, "cat") as terminal:
        terminal.wait_for("the first")
        terminal.send(CTRL_C)
        terminal.wait_for("ended with")
        terminal.finish()
        rows = terminal.rows()
        assert rows.count("the last words") == 1
        assert any("captured" in row for row in rows)
        assert any("ended with 130" in row for row in rows)
        assert (terminal.left_as_found, terminal.cursor_shown) == (True, True)


@pytest.mark.slow
def test_what_the_reader_shows_stays_and_the_live_view_is_below_it(tmp_path: Path) -> None:
    """Each sentence once; the bar, and nothing of it at the end."""
    said = script(tmp_path / "script.jsonl", *[(n * 1000, n * 1000 + 900, f"sentence {n} of them") for n in range(6)])
    shorter = ("--end", "8", "--pace", "2")
    serves = serving("--engine", "scripted", "--script", said)
    with serves as (address, _), pipeline(address, "cat", *shorter) as terminal:
        terminal.wait_for("sentence 1 of them")
        terminal.wait_for("ETA")
        terminal.wait_for("ended with 0")
        terminal.finish()
        rows = terminal.rows()
    assert [row for row in rows if row.startswith("sentence")] == [f"sentence {n} of them" for n in range(6)]
    assert not any("ETA" in row or "…" in row for row in rows)


def test_a_reader_that_has_enough_still_ends_the_run_quietly(scripted: str) -> None:
    """`| head -1`."""
    with pipeline(scripted, "head -1", "--pace", "3") as terminal:
        terminal.wait_for("ended with 0")
        terminal.finish()
        assert not any("captured" in row or "sentence 2" in row for row in terminal.rows())


def test_enter_during_a_file_leaves_nothing_behind(scripted: str) -> None:
    """The lines typed do not move the live view."""
    with on_terminal("file", CLIP, "--url", scripted, "--pace", 2, columns=60) as terminal:
        terminal.wait_for("sentence 1")
        for _ in range(3):
            terminal.send("typed\r")
            time.sleep(0.2)
        terminal.wait_for("sentence 4")
        terminal.send(CTRL_C)
        terminal.finish()
        rows = terminal.rows()
    assert not any("typed" in row or "ETA" in row for row in rows)
    spoken = [row for row in rows if row.startswith("sentence")]
    assert len(spoken) == len(set(spoken))


@pytest.mark.slow
@pytest.mark.parametrize("device", ["mic", "monitor"])
def test_a_program_that_was_stopped_names_the_true_gap_and_hears_nothing_old(
    microphone: Microphone, scripted: str, tmp_path: Path, device: str
) -> None:
    """SIGSTOP for seconds, SIGCONT: one gap, the device once opened again, positions as the clock has them."""
    quiet = wav(tmp_path / "quiet.wav", silence(15_000))
    loud = microphone.add_sink("loudspeakers")
    with listening(microphone, "--url", scripted, "--device", device) as process, microphone.playing(quiet, sink=loud):
        opened = time.monotonic()
        process.read_until('"final"')
        began = time.monotonic()
        process.send_signal(signal.SIGSTOP)
        time.sleep(6)
        process.send_signal(signal.SIGCONT)
        stopped_ms = (time.monotonic() - began) * 1000
        assert "was stopped" in process.read_until("opening it again")
        gap = process.read_until('"gap"')
        back_ms = (time.monotonic() - began) * 1000  # to open the device again takes a busy machine its time
        process.read_until('"final"')
        heard_ms = (time.monotonic() - opened) * 1000
        events, _ = finish(process, 6)
    (span,) = lines(gap)
    assert stopped_ms - 1000 < span["end_ms"] - span["begin_ms"] < back_ms + 1000
    end = events[-1]
    assert end["lost_ms"] >= span["end_ms"] - span["begin_ms"]  # a busy machine may have a further gap
    assert heard_ms - 1500 < end["audio_ms"] < end["elapsed_ms"] + 1500
    assert end["reconnects"] <= 1


@pytest.mark.slow
def test_a_file_loses_nothing_while_it_is_stopped(scripted: str) -> None:
    """And catches up afterwards, to where it would have been."""
    with on_terminal("file", CLIP, "--url", scripted, "--end", 10, "-f", "jsonl", piped=True) as terminal:
        terminal.wait_for_piped('"final"')
        terminal.process.send_signal(signal.SIGSTOP)
        time.sleep(8)
        terminal.process.send_signal(signal.SIGCONT)
        terminal.process.wait(60)
        assert terminal.finish() == 0
        end = lines(terminal.piped)[-1]
    assert (end["lost_ms"], end["audio_ms"]) == (0, 10_000)
    assert 9_815 <= end["elapsed_ms"] < 9_815 + 7_500


@pytest.mark.slow
def test_a_terminal_that_was_stopped_does_not_outlast_a_signal(scripted: str, tmp_path: Path) -> None:
    """Ctrl-S, or a window whose connection hangs: SIGTERM ends the run all the same."""
    talk = wav(tmp_path / "a.wav", tone(60_000))
    with on_terminal("file", talk, "--url", scripted, "-f", "srt", "-o", tmp_path / "a") as terminal:
        terminal.wait_for("sentence 1")
        terminal.send(CTRL_S)
        terminal.process.send_signal(signal.SIGTERM)
        assert terminal.process.wait(60) == 130
    assert "sentence 1" in (tmp_path / "a.part").read_text()


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux says that a program is stopped")
@pytest.mark.parametrize("wait_s", [0, 1], ids=["between two drawings", "while a drawing waits"])
def test_a_terminal_that_was_stopped_does_not_outlast_ctrl_z_and_quit(scripted: str, wait_s: float) -> None:
    """Whoever is stuck gets back to the shell, and ends the program in any case."""
    with on_terminal("file", CLIP, "--url", scripted, "--pace", "0.1") as terminal:
        terminal.wait_for("ETA")
        terminal.send(CTRL_S)
        time.sleep(wait_s)  # ten drawings a second
        terminal.process.send_signal(signal.SIGTSTP)
        state = Path(f"/proc/{terminal.process.pid}/stat")
        until("the stop", lambda: state.read_text().rsplit(")", 1)[1].split()[0] == "T")
        terminal.process.send_signal(signal.SIGCONT)
        terminal.process.send_signal(signal.SIGQUIT)
        assert terminal.process.wait(60) == -signal.SIGQUIT
