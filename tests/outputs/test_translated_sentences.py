"""A sentence and its translation on every output: both are there, and can be told apart."""

import json
import re
from itertools import pairwise
from pathlib import Path

import jsonschema
import pysubs2
import pyte
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rich.cells import cell_len

from asrcli.core.events import Began, Event, Final, Finished, Gap, Partial, Progress
from asrcli.outputs.capitalization import CapitalizedOutput
from asrcli.outputs.caption_lines import CaptionLayout, captions
from asrcli.outputs.exec_command import ExecCommand
from asrcli.outputs.formatting import block, clock
from asrcli.outputs.jsonl import JsonLines
from asrcli.outputs.jsonl_schema import SCHEMA
from asrcli.outputs.line_writer import LineWriter
from asrcli.outputs.plain_text import PlainText
from asrcli.outputs.subtitles import Subtitles, lrc, template, tsv_output
from tests.outputs.mixed_scripts import SCRIPTS
from tests.outputs.screen import BEGAN, ENDED, Screen
from tests.support.listener import Listener, send_events
from tests.support.terminal import Screen as Rows

NICE = "The weather is nice today."
SENTENCE = Final("1", 700, 3800, "今天天气很好。", translation=NICE, translated_into="en")
ALONE = Final("2", 4000, 4900, "嗯")
SAID: list[Event] = [
    Began("a", "m", "t", 0),
    Partial("1", 700, "今天", "天气", translation="Today the", translated_into="en"),
    SENTENCE,
    Gap(3900, 4000, "lost"),
    ALONE,
    Finished(),
]


def test_plain_text_has_it_on_a_line_of_its_own(tmp_path: Path) -> None:
    """Under the text; partials too, where they are asked for."""
    send_events(PlainText(LineWriter(str(tmp_path / "a")), lambda event, _: block(event, None), partials=True), SAID)
    assert (tmp_path / "a").read_text("utf-8").splitlines() == [
        "… 今天天气", "… → Today the", "今天天气很好。", f"→ {NICE}", "[gap 00:03.900 → 00:04.000: lost]", "嗯",
    ]  # fmt: skip
    send_events(PlainText(LineWriter(str(tmp_path / "b")), lambda event, _: block(event, clock)), SAID)
    first, second, *_ = (tmp_path / "b").read_text("utf-8").splitlines()
    assert first.index("今天") == second.index("→ The")


def test_json_has_it_in_fields_of_their_own(tmp_path: Path) -> None:
    """Only where it is there; as the published schema says, which refuses what is no text."""
    answered = Final("3", 5000, 5900, "A greeting.", heard="good morning")
    send_events(JsonLines(LineWriter(str(tmp_path / "a")), partials=True), [*SAID, answered])
    lines = [json.loads(line) for line in (tmp_path / "a").read_text("utf-8").splitlines()]
    for line in lines:
        jsonschema.validate(line, SCHEMA)
    fields = [{key: line.get(key) for key in ("translation", "translated_into", "heard")} for line in lines]
    assert [tuple(each.values()) for each in fields] == [
        (None, None, None), ("Today the", "en", None), (NICE, "en", None), (None, None, None), (None, None, None),
        (None, None, "good morning"),
    ]  # fmt: skip
    for name in ("translation", "translated_into", "heard"):
        with pytest.raises(jsonschema.ValidationError):
            jsonschema.validate(lines[2] | {name: 7}, SCHEMA)


def test_tables_have_a_column_for_it_where_it_was_asked_for(tmp_path: Path) -> None:
    """In every row then, also where there is none; otherwise the table is as it was."""
    send_events(tsv_output(LineWriter(str(tmp_path / "a")), translated=True), SAID)
    rows = [line.split("\t") for line in (tmp_path / "a").read_text("utf-8").splitlines()]
    assert rows == [
        ["start", "end", "text", "translation"],
        ["700", "3800", "今天天气很好。", NICE],
        ["3900", "4000", "[gap: lost]", ""],
        ["4000", "4900", "嗯", ""],
    ]
    send_events(tsv_output(LineWriter(str(tmp_path / "b"))), SAID)
    assert (tmp_path / "b").read_text("utf-8").splitlines()[:2] == ["start\tend\ttext", "700\t3800\t今天天气很好。"]


def test_lyrics_have_two_lines_of_one_time(tmp_path: Path) -> None:
    """Players show them together."""
    send_events(PlainText(LineWriter(str(tmp_path / "a")), lrc), SAID)
    assert (tmp_path / "a").read_text("utf-8").splitlines() == [
        "[00:00.70]今天天气很好。", f"[00:00.70]{NICE}", "[00:03.90][gap: lost]", "[00:04.00]嗯",
    ]  # fmt: skip


