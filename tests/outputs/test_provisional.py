"""Provisional text: marked in words wherever it is shown, and a sentence of no output."""

import json
from pathlib import Path

import jsonschema
import pytest

from asrcli.core.event_placement import label_event
from asrcli.core.events import Began, Ended, Event, Final, Gap, Partial
from asrcli.core.provisional_event import Provisional
from asrcli.core.transcript import MOST_OPEN, Transcript, fold
from asrcli.outputs.formatting import account, block, spoken_text
from asrcli.outputs.jsonl import JsonLines
from asrcli.outputs.jsonl_schema import SCHEMA
from asrcli.outputs.line_writer import LineWriter
from asrcli.outputs.plain_text import PlainText
from asrcli.outputs.subtitles import lrc, tsv
from tests.outputs.screen import Screen

OPEN = Provisional("local-1-1", 1000, 2000, "the government", open=True)
DONE = Provisional("local-1-1", 1000, 3000, "the government announced a plan")
GONE = Provisional("local-1-1", 1000, 3000, "")
GAP = Gap(1000, 3000, "no service", local_text="the government announced a plan")


def written(path: Path, *events: Event, partials: bool = False) -> list[dict[str, object]]:
    """The JSON Lines of these events, each as the schema says."""
    lines = LineWriter(str(path))
    output, transcript = JsonLines(lines, partials=partials), Transcript()
    for event in events:
        transcript = fold(transcript, event)
        output.handle(event, transcript)
    output.close()
    found = [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []
    for line in found:
        jsonschema.validate(line, SCHEMA)
    return found


def test_json_lines_mark_it_and_withdraw_what_they_have_written(tmp_path: Path) -> None:
    """It has a type of its own, so that no reader takes it for a final; one that goes on comes with the partials."""
    line = {"type": "provisional", "provisional": True, "key": "local-1-1", "begin_ms": 1000}
    done = line | {"end_ms": 3000, "text": DONE.text, "open": False}
    gone = done | {"text": ""}
    assert written(tmp_path / "a", OPEN, DONE, GONE) == [done, gone]
    assert written(tmp_path / "b", OPEN, GONE) == []
    goes_on = line | {"end_ms": 2000, "text": OPEN.text, "open": True}
    assert written(tmp_path / "c", OPEN, GONE, partials=True) == [goes_on, gone]
    (gap,) = written(tmp_path / "d", GAP)
    assert gap["local_text"] == GAP.local_text
    assert written(tmp_path / "e", label_event(DONE, "left")) == [done | {"key": "left:local-1-1", "speaker": "left"}]


def test_texts_show_it_in_the_gap_only(tmp_path: Path) -> None:
    """With the words that mark it; a gap without local text is as it was."""
    assert block(GAP, None) == (
        "[gap 00:01.000 → 00:03.000: no service; heard on this machine only: the government announced a plan]"
    )
    assert spoken_text(GAP) == "[gap: heard on this machine only: the government announced a plan]"
    assert spoken_text(Gap(0, 9, "no service", "me")) == "me: [gap: no service]"
    assert tsv(GAP, 0).endswith(f"\t{spoken_text(GAP)}")
    assert lrc(GAP, 0).endswith(spoken_text(GAP))
    assert "\x1b" not in spoken_text(Gap(0, 9, "", local_text="\x1b[31mred"))
    for partials, expected in ((False, ""), (True, f"… provisional: {OPEN.text}\n… provisional: {DONE.text}\n")):
        path = tmp_path / f"text-{partials}"
        output = PlainText(LineWriter(str(path)), lambda event, _: block(event, None), partials=partials)
        for event in (OPEN, DONE, GONE):
            output.handle(event, Transcript())
        output.close()
        assert (path.read_text() if path.exists() else "") == expected


def test_the_account_says_how_much_of_the_loss_was_heard_here() -> None:
    """Beside what is lost: it is no part of a final sentence."""
    ended = Ended(9000, 6000, 3000, 1, 0, None, None, None, 1, final_ms=6000)
    assert "lost 3.00 s · 1 sentence" in account(ended)[0]
    heard = Ended(9000, 6000, 3000, 1, 0, None, None, None, 1, final_ms=6000, local_ms=2000)
    assert "lost 3.00 s (2.00 s heard here) · 1 sentence" in account(heard)[0]


def test_the_live_view_shows_it_on_a_line_of_its_own_and_takes_it_away(monkeypatch: pytest.MonkeyPatch) -> None:
    """Under the open sentence, marked by a word, at most as wide as the screen; nothing of it scrolls up."""
    screen = Screen(monkeypatch, 30)
    screen.handle(Began("a.wav", "m", "t", 0), Partial("1", 0, "we will"), OPEN)
    shown = screen.handle(DONE)
    assert "provisional: …" in shown
    assert "announced a" not in shown.split("provisional")[0]
    line = shown[shown.rindex("provisional: ") :].split("\n")[0].split("\x1b")[0]
    assert len(line) <= 29
    assert line.endswith("plan")
    assert "provisional" not in screen.handle(GONE, Final("1", 0, 9, "we will talk"))


def test_a_transcript_keeps_only_the_last_of_it() -> None:
    """However long the outage is."""
    transcript = Transcript()
    for number in range(MOST_OPEN + 2):
        transcript = fold(transcript, Provisional(str(number), number, number + 1, "word"))
    assert list(transcript.provisional) == [str(number) for number in range(2, MOST_OPEN + 2)]
    assert (transcript.sentences, transcript.covered_ms, transcript.open) == (0, 0, {})
