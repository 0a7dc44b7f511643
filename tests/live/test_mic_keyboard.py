"""`asr mic` before a person: what the screen shows, what the keys do, and a terminal that is left as it was found."""

import os
import re
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.support.command import lines, script, serving
from tests.support.microphone import Microphone, until
from tests.support.terminal import Terminal, on_terminal
from tests.support.tone import silence, wav

pytestmark = pytest.mark.skipif(os.name == "nt", reason="needs a POSIX terminal")
QWEN = "qwen3-asr-flash-realtime"
CTRL_C, CTRL_Z = "\x03", "\x1a"
SPACE, M = "x ", "xm"  # with a key before it that means nothing: the same key so soon would be one that is held down


@contextmanager
def before_a_person(
    microphone: Microphone, url: str, *arguments: object, columns: int = 80, piped: bool = False
) -> Iterator[Terminal]:
    """`asr mic` on a terminal, once it records."""
    with on_terminal(
        "mic", "--url", url, *arguments, columns=columns, piped=piped, **microphone.environment
    ) as terminal:
        microphone.wait_for_readers()
        yield terminal


@pytest.mark.parametrize("columns", [80, 40])
def test_the_live_view_says_how_it_stands(microphone: Microphone, scripted: str, columns: int) -> None:
    """State, time, level and lag on one line that fits; finished sentences above it, the account at the end."""
    with before_a_person(microphone, scripted, columns=columns) as terminal:
        terminal.wait_for_row("sentence 1$")
        bar = terminal.wait_for_row(r"listening 00:(0[2-9]|[1-5]\d)")  # a busy machine may not draw each second
        assert re.match(r"listening 00:\d\d -99 dBFS( lag \d\.\d s)?", bar), bar
        assert (" ? keys" in bar) is (columns == 80)
        assert "sentence 1" in terminal.rows()
        assert any("the talk is kept on this disk" in row for row in terminal.rows())
        terminal.send("q")
        assert terminal.finish() == 0
        rows = terminal.rows()
        assert not any(row.startswith("listening") for row in rows)
        assert any("captured" in row for row in rows)
        assert (terminal.left_as_found, terminal.cursor_shown) == (True, True)


def test_chinese_fits_a_narrow_screen(microphone: Microphone, tmp_path: Path) -> None:
    """Two cells a character: the open sentence is cropped from the left, the finished one is whole."""
    long = "今天天气很好我们去公园散步然后在湖边喝茶看书听音乐"
    said = script(tmp_path / "script.jsonl", (0, 500, "你好"), (500, 60_000, long))
    said.write_text(said.read_text(encoding="utf-8").replace('["今天天"]', f'["{long}"] '), encoding="utf-8")
    with (
        serving("--engine", "scripted", "--script", said) as (address, _),
        before_a_person(microphone, address, columns=40) as terminal,
    ):
        terminal.wait_for("你好")
        terminal.send("q")
        assert terminal.finish() == 0
        assert "".join(terminal.rows()).replace(" ", "").count(long) == 1


def test_space_pauses_and_the_pause_is_on_the_timeline(microphone: Microphone, scripted: str) -> None:
    """The screen says so at once; the time of the pause is no audio."""
    with before_a_person(microphone, scripted, "--no-heartbeat") as terminal:
        terminal.wait_for("sentence 1")
        terminal.send(SPACE)
        terminal.wait_for_row(r"paused 00:(0[2-9]|[1-5]\d)")
        terminal.send(SPACE)
        terminal.wait_for("[paused 00:")
        terminal.wait_for("listening")
        terminal.send("q")
        assert terminal.finish() == 0
        assert any(re.search(r"paused [1-9]\d*\.\d\d s", row) for row in terminal.rows()), terminal.rows()


def test_m_mutes_enter_ends_the_sentence_and_a_question_mark_lists_the_keys(
    microphone: Microphone, tmp_path: Path
) -> None:
    """Enter brings the final of a sentence that would have gone on; the next task begins the script again."""
    said = script(tmp_path / "script.jsonl", (0, 60_000, "one long sentence"))
    with (
        serving("--engine", "scripted", "--script", said) as (address, _),
        before_a_person(microphone, address) as terminal,
    ):
        terminal.send("?")
        terminal.wait_for("keys: space")
        terminal.send(M)
        terminal.wait_for("muted 00:")
        terminal.send(M)
        terminal.wait_for("[muted 00:")
        assert "one long sentence" not in terminal.rows()
        terminal.send("\r")
        terminal.wait_for("one long sentence")
        terminal.send("\x1b[A")  # an arrow is none of them
        terminal.send("q")
        assert terminal.finish() == 0
        assert terminal.rows().count("one long sentence") == 2


