"""The topics that `asr help` explains: what there is, and each as lines that fit the terminal.

A topic is a text file. Its first line says what it is about. Blank lines separate its blocks: lines that begin with two
spaces are commands, broken as a shell needs it; a dash begins an entry of a list, and everything else is prose.
"""

from collections.abc import Iterator
from pathlib import Path

from asrcli.cli.render.help_page import INDENT, wrapped, wrapped_command

FOLDER = Path(__file__).parent.parent / "topics"
SUFFIX = ".txt"
ENTRY = "- "


def topic_names() -> list[str]:
    """The names of all topics."""
    return sorted(path.stem for path in FOLDER.glob(f"*{SUFFIX}"))


def blocks(name: str) -> list[list[str]]:
    """The blocks of a topic, each as its lines; the first one is what the topic is about."""
    text = FOLDER.joinpath(name + SUFFIX).read_text("utf-8")
    return [block.splitlines() for block in text.strip("\n").split("\n\n")]


def about(name: str) -> str:
    """What a topic is about, in one sentence."""
    return blocks(name)[0][0]


def is_verbatim(block: list[str]) -> bool:
    """Whether the lines of a block are commands."""
    return block[0].startswith(" " * INDENT)


def topic_lines(name: str, columns: int) -> Iterator[str]:
    """The topic in lines of at most this many columns. No word is broken."""
    for number, block in enumerate(blocks(name)):
        if number:
            yield ""
        if is_verbatim(block):
            for line in block:
                yield from wrapped_command(line, columns, INDENT)
        else:
            text = " ".join(block)
            yield from wrapped(text, columns, hanging=INDENT if text.startswith(ENTRY) else 0)
