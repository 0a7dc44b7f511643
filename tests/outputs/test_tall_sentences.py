"""A sentence that takes several rows of a real screen: what was printed above it never changes."""

import io
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pyte
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pyte import modes

from asrcli.core.events import Began, Ended, Event, Final, Finished, Level, Partial, Progress
from asrcli.core.transcript import Transcript, fold
from asrcli.outputs.status_bar import FileStatusBar, MicrophoneStatusBar, StatusBar
from asrcli.outputs.terminal_view import TerminalView
from asrcli.outputs.text_fitting import wrap_text
from tests.support.command import ASR, script, serving
from tests.support.terminal import Screen, Terminal
from tests.support.tone import tone, wav

ENDED = Ended(10_000, 10_000, 0, 1, 0, None, None, None, 0)
WORDS = st.lists(st.sampled_from(["a", "word", "nine-and-twenty", "天气很好，", "x" * 30]), min_size=1, max_size=60)


class Shown:
    """The live view on a screen of a terminal emulator."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, columns: int, lines: int, *, devices: bool = False) -> None:
        for name, value in {"COLUMNS": columns, "LINES": lines, "TERM": "xterm-256color", "TTY_COMPATIBLE": 1}.items():
            monkeypatch.setenv(name, str(value))
        self.screen = Screen(columns, lines)
        self.screen.set_mode(modes.LNM)  # as a terminal driver, which returns the carriage at a line feed
        self._stream = pyte.Stream(self.screen)
        self._file, self._now, self._transcript = io.StringIO(), 0.0, Transcript()
        self._file.isatty = lambda: True  # type: ignore[method-assign]
        bar: StatusBar = MicrophoneStatusBar(keys=False) if devices else FileStatusBar(lambda: self._now, pace=1.0)
        self._view = TerminalView(self._file, lambda: self._now, stamp=None, level=0, bar=bar, folds=True)

    def handle(self, *events: Event) -> list[str]:
        """All rows after these events, those that have left the screen first, without the empty ones at the end."""
        for event in events:
            self._now += 0.2
            self._transcript = fold(self._transcript, event)
            self._view.handle(event, self._transcript)
        self._stream.feed(self._file.getvalue())
        self._file.seek(0)
        self._file.truncate()
        rows = [*(self.screen.row(line) for line in self.screen.history.top), *self.screen.rows()]
        while rows and not rows[-1]:
            rows.pop()
        return rows


def spoken(words: Sequence[str], number: int) -> list[Event]:
    """A sentence that grows word by word, and is final; its first words are settled."""
    texts = [" ".join(words[: count + 1]) for count in range(len(words))]
    cut = len(texts[-1]) // 3
    partials = [Partial(str(number), 0, text[:cut], text[cut:]) for text in texts]
    return [*partials, Final(str(number), 0, 900, texts[-1])]


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(WORDS, min_size=1, max_size=3), st.integers(12, 50), st.integers(4, 24))
def test_what_is_printed_stays_and_the_sentence_keeps_its_limit(
    monkeypatch: pytest.MonkeyPatch, said: list[list[str]], columns: int, lines: int
) -> None:
    """After each event: all finals so far, each once, and below them at most a third of the screen and the bar."""
    shown = Shown(monkeypatch, columns, lines)
    shown.handle(Began("a.wav", "m", "t", 0, 10_000), Progress(100))
    printed: list[str] = []
    for number, words in enumerate(said):
        for event in spoken(words, number):
            rows = shown.handle(event)
            if isinstance(event, Final):
                for line in wrap_text(event.text, columns - 1):  # a longer word is broken by the terminal
                    printed += [line[at : at + columns] for at in range(0, len(line), columns)]
            assert rows[: len(printed)] == printed
            live = rows[len(printed) :]
            assert len(live) - 1 <= max(1, min(lines // 3, lines - 4))
    assert shown.handle(Finished(), ENDED)[: len(printed)] == printed


def test_rows_of_devices_share_the_third(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each speaker has a row at least, under its label; a longer sentence stands below its own beginning."""
    shown = Shown(monkeypatch, 40, 18, devices=True)
    rows = shown.handle(
        Level(900, -20.4, -3.0, "Anna"),
        Level(900, -9.0, -3.0, "Call"),
        Partial("a", 0, "", " ".join(["word"] * 60), speaker="Anna"),
        Partial("c", 0, "", "good morning", speaker="Call"),
        Progress(1000),
    )
    assert rows[-2] == "Call  -9 dBFS: good morning"
    anna = rows[:-2]
    assert len(anna) == 18 // 3 - 1
    assert anna[0].startswith("Anna -20 dBFS: …word")
    assert all(row.startswith(" " * 15 + "word") for row in anna[1:])


@pytest.mark.parametrize("size", [{}, {"COLUMNS": "0", "LINES": "0"}], ids=["terminal", "environment"])
def test_a_terminal_that_reports_no_size_has_80_columns(size: dict[str, str], tmp_path: Path) -> None:
    """Its zeros are no size: sentences and tables are there."""
    words = "word " * 30
    played = script(tmp_path / "talk.jsonl", (0, 900, words.strip()))
    with serving("--engine", "scripted", "--script", played) as (url, _):
        argv = [*ASR, "file", wav(tmp_path / "a.wav", tone(1000)), "--url", url, "--pace", "max", "--no-journal"]
        with Terminal(argv, columns=80, lines=24, piped=False, sized=False, **size) as terminal:
            assert terminal.finish() == 0
            assert "".join(terminal.rows()).count("word") == 30
    with Terminal([*ASR, "models"], columns=80, lines=200, piped=False, sized=False, **size) as terminal:
        assert terminal.finish() == 0
        assert any(row.startswith("fun-asr-realtime ") for row in terminal.rows())


@pytest.mark.parametrize(
    "size", [{"COLUMNS": "200", "LINES": "100"}, {"COLUMNS": "30", "LINES": "3"}], ids=["more", "less"]
)
def test_a_size_that_the_terminal_does_not_have_leaves_nothing_behind(size: dict[str, Any], tmp_path: Path) -> None:
    """`docker exec -e COLUMNS` and shells that export it tell the size of another time: each sentence is there once."""
    words = " ".join(f"word{number}" for number in range(60))
    played = tmp_path / "talk.jsonl"
    partials = [words[:end] for end in range(40, len(words), 40)]
    played.write_text(json.dumps({"begin_ms": 0, "end_ms": 900, "text": words, "partials": partials}) + "\n")
    with serving("--engine", "scripted", "--script", played) as (url, _):
        argv = [*ASR, "file", wav(tmp_path / "a.wav", tone(3000)), "--url", url, "--pace", "1", "--no-journal"]
        with Terminal(argv, columns=70, lines=24, piped=False, **size) as terminal:
            assert terminal.finish() == 0
            assert "".join(terminal.rows()).count("word0") == 1