def test_templates_have_fields_for_it(tmp_path: Path) -> None:
    """And for what another model heard; empty in gaps and where there is none."""
    render = template("{text}|{translation}|{translated_into}|{heard}")
    answered = Final("3", 5000, 5900, "yes", heard="is it\n so")
    send_events(PlainText(LineWriter(str(tmp_path / "a")), render), [*SAID, answered])
    assert (tmp_path / "a").read_text("utf-8").splitlines() == [
        f"今天天气很好。|{NICE}|en|", "[gap: lost]|||", "嗯|||", "yes|||is it  so",
    ]  # fmt: skip


@pytest.mark.parametrize("name", ["srt", "vtt", "ass"])
def test_a_caption_has_both_the_translation_below(tmp_path: Path, name: str) -> None:
    """As the library that others use reads it."""
    send_events(Subtitles(LineWriter(str(tmp_path / "a")), name, CaptionLayout()), SAID)
    read = pysubs2.SSAFile.from_string((tmp_path / "a").read_text("utf-8"), format_=name)
    assert [event.plaintext for event in read] == [f"今天天气很好。\n{NICE}", "[gap: lost]", "嗯"]


def test_a_long_sentence_is_cut_where_its_translation_is() -> None:
    """Each caption holds what is said then, in both languages."""
    text = "欢迎大家来体验达摩院推出的语音识别模型，今天天气很好，我们一起去公园散步，然后回家吃饭。"
    into = (
        "Welcome everybody to try the speech recognition model of our academy, the weather is nice today, "
        "let us take a walk in the park together, and then go home for dinner."
    )
    found = captions(Final("1", 0, 20_000, text, translation=into, translated_into="en"), CaptionLayout())
    assert [caption.lines for caption in found] == [
        ("欢迎大家来体验达摩院推", "Welcome everybody to try the speech"),
        ("出的语音识别模型，", "recognition model of our academy, the"),
        ("今天天气很好，", "weather is nice today, let"),
        ("我们一起去公园散步，", "us take a walk in the park together,"),
        ("然后回家吃饭。", "and then go home for dinner."),
    ]
    assert [caption.end_ms for caption in found[:-1]] == [caption.begin_ms for caption in found[1:]]
    assert (found[0].begin_ms, found[-1].end_ms) == (0, 20_000)


