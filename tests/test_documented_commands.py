"""Every command that a document shows is one that the command line takes, and runs where it needs nothing from outside.

Documents are the README in both languages, `docs/`, the topics of `asr help`, and the examples of each command.
"""

import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

from asrcli.cli.app import COMMANDS, EXAMPLES, CommandLineError, app, load_command
from asrcli.cli.render.help_content import paragraphs
from asrcli.cli.render.man_page import app_command
from asrcli.cli.render.topic_pages import blocks, is_verbatim, topic_names
from tests.support.command import CLIP, environment

ROOT = Path(__file__).parent.parent
DOCUMENTS = [*sorted(ROOT.glob("README*.md")), ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").glob("*.md"))]
OPERATORS = set("|&;<>()")
FILTERS = {"asr", "jq", "cat", "head"}  # a line of these alone needs no device and no network
NAMED = {"zh-en": "scripted"}  # engines that a reader has added
PROSE = "prose"  # where a command is named, and its values may be left out
PATH = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
LOCAL_RUNS = 3  # lines that recognize speech; each costs a second or two


HEADING = re.compile(r"^(#+) ", re.MULTILINE)
FENCED = re.compile(r"^ *```.*?^ *```", re.MULTILINE | re.DOTALL)


@cache
def shown() -> dict[str, str]:
    """Each line of a shell that is shown anywhere, and where."""
    lines: dict[str, str] = {}
    for path in DOCUMENTS:
        text = path.read_text("utf-8")
        for code in re.findall(r"`(asr [^`]+)`", FENCED.sub("", text)):
            lines.setdefault(" ".join(code.split()).replace("\\|", "|"), PROSE)
        for line in blocks_of(text):
            if lines.get(line, PROSE) == PROSE:
                lines[line] = path.name
    for name in topic_names():
        for block in blocks(name):
            if is_verbatim(block):
                lines |= {line.strip(): f"asr help {name}" for line in block if not line.strip().startswith("asr:")}
    lines |= dict.fromkeys(paragraphs(EXAMPLES)[1:], "asr --help")
    for command in COMMANDS:
        module = import_module(f"asrcli.cli.commands.{command.replace('-', '_')}")
        lines |= dict.fromkeys(paragraphs(module.EXAMPLES)[1:], f"asr {command} --help")
    return lines


def blocks_of(text: str) -> Iterator[str]:
    """The lines of the blocks for a shell, continued ones joined; of a session at a terminal what is typed."""
    for kind, block in re.findall(r"^ *```(sh|console)\n(.*?)^ *```", text, re.MULTILINE | re.DOTALL):
        lines = block.replace("\\\n", " ").splitlines()
        typed = [line[2:] for line in lines if line.startswith("$ ")] if kind == "console" else lines
        bare = (re.sub(r"(^|\s+)# .*$", "", line).strip() for line in typed)
        yield from filter(None, bare)


def commands(line: str) -> Iterator[list[str]]:
    """The commands of a line, each as its words."""
    for inner in re.findall(r"\$\(([^()]*)\)", line):
        yield from commands(inner)
    lexer = shlex.shlex(line, posix=True, punctuation_chars="".join(OPERATORS))
    lexer.whitespace_split = True
    words: list[str] = []
    skipped = False
    for word in lexer:
        if set(word) <= OPERATORS:
            skipped = word in {"<", ">", ">>"}
            if not skipped:
                yield words
                words = []
        elif skipped:
            skipped = False
        else:
            words.append(word)
    yield words


def parsed(words: list[str]) -> None:
    """Let the command line parse the words after `asr`.

    Raises:
        CommandLineError: it does not take them.
    """
    if words[0].startswith("-"):
        app_command(app).make_context("asr", words)
    elif words[0] not in COMMANDS and words[0].isupper():
        return  # a place for a command, as in `asr COMMAND --help`
    else:
        arguments = [NAMED.get(word, word) for word in words[1:] if word != "..."]
        load_command(words[0]).make_context(f"asr {words[0]}", arguments)


def asr_commands(line: str) -> list[list[str]]:
    """The words after each `asr` of a line."""
    return [words[1:] for words in commands(line) if words[:1] == ["asr"]]


@pytest.mark.parametrize("line", [line for line in shown() if "asr " in line])
def test_the_command_line_takes_what_a_document_shows(line: str) -> None:
    """Its commands, options and their values; help and version, which end at once, too."""
    for words in asr_commands(line):
        if not words:
            continue
        try:
            parsed(words)
        except CommandLineError as exc:
            missing = type(exc).__name__ in {"MissingParameter", "BadOptionUsage"}
            if shown()[line] == PROSE and (missing or words[-1].isupper()):
                continue
            pytest.fail(f"{shown()[line]}: {line}: {exc.format_message()}")
        except Exception as exc:
            if type(exc).__name__ != "Exit":
                raise


def test_what_is_parsed_would_be_refused_if_it_were_wrong() -> None:
    """The test above fails for an option that there is not."""
    for wrong in (["file", "talk.wav", "--modle", "x"], ["models", "a", "b"], ["mic", "--for"], ["--nonsense"]):
        with pytest.raises(CommandLineError):
            parsed(wrong)


def test_the_documents_show_commands() -> None:
    """The search finds them, in all kinds of documents."""
    assert {"README.md", "microphone.md", "asr help recovery", "asr file --help"} <= set(shown().values())
    assert len([line for line in shown() if asr_commands(line)]) > 100


def test_make_has_what_the_documents_ask_of_it() -> None:
    """`make NAME` is a target of the Makefile; the README names the first two."""
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE))
    asked = {words[1] for line in shown() for words in commands(line) if words[:1] == ["make"] and len(words) > 1}
    assert {"demo", "test"} <= asked <= targets
    for document in DOCUMENTS:
        named = re.findall(r"`make ([a-z]+)[^`]*`", document.read_text("utf-8"))
        assert set(named) <= targets, document.name