def test_push_to_talk_sends_what_is_said_between_two_spaces(microphone: Microphone, tmp_path: Path) -> None:
    """Nothing before, nothing after; each utterance has its text as soon as the talk ends, in one session."""
    said = script(tmp_path / "script.jsonl", (0, 1, "first words"), (0, 1, "second words"), (0, 1, "never said"))
    with (
        serving("--engine", "scripted", "--script", said) as (address, _),
        before_a_person(microphone, address, "--ptt", "-f", "jsonl", piped=True) as terminal,
    ):
        terminal.wait_for("press space to talk")
        ended_ms = 0
        for words in ("first words", "second words"):
            terminal.send(SPACE)
            talking = f'"resume", "begin_ms": {ended_ms}'
            terminal.wait_for_piped(talking)
            terminal.send(SPACE)
            terminal.wait_for_piped(words)
            ended_ms = [event["end_ms"] for event in lines(terminal.piped) if event["type"] == "final"][-1]
        terminal.send("q")
        assert terminal.finish() == 0
        events = lines(terminal.piped)
    finals = [event for event in events if event["type"] == "final"]
    assert [final["text"] for final in finals] == ["first words", "second words"]
    pauses = [event for event in events if event["type"] == "resume"]
    assert [final["begin_ms"] for final in finals] == [pause["end_ms"] for pause in pauses[:2]]
    assert [final["end_ms"] for final in finals] == [pause["begin_ms"] for pause in pauses[1:]]
    assert [event["type"] for event in events].count("begin") == 1
    end = events[-1]
    assert end["audio_ms"] == sum(final["end_ms"] - final["begin_ms"] for final in finals)


def test_push_to_talk_with_the_model_made_for_it_has_a_task_for_each_utterance(
    microphone: Microphone, tmp_path: Path
) -> None:
    """The inference wire knows no commit: the end of the task brings the text, and nothing is lost between two."""
    said = script(tmp_path / "script.jsonl", (0, 60_000, "an utterance"))
    message = ("--ptt", "--model", "qwen-audio-3.1-asr-flash-message", "-f", "jsonl")
    with (
        serving("--engine", "scripted", "--script", said) as (address, _),
        before_a_person(microphone, address, *message, piped=True) as terminal,
    ):
        for number in (1, 2):
            terminal.send(SPACE)
            terminal.wait_for_piped('"resume"', times=number)
            terminal.send(SPACE)
            terminal.wait_for_piped("an utterance", times=number)
        terminal.send("q")
        assert terminal.finish() == 0
        events = lines(terminal.piped)
    finals = [event for event in events if event["type"] == "final"]
    assert [final["sentence"] for final in finals] == [1, 2]
    assert (events[-1]["lost_ms"], events[-1]["reconnects"]) == (0, 0)


def test_ctrl_c_finishes_and_ctrl_z_gives_the_terminal_back(microphone: Microphone, scripted: str) -> None:
    """Stopped, the terminal is the shell's; continued, the keys work again; at the end it is as it was."""
    with before_a_person(microphone, scripted) as terminal:
        terminal.wait_for("listening")
        assert not terminal.left_as_found
        terminal.send(CTRL_Z)
        state = Path(f"/proc/{terminal.process.pid}/stat")
        if state.exists():  # Linux says that a program is stopped
            until("the stop", lambda: state.read_text().rsplit(")", 1)[1].split()[0] == "T")
            assert terminal.left_as_found
        terminal.process.send_signal(signal.SIGCONT)
        terminal.send("?")
        terminal.wait_for("keys: space")
        terminal.send(CTRL_C)
        assert terminal.finish() == 0
        assert terminal.left_as_found
        assert any("captured" in row for row in terminal.rows())


def test_the_terminal_is_restored_when_it_ends_in_an_error(microphone: Microphone, tmp_path: Path) -> None:
    """A broken connection, too."""
    assert tmp_path
    with (
        serving("--engine", "scripted") as (address, server),
        before_a_person(microphone, address, "--no-reconnect") as terminal,
    ):
        terminal.wait_for("sentence 1")
        server.kill()
        assert terminal.finish() == 4
        assert (terminal.left_as_found, terminal.cursor_shown) == (True, True)
        assert any("connection lost" in row for row in terminal.rows())


def test_keys_work_where_the_transcript_goes_into_a_pipe(microphone: Microphone, scripted: str) -> None:
    """Standard output is for the transcript; the keyboard is the terminal's."""
    with before_a_person(microphone, scripted, piped=True) as terminal:
        terminal.wait_for_piped("sentence 1")
        terminal.send(SPACE)
        terminal.wait_for("paused 00:")
        terminal.send("q")
        assert terminal.finish() == 0
        assert all(line.startswith("sentence ") for line in terminal.piped.splitlines())


def test_the_meter_draws_one_line(microphone: Microphone, tmp_path: Path) -> None:
    """It ends with q, advises, and leaves the terminal as it was."""
    with on_terminal("mic", "--test", columns=40, **microphone.environment) as terminal:
        microphone.wait_for_readers()
        with microphone.playing(wav(tmp_path / "quiet.wav", silence(500))):
            terminal.wait_for("[--------------------] -99 dBFS")
        terminal.send("q")
        assert terminal.finish() == 0
        assert terminal.left_as_found
        assert any("silent: muted" in row for row in terminal.rows())


def test_a_terminal_that_is_closed_ends_the_run_in_order(microphone: Microphone, scripted: str) -> None:
    """SIGHUP counts as Ctrl-C: what was heard has its text."""
    with before_a_person(microphone, scripted, piped=True) as terminal:
        terminal.wait_for_piped("sentence 1")
        terminal.process.send_signal(signal.SIGHUP)
        assert terminal.finish() == 0
        assert terminal.left_as_found