@settings(deadline=None)  # how long it takes says how busy the machine is
@given(SCRIPTS, SCRIPTS, st.sampled_from(["", " "]), st.integers(10, 60), st.integers(1, 4), st.integers(0, 30_000))
def test_both_fit_and_no_word_of_either_is_lost(
    words: list[str], others: list[str], between: str, width: int, count: int, duration_ms: int
) -> None:
    """However much longer one is: all of it in order, in lines that fit, half of them for each."""
    layout, text, into = CaptionLayout(width, count), between.join(words), between.join(others)
    found = captions(Final("1", 1000, 1000 + duration_ms, text, translation=into), layout)
    if not text.strip():
        assert found == []
        return
    shown = "".join("".join(caption.lines) for caption in found)
    assert sorted("".join(shown.split())) == sorted("".join((text + into).split()))
    assert all(caption.lines for caption in found)
    most = count if not into.strip() else 2 * max(1, count // 2)
    for caption in found:
        assert len(caption.lines) <= most
        assert all(cell_len(line) <= width for line in caption.lines)
        assert layout.min_ms <= caption.end_ms - caption.begin_ms <= layout.max_ms
    assert all(before.end_ms <= after.begin_ms for before, after in pairwise(found))


def test_commands_get_it_in_their_environment(tmp_path: Path) -> None:
    """Where it is there; what no environment can hold does not end the commands."""
    lines: list[str] = []
    output = ExecCommand(
        f'echo "$(cat)|$ASR_TRANSLATION|${{ASR_TRANSLATED_INTO-none}}" >> {tmp_path / "a"}', lines.append, "--exec"
    )
    odd = Final("3", 0, 9, "x", translation="a\ud800\x00b", translated_into="e\x00n")
    send_events(output, [SENTENCE, ALONE, odd])
    assert lines == []
    assert (tmp_path / "a").read_text("utf-8") == f"今天天气很好。|{NICE}|en\n嗯||none\nx|a?b|en\n"


def test_each_text_is_capitalized_by_its_own_language() -> None:
    """English has a capital I, and Chinese no capitals."""
    listener = Listener()
    italian = Final("2", 0, 9, "i am here", translation="i sono qui", translated_into="it")
    chinese = Final("3", 0, 9, "am i here", translation="我在吗", translated_into="zh")
    send_events(CapitalizedOutput(listener), [italian, chinese, ALONE])
    assert [(event.text, event.translation) for event in listener.events if isinstance(event, Final)] == [
        ("I am here.", "I sono qui."), ("Am I here.", "我在吗"), ("嗯", ""),
    ]  # fmt: skip


def test_the_terminal_shows_it_below_the_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    """The final's scrolls up with it; the open one has a line of its own, which goes when there is none."""
    screen = Screen(monkeypatch, 60)
    assert "今天天气" in plain(screen.handle(BEGAN, Partial("1", 0, "今天", "天气")))
    drawn = screen.handle(Partial("1", 0, "今天", "天气", translation="Today the", translated_into="en"))
    assert plain(drawn).index("今天天气") < plain(drawn).index("\n  → Today the\n")
    final = screen.handle(SENTENCE, Final("2", 0, 9, "A greeting.", heard="good morning"))
    assert f"今天天气很好。\n  → {NICE}\n" in plain(final)
    assert "A greeting.\n  heard: good morning\n" in plain(final)
    later = screen.handle(Partial("3", 9, "", "嗯"), Progress(5000), Finished(), ENDED)
    screen.terminal.close()
    assert "→" not in later


def plain(drawn: str) -> str:
    """Without what steers the terminal."""
    return re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", drawn).replace("\r", "")


@pytest.mark.parametrize("columns", [8, 20, 40, 80, 200])
def test_no_line_of_it_is_wider_than_the_screen(monkeypatch: pytest.MonkeyPatch, columns: int) -> None:
    """Cut from the left like the text above it, in cells; where it stands is seen at every width."""
    screen = Screen(monkeypatch, columns)
    for text, into in (("天气" * 80, "the weather " * 30), ("the weather " * 30, "天气" * 80)):
        drawn = plain(screen.handle(BEGAN, Progress(5000), Partial("1", 0, text, translation=into)))
        (shown,) = [line for line in drawn.split("\n") if line.startswith("  → ")][-1:]
        assert cell_len(shown) < columns
        assert shown.startswith("  → …")
        assert columns < 20 or into.strip().endswith(shown[5:].strip())


def test_a_terminal_that_gets_narrower_is_cleared_of_all_three_lines(monkeypatch: pytest.MonkeyPatch) -> None:
    """Three that have become six are taken away as six."""
    screen = Screen(monkeypatch, 80)
    screen.handle(BEGAN, Progress(5000), Partial("1", 0, "", "x" * 70, translation="y" * 70))
    screen.terminal._console.width = 40
    assert screen.handle(Partial("1", 0, "", "x" * 71)).startswith("\r\x1b[2K" + "\x1b[A\x1b[2K" * 5 + "\n\n")
    assert not screen.handle(Progress(6000)).startswith("\r\x1b[2K\x1b[A")


def test_a_translation_steers_no_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    """It comes from outside as the text does."""
    hostile = "\x1b[2J\x1b]0;title\x07"
    partial = Partial("1", 0, "a", translation=hostile)
    drawn = Screen(monkeypatch).handle(BEGAN, partial, Final("1", 0, 1, "a", translation=hostile, heard=hostile))
    assert "\x1b[2J" not in drawn
    assert "\x1b]0" not in drawn


def test_nothing_of_it_stays_behind_on_the_screen(monkeypatch: pytest.MonkeyPatch) -> None:
    """Lines of the live view come and go; what a person sees are the sentences, each with its translation, once."""
    screen, seen = Screen(monkeypatch, 40), Rows(40, 24)
    stream = pyte.Stream(seen)
    stream.feed(screen.handle(BEGAN).replace("\n", "\r\n"))
    for number in range(3):
        for event in (
            Partial("1", 0, "天气", "好" * 9),
            Partial("1", 0, "天气", "好" * 30, translation="the weather " * 9, translated_into="en"),
            Partial("2", 0, "", "嗯", translation="hm", translated_into="en"),
            Final("1", 0, 9, f"天气{number}", translation=f"weather {number}", translated_into="en"),
            Final("2", 0, 9, "嗯"),
            Progress(1000 * number),
        ):
            stream.feed(screen.handle(event).replace("\n", "\r\n"))
    spoken = [line for number in range(3) for line in (f"天气{number}", f"  → weather {number}", "嗯")]
    assert seen.rows()[: len(spoken) + 1] == [*spoken, ""]  # the open sentence is empty
    stream.feed(screen.handle(Finished(), ENDED).replace("\n", "\r\n"))
    screen.terminal.close()
    assert [row for row in seen.rows() if row and not row.startswith("asr: ")][: len(spoken)] == spoken
    assert sum("→" in row for row in seen.rows()) == 3
