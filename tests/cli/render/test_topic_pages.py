"""The topics of the help, and the commands in it: a shell reads those as they were meant, at any width."""

import re
import shlex

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from asrcli.cli.render.help_page import CONTINUED, INDENT, cells, wrapped_command
from asrcli.cli.render.topic_pages import about, blocks, is_verbatim, topic_names
from tests.support.command import asr

WORDS = st.lists(
    st.text("ab 天\"'|\\$", max_size=30).map(shlex.quote) | st.sampled_from(["asr", "|", "--local", "-f", "'it is'"]),
    min_size=1, max_size=12,
)  # fmt: skip
IN_TOPICS = [line.strip() for name in topic_names() for block in blocks(name) if is_verbatim(block) for line in block]


def copied(lines: list[str]) -> list[str]:
    """The words that a shell finds in these lines."""
    return shlex.split("\n".join(lines).replace("\\\n", ""))


@given(WORDS, st.integers(20, 100))
def test_a_command_that_is_broken_is_still_one_command(words: list[str], columns: int) -> None:
    """All lines but the last go on, none is broken inside quotes, and no line is longer that could be broken."""
    command = " ".join(words)
    lines = wrapped_command(command, columns, INDENT)
    assert copied(lines) == shlex.split(command)
    assert all(line.endswith(CONTINUED) for line in lines[:-1])
    for line in lines:
        assert cells(line) <= columns or len(shlex.split(line.removesuffix(CONTINUED))) == 1


@pytest.mark.parametrize("columns", [40, 60, 80])
@pytest.mark.parametrize("command", IN_TOPICS)
def test_the_commands_of_the_topics_can_be_copied(command: str, columns: int) -> None:
    """Also those that do not fit into a line."""
    assert copied(wrapped_command(command, columns, INDENT)) == shlex.split(command)


def is_one_word(line: str) -> bool:
    """Whether a line of a command cannot be broken: a shell takes all of it for one word."""
    return len(shlex.split(line.removesuffix(CONTINUED))) == 1


def test_topics_are_listed_and_explained() -> None:
    """Those that are promised are there; each begins with what it is about, and fits the terminal."""
    assert {"audio", "models", "recovery", "pipelines", "configuration"} <= set(topic_names())
    listed = asr("help").stdout
    for name in topic_names():
        assert re.search(rf"^  {name} +{re.escape(about(name))}$", listed, re.MULTILINE)
        for columns in (40, 80):
            shown = asr("help", name, COLUMNS=str(columns)).stdout.splitlines()
            wide = [line for line in shown if cell_len(line) > columns]
            assert columns < 80 or not wide
            assert all(is_one_word(line) for line in wide)
        assert " ".join(shown).startswith(about(name))
