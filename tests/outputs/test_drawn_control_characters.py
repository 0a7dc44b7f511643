"""Text with all kinds of control characters on everything that is drawn: live lines, status bars, tables, logs."""

import logging
import re
from dataclasses import replace
from pathlib import Path

import pytest
from rich.console import Console

from asrcli.core.events import (
    Absent,
    Began,
    Billed,
    Ended,
    Event,
    Final,
    Finished,
    Gap,
    Level,
    Notice,
    Partial,
    Paused,
    Progress,
    Reconnecting,
    Resumed,
    Usage,
)
from asrcli.core.transcript import Transcript, fold
from asrcli.outputs.event_log import EventLog, OneLineFormatter
from asrcli.outputs.status_bar import FileStatusBar, MicrophoneStatusBar, StatusBar
from asrcli.server.log_filter import LogFilter
from tests.outputs.screen import ENDED, Screen
from tests.support.control_characters import EVIL, is_harmless

# What the library that draws writes by itself: colours, erasing, moving up, hiding the cursor; and nothing else.
DRAWN = re.compile(r"\x1b\[(?:[0-9;]*m|\d*[AG]|[02]?[KJ](?<!2J)|\?25[lh])|\r")
SPEAKERS = (f"mic{EVIL}", f"monitor{EVIL}")


def told(speaker: str) -> list[Event]:
    """A life of one speaker in which every text is evil."""
    evil = Final("1", 0, 900, EVIL, (), EVIL, EVIL, speaker, EVIL, EVIL, EVIL)
    return [
        Began(EVIL, EVIL, EVIL, 0, 9000, speaker=speaker),
        Level(100, -20.0, -3.0, speaker),
        Partial("1", 0, EVIL, EVIL, (), EVIL, EVIL, speaker, EVIL, EVIL),
        Progress(500),
        evil,
        Partial("2", 900, "", f"b{EVIL}", speaker=speaker),
        Gap(900, 1000, EVIL, speaker),
        Notice("warning", EVIL),
        Reconnecting(1, 5, EVIL, speaker),
        Absent(1000, EVIL, speaker),
        Progress(1500),
        Level(1600, -20.0, -3.0, speaker),
        Paused(1600, speaker=speaker),
        Progress(1600),
        Level(1700, -20.0, -3.0, speaker),
        Paused(1700, muted=True, speaker=speaker),
        Progress(1700),
        Resumed(1700, 1800, muted=True, speaker=speaker),
        Billed(Usage(1.0), 0.5),
        Progress(1900),
    ]


def events(speakers: tuple[str, ...]) -> list[Event]:
    """Of all of them by turns, and the end."""
    mixed = [event for each in zip(*map(told, speakers), strict=True) for event in each]
    return [*mixed, *(Finished(speaker=speaker) for speaker in speakers), replace(ENDED, model=EVIL)]


@pytest.mark.parametrize("columns", [20, 80, 300])
@pytest.mark.parametrize("speakers", [("",), SPEAKERS[:1], SPEAKERS], ids=["none", "one", "two"])
@pytest.mark.parametrize("device", [False, True], ids=["file", "devices"])
def test_no_screen_obeys_what_comes_from_outside(
    monkeypatch: pytest.MonkeyPatch, columns: int, speakers: tuple[str, ...], device: bool
) -> None:
    """Whatever a label, a model, a text, a reason says: what is drawn holds nothing but what the library draws with."""
    bar: StatusBar = MicrophoneStatusBar(keys=True) if device else FileStatusBar(lambda: 1.0, pace=1.0)
    screen = Screen(monkeypatch, columns, bar=bar, level=2)
    drawn = screen.handle(*events(speakers))
    screen.terminal.close()
    assert "a]0;t]52;c;QQ==[2J" in drawn.replace("\n", "") or columns == 20  # the texts are there
    assert is_harmless(DRAWN.sub("", drawn))


def test_the_bar_of_two_devices_names_both_harmlessly() -> None:
    """Also while one is muted, paused or gone: each label stands there once as people can read it."""
    bar, transcript = MicrophoneStatusBar(keys=False), Transcript()
    screen = Console(width=400, no_color=True, file=None)
    shown = set()
    for event in events(SPEAKERS):
        transcript = fold(transcript, event)
        bar.handle(event)
        line = "".join(segment.text for segment in bar.draw(screen, transcript, 390))
        assert is_harmless(line, line_ends="")
        shown |= {word for word in ("muted", "paused", "no microphone", "dBFS") if "mica]0;t" in line and word in line}
    assert shown == {"muted", "paused", "no microphone", "dBFS"}


def test_neither_log_takes_what_comes_from_outside(tmp_path: Path) -> None:
    """That of a run, with every event, and that of the server, which shows what it was."""
    path = tmp_path / "log"
    handler = logging.FileHandler(path, encoding="utf-8")
    handler.setFormatter(OneLineFormatter("%(levelname)s %(message)s"))
    for name in ("run", "server"):
        logger = logging.Logger(name)
        logger.addHandler(handler)
        if name == "server":
            logger.addFilter(LogFilter())
            logger.warning("model=%s task=%s", EVIL, EVIL)
        output, transcript = EventLog(logger), Transcript()
        for event in events(SPEAKERS):
            transcript = fold(transcript, event)
            output.handle(event, transcript)
    handler.close()
    written = path.read_bytes().decode()
    assert is_harmless(written)
    assert r"model=a\x1b]0;t\x07" in written
    assert all(line.split(" ")[0] in {"INFO", "WARNING", "DEBUG"} for line in written.splitlines())


def test_ended_has_every_field_that_is_a_text() -> None:
    """A new one would have to be evil above too."""
    assert [name for name, kind in Ended.__annotations__.items() if "str" in str(kind)] == ["model", "engine"]
