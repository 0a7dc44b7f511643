"""Help and tables on terminals of any width: no word is broken, and none is left out."""

import io
import re
import sys
from itertools import pairwise
from pathlib import Path

import pytest
import typer.main
from rich.cells import cell_len
from rich.table import Table

from asrcli.cli.app import COMMANDS, app
from asrcli.cli.render.help_content import HelpContent, HelpEntry
from asrcli.cli.render.help_page import BOLD, PLAIN, page
from asrcli.cli.render.tables import print_table
from asrcli.journal.writing import JournalWriter
from tests.support.command import ASR, asr
from tests.support.journals import HEADER, Given, began, final, session, spoken
from tests.support.terminal import Terminal

WIDTHS = [40, 60, 80, 120]
NAMES = ("qwen-audio-3.1-asr-flash-streaming", "vocab-ml-0123456789abcdef")


def words(text: str) -> set[str]:
    """The words of a help."""
    return set(text.split())


def helped(command: str, width: int, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> str:
    """The help of a command on a terminal of that width."""
    monkeypatch.setenv("TERMINAL_WIDTH", str(width))
    asked = [command, "--help-all"] if command else ["--help"]
    typer.main.get_command(app)(asked, "asr", standalone_mode=False)
    return capsys.readouterr().out


@pytest.mark.parametrize("command", ["", *COMMANDS])
def test_help_breaks_no_word_at_any_width(
    command: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Each word that a very wide terminal shows is whole on a narrow one, defaults and what is in brackets too."""
    wide = words(helped(command, 3000, monkeypatch, capsys))
    for width in WIDTHS:
        shown = helped(command, width, monkeypatch, capsys)
        assert wide - words(shown) == set(), width
        assert "…" not in shown
        assert max(map(cell_len, shown.splitlines())) <= width


def test_a_narrow_help_has_every_group_and_its_options() -> None:
    """As lines: the name, and below it what it does."""
    lines = asr("vocab", "--help", COLUMNS="40").stdout.splitlines()
    assert [line[:-1] for line in lines if re.fullmatch(r"[A-Z]\w+:", line)] == [
        "Arguments", "Options", "List", "Connection", "Diagnosis", "Help", "Examples"
    ]  # fmt: skip
    assert ("  --model, -m NAME", "      The model that the list is for.") in pairwise(lines)


def table() -> Table:
    """Titles of several words, an identifier that cannot be broken, an empty cell, and a heading of its own."""
    made = Table(box=None, padding=(0, 2, 0, 0))
    for title in ("identifier", "hot words", "context", "price"):
        made.add_column(title, no_wrap=title == "identifier", overflow="fold")
    made.add_row("streaming")
    made.add_row(NAMES[0], "yes", "", "4.5 [CNY]")
    made.add_row(NAMES[1], "lists", "yes", "")
    return made


@pytest.mark.parametrize("width", [20, *WIDTHS])
def test_a_table_breaks_no_word_at_any_width(monkeypatch: pytest.MonkeyPatch, width: int) -> None:
    """Where its columns find no room, one cell stands below the other, each with its title."""
    drawn = io.StringIO()
    monkeypatch.setattr(sys, "stdout", drawn)
    monkeypatch.setenv("COLUMNS", str(width))
    print_table(table())
    shown = drawn.getvalue()
    longest = max(width, len("qwen-audio-3.1-asr-flash-streaming"))
    assert all(cell_len(line) <= longest for line in shown.splitlines())
    found = {word.removesuffix(":") for word in shown.split()}
    assert {"hot", "words", "price", "4.5", "[CNY]", "lists", "streaming"} <= found
    if width > 20:
        assert set(NAMES) <= found


def test_in_a_pipe_each_row_is_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    """For grep and cut, however long it is, and without blanks at its end; COLUMNS may say otherwise."""
    drawn = io.StringIO()
    monkeypatch.setattr(sys, "stdout", drawn)
    monkeypatch.delenv("COLUMNS", raising=False)
    wide = table()
    wide.add_row("talk", "a reason of many words " * 20)
    print_table(wide)
    lines = drawn.getvalue().splitlines()
    assert [line.split()[0] for line in lines] == ["identifier", "streaming", *NAMES, "talk"]
    assert all(line == line.rstrip() for line in lines)


@pytest.mark.parametrize("width", WIDTHS)
def test_the_models_break_no_word_on_a_terminal(width: int) -> None:
    """Names can be copied, and titles be read."""
    with Terminal([*ASR, "models"], columns=width, lines=400) as terminal:
        assert terminal.finish() == 0
        found = {word.removesuffix(":") for word in " ".join([*terminal.scrolled(), *terminal.rows()]).split()}
    names = [row.split("\t")[0] for row in asr("models").stdout.splitlines()]
    assert set(names) | {"langs", "context", "CNY", "Hz", "lists"} <= found


@pytest.mark.parametrize("command", [["engines"], ["models", "paraformer-realtime-v2"], ["sessions", "show", "last"]])
def test_what_stands_beside_tables_breaks_no_word_either(command: list[str], tmp_path: Path) -> None:
    """Sentences, options and transcripts are read, and copied."""
    text = " ".join(f"conscious{number}" for number in range(20))
    session(tmp_path / "sessions", spoken(0, 300), [began(), final(0, 300, text)])
    if command[0] == "sessions":
        command = [*command, "--journal", str(tmp_path / "sessions")]
    found: list[set[str]] = []
    for width in (400, 40):
        with Terminal([*ASR, *command], columns=width, lines=400) as terminal:
            assert terminal.finish() == 0
            rows = [*terminal.scrolled(), *terminal.rows()]
        found.append({word.removesuffix(":") for word in " ".join(rows).split()})
    assert found[0] - found[1] <= {"engine"}  # the title of the names, which stand without it in a narrow terminal


@pytest.mark.parametrize("width", [30, 60, *range(74, 100, 3), 160])
def test_the_table_of_sessions_says_what_each_is_of_at_every_width(tmp_path: Path, width: int) -> None:
    """As much of the name as there is room for: on a line of its own if it has none, without the time before that."""
    folder, name = tmp_path / "sessions", "季度预算会议记录" * 8
    source = Given(spoken(0, 300), name)
    writing = JournalWriter()
    kept = writing.kept(source)
    writing.open(folder, lambda: "20261124-230501-a1b2", HEADER, lambda: None)
    list(kept.chunks(0))
    assert writing.close() == []
    listed = asr("sessions", "--journal", folder, COLUMNS=str(width)).stdout
    assert max(map(cell_len, listed.splitlines())) <= width
    assert "季度预算会" in listed
    assert "20261124-230501-a1b2" in listed
    (row,) = asr("sessions", "--journal", folder, COLUMNS="400").stdout.splitlines()[1:]
    assert row.endswith(f"  {name}")
    assert "2026-11-24 23:05" in row


def test_names_are_bold_on_a_terminal_unless_that_is_switched_off(monkeypatch: pytest.MonkeyPatch) -> None:
    """By NO_COLOR, or by the kind of the terminal; the words are those of a pipe."""
    content = HelpContent("asr x", ["What."], {"Options": [HelpEntry("--name", "Text.")]}, ["asr x --name"])
    plain = page(content)
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.delenv("NO_COLOR", raising=False)
    bold = page(content)
    assert f"{BOLD}Options:{PLAIN}" in bold
    assert f"{BOLD}  --name{PLAIN}  Text." in bold
    assert bold.replace(BOLD, "").replace(PLAIN, "") == plain
    for name, value in (("NO_COLOR", "1"), ("TERM", "dumb")):
        with monkeypatch.context() as changed:
            changed.setenv(name, value)
            assert page(content) == plain
    monkeypatch.setattr(sys, "stdout", None)
    assert page(content) == plain
