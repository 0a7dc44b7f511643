"""The man page, as troff source: the help of all commands, and the topics of `asr help`, from the same texts."""

from collections.abc import Iterator
from typing import Any

from typer.main import get_command

from asrcli.cli.app import COMMANDS, app, load_command
from asrcli.cli.render.help_content import HelpContent, HelpEntry, read_help
from asrcli.cli.render.topic_pages import ENTRY, about, blocks, is_verbatim, topic_names

PROGRAM = "asr"


def man_page() -> str:
    """The whole page. It does not depend on the machine, so that a test can compare it with `docs/asr.1`."""
    program = _content(app_command(app), PROGRAM)
    lines = ['.TH ASR 1 "" "asrcli" "User Commands"', ".SH NAME", f"{PROGRAM} \\- live transcription"]
    lines += [".SH SYNOPSIS", f".B {_escaped(program.usage)}", ".SH DESCRIPTION", *_paragraphs(program.paragraphs)]
    lines += [".SH OPTIONS", *(line for group in ("Options", "Help") for line in _entries(program.groups[group]))]
    lines += [".SH EXAMPLES", *_examples(program.examples)]
    for name in COMMANDS:
        lines += _command(_content(load_command(name), f"{PROGRAM} {name}"), f"{PROGRAM} {name}")
    for name in topic_names():
        lines += [f".SH {_escaped(name.upper())}", *_topic(name)]
    return "\n".join([*lines, ".SH SEE ALSO", ".BR ffmpeg (1),", ".BR jq (1)"]) + "\n"


def app_command(app: Any) -> Any:
    """The group of all commands as Typer makes it."""
    return get_command(app)


def _content(command: Any, name: str) -> HelpContent:
    return read_help(command, command.make_context(name, [], resilient_parsing=True))


def _command(content: HelpContent, name: str) -> Iterator[str]:
    """The section of a command: its options have their groups as sub-sections."""
    yield f".SH {_escaped(name.upper())}"
    yield f".B {_escaped(content.usage)}"
    yield from _paragraphs(content.paragraphs)
    for title, entries in content.groups.items():
        if title != "Help":
            yield f".SS {_escaped(title)}"
            yield from _entries(entries)
    yield ".SS Examples"
    yield from _examples(content.examples)


def _topic(name: str) -> Iterator[str]:
    yield from _paragraphs([about(name)])
    for block in blocks(name)[1:]:
        if is_verbatim(block):
            yield from _examples([line.strip() for line in block])
            continue
        text = " ".join(block)
        if text.startswith(ENTRY):
            yield from (".IP \\(bu 2", _escaped(text.removeprefix(ENTRY)))
        else:
            yield from _paragraphs([text])


def _paragraphs(texts: list[str]) -> Iterator[str]:
    for text in texts:
        yield from (".PP", _escaped(text))


def _entries(entries: list[HelpEntry]) -> Iterator[str]:
    for entry in entries:
        yield from (".TP", f".B {_escaped(entry.names)}", _escaped(entry.text))


def _examples(examples: list[str]) -> Iterator[str]:
    yield from (".PP", ".RS 4", ".nf")
    yield from map(_escaped, examples)
    yield from (".fi", ".RE")


def _escaped(text: str) -> str:
    """The text with nothing in it that troff would read as a command, and with hyphens that can be copied."""
    text = text.replace("\\", "\\e").replace("-", "\\-").replace("'", "\\(aq").replace('"', "\\(dq")
    text = "".join(char if char.isascii() else f"\\[u{ord(char):04X}]" for char in text)
    if text.startswith((".", "'")):
        return f"\\&{text}"
    return text
