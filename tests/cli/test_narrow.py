"""Help and tables on terminals of any width: no word is broken, and none is left out."""

import io
import re
import sys
from itertools import pairwise

import pytest
import typer.main
import typer.rich_utils
from rich.cells import cell_len
from rich.table import Table

from asrcli.cli.app import COMMANDS, app
from asrcli.cli.render.stdout import print_table
from tests.support.command import ASR, asr
from tests.support.terminal import Terminal

WIDTHS = [40, 60, 80, 120]
BORDERS = re.compile(r"[│╭╮╰╯─━┏┓┡┩└┘├┤]")


def words(text: str) -> set[str]:
    """The words of a help, whatever stands around them; names that share a cell are apart."""
    return set(re.split(r"[\s,:;\[\]]+", BORDERS.sub(" ", text)))


def helped(command: str, width: int, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> str:
    """The help of a command on a terminal of that width."""
    monkeypatch.setenv("TERMINAL_WIDTH", str(width))
    monkeypatch.setattr(typer.rich_utils, "MAX_WIDTH", width)
    typer.main.get_command(app)([*([command] if command else []), "--help"], "asr", standalone_mode=False)
    return capsys.readouterr().out


@pytest.mark.parametrize("command", ["", *COMMANDS])
def test_help_breaks_no_word_at_any_width(
    command: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Each word that a very wide terminal shows is whole on a narrow one, defaults and what is in brackets too."""
    wide = words(helped(command, 3000, monkeypatch, capsys))
    types = {"<str>", "<path>", "*"}  # what an argument takes is in its name and its help
    for width in WIDTHS:
        shown = helped(command, width, monkeypatch, capsys)
        assert wide - words(shown) - types == set(), width
        assert "…" not in shown
        assert max(map(cell_len, shown.splitlines())) <= width


def test_a_narrow_help_has_every_group_and_its_options() -> None:
    """As lines: the name, and below it what it does."""
    lines = asr("vocab", "--help", TERMINAL_WIDTH="40").stdout.splitlines()
    assert [line[:-1] for line in lines if re.fullmatch(r"[A-Z]\w+:", line)] == [
        "Arguments", "Options", "List", "Connection", "Diagnosis", "Examples"
    ]  # fmt: skip
    assert ("  --model NAME", "      The one model that the list is") in pairwise(lines)


def table() -> Table:
    """Titles of several words, an identifier that cannot be broken, an empty cell, and a heading of its own."""
    made = Table(box=None, padding=(0, 2, 0, 0))
    for title in ("identifier", "hot words", "context", "price"):
        made.add_column(title, no_wrap=title == "identifier", overflow="fold")
    made.add_row("streaming")
    made.add_row("qwen-audio-3.1-asr-flash-streaming", "yes", "", "4.5 [CNY]")
    made.add_row("vocab-ml-0123456789abcdef", "lists", "yes", "")
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
        assert {"qwen-audio-3.1-asr-flash-streaming", "vocab-ml-0123456789abcdef"} <= found


@pytest.mark.parametrize("width", WIDTHS)
def test_the_models_break_no_word_on_a_terminal(width: int) -> None:
    """Names can be copied, and titles be read."""
    with Terminal([*ASR, "models"], columns=width, lines=400) as terminal:
        assert terminal.finish() == 0
        found = {word.removesuffix(":") for word in " ".join([*terminal.scrolled(), *terminal.rows()]).split()}
    names = [row.split("\t")[0] for row in asr("models").stdout.splitlines()]
    assert set(names) | {"langs", "context", "CNY", "Hz", "lists"} <= found