def is_free(words: list[str]) -> bool:
    """Whether a command needs no key, no device and no network, and ends by itself."""
    if {"--help", "--help-all", "--version", "-h", "-V"} & set(words) or words[0] in {"models", "schema", "help"}:
        return "COMMAND" not in words and "TOPIC" not in words
    if words[0] == "engines":
        return not {"add", "pull", "remove"} & set(words)
    return words[0] == "file" and bool({"--local", "--estimate"} & set(words)) and "-" not in words


def runnable() -> list[str]:
    """The lines that need nothing from outside: those that recognize speech up to `LOCAL_RUNS`, each kind once."""
    lines = [
        line
        for line in shown()
        if asr_commands(line)
        and all(words and words[0] in FILTERS and shutil.which(words[0], path=PATH) for words in commands(line))
        and all(words and is_free(words) for words in asr_commands(line))
        and not re.search(r"\b[A-Z]{2,}\b", re.sub(r"@\w+", "", line))
    ]
    local = [line for line in lines if "--local" in line]
    return [line for line in lines if line not in local[LOCAL_RUNS:]]


@pytest.mark.parametrize("line", runnable())
def test_a_shown_command_that_needs_nothing_runs(line: str, tmp_path: Path) -> None:
    """As a reader would: by a shell, with the clip in the place of their files."""
    for name in set(re.findall(r"[\w*]+\.(?:wav|mp3|mp4|opus)", line)):
        shutil.copy(CLIP, tmp_path / name.replace("*", "one"))
    done = subprocess.run(
        ["sh", "-c", line], cwd=tmp_path, env=environment(PATH=PATH), capture_output=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stderr.decode()
    assert done.stdout or any(tmp_path.iterdir())


def test_documented_commands_of_each_kind_are_found() -> None:
    """One line of each kind at least."""
    lines = runnable()
    for part in ("--local", "asr models", "asr engines", "asr schema", "asr help"):
        assert any(part in line for line in lines), part


def test_the_readme_is_short_and_its_chinese_twin_is_faithful() -> None:
    """At most 200 lines; the same headings in their order, blocks of code, links, rows of tables and codes."""
    english, chinese = ((ROOT / name).read_text("utf-8") for name in ("README.md", "README.zh-CN.md"))
    assert english.count("\n") <= 200
    assert FENCED.findall(english) == FENCED.findall(chinese)
    prose: list[Any] = [FENCED.sub("", text) for text in (english, chinese)]
    for pattern in (
        HEADING,
        re.compile(r"\]\(([^)]+)\)"),
        re.compile(r"^(\|)", re.MULTILINE),
        re.compile(r"^(- \*\*)"),
    ):
        first, second = (pattern.findall(text) for text in prose)
        assert first == second
    codes = [re.findall(r"`([^`]+)`", text) for text in prose]
    assert sorted(codes[0]) == sorted(codes[1])
    for title in re.findall(r"^#+ (.+)$", prose[1], re.MULTILINE)[1:]:
        assert not title.isascii()
